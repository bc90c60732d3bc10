"""Rule base_commits: the files that each task of a published sequence starts from, in one bundle.

They come from a git repository (`code: <URL or path>`) or from release archives (`code: archives`). A record then says
which (`rehearsal.source`: git or archive) and holds the hash of its files (`rehearsal.tree`); a task whose files cannot
be had from archives stands in left_out.csv with the reason, and no longer in benchmark.json.
"""

import json
import tempfile
from pathlib import Path
from typing import Any

from scripts.benchmark import archive, bundle, clone
from scripts.benchmark.task import Task, load_sequence
from scripts.benchmark.validate import as_csv
from scripts.errors import UserError
from scripts.files import atomic_write, canonical_json
from scripts.jobs import job

CACHE = Path("results/cache")
ARCHIVES = "archives"


def collect(code: str, tasks: list[Task], target: Path, cache: Path) -> tuple[dict[str, str], dict[str, str]]:
    """Write the bundle; returns the tasks' trees, and of those left out the reasons.

    Raises:
        UserError: `code` cannot be read, lacks a commit, or gives no task at all.
    """
    with tempfile.TemporaryDirectory() as scratch:
        folder, left_out = Path(scratch) / "git", {}
        if code == ARCHIVES:
            trees, left_out = archive.trees_of(tasks, folder, cache / "archives")
        else:
            wanted = {task.id: task.base_commit for task in tasks}
            trees = clone.trees_of(code, wanted, folder, cache / "repositories")
        if not trees:
            first = next(iter(left_out.values()), "the sequence is empty")
            raise UserError(f"code {code}", f"no task can be had from it: {first}", "give a git repository")
        bundle.write({task.ref: trees[task.id] for task in tasks if task.id in trees}, folder, target)
    return trees, left_out


def marked(benchmark: dict, trees: dict[str, str], source: str) -> dict:
    """The benchmark of one sequence with the tasks that have files, each saying where these came from."""
    (sequence,) = benchmark["sequences"]
    rows = [row for row in sequence["tasks"] if row["metadata"]["instance_id"] in trees]
    for row in rows:
        ours = {"source": source, "tree": trees[row["metadata"]["instance_id"]]}
        row["rehearsal"] = row.get("rehearsal", {}) | ours
    about = sequence if len(rows) == len(sequence["tasks"]) else without_statistics(sequence)
    found = {**about, "num_tasks": len(rows), "tasks": rows}
    return {
        **benchmark,
        "metadata": {**benchmark["metadata"], "total_tasks": len(rows)},
        "sequences": [found],
    }


def without_statistics(sequence: dict) -> dict:
    """What is published of a whole sequence does not hold for a part of it."""
    return {name: value for name, value in sequence.items() if name != "statistics"}


def main(snakemake: Any) -> None:
    with job(snakemake) as log:
        path, code, output = snakemake.input.sequence, snakemake.params.source, snakemake.output
        tasks = load_sequence(path, None)
        trees, left_out = collect(code, tasks, Path(output.bundle), CACHE)
        source = "archive" if code == ARCHIVES else "git"
        found = marked(json.loads(Path(path).read_text()), trees, source)
        atomic_write(output.benchmark, canonical_json(found) + "\n")
        rows = [{"task": task, "reason": reason} for task, reason in left_out.items()]
        atomic_write(output.left_out, as_csv(rows, ("task", "reason")))
        log.info("%d tasks from %s, %d left out", len(trees), code, len(left_out))


if __name__ == "__main__":
    main(snakemake)  # noqa: F821
