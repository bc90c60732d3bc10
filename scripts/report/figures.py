"""The figures of a phase.

Rule script: input summary, splits, losses (loss.csv of the full checkpoints), retention (retention.csv); output resolve_rate,
forward_transfer, effort, loss, retention, each SVG or PNG by its ending.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from scripts.jobs import job
from scripts.measures.tables import read_table
from scripts.report import arms, effort, training
from scripts.report.style import save

TEXT = {"repo", "model", "recipe", "arm", "split", "reading", "reason", "trained", "past_only"}


def read(path: str) -> pd.DataFrame:
    """A table of a phase: names as text, everything else as numbers."""
    columns = read_table(path, ()).columns
    return read_table(path, [name for name in columns if name not in TEXT])


def by_recipe(paths: Sequence[str], numbers: Sequence[str]) -> dict[tuple[str, str, str, str], pd.DataFrame]:
    """Tables below ``results/repo/model/split/recipe/``, by repo, model, recipe and split; of several, the last."""
    found = {}
    for path in paths:
        _, repo, model, split, recipe = Path(path).parts[:5]
        found[repo, model, recipe, split] = read_table(path, numbers)
    return found


def main(snakemake: Any) -> None:
    """Read the rule's inputs, draw, write its outputs."""
    with job(snakemake) as log:
        files = snakemake.input
        summary, splits = read(files.summary), read(files.splits)
        figures = {
            "resolve_rate": arms.resolve_rate(summary, splits),
            "forward_transfer": arms.forward_transfer(summary, splits),
            "effort": effort.effort(summary),
            "loss": training.loss(by_recipe(files.losses, ("step", "loss"))),
            "retention": training.retention(
                by_recipe(files.retention, ("checkpoint", "origin_position", "retention"))
            ),
        }
        for name, figure in figures.items():
            save(figure, snakemake.output[name])
            log.info("%s", snakemake.output[name])


if __name__ == "__main__":
    main(snakemake)  # noqa: F821
