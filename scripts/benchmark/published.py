"""SWE-Bench-CL as published: read in every form it is met in, brought into one."""

from datetime import UTC, datetime
from typing import Any

from scripts.benchmark.layout import sequence
from scripts.benchmark.task import check_tasks
from scripts.errors import UserError

SHAPE = "take the published file again; it has a list `sequences`, each with `repo` and `tasks`"


def sequences(content: Any, where: str) -> list[dict]:
    """The sequences, in published order, each with its tasks checked; UserError naming task and field.

    Args:
        content: the published file's content, or the rows of a data set: that file as one row, a row a sequence, or a
            row a task.
    """
    found = [normal(one, where) for one in raw_sequences(content, where)]
    names = [one["repo"] for one in found]
    if len(set(names)) < len(names):
        raise UserError(where, f"a repository has two sequences: {', '.join(names)}", SHAPE)
    return found


def raw_sequences(content: Any, where: str) -> list[dict]:
    """The list of sequences, in whichever of the shapes it comes."""
    if isinstance(content, list) and len(content) == 1 and "sequences" in content[0]:
        content = content[0]
    if isinstance(content, dict):
        content = content.get("sequences")
    if not isinstance(content, list) or not content or not all(isinstance(one, dict) for one in content):
        raise UserError(where, "it has no list `sequences`", SHAPE)
    return content if "tasks" in content[0] else by_repo(content, where)


def by_repo(records: list[dict], where: str) -> list[dict]:
    """Sequences out of single tasks, in the order in which they come."""
    found: dict[str, list[dict]] = {}
    for record in records:
        if not isinstance(record.get("metadata"), dict):
            raise UserError(where, f"neither a sequence nor a task: it has {', '.join(record)}", SHAPE)
        found.setdefault(record["metadata"].get("repo"), []).append(record)
    return [{"repo": repo, "tasks": tasks} for repo, tasks in found.items()]


def normal(found: dict, where: str) -> dict:
    """A sequence with its tasks checked, under today's names; its statistics are counted anew."""
    repo, tasks = found.get("repo"), found.get("tasks")
    if not isinstance(repo, str) or not isinstance(tasks, list) or not tasks:
        raise UserError(where, f"a sequence lacks `repo` or `tasks`: it has {', '.join(found)}", SHAPE)
    tasks = [normal_task(task) if isinstance(task, dict) else task for task in tasks]
    check_tasks(tasks, f"{where}, {repo}")
    return sequence(repo, tasks)


def normal_task(task: dict) -> dict:
    """A record as `Task` takes it: `dependencies` for the older `potential_dependencies`, dates and texts as text.

    What is wrong with it is left for the check to tell.
    """
    blocks = {name: dict(task.get(name) or {}) for name in ("metadata", "task", "continual_learning")}
    metadata, texts, learning = blocks.values()
    if isinstance(date := metadata.get("created_at"), datetime):
        metadata["created_at"] = date.replace(tzinfo=date.tzinfo or UTC).isoformat()
    if texts.get("hints_text") is None:
        texts["hints_text"] = ""
    old = learning.pop("potential_dependencies", None)
    learning["dependencies"] = sorted(learning.get("dependencies") or old or [])  # they have no order
    return task | blocks
