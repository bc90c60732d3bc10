"""Tables as CSV: equal rows are equal bytes, and what was empty comes back as missing, never as zero or text."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from scripts.errors import UserError
from scripts.files import AGAIN


def to_csv(rows: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> str:
    """CSV text, floats to six significant digits, None and nan as empty fields. Columns that are not named are left out."""
    table = pd.DataFrame(
        [[row.get(name) for name in columns] for row in rows], columns=list(columns), dtype=object
    )
    return table.map(_text).to_csv(index=False, lineterminator="\n")


def read_table(path: Path | str, numbers: Iterable[str]) -> pd.DataFrame:
    """A CSV file with the columns `numbers` as floats (empty: nan) and every other as text (empty: "").

    Raises:
        UserError: the file is empty or no table, a column is missing, or a number is not one.
    """
    try:
        table = pd.read_csv(path, dtype=str, keep_default_na=False)
    except ValueError as error:  # pandas' own errors of this kind, and bytes that are no text
        raise UserError(str(path), f"it is no table ({error})", AGAIN) from error
    for name in numbers:
        if name not in table:
            raise UserError(str(path), f"column {name} is missing", AGAIN)
        try:
            table[name] = pd.to_numeric(table[name].replace("", None)).astype(float)
        except ValueError as error:
            raise UserError(f"{path}, column {name}", str(error), AGAIN) from error
    return table


def _text(value: Any) -> str:
    if value is None or value != value:
        return ""
    return f"{value + 0.0:.6g}" if isinstance(value, float) else str(value)
