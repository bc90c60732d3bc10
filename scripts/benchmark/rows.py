"""Rows of a data set, from a JSON or JSON Lines file, packed or not, or through the hub's own library."""

import gzip
import json
import zlib
from pathlib import Path
from typing import Any

from scripts.errors import UserError
from scripts.files import sha256_of

GZIP = b"\x1f\x8b"
AGAIN = "the file is damaged or cut short: take it again"


def content(path: Path | str) -> Any:
    """What a .json, .jsonl or .gz file holds: one JSON value, or the list of its lines' values.

    Whether it is packed is told by its first bytes: some servers unpack what they send.

    Raises:
        UserError: missing, truncated, or no JSON; with the line where there is one.
    """
    text = unpacked(path)
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        if "\n" not in text.strip():
            raise UserError(str(path), f"not JSON ({error.msg})", AGAIN) from error
        whole = error
    try:
        return [json.loads(line) for line in text.split("\n") if line.strip()]
    except json.JSONDecodeError as error:
        what = f"neither JSON (line {whole.lineno}: {whole.msg}) nor JSON Lines ({error.msg})"
        raise UserError(str(path), what, AGAIN) from error


def unpacked(path: Path | str) -> str:
    """The text of a file, which may be gzipped."""
    try:
        raw = Path(path).read_bytes()
        return (gzip.decompress(raw) if raw.startswith(GZIP) else raw).decode()
    except (EOFError, zlib.error, UnicodeDecodeError, gzip.BadGzipFile) as error:
        raise UserError(str(path), f"it cannot be unpacked ({error})", AGAIN) from error
    except OSError as error:
        fix = "correct the path; URL, path and hub id are told apart in docs/configuration.md"
        raise UserError(str(path), f"it cannot be read ({error.strerror})", fix) from error


def from_hub(name: str, cache: Path | str) -> list[dict]:
    """Rows of a data set of the hub (owner/name, owner/name@revision) or of a local folder that holds one.

    Of several splits the one named test is taken.

    Raises:
        UserError: there is none, it cannot be reached, or it has several splits and none named test.
    """
    import datasets

    datasets.disable_progress_bars()
    path, _, revision = (name, "", "") if Path(name).is_dir() else name.partition("@")
    try:
        splits = datasets.load_dataset(path, revision=revision or None, cache_dir=str(cache))
    except Exception as error:  # the library has a dozen kinds, and says in each what is wrong
        fix = "correct the name, or download the data elsewhere and name its file or folder"
        said = " ".join(str(error).split())[:300]
        raise UserError(f"data set {name}", f"it cannot be loaded ({said})", fix) from error
    if len(splits) > 1 and "test" not in splits:
        raise UserError(
            f"data set {name}", f"which split? It has {', '.join(splits)}", "name a folder with one of them"
        )
    return splits["test" if "test" in splits else next(iter(splits))].to_list()


def digest_of_rows(rows: list[dict]) -> str:
    """Hex SHA-256 of rows, whatever kind of file they came in."""
    return sha256_of(json.dumps(rows, sort_keys=True, default=str, ensure_ascii=False))
