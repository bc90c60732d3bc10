"""Fault 19: the issue text contains the fix."""

import os
from pathlib import Path

import pytest

from scripts.benchmark.issue import issue
from scripts.benchmark.leaks import leaked_lines
from scripts.benchmark.mine import candidate, patch
from scripts.benchmark.mutate import mutate
from scripts.benchmark.suite import Subject
from scripts.benchmark.task import load_sequence
from scripts.benchmark.tasks import rows

RIGHT = "def f(a, b):\n    return max(a, b)\n\n\ndef g():\n    return 1\n"
WRONG = RIGHT.replace("max", "min")
FIX = patch("p/m.py", WRONG, RIGHT)
PUBLISHED = Path(os.environ.get("REHEARSAL_DATA", "../shared/data")) / "swe_bench_cl.json.gz"


def test_the_fix_in_the_text_is_found_whatever_its_layout():
    assert leaked_lines("Better:\n\n    return  max(a,  b)\n", FIX) == ["return max(a, b)"]
    assert leaked_lines("f gives the smaller of both", FIX) == []


def test_removed_and_short_lines_do_not_count():
    assert leaked_lines("return min(a, b) is wrong", FIX) == []
    assert leaked_lines("it should say pass", patch("m.py", "a\n", "pass\n")) == []


def test_the_miner_refuses_a_bug_whose_issue_would_hold_the_fix(monkeypatch):
    tests = "from p.m import f, g\n\n\ndef test_f():\n    assert f(1, 2) == 2\n\n\n"
    tests += "def test_g():\n    assert g() == 1\n"
    subject = Subject("p.m", "p/m.py", RIGHT, "tests/test_m.py", tests)
    (bug,) = [bug for bug in mutate(RIGHT) if bug.operator == "called"]
    assert candidate(subject, bug)
    monkeypatch.setattr("scripts.benchmark.mine.issue", lambda *given: issue(*given) + "return max(a, b)\n")
    assert candidate(subject, bug) is None


@pytest.mark.skipif(not PUBLISHED.is_file(), reason=f"the benchmark is not at {PUBLISHED} (REHEARSAL_DATA)")
def test_published_tasks_that_leak_are_marked():
    marked = {
        row["metadata"]["instance_id"]: row["rehearsal"]["leaky"]
        for row in rows(load_sequence(PUBLISHED, "django/django"))
    }
    assert marked["django__django-11066"] and marked["django__django-11163"]
    assert marked["django__django-12304"] and marked["django__django-13410"]
    assert 2 <= sum(marked.values()) <= 12
