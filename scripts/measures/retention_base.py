"""Rule retention_base: what the base model knows of each training session before it has learned from any.

Retention does not begin at 0: a part of a reply can be guessed from what was said before it. This is the floor that a retained
share is to be read against.

Rule script: input dataset; output retention, in the form of retention_matrix.csv with checkpoint 0; params model.
"""

from typing import Any

from scripts.files import atomic_write, read_jsonl
from scripts.jobs import job
from scripts.measures.retention import COLUMNS, table
from scripts.measures.tables import to_csv
from scripts.training.answers import ask, held_out
from scripts.training.train import base
from scripts.trajectories.hardware import settled


def measured(rows: list[dict], model: dict) -> list[dict[str, Any]]:
    """One line an origin session and category; none where no turn was held out."""
    chosen = held_out(rows, max((row["position"] for row in rows), default=0))
    if not chosen:
        return []
    import torch

    torch.set_num_threads(model["threads"])
    return table(chosen, ask(base(model).eval(), chosen), 0)


def main(snakemake: Any) -> None:
    """Read the rule's inputs, ask the base, write its output."""
    with job(snakemake) as log:
        _, *rows = read_jsonl(snakemake.input.dataset)
        lines = measured(rows, settled(snakemake.params.model))
        log.info("%d origins", len(lines))
        atomic_write(snakemake.output.retention, to_csv(lines, COLUMNS))


if __name__ == "__main__":
    main(snakemake)  # noqa: F821
