"""The embedded benchmark: what every task must be, checked on the real one."""

import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from unidiff import PatchSet

from scripts.benchmark.issue import TOLD
from scripts.benchmark.leaks import added_lines, leaked_lines
from scripts.benchmark.mine import candidate, mine, patch, without_tests
from scripts.benchmark.mine_pocket import build
from scripts.benchmark.mutate import mutate
from scripts.benchmark.operators import OPERATORS
from scripts.benchmark.repository import git, write_bundle
from scripts.benchmark.suite import Subject, subjects
from scripts.benchmark.tasks import choose, rows
from scripts.errors import UserError

PACKAGE = Path(__file__).parents[2] / "resources/pocket"


def test_enough_tasks_of_many_kinds(tasks):
    assert len(tasks) >= 80
    operators = Counter(task.record["rehearsal"]["operator"] for task in tasks)
    assert len(operators) >= 8 and max(operators.values()) <= len(tasks) / 4


def test_every_operator_finds_fair_bugs():
    assert {bug.operator for bug in mine(subjects(PACKAGE))} == set(OPERATORS)


def test_the_issues_of_the_first_tasks_tell_what_to_do(tasks):
    told = [any(said in task.problem_statement for said in TOLD) for task in tasks]
    assert all(told[:48]) and not all(told)


def test_the_same_again(benchmark, tmp_path, folder):
    assert build(PACKAGE, tmp_path / "again.bundle", seed=0) == benchmark
    assert (tmp_path / "again.bundle").read_bytes() == (folder / "repository.bundle").read_bytes()


def test_hashes_are_those_of_any_machine(tmp_path):
    commits = write_bundle({"one": {"a.py": "a = 1\n"}, "two": {"a.py": "a = 2\n"}}, tmp_path / "b")
    assert commits == {
        "one": "1a8aa95f23de329f9c9b5278c9c6647dfc9e19f2",
        "two": "9c06baa5b89ef267df39baef82908e1022dee54a",
    }


def test_no_two_tasks_share_gold_line_or_tree(tasks, repository):
    golds = Counter(line for task in tasks for line in added_lines(task.patch))
    assert len(golds) == len(tasks) and max(golds.values()) == 1
    trees = {git("rev-parse", f"{task.base_commit}^{{tree}}", cwd=repository) for task in tasks}
    assert len(trees) == len(tasks)


def test_one_line_is_wrong_and_no_issue_holds_the_right_one(tasks):
    for task in tasks:
        (file,) = PatchSet(task.patch)
        assert (file.added, file.removed) == (1, 1)
        assert leaked_lines(task.problem_statement, task.patch, shortest=1) == []


def test_issue_names_function_and_file_and_is_short(tasks):
    for task in tasks:
        path, function = task.record["rehearsal"]["function"].split("::")
        assert task.problem_statement.startswith(f"{path}: wrong result of {function}\n")
        assert f"`{function}(" in task.problem_statement and " is expected." in task.problem_statement
        assert len(task.problem_statement) < 450
    assert sum(len(task.problem_statement) for task in tasks) / len(tasks) < 220


def test_failing_tests_are_absent_from_the_base_commit(tasks, repository):
    for task in tasks:
        for test in task.fail_to_pass:
            path, name = test.split("::")
            assert f"def {name}(" not in git("show", f"{task.base_commit}:{path}", cwd=repository)
        for test in task.pass_to_pass:
            path, name = test.split("::")
            assert f"def {name}(" in git("show", f"{task.base_commit}:{path}", cwd=repository)
        assert task.fail_to_pass and task.pass_to_pass


def test_base_commits_are_roots_with_the_whole_package(tasks, repository):
    for task in tasks[:5]:
        assert git("rev-list", "--count", task.base_commit, cwd=repository).strip() == "1"
        names = git("ls-tree", "-r", "--name-only", task.base_commit, cwd=repository).split()
        assert {"README.md", "pyproject.toml", "pocket/text.py", "tests/test_text.py"} <= set(names)


@pytest.mark.parametrize("number", [0, 17, 39, 61])
def test_pytest_agrees_gold_resolves_and_empty_does_not(tasks, repository, tmp_path, number):
    task = tasks[number]
    archive = subprocess.run(
        ["git", "archive", task.base_commit], cwd=repository, check=True, capture_output=True
    )
    subprocess.run(["tar", "x", "-C", tmp_path], input=archive.stdout, check=True)
    assert run_tests_after(task.test_patch, task, tmp_path) == (
        len(task.fail_to_pass),
        len(task.pass_to_pass),
    )
    assert run_tests_after(task.patch, task, tmp_path) == (0, len(task.fail_to_pass + task.pass_to_pass))


