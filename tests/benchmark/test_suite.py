"""The in-process test runner: as pytest would judge, and back from endless loops."""

import sys
from pathlib import Path

import pytest

from scripts.benchmark import suite
from scripts.benchmark.suite import Subject, evaluate, run_tests, subjects

PACKAGE = Path(__file__).parents[2] / "resources/pocket"
TESTS = """import pytest
from pack.m import f


def test_one():
    assert f(1) == 2


def test_bad():
    with pytest.raises(ValueError):
        f(-1)
"""
RIGHT = "def f(a):\n    if a < 0:\n        raise ValueError\n    return a + 1\n"


@pytest.fixture
def subject():
    return Subject("pack.m", "pack/m.py", RIGHT, "tests/test_m.py", TESTS)


def test_verdicts(subject):
    assert run_tests(subject, RIGHT) == {"test_one": True, "test_bad": True}
    assert run_tests(subject, RIGHT.replace("+", "-")) == {"test_one": False, "test_bad": True}
    assert run_tests(subject, RIGHT.replace("a < 0", "a > 9")) == {"test_one": True, "test_bad": False}


def test_a_module_that_cannot_be_imported_fails_everything(subject):
    assert run_tests(subject, "import nothing_of_this_name\n") == {"test_one": False, "test_bad": False}


def test_endless_loops_end(subject, monkeypatch):
    monkeypatch.setattr(suite, "SECONDS", 0.05)
    looping = "def f(a):\n    while True:\n        pass\n"
    assert run_tests(subject, looping)["test_one"] is False
    assert evaluate(subject, looping, "f(1)") == "never ends"


def test_evaluate(subject):
    assert evaluate(subject, RIGHT, "f(1)") == "2"
    assert evaluate(subject, RIGHT, "f(-1)") == "raises ValueError"


def test_nothing_stays_in_sys_modules(subject):
    run_tests(subject, RIGHT)
    assert "pack" not in sys.modules and "pack.m" not in sys.modules


def test_pocket_is_large_enough_and_stands_alone():
    found = subjects(PACKAGE)
    modules = sorted(path.stem for path in (PACKAGE / "pocket").glob("*.py") if path.stem != "__init__")
    assert [subject.name.rpartition(".")[2] for subject in found] == modules
    assert len(found) >= 8
    assert sum(subject.text.count("\ndef ") for subject in found) >= 60
    assert not any("pocket" in subject.text for subject in found)
    assert all(all(run_tests(subject, subject.text).values()) for subject in found)
