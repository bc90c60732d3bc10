"""Rule expert_trajectories: the scripted expert on every valid task, through the model's own tools and template.

Wildcard script: expert, or habits (the same with a way of working for each family of bugs).
"""

from typing import Any

from scripts.benchmark.runtimes.venue import Venue
from scripts.benchmark.splits import load_valid_tasks
from scripts.benchmark.task import Task, operator_of
from scripts.jobs import job
from scripts.trajectories.expert import Script, placed, script, sources
from scripts.trajectories.habits import habitual
from scripts.trajectories.hardware import settled
from scripts.trajectories.play import Cast, play_all, record, set_stage


def main(snakemake: Any) -> None:
    """Read the rule's inputs, play, write its outputs."""
    limits, kind = snakemake.params.limits, snakemake.wildcards.script
    with job(snakemake):
        model = settled(snakemake.params.model)
        stage = set_stage(model, limits, snakemake.input.bundle, Venue.of(snakemake))

        def engine(task: Task) -> Script:
            patch = placed(task, stage.mirror)
            replies = script(patch, sources(task, patch, stage.mirror), stage.scaffold.view_lines)
            return Script(stage.renderer, habitual(replies, operator_of(task) if kind == "habits" else ""))

        cast = Cast({**model, "runs": 1}, kind, kind, engine, workers=2)
        tasks = load_valid_tasks(snakemake.input.tasks, snakemake.input.validation)
        record(snakemake.output, play_all(tasks, cast, stage, limits))


if __name__ == "__main__":
    main(snakemake)  # noqa: F821
