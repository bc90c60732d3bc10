"""Rule base_commits: the files that each task of a published sequence starts from, in one bundle.

They come from a git repository (`code: <URL or path>`) or from release archives (`code: archives`). A record then says
which (`rehearsal.source`: git or archive) and holds the hash of its files (`rehearsal.tree`); a task whose files cannot
be had from archives stands in left_out.csv with the reason, and no longer in benchmark.json. Tests that the release does
not have are no longer in PASS_TO_PASS and stand in `rehearsal.lacking_tests`.
"""

import tempfile
from pathlib import Path
from typing import Any, NamedTuple

from scripts.benchmark import archive, bundle, clone, layout
from scripts.benchmark.task import Task, load_sequence
from scripts.benchmark.validate import as_csv
from scripts.errors import UserError, concerning
from scripts.files import atomic_write, canonical_json
from scripts.jobs import job

CACHE = Path("results/cache")
ARCHIVES = "archives"


class Files(NamedTuple):
    """What was found, by task: the tree, or why there is none, and the tests that the tree cannot have."""

    trees: dict[str, str]
    left_out: dict[str, str]
    lacking: dict[str, list[str]]


def collect(code: str, tasks: list[Task], target: Path, cache: Path) -> Files:
    """Write the bundle; returns what it holds.

    Raises:
        UserError: `code` cannot be read, lacks a commit, or gives no task at all.
    """
    with tempfile.TemporaryDirectory() as scratch:
        folder, left_out, lacking = Path(scratch) / "git", {}, {}
        if code == ARCHIVES:
            trees, left_out = archive.trees_of(tasks, folder, cache / "archives")
            lacking = {task.id: archive.lacking(task, folder) for task in tasks if task.id in trees}
        else:
            wanted = {task.id: task.base_commit for task in tasks}
            trees = clone.trees_of(code, wanted, folder, cache / "repositories")
        if not trees:
            first = next(iter(left_out.values()), "the sequence is empty")
            raise UserError(f"code {code}", f"no task can be had from it: {first}", "give a git repository")
        bundle.write({task.ref: trees[task.id] for task in tasks if task.id in trees}, folder, target)
    return Files(trees, left_out, lacking)


def marked(tasks: list[Task], files: Files, source: str) -> dict:
    """The benchmark of the tasks that have files, each saying where these came from."""
    rows = [record(task, files, source) for task in tasks if task.id in files.trees]
    return layout.benchmark([layout.sequence(tasks[0].repo, rows)])


def record(task: Task, files: Files, source: str) -> dict:
    """A task's record with the hash of its files, and without the tests that these lack."""
    lacking = files.lacking.get(task.id, [])
    kept = [test for test in task.pass_to_pass if test not in lacking]
    ours = task.record.get("rehearsal", {}) | {"source": source, "tree": files.trees[task.id]}
    ours |= {"lacking_tests": lacking} if lacking else {}
    evaluation = task.record["evaluation"] | {"PASS_TO_PASS": kept}
    return task.record | {"evaluation": evaluation, "rehearsal": ours}


def main(snakemake: Any) -> None:
    with job(snakemake) as log:
        path, code, output = snakemake.input.sequence, snakemake.params.source, snakemake.output
        tasks = load_sequence(path, None)
        with concerning(f"repos.{snakemake.wildcards.repo}.code"):
            files = collect(code, tasks, Path(output.bundle), CACHE)
        source = "archive" if code == ARCHIVES else "git"
        atomic_write(output.benchmark, canonical_json(marked(tasks, files, source)) + "\n")
        rows = [{"task": task, "reason": reason} for task, reason in files.left_out.items()]
        atomic_write(output.left_out, as_csv(rows, ("task", "reason")))
        log.info("%d tasks from %s, %d left out", len(files.trees), code, len(files.left_out))


if __name__ == "__main__":
    main(snakemake)  # noqa: F821
