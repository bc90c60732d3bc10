"""Rule environments: what each version's environment is made of, and which tests each task runs, from the
benchmark's own specifications.
"""

import subprocess
from pathlib import Path
from typing import Any

from scripts.benchmark.ingredients import ingredients, plain
from scripts.benchmark.mirror import mirror
from scripts.benchmark.repository import git
from scripts.benchmark.task import Task, load_tasks, required_version
from scripts.errors import UserError
from scripts.files import atomic_write, canonical_json
from scripts.jobs import job
from scripts.verdicts.swebench import ask_specs, python_of

CACHE = Path("results/cache")


def environments(tasks: list[Task], answer: dict, repository: Path, python: str | None, where: str) -> dict:
    """The content of environments.json.

    Args:
        answer: what the swebench package says of these tasks (official/specs.py).
        repository: bare repository with a ref refs/tasks/<id> for each task.
        python: version of the interpreter that overrides the specifications', or None.

    Raises:
        UserError: the package knows no specification for a task's version.
    """
    if strange := [task for task in tasks if task.id not in answer["tasks"]]:
        what = f"swebench {answer['swebench']} has no specification of {strange[0].repo} {required_version(strange[0])}"
        raise UserError(f"{where}, task {strange[0].id}", what, "take the task out, or mend its version")
    found = {}
    for name, spec in sorted(answer["versions"].items()):
        source = max(
            (task for task in tasks if required_version(task) == name), key=lambda task: (task.date, task.id)
        )
        read = reader(repository, source.ref)
        found[name] = ingredients(source.repo, name, spec, read, source.id, python).as_json()
    return {"swebench": answer["swebench"], "versions": found, "tasks": answer["tasks"]}


def mined(tasks: list[str], python: str | None, requirements: list[str]) -> dict:
    """The content of environments.json for tasks that were mined, by their ids: one environment for all of them."""
    what = plain(python, requirements, min(tasks)).as_json()
    named = {task: {"version": "mined"} for task in tasks}
    return {"versions": {"mined": what}, "tasks": named, "complete": True}


def reader(repository: Path, commit: str) -> Any:
    """A function that gives a file's text at a commit, or None."""

    def read(path: str) -> str | None:
        try:
            return git("show", f"{commit}:{path}", cwd=repository)
        except subprocess.CalledProcessError:
            return None

    return read


def main(snakemake: Any) -> None:
    """Read the rule's inputs, ask the swebench environment, write its output."""
    with job(snakemake) as log:
        tasks, params = load_tasks(snakemake.input.tasks), snakemake.params
        if swebench := next(iter(snakemake.input.swebench), None):
            answer = ask_specs(python_of(swebench), tasks)
            repository = mirror(Path(snakemake.input.bundle), CACHE / "mirrors")
            found = environments(tasks, answer, repository, params.python, snakemake.input.tasks)
        else:
            found = mined([task.id for task in tasks], params.python, params.requirements)
        atomic_write(snakemake.output.environments, canonical_json(found) + "\n")
        log.info("%d versions of %d tasks", len(found["versions"]), len(tasks))


if __name__ == "__main__":
    main(snakemake)  # noqa: F821
