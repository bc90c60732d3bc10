"""A user's own repository as a benchmark: what every task must be, checked on a small library with every kind of test."""

import json
from collections import Counter

import pytest
from unidiff import PatchSet

from scripts.benchmark import mine_repository
from scripts.benchmark.leaks import leaked_lines
from scripts.benchmark.mine_repository import build
from scripts.benchmark.mirror import mirror
from scripts.benchmark.repository import git
from scripts.benchmark.runtimes.own import Own
from scripts.benchmark.task import check_tasks
from scripts.benchmark.validate import validate
from scripts.errors import UserError
from scripts.store import Store
from scripts.trajectories.limits import Limits
from scripts.verdicts.batch import Court
from scripts.verdicts.grade import Bench
from scripts.verdicts.signed import Signed
from tests.benchmark import ledger


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("mined")


@pytest.fixture(scope="module")
def source(folder):
    return ledger.repository(folder / "ledger", ledger.FILES)


@pytest.fixture(scope="module")
def built(folder, source):
    """(benchmark, tests left out); the bundle lies in `folder`."""
    return build(
        "ledger", ledger.block(source), folder / "repository.bundle", 2, folder / "cache", ledger.place
    )


@pytest.fixture(scope="module")
def tasks(built):
    return check_tasks(built[0]["sequences"][0]["tasks"], "benchmark.json")


@pytest.fixture(scope="module")
def commits(built, folder):
    """The bare repository with the base commits."""
    return mirror(folder / "repository.bundle", folder / "cache")


def test_gold_resolves_every_task_and_nothing_does_not(tasks, commits, folder):
    bench = Bench(commits, Own(folder / "cache"), Signed(), Limits(**ledger.LIMITS))
    court = Court(bench, Store(folder / "store", "verdicts"), 2, "same")
    rows = validate(tasks, court, True, lambda verdict: None)
    assert [row for row in rows if not row["valid"]] == []
    assert len(rows) >= 12


def test_the_same_again_with_one_thread(built, folder, source):
    again, _ = build(
        "ledger", ledger.block(source), folder / "again.bundle", 1, folder / "cache", ledger.place
    )
    assert again == built[0]
    assert (folder / "again.bundle").read_bytes() == (folder / "repository.bundle").read_bytes()


def test_tests_of_every_kind_become_tasks(tasks):
    failing = {test for task in tasks for test in task.fail_to_pass}
    assert any("EntryTests::" in test for test in failing)
    assert any("test_largest[" in test for test in failing)
    assert "tests/test_entries.py::ChunkTests::test_even" in failing  # a test with subtests
    assert any("test_text.py::test_pad" in test for test in failing)  # of a decorated function
    assert any("test_numbers" in test for test in failing)


def test_no_two_tasks_are_the_same(tasks, commits):
    golds = Counter(line for task in tasks for line in mended(task))
    assert len(golds) == len(tasks)
    trees = {git("rev-parse", f"{task.ref}^{{tree}}", cwd=commits) for task in tasks}
    assert len(trees) == len(tasks)


def mended(task):
    return [
        line.value.strip() for file in PatchSet(task.patch) for hunk in file for line in hunk if line.is_added
    ]


def test_failing_tests_are_absent_from_the_base_commit_and_come_with_the_test_patch(tasks, commits):
    for task in tasks:
        for test in task.fail_to_pass:
            path, name = test.split("[")[0].split("::")[0], test.split("[")[0].split("::")[-1]
            assert f"def {name}(" not in git("show", f"{task.ref}:{path}", cwd=commits)
            assert f"+def {name}(" in task.test_patch.replace("    def", "def")


def test_passing_tests_are_of_the_same_files(tasks):
    for task in tasks:
        files = {test.split("::")[0] for test in task.fail_to_pass}
        assert task.pass_to_pass and {test.split("::")[0] for test in task.pass_to_pass} == files
        assert not set(task.pass_to_pass) & set(task.fail_to_pass)


def test_an_issue_names_the_function_and_a_call_and_never_the_fix(tasks):
    for task in tasks:
        path, function = task.record["rehearsal"]["function"].split("::")
        assert task.problem_statement.startswith(f"{path}: wrong result of {function}\n\n")
        assert task.problem_statement.rstrip().endswith(" is expected.")
        assert leaked_lines(task.problem_statement, task.patch, shortest=1) == []


