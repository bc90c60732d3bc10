"""Rule tasks: the study's tasks of one repository in the chosen order, each with its stratum."""

from collections import Counter
from pathlib import Path
from typing import Any

from scripts.benchmark.audit import columns_of
from scripts.benchmark.task import Task, load_sequence, operator_of
from scripts.errors import UserError
from scripts.files import write_jsonl
from scripts.jobs import job

ORDERS = {
    "chronological": lambda task: task.date,
    "curriculum": lambda task: (task.record["continual_learning"]["difficulty_score"], task.date),
}
FAMILIES = "families"
BLOCK = 5  # tasks of one family in a row: what a consolidation learns from


def choose(tasks: list[Task], order: str, count: int, where: str) -> list[Task]:
    """The first `count` tasks in the order; ties keep the published order. UserError if there are fewer.

    `where` is the repository's block in the configuration.
    """
    if order not in (*ORDERS, FAMILIES):
        known = ", ".join((*ORDERS, FAMILIES))
        raise UserError(f"{where}.order", f"unknown order {order!r}", f"use one of {known}")
    if len(tasks) < count:
        what = f"{count} tasks are asked for, and only {len(tasks)} can be had"
        raise UserError(f"{where}.tasks", what, f"write at most {len(tasks)}")
    return (in_families(tasks) if order == FAMILIES else sorted(tasks, key=ORDERS[order]))[:count]


def in_families(tasks: list[Task]) -> list[Task]:
    """Blocks of one family of bugs each, the largest families first; a family's next block comes after all first ones."""
    sizes = Counter(map(operator_of, tasks))
    seen: Counter[str] = Counter()
    places = {}
    for task in sorted(tasks, key=lambda task: task.date):
        family = operator_of(task)
        places[task.id] = (seen[family] // BLOCK, -sizes[family], family)
        seen[family] += 1
    return sorted(tasks, key=lambda task: (places[task.id], task.date))


def rows(tasks: list[Task]) -> list[dict]:
    """The records with their position in this order, their stratum among these tasks, and their audit.

    `fresh`: no other chosen task hits its function; `recurring`: one does; null if the function is unknown.
    `leaky` and what follows it: see audit.py (tests/never_again, 18 and 19).
    """
    hits = Counter(function_of(task) for task in tasks)
    return [row(task, tasks[:place], hits) for place, task in enumerate(tasks)]


def row(task: Task, earlier: list[Task], hits: Counter) -> dict:
    """One line of tasks.jsonl."""
    block = {"function": None, "operator": None, "version": None} | task.record.get("rehearsal", {})
    stratum = None if block["function"] is None else "fresh" if hits[block["function"]] == 1 else "recurring"
    places = task.record["continual_learning"] | {"sequence_position": len(earlier) + 1}
    ours = block | {"stratum": stratum} | columns_of(task, earlier)
    return task.record | {"continual_learning": places, "rehearsal": ours}


def function_of(task: Task) -> str | None:
    return task.record.get("rehearsal", {}).get("function")


def main(snakemake: Any) -> None:
    with job(snakemake) as log:
        params, found = snakemake.params, load_sequence(Path(snakemake.input.benchmark), None)
        chosen = choose(found, params.order, params.tasks, f"repos.{snakemake.wildcards.repo}")
        write_jsonl(snakemake.output.tasks, rows(chosen))
        log.info("%d tasks in %s order", len(chosen), params.order)


if __name__ == "__main__":
    main(snakemake)  # noqa: F821
