"""Mine a package for tasks: put a bug in, keep it if the package's own tests catch it, write it up.

The records are those of SWE-Bench-CL. A base commit lacks the failing tests: the test patch brings them.
"""

import ast
import difflib
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property

from scripts.benchmark.issue import TOLD, Example, example, issue, wish
from scripts.benchmark.leaks import leaked_lines
from scripts.benchmark.mutate import Mutation, mutate
from scripts.benchmark.suite import Subject, run_tests

FIRST_DAY = datetime(2024, 1, 1, 10, tzinfo=UTC)
EASY = {"comparison", "boundary", "arithmetic", "constant", "negation", "called", "boolean", "choice"}
CRASHES = (
    "TypeError",
    "NameError",
    "UnboundLocalError",
    "AttributeError",
)  # slips nobody would have committed


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
    lines = text.splitlines(keepends=True)
    for node in reversed(ast.parse(text).body):
        if isinstance(node, ast.FunctionDef) and node.name in names:
            start = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)]) - 1
            while start > 0 and not lines[start - 1].strip():
                start -= 1
            del lines[start : node.end_lineno]
    return "".join(lines)


def patch(path: str, before: str, after: str) -> str:
    """A git diff of one file, three lines of context."""
    lines = difflib.unified_diff(before.splitlines(True), after.splitlines(True), f"a/{path}", f"b/{path}")
    return f"diff --git a/{path} b/{path}\n" + "".join(lines)


def trees(chosen: dict[str, Candidate], files: dict[str, str]) -> dict[str, dict[str, str]]:
    """The base commit of every task: the package with the bug in and the failing tests out."""
    changed = {
        name: {bug.subject.path: bug.mutation.text, bug.subject.test_path: bug.tests_left}
        for name, bug in chosen.items()
    }
    return {name: files | change for name, change in changed.items()}


def records(repo: str, chosen: dict[str, Candidate], commits: dict[str, str]) -> list[dict]:
    """SWE-Bench-CL records in the order of `chosen`, a day apart; `rehearsal` is our own block."""
    return [record(repo, *item, commits[item[0]], n) for n, item in enumerate(chosen.items(), 1)]


def record(repo: str, name: str, bug: Candidate, commit: str, position: int) -> dict:
    """One task; `position` is 1-based."""
    tests = [[f"{bug.subject.test_path}::{test}" for test in group] for group in (bug.failing, bug.passing)]
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
            "FAIL_TO_PASS": tests[0],
            "PASS_TO_PASS": tests[1],
        },
        "continual_learning": {
            "sequence_position": position,
            "difficulty_score": 1 if easy else 2,
            "dependencies": [],
            "modified_files": [bug.subject.path],
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


def benchmark(name: str, repo: str, rows: list[dict]) -> dict:
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
            "description": "Mutation bugs in a small package, in the schema of SWE-Bench-CL",
            "version": "1.0.0",
            "num_sequences": 1,
            "total_tasks": len(rows),
            "repositories": [repo],
            "generation_date": FIRST_DAY.isoformat(),
        },
        "sequences": [sequence],
    }
