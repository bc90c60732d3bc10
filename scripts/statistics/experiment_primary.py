"""The primary tests of all experiments beside each other, with Holm's adjustment over them (Holm, 1979).

Rule script: input verdicts (verdict.json of every experiment); output primary.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from scripts.files import atomic_write
from scripts.jobs import job
from scripts.measures.tables import to_csv
from scripts.statistics.tests import holm

TEST = (
    "origins",
    "seeds",
    "winner_value",
    "baseline_value",
    "difference",
    "difference_low",
    "difference_high",
    "p",
)
NAMES = ("repo", "model", "primary", "winner", "against")
COLUMNS = ("experiment", *NAMES, *TEST, "p_holm")


def table(verdicts: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """One row an experiment, repository and model; without a test where there is no winner to confirm."""
    rows = [row(verdict, place) for verdict in verdicts for place in verdict["places"]]
    adjusted = holm([each.get("p") for each in rows])
    return [{**each, "p_holm": p} for each, p in zip(rows, adjusted, strict=True)]


def row(verdict: dict[str, Any], place: dict[str, Any]) -> dict[str, Any]:
    """An experiment's winner against naive training on the origins that did not choose it."""
    test = dict(place["confirmation"] or {})
    values = {f"{who}_value": test.pop(who) for who in ("winner", "baseline") if who in test}
    names = {name: place[name] for name in NAMES}
    return {"experiment": verdict["experiment"], **names, **values, **test}


def main(snakemake: Any) -> None:
    """Read the verdicts, adjust, write the table."""
    with job(snakemake):
        verdicts = [json.loads(Path(path).read_text()) for path in snakemake.input.verdicts]
        atomic_write(snakemake.output.primary, to_csv(table(verdicts), COLUMNS))


if __name__ == "__main__":
    main(snakemake)  # noqa: F821
