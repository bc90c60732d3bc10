"""Rule expert_trajectories: the scripted expert on every valid task, through the model's own tools and template."""

import subprocess
from pathlib import Path
from typing import Any

from unidiff import PatchSet

from scripts.benchmark.runtimes.venue import Venue
from scripts.benchmark.splits import load_valid_tasks
from scripts.benchmark.task import Task
from scripts.jobs import job
from scripts.trajectories.expert import Script, script
from scripts.trajectories.play import Cast, play_all, record, set_stage


def sources(task: Task, repository: Path) -> dict[str, str]:
    """Text, at the task's commit, of each file that its gold patch changes."""
    paths = [file.path for file in PatchSet(task.patch) if not file.is_added_file]
    return {path: _show(repository, f"{task.ref}:{path}") for path in paths}


def _show(repository: Path, name: str) -> str:
    shown = subprocess.run(["git", "-C", repository, "show", name], check=True, capture_output=True)
    return shown.stdout.decode(errors="surrogateescape")


def main(snakemake: Any) -> None:
    """Read the rule's inputs, play, write its outputs."""
    model, limits = snakemake.params.model, snakemake.params.limits
    with job(snakemake):
        stage = set_stage(model, limits, snakemake.input.bundle, Venue.of(snakemake))

        def engine(task: Task) -> Script:
            lines = script(task, sources(task, stage.mirror), stage.scaffold.view_lines)
            return Script(stage.renderer, lines)

        cast = Cast({**model, "runs": 1}, "expert", "expert", engine, workers=2)
        tasks = load_valid_tasks(snakemake.input.tasks, snakemake.input.validation)
        record(snakemake.output, play_all(tasks, cast, stage, limits))


if __name__ == "__main__":
    main(snakemake)  # noqa: F821
