"""Rule audit: what a reviewer asks of each task. Does its text hold the fix, what did earlier tasks touch, what comes later?

A row per task, from tasks.jsonl and the splits' rules alone, so that it is there before anything expensive runs.
"""

from collections.abc import Mapping
from typing import Any

from scripts.benchmark.leaks import leak_share, leaked_lines
from scripts.benchmark.splits import positions
from scripts.benchmark.task import Task, load_tasks
from scripts.benchmark.verified import modified_files
from scripts.files import atomic_write
from scripts.jobs import job
from scripts.measures.tables import to_csv

HOLDS = 0.5  # from this share of its lines on, an issue text is said to hold the fix
COLUMNS = (
    *("task", "position", "created_at", "difficulty", "version"),
    *("leak_share", "leaked_lines", "holds_fix", "shared_files", "depends_on"),
)


def columns_of(task: Task, earlier: list[Task]) -> dict[str, Any]:
    """What tasks.jsonl says of a task beside its record.

    leak_share: share of the gold patch's telling lines that stand in the issue text, null where it has none.
    leaky: some line does. shared_files: files it changes that an earlier task of this order changes too; depends_on: those tasks.
    """
    shared = {other.id: overlap(task, other) for other in earlier}
    return {
        "leaky": bool(leaked_lines(task.problem_statement, task.patch)),
        "leak_share": leak_share(task.problem_statement, task.patch),
        "shared_files": sorted(set().union(*shared.values())),
        "depends_on": [name for name, files in shared.items() if files],
    }


def overlap(task: Task, other: Task) -> set[str]:
    """The files that both gold patches change."""
    return set(modified_files(task.patch)) & set(modified_files(other.patch))


def audit(tasks: list[Task], splits: Mapping[str, dict]) -> list[dict]:
    """Rows of audit.csv in the chosen order; `later_<split>` is what `later_training` counts for that split."""
    later = {f"later_{name}": later_training(name, tasks, rule) for name, rule in splits.items()}
    return [row(task) | {name: counts.get(task.id) for name, counts in later.items()} for task in tasks]


def row(task: Task) -> dict[str, Any]:
    """A task's part of the table that no split changes; lists as words."""
    ours = task.record["rehearsal"]
    leaked = leaked_lines(task.problem_statement, task.patch)
    share = ours["leak_share"]
    return {
        "task": task.id,
        "position": task.position,
        "created_at": task.created_at,
        "difficulty": task.difficulty,
        "version": ours.get("version"),
        "leak_share": None if share is None else round(share, 3),
        "leaked_lines": " | ".join(leaked),
        "holds_fix": int(share is not None and share >= HOLDS),
        "shared_files": " ".join(ours["shared_files"]),
        "depends_on": " ".join(ours["depends_on"]),
    }


def later_training(name: str, tasks: list[Task], rule: dict) -> dict[str, int]:
    """For each test task of a split, how many of its training tasks are later: what an adapter could know of the future."""
    training = positions(name, len(tasks), rule)
    dates = [task.date for number, task in enumerate(tasks, 1) if number in training]
    return {
        task.id: sum(date > task.date for date in dates)
        for number, task in enumerate(tasks, 1)
        if number not in training
    }


def main(snakemake: Any) -> None:
    with job(snakemake) as log:
        splits = snakemake.params.splits
        rows = audit(load_tasks(snakemake.input.tasks), splits)
        atomic_write(snakemake.output.audit, to_csv(rows, (*COLUMNS, *(f"later_{name}" for name in splits))))
        holding = [row["task"] for row in rows if row["holds_fix"]]
        log.info(
            "%d of %d issue texts hold the fix: %s", len(holding), len(rows), ", ".join(holding) or "none"
        )


if __name__ == "__main__":
    main(snakemake)  # noqa: F821
