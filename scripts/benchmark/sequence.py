"""Rule sequence: one repository's sequence out of a benchmark."""

from pathlib import Path
from typing import Any

from scripts.benchmark.layout import benchmark
from scripts.benchmark.task import load_benchmark, load_sequence
from scripts.errors import concerning
from scripts.files import atomic_write, canonical_json
from scripts.jobs import job


def one(path: Path | str, repo: str) -> dict:
    """A benchmark of this repository (its published name) alone; UserError with the names that are there."""
    load_sequence(path, repo)
    return benchmark([found for found in load_benchmark(path) if found["repo"] == repo])


def main(snakemake: Any) -> None:
    with job(snakemake) as log:
        with concerning(f"repos.{snakemake.wildcards.repo}.sequence"):
            found = one(snakemake.input.benchmark, snakemake.params.sequence)
        atomic_write(snakemake.output.benchmark, canonical_json(found) + "\n")
        log.info("%d tasks of %s", found["metadata"]["total_tasks"], snakemake.params.sequence)


if __name__ == "__main__":
    main(snakemake)  # noqa: F821
