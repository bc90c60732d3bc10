"""15: only FAIL_TO_PASS was checked, tests with docstrings always failed, and nobody ran the gold patches."""

from dataclasses import replace

from scripts.benchmark.validate import row
from scripts.verdicts.grade import grade
from tests.small_repository import FIXED, TESTS, bench, change, small

DOCUMENTED = '\n\ndef test_even():\n    """Two is even: and 4 too."""\n    assert is_even(2)\n\n\ndef test_odd():\n    assert not is_even(3)\n'


def judged(patch, task=None):
    return grade(task or small().task, patch, bench())


def test_a_fix_that_breaks_another_test_is_not_resolved():
    verdict = judged(change({"kit/numbers.py": FIXED.replace("2 * n", "n")}))
    assert not verdict["fail_to_pass"]["failed"], "the fault: all of FAIL_TO_PASS pass"
    assert verdict["resolved"] is False


def test_docstrings_make_no_difference():
    task = replace(small().task, test_patch=change({"tests/test_numbers.py": TESTS + DOCUMENTED}))
    assert judged(small().task.patch, task)["verdict"] == "resolved"


def test_a_task_whose_gold_patch_fails_is_left_out_and_says_why():
    task = replace(small().task, patch=change({"kit/extra.py": "NAME = 1\n"}))
    found = row(task, judged(task.patch, task), judged("", task), strict=True)
    assert found["valid"] == 0
    assert found["reason"].startswith("gold is unresolved")


def test_a_task_that_passes_by_itself_is_left_out_and_says_why():
    task = replace(small().task, fail_to_pass=small().task.pass_to_pass, pass_to_pass=())
    found = row(task, judged(task.patch, task), judged("", task), strict=True)
    assert (found["empty_resolved"], found["valid"], found["reason"]) == (1, 0, "passes without a patch")