def test_dates_rise_by_a_day_and_the_schema_is_that_of_the_embedded_benchmark(tasks, built):
    days = [task.date.date().toordinal() for task in tasks]
    assert days == list(range(days[0], days[0] + len(days)))
    assert built[0]["metadata"]["description"].startswith("Mutation bugs in ledger at commit ")
    assert json.loads(json.dumps(built[0])) == built[0]


def test_no_bug_of_a_line_that_runs_at_import_or_in_an_endless_loop(tasks):
    assert not any(task.record["rehearsal"]["function"].endswith("::cached") for task in tasks)
    assert not any("while not items" in line for task in tasks for line in mended(task))


@pytest.mark.parametrize(
    ("files", "others", "message"),
    [
        ({"README.md": "nothing\n"}, {}, "repos.x.tests: .* has no tests. Fix: name paths of it in `tests`"),
        ({"spec/test_a.py": "def test_a():\n    pass\n"}, {}, "files named like tests lie in: spec"),
        ({"tests/helper.py": "A = 1\n"}, {}, "repos.x.tests: no test in tests"),
        (
            {"tests/test_a.py": "import nothing_of_the_kind\n"},
            {},
            "no test in tests .*No module named 'nothing_of_the_kind'",
        ),
        (
            {"tests/test_a.py": "def test_a():\n    assert 1 == 2\n"},
            {},
            r"no test passes before any mutation .*tests/test_a.py::test_a: fails: assert 1 == 2.*Fix: mend them",
        ),
        (
            {"tests/test_a.py": "def test_a():\n    pass\n"},
            {},
            "the tests of .* find no bug that makes a task",
        ),
        (
            {"tests/test_a.py": "while True:\n    pass\n"},
            {},
            "pytest did not come to its end: the cpu limit",
        ),
    ],
)
def test_a_repository_that_cannot_be_mined_is_refused_with_the_reason(
    files, others, message, tmp_path, folder, monkeypatch
):
    monkeypatch.setattr("scripts.benchmark.laboratory.COLLECTING", 2)
    repository = ledger.repository(tmp_path / "x", files)
    with pytest.raises(UserError, match=f"(?s){message}"):
        build("x", ledger.block(repository, **others), tmp_path / "b", 1, folder / "cache", ledger.place)


def test_tests_that_cannot_be_used_are_listed_and_the_others_are_mined(tmp_path, folder):
    bad = {
        "tests/test_bad.py": "import os\nimport random\n\nimport pytest\n\nfrom ledger.entries import largest\n\nSEEN = []\n\n\n"
        "def test_good():\n    assert largest([1, 2]) == 2\n\n\n"
        "def test_broken():\n    assert largest([1]) == 2\n\n\n"
        "def test_first():\n    SEEN.append(1)\n\n\n"
        "def test_second():\n    assert SEEN\n\n\n"
        "@pytest.mark.skip\ndef test_skipped():\n    pass\n",
        "tests/test_hangs.py": "import subprocess\n\n\ndef test_before():\n    pass\n\n\n"
        "def test_hangs():\n    subprocess.Popen(['sleep', '1000'])\n    while True:\n        pass\n\n\n"
        "def test_after():\n    pass\n",
    }
    repository = ledger.repository(tmp_path / "x", ledger.FILES | bad)
    limits = ledger.LIMITS | {"cpu_seconds": 2}
    found, left_out = build(
        "x", ledger.block(repository, limits=limits), tmp_path / "b", 2, folder / "cache", ledger.place
    )
    assert found["metadata"]["total_tasks"] >= 12
    reasons = {test.rpartition("::")[2]: reason for test, reason in left_out.items()}
    assert reasons == {
        "test_broken": "fails: assert 1 == 2 + where 1 = largest([1])",
        "test_second": "passes with others, but alone it fails: assert []",
        "test_skipped": "is skipped",
        "test_before": "stands in a file that does not end: test_hangs",
        "test_hangs": "does not end in time, or ends the process",
        "test_after": "stands in a file that does not end: test_hangs",
    }


def test_the_table_of_tests_that_are_not_used():
    assert mine_repository.as_table({"b": "fails: x, y", "a": "is skipped"}) == (
        'test,reason\na,is skipped\nb,"fails: x, y"\n'
    )
