"""A bug is a task, or there is a reason why not."""

from dataclasses import replace

import pytest

from scripts.benchmark.mutate import Mutation
from scripts.benchmark.own_candidate import Caught, caught
from scripts.benchmark.own_code import Code
from scripts.benchmark.own_suite import Suite, Test, sources
from scripts.benchmark.own_trials import MOST_FAILING, Trial
from scripts.benchmark.repository import File

SOURCE = "def double(n):\n    return n * 2\n"
TESTS = """from m import double


def test_two():
    assert double(2) == 4


def test_needed():
    assert double(3) == 6


def test_zero():
    assert double(0) == 0


again = test_needed
"""
CODE = Code({"m.py": File(SOURCE.encode()), "tests/test_m.py": File(TESTS.encode())}, "double")
SUITE = Suite(
    {
        f"tests/test_m.py::{name}": Test(f"tests/test_m.py::{name}", "tests/test_m.py", line, 0.1)
        for name, line in (("test_two", 4), ("test_needed", 8), ("test_zero", 12))
    },
    {},
    {},
    {},
)
BUG = Mutation("arithmetic", "double", 2, ("    return n * 2",), ("    return n / 2",), SOURCE)
TWO, NEEDED, ZERO = SUITE.tests
SEEN = [[[5, 11, 5, 20], {}, ["gives", "4"], ["gives", "1.0"]]]
GOOD = {"ended": True, "skipped": False, "failed": [TWO], "shown": [[TWO, SEEN]]}


def tried(answer: dict | None) -> Caught | str:
    return caught(Trial("m.py", BUG, tuple(SUITE.tests), answer), CODE, SUITE)


def test_a_fair_bug_is_a_task():
    found = tried(GOOD)
    assert found.issue == "m.py: wrong result of double\n\n`double(2)` returns 1.0, but 4 is expected.\n"
    assert found.fail_to_pass == [TWO] and found.pass_to_pass == [NEEDED, ZERO]
    assert "test_two" not in found.tests_left["tests/test_m.py"] and found.gold == "return n * 2"


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (None, "cannot be put into a running process"),
        ({"impossible": "no function"}, "cannot be put into a running process"),
        (GOOD | {"ended": False}, "does not end"),
        (GOOD | {"skipped": True}, "a test is skipped for it"),
        (GOOD | {"failed": []}, "no test fails"),
        (GOOD | {"failed": [TWO] * (MOST_FAILING + 1)}, "more than 12 tests fail"),
        (GOOD | {"failed": [TWO, NEEDED]}, "its tests cannot be cut out of their files"),
        (GOOD | {"failed": [TWO], "shown": [[TWO, []]]}, "no expression of a test shows it"),
        (
            GOOD | {"shown": [[TWO, [[*SEEN[0][:3], ["raises", "NameError"]]]]]},
            "a crash that nobody would overlook",
        ),
    ],
)
def test_a_bug_that_is_none_has_a_reason(answer, reason):
    assert tried(answer) == reason


def test_a_library_below_src_is_no_test_machinery_though_it_is_named_like_some():
    """`packaging` is a module that pytest loads: another one at the import root would be, its own source is not."""
    files = {"src/packaging/m.py": CODE.files["m.py"], "tests/test_m.py": CODE.files["tests/test_m.py"]}
    trial = Trial("src/packaging/m.py", BUG, tuple(SUITE.tests), GOOD)
    assert isinstance(caught(trial, Code(files, "packaging"), SUITE), Caught)


def test_tests_in_a_newer_pythons_syntax_are_told():
    newer = {**CODE.files, "tests/test_m.py": File(f"{TESTS}\ndef newer syntax(): pass\n".encode())}
    found = caught(Trial("m.py", BUG, tuple(SUITE.tests), GOOD), Code(newer, "double"), SUITE)
    assert found == "the syntax of its tests is not that of the workflow's Python"


def test_modules_in_a_newer_pythons_syntax_are_left_alone(caplog):
    files = {"m.py": CODE.files["m.py"], "newer.py": File(b"def newer syntax(): pass\n")}
    suite = replace(SUITE, reach={"m.py": {2: (TWO,)}, "newer.py": {1: (TWO,)}})
    assert sources(Code(files, "double"), suite, ["tests"]) == {"m.py": SOURCE}
    assert "newer.py" in caplog.text
