"""A bug in a user's repository as a task: what failed, what has to be cut out of the tests, what a user would say."""

import re
from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property

from scripts.benchmark.cut import readable, without_functions
from scripts.benchmark.issue import Example, report
from scripts.benchmark.leaks import leaked_lines
from scripts.benchmark.mine import CRASHES, patch
from scripts.benchmark.own_code import Code
from scripts.benchmark.own_issue import examples
from scripts.benchmark.own_suite import Suite, Test
from scripts.benchmark.own_trials import MOST_FAILING, Trial
from scripts.verdicts.protect import protected, top_level

YES_OR_NO = ("gives True", "gives False")  # of a comparison: what was compared says more
REFUSED = (*CRASHES, "MemoryError", "SystemError", "SyntaxError")


@dataclass(frozen=True)
class Caught:
    """A bug that tests catch. `tests_left` are the test files without the failing tests, `test_texts` with them."""

    trial: Trial
    text: str
    fail_to_pass: list[str]
    pass_to_pass: list[str]
    test_texts: dict[str, str]
    tests_left: dict[str, str]
    shown: Example
    told: bool = False

    @property
    def path(self) -> str:
        return self.trial.path

    @property
    def operator(self) -> str:
        return self.trial.mutation.operator

    @property
    def place(self) -> str:
        return f"{self.path}::{self.trial.mutation.function}"

    @property
    def gold(self) -> str:
        return self.trial.mutation.right[0].strip()

    @property
    def changes(self) -> dict[str, str]:
        return {self.path: self.trial.mutation.text, **self.tests_left}

    @cached_property
    def patch(self) -> str:
        return patch(self.path, self.trial.mutation.text, self.text)

    @cached_property
    def test_patch(self) -> str:
        return "".join(
            patch(path, self.tests_left[path], text) for path, text in sorted(self.test_texts.items())
        )

    @property
    def issue(self) -> str:
        return report(self.path, self.trial.mutation.function, self.shown)


def caught(trial: Trial, code: Code, suite: Suite) -> Caught | str:
    """The trial as a candidate, or why it is no fair task.

    Fair: some tests fail and end, none is skipped for it; they can be cut out of their files, in which others pass;
    an expression in one of them shows the fault, without a crash that no author would have overlooked; the fix is
    not one that a verdict would drop, and the issue text does not hold it.
    """
    answer = trial.answer or {"impossible": "the process ended"}
    if "impossible" in answer:
        return "cannot be put into a running process"
    if not answer["ended"]:
        return "does not end"
    if answer["skipped"]:
        return "a test is skipped for it"
    if not answer["failed"]:
        return "no test fails"
    if len(answer["failed"]) > MOST_FAILING:
        return f"more than {MOST_FAILING} tests fail"
    return told([suite.tests[test] for test in answer["failed"]], trial, code, suite)


def told(failing: list[Test], trial: Trial, code: Code, suite: Suite) -> Caught | str:
    """A bug with its failing tests as a candidate, or why it is no fair task."""
    if not all(readable(code.text(test.path) or "") for test in failing):
        return "the syntax of its tests is not that of the workflow's Python"
    shown = best_example(trial.answer["shown"] or [], trial.mutation.function, code, suite)
    if shown is None:
        return "no expression of a test shows it"
    if shown.got.removeprefix("raises ") in REFUSED:
        return "a crash that nobody would overlook"
    if (left := cut(failing, code)) is None:
        return "its tests cannot be cut out of their files"
    files = {each.file for each in failing}
    passing = [test for test in suite.tests.values() if test.file in files and test not in failing]
    if not passing:
        return "no other test of the file passes"
    texts = {path: code.text(path) for path in left}
    found = Caught(
        trial, code.text(trial.path), [t.id for t in failing], [t.id for t in passing], texts, left, shown
    )
    if protected(trial.path, left, set(map(top_level, code.files))):
        return "a verdict would not take its fix"
    return (
        "the issue text would hold the fix" if leaked_lines(found.issue, found.patch, shortest=1) else found
    )


def cut(failing: list[Test], code: Code) -> dict[str, str] | None:
    """The test files without the functions of some tests; None where one cannot be cut out cleanly."""
    starts: dict[str, set[int]] = defaultdict(set)
    for test in failing:
        starts[test.path].add(test.line)
    found = {
        path: without_functions(code.text(path) or "", frozenset(lines)) for path, lines in starts.items()
    }
    return None if None in found.values() else found


def best_example(shown: list, place: str, code: Code, suite: Suite) -> Example | None:
    """The shortest example of the failing tests, of those that name the function or its class if there are such."""
    found = []
    for test, differences in shown:
        about = suite.tests[test]
        found += examples(differences, code.text(about.path), about.line)
    wanted = {name.strip("_") for name in place.split(".") if not name.endswith("__")}

    def order(each: Example) -> tuple[bool, bool, int]:
        words = set(re.findall(r"\w+", each.call)) | set(re.findall(r"\w+", " ".join(each.setup)))
        return not wanted & words, each.expected in YES_OR_NO, len(each.sentence())

    return min(found, key=order, default=None)
