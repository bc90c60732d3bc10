"""Issue texts say what happens, what should, and in words which way the fix lies; never the fix itself."""

import re

import pytest

from scripts.benchmark.issue import COMPLAINTS, LIMITS, WISHES, Example, calls, changed, example, issue, wish
from scripts.benchmark.leaks import squeeze
from scripts.benchmark.mutate import mutate
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
    ("shown", "sentence"),
    [
        (Example("f(1)", "3", "2"), "`f(1)` returns 3, but 2 is expected."),
        (Example("f(1)", "raises KeyError", "2"), "`f(1)` raises KeyError, but 2 is expected."),
        (Example("f(1)", "3", "raises ValueError"), "`f(1)` returns 3, but ValueError is expected."),
        (Example("f(1)", "never ends", "None"), "`f(1)` never ends, but None is expected."),
    ],
)
def test_sentences(shown, sentence):
    assert shown.sentence() == sentence


def test_calls_come_from_the_failing_tests_only():
    assert calls(TESTS, "f", ["test_a"]) == ["f(1)", "f(f(3))", "f(3)"]


def test_the_example_is_the_shortest_that_differs():
    wrong = "def f(a):\n    return a + 1 if a < 3 else a\n"
    assert example(SUBJECT, "f", ["test_a", "test_b"], wrong) == Example("f(3)", "3", "4")
    assert example(SUBJECT, "f", ["test_b"], wrong) == Example("f(9)", "9", "10")


def test_no_example_where_no_call_shows_the_fault():
    assert example(SUBJECT, "f", ["test_a", "test_b"], SUBJECT.text) is None


@pytest.mark.parametrize(
    ("wrong", "right", "tokens"),
    [
        ("return a + b", "return a - b", ["-"]),
        ("if a < b < c:", "if a < b <= c:", ["<="]),
        ("if a in b:", "if a not in b:", ["not in"]),
        ("if a is not b:", "if a is b:", ["is"]),
        ("if a:", "if not a:", ["not"]),
        ("return min(a, b) < a", "return max(a, b) > a", ["max", ">"]),
        ("return a - 1", "return a", []),
    ],
)
def test_changed_gives_the_tokens_that_only_the_right_line_has(wrong, right, tokens):
    assert changed(wrong, right) == tokens


@pytest.mark.parametrize(
    ("operator", "wrong", "right", "said"),
    [
        ("arithmetic", "a += b", "a -= b", WISHES["-="]),
        ("arithmetic", "a = b // c", "a = b % c", WISHES["%"]),
        ("comparison", "if a > b:", "if a < b:", WISHES["<"]),
        ("comparison", "if a in b:", "if a not in b:", WISHES["not in"]),
        ("boundary", "if a <= b:", "if a < b:", LIMITS["<"]),
        ("boundary", "if a > b:", "if a >= b:", LIMITS[">="]),
        ("boolean", "return a or b", "return a and b", WISHES["and"]),
        ("called", "return min(a)", "return max(a)", WISHES["max"]),
    ],
)
def test_a_wish_tells_the_direction(operator, wrong, right, said):
    assert wish(operator, wrong, right) == said


@pytest.mark.parametrize(
    "table", [("+", "-"), ("*", "/"), ("//", "%"), ("<", ">"), ("and", "or"), ("in", "not in")]
)
def test_a_fault_and_its_reverse_are_wished_differently(table):
    one, other = (f"return a {token} b" for token in table)
    operator = "comparison" if table == ("<", ">") else "arithmetic"
    assert wish(operator, one, other) != wish(operator, other, one)


@pytest.mark.parametrize("operator", sorted(COMPLAINTS))
def test_where_no_word_tells_the_direction_there_is_only_a_complaint(operator):
    assert wish(operator, "f(a + 1, b)", "f(b, a - 1)") == COMPLAINTS[operator]


def test_an_unheard_of_change_does_the_opposite():
    assert wish("arithmetic", "a * 2", "a ** 2") == "it does the opposite"
    assert wish("comparison", "a < b + c", "a > b - c") == "it does the opposite"


LINES = "a < b", "a <= b and b != 3", "a + b - 1", "a // b", "a in (b, 2)", "not a", "max(a, b) if a else b"


@pytest.mark.parametrize("line", LINES)
def test_no_wish_holds_the_gold_line_or_its_sign(line):
    bugs = mutate(f"def f(a, b):\n    return {line}\n")
    assert bugs
    for bug in bugs:
        said = wish(bug.operator, bug.wrong[0].strip(), bug.right[0].strip())
        assert re.fullmatch(r"[a-z ]+", said), said
        text = issue("p/m.py", "f", Example("f(1)", "3", "2"), bug.wrong[0].strip(), said)
        assert squeeze(bug.right[0]) not in squeeze(text).split("`")


def test_whole_text():
    shown = Example("f(1)", "3", "2")
    assert issue("p/m.py", "f", shown, "if a < b:", "the limit itself is fine") == (
        "p/m.py: wrong result of f\n\n"
        "`f(1)` returns 3, but 2 is expected.\n"
        "`if a < b:` looks wrong: the limit itself is fine.\n"
    )