def run_tests_after(patch_text, task, folder) -> tuple[int, int]:
    """(failed, passed) of the task's tests once a patch is applied in the folder."""
    subprocess.run(["git", "apply"], input=patch_text.encode(), cwd=folder, check=True)
    command = [sys.executable, "-B", "-m", "pytest", "-rA", "-q", "-p", "no:cacheprovider"]
    run = subprocess.run(
        [*command, *task.fail_to_pass, *task.pass_to_pass], cwd=folder, capture_output=True, text=True
    )
    lines = run.stdout.splitlines()
    failed = {line.split()[1] for line in lines if line.startswith("FAILED ")}
    assert failed in (set(), set(task.fail_to_pass))
    return len(failed), sum(line.startswith("PASSED ") for line in lines)


@pytest.mark.parametrize("count", range(32, 81, 2))
def test_about_half_of_any_prefix_is_fresh(tasks, count):
    strata = Counter(row["rehearsal"]["stratum"] for row in rows(choose(tasks, "chronological", count, "")))
    assert 0.42 <= strata["fresh"] / count <= 0.58


@pytest.mark.parametrize("count", [32, 40])
def test_later_half_meets_functions_of_the_earlier_one(tasks, count):
    chosen = [row["rehearsal"] for row in rows(tasks[:count])]
    half = count // 2
    earlier = {row["function"] for row in chosen[:half]}
    again = [row["function"] in earlier for row in chosen[half:] if row["stratum"] == "recurring"]
    assert sum(again) >= half / 3
    assert not any(row["function"] in earlier for row in chosen[half:] if row["stratum"] == "fresh")


def test_odd_and_even_positions_hold_both_kinds(tasks):
    chosen = [row["rehearsal"]["stratum"] for row in rows(tasks[:40])]
    assert all(6 <= chosen[parity::2].count("fresh") <= 14 for parity in (0, 1))


def test_dates_rise(tasks):
    dates = [task.date for task in tasks]
    assert dates == sorted(set(dates))


SOURCE = "def f(a):\n    return a + 1\n\n\ndef g(a):\n    return a\n"
TESTS = (
    "from p.m import f, g\n\n\ndef test_f():\n    assert f(1) == 2\n\n\ndef test_g():\n    assert g(1) == 1\n"
)


@pytest.mark.parametrize(
    ("tests", "fair"),
    [
        (TESTS, True),
        (TESTS.replace("f(1) == 2", "f(5)"), False),  # nothing fails: the bug may be none
        (TESTS.split("\n\n\ndef test_g")[0] + "\n", False),  # nothing is left that passes
        (TESTS.replace("f(1) == 2", "list(map(f, [1])) == [2]"), False),  # no call to show
    ],
)
def test_only_fair_bugs_become_candidates(tests, fair):
    subject = Subject("p.m", "p/m.py", SOURCE, "tests/test_m.py", tests)
    (bug,) = [bug for bug in mutate(SOURCE) if bug.operator == "arithmetic"]
    assert (candidate(subject, bug) is not None) == fair


def test_crashes_and_lines_that_stand_elsewhere_are_refused():
    crash = Subject(
        "p.m",
        "p/m.py",
        SOURCE.replace("a + 1", "a + 'b'"),
        "t.py",
        TESTS.replace("f(1) == 2", "f('a') == 'ab'"),
    )
    twin = Subject(
        "p.m", "p/m.py", SOURCE.replace("return a\n", "return a - 1\n"), "t.py", TESTS.replace("== 1", "== 0")
    )
    for subject in (crash, twin):
        (bug, *_) = [
            bug for bug in mutate(subject.text) if bug.operator == "arithmetic" and bug.function == "f"
        ]
        assert candidate(subject, bug) is None


def test_tests_are_cut_out_whole():
    text = "import pytest\n\n\n@pytest.mark.x\ndef test_a():\n    pass\n\n\ndef test_b():\n    pass\n"
    assert without_tests(text, ("test_a",)) == "import pytest\n\n\ndef test_b():\n    pass\n"
    assert without_tests(text, ("test_b",)) == "import pytest\n\n\n@pytest.mark.x\ndef test_a():\n    pass\n"


def test_patch_is_read_by_others():
    (file,) = PatchSet(patch("p/m.py", "a\nb\n", "a\nc\n"))
    assert (file.path, file.added, file.removed) == ("p/m.py", 1, 1)


def test_a_package_whose_own_tests_fail_is_refused(tmp_path):
    for path, text in {"p/m.py": SOURCE, "tests/test_m.py": TESTS.replace("== 2", "== 3")}.items():
        (tmp_path / path).parent.mkdir()
        (tmp_path / path).write_text(text)
    with pytest.raises(UserError, match=r"test_m.py: test_f fails without any bug. Fix: mend it."):
        build(tmp_path, tmp_path / "b", seed=0)
