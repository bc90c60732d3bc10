"""Rule base_trajectories: the model alone on every valid task."""

from typing import Any

from scripts.benchmark.runtimes.venue import Venue
from scripts.benchmark.splits import load_valid_tasks
from scripts.jobs import job
from scripts.trajectories.hardware import settled
from scripts.trajectories.play import Cast, local_engine, play_all, record, set_stage


def main(snakemake: Any) -> None:
    """Read the rule's inputs, play, write its outputs."""
    limits = snakemake.params.limits
    with job(snakemake):
        model = settled(snakemake.params.model)
        with local_engine(model) as engine:
            stage = set_stage(model, limits, snakemake.input.bundle, Venue.of(snakemake))
            cast = Cast(model, "base", "model", lambda task: engine, model["slots"])
            tasks = load_valid_tasks(snakemake.input.tasks, snakemake.input.validation)
            record(snakemake.output, play_all(tasks, cast, stage, limits))


if __name__ == "__main__":
    main(snakemake)  # noqa: F821
