"""The five classes, test by test."""

from dataclasses import replace

import pytest

from scripts.errors import UserError
from scripts.trajectories.sandbox import Environment
from scripts.verdicts.grade import grade
from scripts.verdicts.protect import protected
from tests.small_repository import BUGGY, FIXED, LIMITS, bench, change, interpreter, small

DOUBLE, EVEN, ODD = (f"tests/test_numbers.py::test_{name}" for name in ("double", "even", "odd"))


def judged(patch, task=None, limits=LIMITS):
    return grade(task or small().task, patch, bench(limits))


def test_gold_is_resolved():
    verdict = judged(small().task.patch)
    assert verdict == {
        "instance_id": "kit__kit-1",
        "verdict": "resolved",
        "resolved": True,
        "fail_to_pass": {"passed": [EVEN, ODD], "failed": []},
        "pass_to_pass": {"passed": [DOUBLE], "failed": []},
        "fail_to_pass_fraction": 1.0,
        "test_pass_fraction": 1.0,
        "dropped": [],
        "reason": "",
    }


def test_nothing_is_empty_and_counts_what_passes_by_itself():
    verdict = judged("")
    assert (verdict["verdict"], verdict["resolved"]) == ("empty", False)
    assert verdict["fail_to_pass_fraction"] == 0
    assert verdict["test_pass_fraction"] == pytest.approx(1 / 3)
    assert verdict["pass_to_pass"] == {"passed": [DOUBLE], "failed": []}


def test_half_a_fix_is_unresolved():
    verdict = judged(change({"kit/numbers.py": BUGGY.replace("n % 2 == 1", "True")}))
    assert (verdict["verdict"], verdict["resolved"]) == ("unresolved", False)
    assert verdict["fail_to_pass"] == {"passed": [EVEN], "failed": [ODD]}
    assert verdict["fail_to_pass_fraction"] == 0.5
    assert "is_even(3)" in verdict["reason"]


def test_breaking_another_test_is_unresolved():
    verdict = judged(change({"kit/numbers.py": FIXED.replace("2 * n", "3 * n")}))
    assert verdict["verdict"] == "unresolved"
    assert verdict["fail_to_pass_fraction"] == 1.0
    assert verdict["pass_to_pass"] == {"passed": [], "failed": [DOUBLE]}


def test_syntax_error_is_unresolved_and_says_so():
    verdict = judged(change({"kit/numbers.py": "def is_even(n:\n"}))
    assert verdict["verdict"] == "unresolved"
    assert verdict["test_pass_fraction"] == 0
    assert "SyntaxError" in verdict["reason"]


@pytest.mark.parametrize(
    "patch",
    ["garbage\n", "diff --git a/kit/x.py b/kit/x.py\n--- a/kit/x.py\n+++ b/kit/x.py\n@@ -1 +1 @@\n-a\n+b\n"],
)
def test_patch_that_does_not_apply(patch):
    verdict = judged(patch)
    assert (verdict["verdict"], verdict["resolved"]) == ("patch_does_not_apply", False)
    assert verdict["fail_to_pass"]["failed"] == [EVEN, ODD]
    assert verdict["reason"]


@pytest.mark.parametrize(
    "path", ["../outside.py", "/tmp/outside.py", ".git/hooks/post-checkout", "kit/../../outside.py"]
)
def test_patch_cannot_write_elsewhere(path):
    patch = f"diff --git a/{path} b/{path}\nnew file mode 100755\n--- /dev/null\n+++ b/{path}\n@@ -0,0 +1 @@\n+x\n"
    assert judged(patch)["verdict"] == "patch_does_not_apply"


def test_endless_loop_is_the_models_and_keeps_earlier_results():
    code = FIXED.replace("    return n % 2", "    while n == 3: pass\n    return n % 2")
    verdict = judged(change({"kit/numbers.py": code}), limits=replace(LIMITS, cpu_seconds=1))
    assert (verdict["verdict"], verdict["reason"]) == ("unresolved", "cpu limit")
    assert verdict["fail_to_pass"] == {"passed": [EVEN], "failed": [ODD]}


def test_test_names_that_do_not_exist_are_failed():
    task = replace(small().task, fail_to_pass=(EVEN, "tests/test_numbers.py::test_absent"))
    assert judged(small().task.patch, task)["fail_to_pass"]["failed"] == [
        "tests/test_numbers.py::test_absent"
    ]


def test_faulty_task_is_an_error_of_the_benchmark():
    with pytest.raises(UserError, match="test patch does not apply"):
        judged("", replace(small().task, test_patch=small().task.patch.replace("n % 2", "m % 2")))
    with pytest.raises(UserError, match="no commit"):
        judged("", replace(small().task, id="kit__kit-absent"))


def test_equal_patches_have_equal_verdicts_whatever_the_failure_says():
    patch = change(
        {"kit/numbers.py": BUGGY.replace("return n % 2 == 1", "raise ValueError(object(), {'a', 'b'})")}
    )
    verdict = judged(patch)
    assert verdict == judged(patch)
    assert "<object object at 0x>" in verdict["reason"]


@pytest.mark.parametrize(
    ("path", "dropped"),
    [
        ("kit/numbers.py", False), ("kit/new.py", False), ("docs/pytest.md", False), ("kit/json.py", False),
        ("kit/contest.py", False), ("kit/latest.py", False), ("calendar/core.py", False),
        ("tests/data.json", True), ("Tests/x.py", True), ("kit/tests/x.py", True), ("tests", True), ("spec/given.py", True),
        ("spec", True), ("kit/test_x.py", True), ("kit/x_test.py", True), ("CONFTEST.py", True), ("a/b/sitecustomize.py", True),
        ("json/__init__.py", True), ("src/json.py", True), ("pytest.py", True), ("setup.py", True), ("kit/x.so", True),
    ],
)  # fmt: skip
def test_what_is_dropped(path, dropped):
    assert protected(path, {"spec/given.py"}, {"kit", "calendar", "docs"}) is dropped


def test_a_python_that_does_not_start_is_infrastructure():
    broken = Environment("/python/bin/absent", interpreter().binds, "/python/bin")
    verdict = grade(small().task, small().task.patch, bench(environment=broken))
    assert (verdict["verdict"], verdict["resolved"], verdict["test_pass_fraction"]) == (
        "infrastructure",
        None,
        None,
    )
    assert "did not start" in verdict["reason"]
