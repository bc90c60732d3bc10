"""Issue texts say what happens and what should."""

import pytest

from scripts.benchmark.issue import LENGTH, Example, calls, examples, issue
from scripts.benchmark.suite import Subject

TESTS = """from p.m import f


def test_a():
    assert f(1) == 2
    assert f(1) != f(f(3))


def test_b():
    assert f(9)
"""
SUBJECT = Subject("p.m", "p/m.py", "def f(a):\n    return a + 1\n", "tests/test_m.py", TESTS)


@pytest.mark.parametrize(
    ("example", "sentence"),
    [
        (Example("f(1)", "3", "2"), "`f(1)` returns 3, but 2 is expected."),
        (Example("f(1)", "raises KeyError", "2"), "`f(1)` raises KeyError, but 2 is expected."),
        (Example("f(1)", "3", "raises ValueError"), "`f(1)` returns 3, but ValueError is expected."),
        (Example("f(1)", "never ends", "None"), "`f(1)` never ends, but None is expected."),
    ],
)
def test_sentences(example, sentence):
    assert example.sentence() == sentence


def test_calls_come_from_the_failing_tests_only():
    assert calls(TESTS, "f", ["test_a"]) == ["f(1)", "f(f(3))", "f(3)"]


def test_examples_are_those_that_differ_short_ones_first():
    wrong = "def f(a):\n    return a + 1 if a < 3 else a\n"
    assert examples(SUBJECT, "f", ["test_a", "test_b"], wrong) == [
        Example("f(3)", "3", "4"),
        Example("f(9)", "9", "10"),
        Example("f(f(3))", "3", "5"),
    ]


def test_one_example_is_shown_however_long():
    wrong = f"def f(a):\n    return 'x' * {LENGTH}\n"
    assert len(examples(SUBJECT, "f", ["test_a"], wrong)) == 1


def test_whole_text():
    text = issue("p/m.py", "f", "boundary", [Example("f(1)", "3", "2")])
    assert text == "f in p/m.py is wrong right at the limit\n\n`f(1)` returns 3, but 2 is expected.\n"
