"""Mine a package for tasks: put a bug in, keep it if the package's own tests catch it, write it up.

The records are those of SWE-Bench-CL. A base commit lacks the failing tests: the test patch brings them.
"""

import ast
import difflib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Protocol

from scripts.benchmark.cut import without
from scripts.benchmark.issue import TOLD, Example, example, issue, wish
from scripts.benchmark.leaks import leaked_lines
from scripts.benchmark.mutate import Mutation, mutate
from scripts.benchmark.repository import File
from scripts.benchmark.suite import Subject, is_test, run_tests

Files = Mapping[str, str | File]
FIRST_DAY = datetime(2024, 1, 1, 10, tzinfo=UTC)
EASY = {"comparison", "boundary", "arithmetic", "constant", "negation", "called", "boolean", "choice"}
CRASHES = (
    "TypeError",
    "NameError",
    "UnboundLocalError",
    "AttributeError",
)  # slips nobody would have committed


class Bug(Protocol):
    """A bug that the tests catch, with all that a task is made of.

    `changes` are the files of the base commit that differ from the repository's own.
    """

    path: str
    place: str
    operator: str
    changes: dict[str, str]
    fail_to_pass: list[str]
    pass_to_pass: list[str]
    patch: str
    test_patch: str
    issue: str


@dataclass(frozen=True)
class Candidate:
    """A bug that the tests catch: `failing` and `passing` are test functions of the subject's test file."""

    subject: Subject
    mutation: Mutation
    failing: tuple[str, ...]
    passing: tuple[str, ...]
    shown: Example

    @property
    def operator(self) -> str:
        return self.mutation.operator

    @property
    def place(self) -> str:
        return f"{self.subject.path}::{self.mutation.function}"

    @property
    def gold(self) -> str:
        return self.mutation.right[0].strip()

    @property
    def path(self) -> str:
        return self.subject.path

    @property
    def changes(self) -> dict[str, str]:
        return {self.subject.path: self.mutation.text, self.subject.test_path: self.tests_left}

    @property
    def fail_to_pass(self) -> list[str]:
        return [f"{self.subject.test_path}::{test}" for test in self.failing]

    @property
    def pass_to_pass(self) -> list[str]:
        return [f"{self.subject.test_path}::{test}" for test in self.passing]

    @property
    def complaint(self) -> str:
        return wish(self.operator, self.mutation.wrong[0].strip(), self.gold)

    @property
    def told(self) -> bool:
        return self.complaint in TOLD

    @cached_property
    def tests_left(self) -> str:
        """The test file without the failing tests."""
        return without_tests(self.subject.test_text, self.failing)

    @cached_property
    def patch(self) -> str:
        return patch(self.subject.path, self.mutation.text, self.subject.text)

    @cached_property
    def test_patch(self) -> str:
        return patch(self.subject.test_path, self.tests_left, self.subject.test_text)

    @property
    def issue(self) -> str:
        culprit = self.mutation.wrong[0].strip()
        return issue(self.subject.path, self.mutation.function, self.shown, culprit, self.complaint)


def mine(subjects: list[Subject]) -> list[Candidate]:
    """Every fair bug of every module, in the order of the source."""
    return [
        found for subject in subjects for bug in mutate(subject.text) if (found := candidate(subject, bug))
    ]


def candidate(subject: Subject, bug: Mutation) -> Candidate | None:
    """The bug as a candidate, or None if it is no fair task.

    Fair: one line, unlike every line of the module as it was; some test fails and some test passes; a call in
    a failing test shows the fault, without a crash that no author would have overlooked; the issue text does
    not hold the gold line.
    """
    if not bug.single_line or bug.wrong[0].strip() in map(str.strip, subject.text.splitlines()):
        return None
    results = run_tests(subject, bug.text)
    failing = [test for test, passed in results.items() if not passed]
    passing = [test for test, passed in results.items() if passed]
    shown = example(subject, bug.function, failing, bug.text) if failing and passing else None
    if shown is None or shown.got.removeprefix("raises ") in CRASHES:
        return None
    found = Candidate(subject, bug, tuple(failing), tuple(passing), shown)
    return None if leaked_lines(found.issue, found.patch, shortest=1) else found


