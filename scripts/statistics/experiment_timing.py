"""What consolidations took: seconds by part and peak memory of each, which never repeat and so stand apart from the results.

Rule script: input parts (timing.csv of each adapter); params experiment; output timing. A training that was kept from an earlier
run has the seconds and the memory of then.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from scripts.files import atomic_write
from scripts.jobs import job
from scripts.measures.tables import read_table, to_csv
from scripts.workflow.experiments import Variant, by_recipe

Row = dict[str, Any]
NUMBERS = ("seconds", "tokens_read", "max_rss_mb", "gpu_mb")
COLUMNS = (
    *("repo", "model", "config", "seed", "checkpoint", "tokens_read"),
    *("seconds", "training_seconds", "fisher_seconds", "fisher_overhead", "loading_seconds"),
    *("max_rss_mb", "gpu_mb"),
)


def row(parts: str, known: Mapping[str, Variant]) -> Row:
    """One consolidation: whole seconds without loading the base and without evaluation, what of them the Fisher took, memory."""
    _, repo, model, _, recipe, _, checkpoint, _ = Path(parts).parts
    variant = known[recipe]
    measured = read_table(parts, NUMBERS).set_index("part")
    names = {"repo": repo, "model": model, "config": variant.config, "seed": variant.seed}
    whole = {name: measured[name].get("whole") for name in NUMBERS[1:]}
    return names | {"checkpoint": checkpoint} | whole | seconds(dict(measured["seconds"]))


def seconds(parts: Mapping[str, float]) -> Row:
    """The seconds of a training by part; empty where nothing was trained."""
    if "whole" not in parts:
        return {}
    whole = parts["whole"] - parts.get("loading", 0.0) - parts.get("evaluation", 0.0)
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


def table(files: Sequence[str], experiment: Mapping[str, Any]) -> list[Row]:
    """One row a consolidation; nothing but its names where nothing was trained."""
    known = by_recipe(experiment)
    return [row(each, known) for each in files]


def main(snakemake: Any) -> None:
    """Read the rule's inputs, write its output."""
    with job(snakemake) as log:
        rows = table(snakemake.input.parts, snakemake.params.experiment)
        atomic_write(snakemake.output.timing, to_csv(rows, COLUMNS))
        log.info("%d consolidations", len(rows))


if __name__ == "__main__":
    main(snakemake)  # noqa: F821
