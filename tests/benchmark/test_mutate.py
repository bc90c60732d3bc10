"""Every operator finds its place, changes nothing else, and leaves alone what it cannot change."""

import ast

import pytest

from scripts.benchmark.mutate import mutate
from scripts.benchmark.operators import OPERATORS

CASES = {
    "comparison": [
        ("a < b", {"a > b"}),
        ("a == b", {"a != b"}),
        ("a not in b", {"a in b"}),
        ("a is b", {"a is not b"}),
        ("0 <= a != b", {"0 >= a != b", "0 <= a == b"}),
    ],
    "boundary": [
        ("a < b", {"a <= b"}),
        ("a >= b", {"a > b"}),
        ("a == b", set()),
        ("0 <= a < b", {"0 < a < b", "0 <= a <= b"}),
    ],
    "arithmetic": [
        ("a + b", {"a - b"}),
        ("a // b", {"a % b"}),
        ("(a) * (b)", {"(a) / (b)"}),
        ("a ** b", {"a * b"}),
        ("a & b", set()),
    ],
    "boolean": [("a and b", {"a or b"}), ("a or b", {"a and b"}), ("a", set())],
    "constant": [("a[3]", {"a[4]", "a[2]"}), ("a + 0", {"a + 1"}), ("True", set()), ("'3'", set())],
    "arguments": [("f(a, b)", {"f(b, a)"}), ("f(a, a)", set()), ("f(a)", set()), ("f(*a, b)", set())],
    "negation": [
        ("not a", {"a"}),
        ("True", {"False"}),
        ("1 if a else 2", {"1 if not a else 2"}),
        ("1 if a < b else 2", set()),
    ],
    "returned": [("a", {"b"}), ("-a", {"a"}), ("a + b", set())],
    "variable": [("a + 1", {"b + 1"}), ("a + b", set()), ("len(a)", {"len(b)"})],
    "branch": [("a and b", {"a", "b"}), ("1 if a else 2", {"1", "2"})],
    "choice": [("1 if a else 2", {"2 if a else 1"})],
    "called": [("min(a)", {"max(a)"}), ("a.lstrip()", {"a.rstrip()"}), ("sum(a)", set())],
    "index": [
        ("a[0]", {"a[-1]"}),
        ("a[-1]", {"a[0]"}),
        ("a[:3]", {"a[3:]"}),
        ("a[b:]", {"a[:b]"}),
        ("a[1:2]", set()),
    ],
}


def results(expression: str, operator: str) -> set[str]:
    """What the operator makes of `return <expression>`."""
    found = mutate(f"def f(a, b):\n    return {expression}\n")
    return {bug.wrong[0].strip().removeprefix("return ") for bug in found if bug.operator == operator}


def test_every_operator_has_cases():
    assert set(CASES) == set(OPERATORS)


@pytest.mark.parametrize(
    ("operator", "expression", "expected"), [(name, *case) for name, cases in CASES.items() for case in cases]
)
def test_operator(operator, expression, expected):
    assert results(expression, operator) == expected


def test_augmented_assignment():
    bugs = mutate("def f(a):\n    a += 2\n    return a\n")
    assert ("arithmetic", ("    a -= 2",)) in {(bug.operator, bug.wrong) for bug in bugs}


def test_missing_branch_removes_a_whole_if():
    bugs = mutate("def f(a):\n    if a:\n        return 1\n    return 2\n")
    (bug,) = [bug for bug in bugs if bug.operator == "branch"]
    assert bug.text == "def f(a):\n    return 2\n"
    assert (bug.line, bug.right, bug.wrong) == (2, ("    if a:", "        return 1"), ())
    assert not bug.single_line


def test_elif_and_last_statement_are_not_removed():
    text = "def f(a):\n    if a:\n        return 1\n    elif not a:\n        return 2\n"
    assert [bug for bug in mutate(text) if bug.operator == "branch"] == []


def test_layout_comments_and_other_alphabets_survive():
    text = 'def f(a,  b):\n    name = "größer" ; bigger = a  <  b  # 大 stays\n    return bigger\n'
    (bug,) = [bug for bug in mutate(text) if bug.operator == "boundary"]
    assert bug.text == text.replace("a  <  b", "a  <=  b")


def test_methods_are_named_with_their_class_and_self_is_no_parameter():
    text = "class C:\n    def f(self, a):\n        return a < self.b\n"
    bugs = mutate(text)
    assert {bug.function for bug in bugs} == {"C.f"}
    assert "variable" not in {bug.operator for bug in bugs}


def test_fstrings_and_docstrings_are_left_alone():
    assert mutate('def f(a):\n    """Is 1 < 2?"""\n    return f"{a + 1}"\n') == []


def test_one_change_that_parses_and_differs():
    text = "def f(a, b):\n    if a < 3 and not b:\n        return max(a, b)[0]\n    return a if b else -1\n"
    bugs = mutate(text)
    assert len({bug.text for bug in bugs}) == len(bugs) > 15
    for bug in bugs:
        assert ast.dump(ast.parse(bug.text)) != ast.dump(ast.parse(text))
        lines = text.split("\n")
        lines[bug.line - 1 : bug.line - 1 + len(bug.right)] = bug.wrong
        assert "\n".join(lines) == bug.text