def without_tests(text: str, names: tuple[str, ...]) -> str:
    """A test file without some of its top-level functions and the blank lines above them."""
    return without(text, [node for node in ast.parse(text).body if is_test(node) and node.name in names])


def patch(path: str, before: str, after: str) -> str:
    """A git diff of one file, three lines of context."""
    lines = difflib.unified_diff(before.splitlines(True), after.splitlines(True), f"a/{path}", f"b/{path}")
    return f"diff --git a/{path} b/{path}\n" + "".join(lines)


def trees(chosen: Mapping[str, Bug], files: Files) -> dict[str, Files]:
    """The base commit of every task: the files with the bug in and the failing tests out."""
    return {name: {**files, **bug.changes} for name, bug in chosen.items()}


def records(repo: str, chosen: Mapping[str, Bug], commits: dict[str, str]) -> list[dict]:
    """SWE-Bench-CL records in the order of `chosen`, a day apart; `rehearsal` is our own block."""
    return [record(repo, *item, commits[item[0]], n) for n, item in enumerate(chosen.items(), 1)]


def record(repo: str, name: str, bug: Bug, commit: str, position: int) -> dict:
    """One task; `position` is 1-based."""
    easy = bug.operator in EASY
    return {
        "metadata": {
            "instance_id": name,
            "repo": repo,
            "base_commit": commit,
            "created_at": (FIRST_DAY + timedelta(days=position - 1)).isoformat(),
            "difficulty": "<15 min fix" if easy else "15 min - 1 hour",
        },
        "task": {"problem_statement": bug.issue, "hints_text": ""},
        "evaluation": {
            "patch": bug.patch,
            "test_patch": bug.test_patch,
            "FAIL_TO_PASS": bug.fail_to_pass,
            "PASS_TO_PASS": bug.pass_to_pass,
        },
        "continual_learning": {
            "sequence_position": position,
            "difficulty_score": 1 if easy else 2,
            "dependencies": [],
            "modified_files": [bug.path],
        },
        "rehearsal": {"function": bug.place, "operator": bug.operator, "version": None},
    }


def with_dependencies(rows: list[dict]) -> list[dict]:
    """The records with their `dependencies`: the earlier tasks that change a file in common."""
    for number, row in enumerate(rows):
        files = set(row["continual_learning"]["modified_files"])
        earlier = (one for one in rows[:number] if files & set(one["continual_learning"]["modified_files"]))
        row["continual_learning"]["dependencies"] = [one["metadata"]["instance_id"] for one in earlier]
    return rows


def benchmark(name: str, repo: str, rows: list[dict], about: str = "a small package") -> dict:
    """The layout of SWE-Bench-CL's file, with one sequence."""
    scores = Counter(str(row["continual_learning"]["difficulty_score"]) for row in rows)
    dependent = sum(bool(row["continual_learning"]["dependencies"]) for row in rows)
    sequence = {
        "id": f"{repo.replace('/', '_')}_sequence",
        "repo": repo,
        "num_tasks": len(rows),
        "statistics": {
            "difficulty_distribution": dict(sorted(scores.items())),
            "tasks_with_dependencies": dependent,
            "dependency_rate": round(100 * dependent / len(rows), 1),
        },
        "tasks": rows,
    }
    return {
        "metadata": {
            "name": name,
            "description": f"Mutation bugs in {about}, in the schema of SWE-Bench-CL",
            "version": "1.0.0",
            "num_sequences": 1,
            "total_tasks": len(rows),
            "repositories": [repo],
            "generation_date": FIRST_DAY.isoformat(),
        },
        "sequences": [sequence],
    }
