"""Issue texts out of failing tests: an expression, what it gave, what it should give, and the steps that lead there."""

import ast

import pytest

from scripts.benchmark.issue import Example, report
from scripts.benchmark.own_issue import examples

TEXT = """
import doctest
import random
import library as lib
from library import chunks, first, peekable
from tests.support import near


def double(number):
    return number * 2


@fixture
def given():
    return 1


def test_plain():
    items = [1, 2]
    assert list(chunks(items, 2)) == [[1, 2]]


def test_steps():
    source = iter("abc")
    other = 3
    box = peekable(source)
    assert next(box) == "a"
    assert box.peek() == "b"


def test_names():
    values = lib.scaled(double, 2)
    assert near(values, 1)
    assert lib.first(given) == doctest.testmod(lib)


def test_anew():
    box = peekable("ab")
    assert next(box) == "a"
    box = peekable("c")
    assert box.peek() == "c"


def test_drawn():
    values = [1, 2]
    random.seed(4)
    assert chunks(values, 1) == [2]


class Tests(TestCase):
    def test_loop(self):
        for source in (iter("a"), iter("b")):
            assert first(source) == "a"

    def test_raises(self):
        with self.assertRaises(ValueError):
            chunks([1], 0)

    def test_own(self):
        self.assertEqual(self.box.peek(), 1)
"""


def told(test: str, expression: str, names: dict, right: list, wrong: list) -> Example | None:
    """The example of one expression of a test."""
    function = next(node for node in ast.walk(ast.parse(TEXT)) if getattr(node, "name", "") == test)
    (node, *_) = [
        each for each in ast.walk(function) if isinstance(each, ast.expr) and ast.unparse(each) == expression
    ]
    place = [node.lineno, node.col_offset, node.end_lineno, node.end_col_offset]
    return next(examples([[place, names, right, wrong]], TEXT, function.lineno), None)


def test_a_name_with_a_plain_value_is_told_with_it():
    shown = told(
        "test_plain", "list(chunks(items, 2))", {"items": "[1, 2]"}, ["gives", "[[1, 2]]"], ["gives", "[]"]
    )
    assert shown.sentence() == (
        "After `items = [1, 2]`, `list(chunks(items, 2))` returns [], but [[1, 2]] is expected."
    )


def test_a_name_without_one_is_told_by_the_steps_that_made_it():
    shown = told("test_steps", "box.peek()", {"box": None}, ["gives", "'b'"], ["raises", "KeyError"])
    assert report("p/m.py", "peekable.peek", shown) == (
        "p/m.py: wrong result of peekable.peek\n\nAfter\n\n    source = iter('abc')\n    box = peekable(source)\n    next(box)\n\n"
        "`box.peek()` raises KeyError, but 'b' is expected.\n"
    )


def test_an_exception_that_should_come():
    shown = told("test_raises", "chunks([1], 0)", {}, ["raises", "ValueError"], ["gives", "[]"])
    assert shown.sentence() == "`chunks([1], 0)` returns [], but ValueError is expected."


def test_what_is_no_call_gives():
    shown = told(
        "test_plain",
        "list(chunks(items, 2)) == [[1, 2]]",
        {"items": "[1, 2]"},
        ["gives", "True"],
        ["gives", "False"],
    )
    assert shown.sentence().endswith(
        "`list(chunks(items, 2)) == [[1, 2]]` gives False, but True is expected."
    )


def test_an_import_is_told_by_its_full_name_and_a_helper_of_the_tests_with_its_lines():
    shown = told("test_names", "lib.scaled(double, 2)", {}, ["gives", "4"], ["is", "function"])
    assert shown.sentence() == (
        "After\n\n    def double(number):\n        return number * 2\n\n"
        "`library.scaled(double, 2)` returns an object of type function, but 4 is expected."
    )


def test_what_settles_the_random_numbers_is_told():
    shown = told("test_drawn", "chunks(values, 1)", {"values": "[1, 2]"}, ["gives", "[2]"], ["gives", "[1]"])
    assert shown.setup == ("values = [1, 2]", "random.seed(4)")


def test_what_was_before_a_name_got_its_value_is_not_told():
    shown = told("test_anew", "box.peek()", {"box": None}, ["gives", "'c'"], ["gives", "'a'"])
    assert shown.setup == ("box = peekable('c')",)


@pytest.mark.parametrize(
    ("test", "expression", "names"),
    [
        ("test_names", "near(values, 1)", {"values": "4"}),  # a helper of other tests
        ("test_names", "lib.first(given)", {}),  # a name that is more than a function or a value
        ("test_names", "doctest.testmod(lib)", {}),  # says nothing about the fault
        ("test_own", "self.box.peek()", {}),  # nobody knows the test case
        ("test_loop", "first(source)", {"source": None}),  # a step in a loop cannot be told
        ("test_plain", "list(chunks(items, 2))", None),  # a name had no value
        ("test_plain", "list(chunks(items, 2))", {"items": "[" + "1, " * 100 + "]"}),  # too long to read
    ],
)
def test_what_would_not_be_understood_is_not_told(test, expression, names):
    assert told(test, expression, names, ["gives", "1"], ["gives", "2"]) is None
