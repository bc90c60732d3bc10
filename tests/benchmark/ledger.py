"""A small library that nobody wrote for this workflow: several modules, and tests of every kind that pytest knows."""

from pathlib import Path

from scripts.benchmark.laboratory import Laboratory
from scripts.benchmark.mine_repository import mirrored
from scripts.benchmark.own_code import Code
from scripts.benchmark.runtimes.own import Own
from scripts.trajectories.limits import Limits
from tests.small_repository import git

LIMITS = {
    "cpu_seconds": 5,
    "wall_seconds": 60,
    "memory_mb": 512,
    "processes": 64,
    "file_mb": 16,
    "workspace_mb": 64,
}

ENTRIES = '''"""Entries of a ledger."""


class Entry:
    def __init__(self, name, amount):
        self.name = name
        self.amount = amount

    def is_debit(self):
        return self.amount < 0

    def scaled(self, factor):
        return Entry(self.name, self.amount * factor)


def total(entries):
    result = 0
    for entry in entries:
        result = result + entry.amount
    return result


def largest(amounts, default=None):
    best = default
    for amount in amounts:
        if best is None or amount > best:
            best = amount
    return best


def chunks(items, size):
    if size < 1:
        raise ValueError("size must be positive")
    found = []
    while items:
        found.append(items[:size])
        items = items[size:]
    return found
'''

TEXT = '''"""Text of a ledger."""

import functools


def cached(function):
    @functools.wraps(function)
    def wrapper(*args):
        return function(*args)

    return wrapper


@cached
def pad(text, width):
    return text + " " * (width - len(text)) if len(text) < width else text[:width]


def numbers(start):
    while True:
        yield start
        start = start + 1


def is_blank(text):
    return not text.strip()
'''

TEST_ENTRIES = """import unittest

import pytest

from ledger.entries import Entry, chunks, largest, total


class EntryTests(unittest.TestCase):
    def setUp(self):
        self.entry = Entry("rent", -5)

    def test_debit(self):
        self.assertTrue(self.entry.is_debit())

    def test_scaled(self):
        entry = Entry("food", 3)
        twice = entry.scaled(2)
        self.assertEqual(twice.amount, 6)


class ChunkTests(unittest.TestCase):
    def test_even(self):
        for size, expected in ((1, [[1], [2]]), (2, [[1, 2]])):
            with self.subTest(size=size):
                self.assertEqual(chunks([1, 2], size), expected)

    def test_bad_size(self):
        with self.assertRaises(ValueError):
            chunks([1], 0)


def test_total():
    assert total([Entry("a", 1), Entry("b", 2)]) == 3


@pytest.mark.parametrize(("amounts", "expected"), [([1, 3, 2], 3), ([], None), ([-1], -1)])
def test_largest(amounts, expected):
    assert largest(amounts) == expected


def test_largest_default():
    assert largest([1], default=4) == 4
"""

TEST_TEXT = """import itertools

import pytest

from ledger.text import is_blank, numbers, pad


@pytest.fixture
def width():
    return 4


def test_pad(width):
    assert pad("ab", width) == "ab  "


def test_pad_long(width):
    assert pad("abcdef", width) == "abcd"


def test_numbers():
    counter = numbers(2)
    assert next(counter) == 2
    assert list(itertools.islice(counter, 2)) == [3, 4]


def test_blank():
    assert is_blank(" ")
    assert not is_blank("a")
"""

FILES = {
    "ledger/__init__.py": "", "ledger/entries.py": ENTRIES, "ledger/text.py": TEXT, "README.md": "ledger\n",
    "pyproject.toml": '[project]\nname = "ledger"\nversion = "1.0"\n',
    "tests/test_entries.py": TEST_ENTRIES, "tests/test_text.py": TEST_TEXT,
}  # fmt: skip


def repository(folder: Path, files: dict[str, str]) -> Path:
    """A git repository with one commit."""
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    git(folder, "init", "--quiet")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", "all")
    return folder


def block(folder: Path, **others: object) -> dict:
    """The repository's block as the rule gets it."""
    own = {"code": str(folder), "python": None, "requirements": [], "tests": ["tests"], "seed": 0, "tasks": 8}
    return own | {"limits": LIMITS} | others


def place(code: Code, block: dict, cache: Path, where: str) -> Laboratory:
    """A laboratory on the workflow's own interpreter, which needs no registry."""
    return Laboratory(mirrored(code, cache), Own(cache), Limits(**block["limits"]))
