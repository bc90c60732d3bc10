"""What consolidations took: seconds by part and peak memory of each, which never repeat and so stand apart from the results.

Rule script: input cards, timing (timing.csv of each adapter), jobs (Snakemake's benchmark files), in one order; params experiment;
output timing. A training that was kept from an earlier run has the seconds of then; its job's memory is that of this run.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from scripts.files import atomic_write
from scripts.jobs import job
from scripts.measures.tables import read_table, to_csv
from scripts.workflow.experiments import Variant, by_recipe

Row = dict[str, Any]
COLUMNS = (
    *("repo", "model", "config", "seed", "checkpoint", "tokens_read"),
    *("seconds", "training_seconds", "fisher_seconds", "fisher_overhead", "loading_seconds"),
    *("max_rss_mb", "gpu_mb"),
)


def row(card: str, timing: str, benchmark: str, known: Mapping[str, Variant]) -> Row:
    """One consolidation: whole seconds without loading the base, and what of them the Fisher took."""
    _, repo, model, _, recipe, _, checkpoint, _ = Path(card).parts
    variant = known[recipe]
    measured = read_table(timing, ("seconds", "gpu_mb")).set_index("part")
    parts, gpu = dict(measured["seconds"]), measured["gpu_mb"].get("whole")
    names = {"repo": repo, "model": model, "config": variant.config, "seed": variant.seed}
    names |= {"checkpoint": checkpoint, "tokens_read": json.loads(Path(card).read_text())["tokens_read"]}
    return names | seconds(parts) | {"max_rss_mb": peak(benchmark), "gpu_mb": gpu}


def seconds(parts: Mapping[str, float]) -> Row:
    """The seconds of a training by part; empty where nothing was trained."""
    if "whole" not in parts:
        return {}
    whole = parts["whole"] - parts.get("loading", 0.0)
    fisher = parts.get("fisher")
    rest = whole - (fisher or 0.0)
    overhead = fisher / rest if fisher is not None and rest > 0 else None
    return {
        "seconds": whole,
        "training_seconds": rest,
        "fisher_seconds": fisher,
        "fisher_overhead": overhead,
        "loading_seconds": parts.get("loading"),
    }


def peak(benchmark: str) -> float | None:
    """Peak resident memory of a job in megabytes, as Snakemake sampled it; None for a job that it missed."""
    value = pd.read_csv(benchmark, sep="\t")["max_rss"].iloc[-1]
    return None if value == "NA" or pd.isna(value) else float(value)


def table(files: Sequence[tuple[str, str, str]], experiment: Mapping[str, Any]) -> list[Row]:
    """One row a consolidation."""
    known = by_recipe(experiment)
    return [row(*each, known) for each in files]


def main(snakemake: Any) -> None:
    """Read the rule's inputs, write its output."""
    with job(snakemake) as log:
        given = snakemake.input
        rows = table(
            list(zip(given.cards, given.timing, given.jobs, strict=True)), snakemake.params.experiment
        )
        atomic_write(snakemake.output.timing, to_csv(rows, COLUMNS))
        log.info("%d consolidations", len(rows))


if __name__ == "__main__":
    main(snakemake)  # noqa: F821
