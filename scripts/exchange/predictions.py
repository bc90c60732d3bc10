"""Rule predictions: one run of every session of a folder as SWE-bench predictions, with its verdicts as official reports."""

import json
from pathlib import Path
from typing import Any

from scripts.errors import UserError
from scripts.exchange.report import export
from scripts.files import atomic_write, read_jsonl, write_jsonl
from scripts.jobs import job


def of_run(rows: list[dict], run: int, where: str) -> list[dict]:
    """The rows of one run; UserError where there is none."""
    numbers = sorted({number(row) for row in rows})
    if rows and run not in numbers:
        there = ", ".join(map(str, numbers))
        raise UserError(where, f"it has no run {run}", f"take one of {there}; preds.jsonl is run 0")
    return [row for row in rows if number(row) == run]


def number(row: dict) -> int:
    """The run of a session or of a verdict."""
    return row["extra"]["run"] if "extra" in row else row["run"]


def pretty(value: dict) -> str:
    """JSON as the official harness writes it: for readers, in a stable order."""
    return json.dumps(value, indent=4, sort_keys=True) + "\n"


def main(snakemake: Any) -> None:
    """Read the rule's inputs, translate, write its outputs."""
    inputs, output, run = snakemake.input, snakemake.output, int(snakemake.params.run)
    with job(snakemake) as log:
        sessions = of_run(read_jsonl(inputs.trajectories), run, inputs.trajectories)
        verdicts = of_run(read_jsonl(inputs.verdicts), run, inputs.verdicts)
        predictions, reports, summary = export(sessions, verdicts, snakemake.wildcards.sessions)
        write_jsonl(output.predictions, predictions)
        atomic_write(Path(output.report), pretty(reports))
        atomic_write(Path(output.summary), pretty(summary))
        log.info("%d predictions, %d resolved", len(predictions), summary["resolved_instances"])


if __name__ == "__main__":
    main(snakemake)  # noqa: F821
