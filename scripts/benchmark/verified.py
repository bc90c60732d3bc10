"""SWE-Bench-CL out of SWE-bench Verified, by the rule its authors published.

Keep repositories with at least 15 tasks; within one sort by difficulty score, then date; take the first 50. A task
depends on every earlier task of its repository that changes one of its files, whether that one is kept or not.
(Joshi et al. 2025; the notebook SWE-Bench-CL_dataset_construction of its repository.)
"""

import json
import re
from collections import defaultdict
from datetime import UTC, datetime
from typing import Any

from scripts.benchmark.layout import sequence
from scripts.benchmark.task import DIFFICULTIES
from scripts.errors import UserError

FEWEST, LONGEST = 15, 50  # tasks of a repository, of a sequence
TEXTS = ("repo", "instance_id", "base_commit", "patch", "test_patch", "problem_statement", "difficulty")
SCORES = {name: score for score, name in enumerate(DIFFICULTIES, 1)}
TESTS = ("FAIL_TO_PASS", "PASS_TO_PASS")
AGAIN = "take SWE-bench Verified again, all its columns"


def derive(rows: list[dict], where: str) -> list[dict]:
    """The sequences, longest repository first; UserError if a row lacks something or no repository is large enough."""
    repos: dict[str, list[dict]] = defaultdict(list)
    for row in checked(rows, where):
        repos[row["repo"]].append(row)
    kept = sorted((name for name in repos if len(repos[name]) >= FEWEST), key=lambda n: (-len(repos[n]), n))
    if not kept:
        most = max(map(len, repos.values()), default=0)
        what = f"no repository has {FEWEST} tasks (the largest has {most}, of {len(rows)} in all)"
        raise UserError(where, what, "take all 500 rows of SWE-bench Verified")
    return [in_order(name, repos[name]) for name in kept]


def checked(rows: list[dict], where: str) -> list[dict]:
    """The rows with their tests as lists and their dates as dates; UserError naming row and field."""
    return [checked_row(row, f"{where}, row {number}") for number, row in enumerate(rows, 1)]


def checked_row(row: Any, where: str) -> dict:
    if not isinstance(row, dict):
        raise UserError(where, f"it is {row!r:.60}, not a record", AGAIN)
    where = f"{where} ({row['instance_id']})" if row.get("instance_id") else where
    for name in TEXTS:
        if not isinstance(row.get(name), str):
            raise UserError(where, f"the field {name} is {row.get(name)!r}, not text", AGAIN)
    if row["difficulty"] not in SCORES:
        raise UserError(where, f"unknown difficulty {row['difficulty']!r}", f"use one of {', '.join(SCORES)}")
    dates = {"created_at": moment(row.get("created_at"), where)}
    return row | dates | {name: tests(row.get(name), f"{where}, {name}") for name in TESTS}


def moment(value: Any, where: str) -> datetime:
    """A date in the time of the world; the hub's library gives a `datetime` where the file has text."""
    try:
        found = value if isinstance(value, datetime) else datetime.fromisoformat(value)
    except (TypeError, ValueError) as error:
        raise UserError(where, f"created_at is no date: {value!r}", AGAIN) from error
    return found.replace(tzinfo=found.tzinfo or UTC)


def tests(value: Any, where: str) -> list[str]:
    """Names of tests: a list, or as on the hub a list written as JSON."""
    try:
        found = json.loads(value) if isinstance(value, str) else value
    except ValueError:
        found = None
    if not isinstance(found, list) or not all(isinstance(name, str) for name in found):
        raise UserError(where, f"{value!r:.60} is no list of test names", AGAIN)
    return found


def in_order(repo: str, rows: list[dict]) -> dict:
    """One repository's sequence."""
    before = dependencies(rows)
    ordered = sorted(rows, key=lambda row: (SCORES[row["difficulty"]], row["created_at"]))[:LONGEST]
    tasks = [record(row, number, before[row["instance_id"]]) for number, row in enumerate(ordered, 1)]
    return sequence(repo, tasks)


def dependencies(rows: list[dict]) -> dict[str, list[str]]:
    """For each task the earlier ones with a file in common, by name. (The published file has them in no order.)"""
    found = [(row["instance_id"], row["created_at"], set(modified_files(row["patch"]))) for row in rows]
    return {
        task: sorted(other for other, before, theirs in found if before < date and theirs & files)
        for task, date, files in found
    }


def modified_files(patch: str) -> list[str]:
    """The files a git patch changes, as the published rule finds them."""
    return re.findall(r"diff --git a/(.*?) b/", patch)


def record(row: dict, position: int, before: list[str]) -> dict:
    """A row as a task of the published schema, with its version beside; `position` is 1-based."""
    names = ("instance_id", "repo", "base_commit", "difficulty")
    return {
        "metadata": {name: row[name] for name in names} | {"created_at": row["created_at"].isoformat()},
        "task": {"problem_statement": row["problem_statement"], "hints_text": row.get("hints_text") or ""},
        "evaluation": {name: row[name] for name in ("patch", "test_patch", *TESTS)},
        "continual_learning": {
            "sequence_position": position,
            "difficulty_score": SCORES[row["difficulty"]],
            "dependencies": before,
            "modified_files": modified_files(row["patch"]),
        },
    }
