"""Tests are cut out whole, or not at all."""

import pytest

from scripts.benchmark.cut import without_functions

TEXT = '''import unittest


def helper():
    pass


class First(unittest.TestCase):
    """Of one test."""

    def test_a(self):
        pass


class Second(unittest.TestCase):
    def test_b(self):
        helper()

    @unittest.skipIf(False, "")
    def test_c(self):
        pass


def test_d():
    pass


alias = test_d
'''


def line(of: str, text: str = TEXT) -> int:
    return next(n for n, each in enumerate(text.split("\n"), 1) if of in each)


def test_a_method_goes_with_its_decorators():
    left = without_functions(TEXT, frozenset({line("@unittest.skipIf")}))
    assert left == TEXT.replace(
        '\n\n    @unittest.skipIf(False, "")\n    def test_c(self):\n        pass', ""
    )


def test_a_class_with_no_test_left_goes_whole():
    left = without_functions(TEXT, frozenset({line("def test_a")}))
    assert "First" not in left and "Second" in left
    both = without_functions(
        TEXT, frozenset({line("def test_b"), line("@unittest.skipIf"), line("def test_a")})
    )
    assert both == TEXT[: TEXT.index("\n\nclass First")] + TEXT[TEXT.index("\n\ndef test_d") :]


@pytest.mark.parametrize(
    ("text", "start"),
    [
        (TEXT, "def test_d"),  # the alias needs it
        (
            TEXT.replace("import unittest", "import unittest\n\f"),
            "def test_a",
        ),  # lines are counted in two ways
        (TEXT.replace("helper()", "First()"), "def test_a"),  # the class is used
        (
            TEXT.replace("First(unittest.TestCase):", "First(unittest.TestCase):\n    x = 1\n").replace(
                "x = 1", "y = test_a = 2"
            ),
            "nowhere",
        ),
    ],
)
def test_what_others_need_stays(text, start):
    starts = frozenset({line(start, text)} if start in text else {9999})
    assert without_functions(text, starts) is None
