"""The rule as a whole: from a sequence and a source of code to marked records, a bundle, and the tasks left out."""

import gzip
import json
import logging
import os
from pathlib import Path
from types import SimpleNamespace

import pytest

from scripts.benchmark import base_commits, layout, release
from scripts.benchmark.base_commits import collect
from scripts.benchmark.mirror import mirror
from scripts.benchmark.task import check_tasks, load_sequence
from scripts.errors import UserError
from scripts.trajectories import workspace
from scripts.trajectories.gitdata import tree_of
from tests.benchmark.published import FIX, TESTS, history, sdist

DATA = Path(os.environ.get("REHEARSAL_DATA") or Path(__file__).parents[3] / "shared/data")
# of the 50 django tasks those of version 3.1 whose patches come off the release of that name
REBUILT = {"9296", "11880", "11951", "12125", "12193", "12276", "12304", "12308", "12419"}


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    folder = tmp_path_factory.mktemp("history") / "source"
    return folder, history(folder)


@pytest.fixture
def run(source, tmp_path, monkeypatch):
    """Runs the rule with a source of code, in a folder of its own; returns its outputs."""
    folder = tmp_path / "work"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.setattr(logging, "basicConfig", lambda **_: None)
    rows = [task.record for task in source[1]]
    published = layout.benchmark([layout.sequence("kit/rehearsal-kit", rows)])
    (folder / "sequence.json").write_text(json.dumps(published))
    names = {"benchmark": "benchmark.json", "bundle": "repository.bundle", "left_out": "left_out.csv"}

    def rule(code):
        given = {"input": SimpleNamespace(sequence="sequence.json"), "params": SimpleNamespace(source=code)}
        output = SimpleNamespace(**names)
        given["wildcards"] = SimpleNamespace(repo="kit")
        base_commits.main(SimpleNamespace(**given, output=output, log=["rule.log"], rule="base_commits"))
        return output

    return rule


def test_from_git(run, source, tmp_path):
    output = run(str(source[0]))
    tasks, place = load_sequence(output.benchmark, None), mirror(Path(output.bundle), tmp_path / "mirrors")
    assert [task.id for task in tasks] == ["kit__kit-1", "kit__kit-2"]
    assert [task.tree for task in tasks] == [tree_of(place, task.ref) for task in tasks]
    assert [task.record["rehearsal"]["source"] for task in tasks] == ["git", "git"]
    assert [task.base_commit for task in tasks] == [task.base_commit for task in source[1]]
    assert Path(output.left_out).read_text() == "task,reason\n"


def test_from_archives_a_task_is_left_out(run, tmp_path, monkeypatch):
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    sdist({**FIX, **TESTS}, tmp_path)
    output = run("archives")
    found = json.loads(Path(output.benchmark).read_text())
    (task,) = load_sequence(output.benchmark, None)
    assert (task.id, task.record["rehearsal"]["source"]) == ("kit__kit-1", "archive")
    assert (found["metadata"]["total_tasks"], found["sequences"][0]["num_tasks"]) == (1, 1)
    assert found["sequences"][0]["statistics"]["difficulty_distribution"] == {"1": 1}
    lines = Path(output.left_out).read_text().splitlines()
    assert lines[0] == "task,reason" and len(lines) == 2
    assert lines[1].startswith("kit__kit-2,the test patch does not come off the release 1.0")


def test_the_same_again(run, source):
    outputs = [[Path(path).read_bytes() for path in vars(run(str(source[0]))).values()] for _ in range(2)]
    assert outputs[0] == outputs[1]


def test_a_source_that_gives_nothing(source, tmp_path, monkeypatch):
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    sdist({"README.md": "kit\n"}, tmp_path)
    with pytest.raises(
        UserError, match="code archives: no task can be had from it: the test patch does not come off"
    ):
        collect("archives", source[1], tmp_path / "bundle", tmp_path / "cache")


def test_a_fault_ends_the_rule_with_its_words(run, tmp_path, caplog):
    with pytest.raises(SystemExit):
        run(str(tmp_path / "nowhere"))
    assert "error: repos.kit.code, code " in caplog.text and "there is no git repository" in caplog.text
    assert not Path("repository.bundle").exists()


@pytest.fixture(scope="module")
def django(tmp_path_factory):
    """The tasks of one version of django, and a cache with its release from the package registry (9 MB)."""
    rows = DATA / "swebench_verified_500.jsonl.gz"
    if not rows.exists():
        pytest.skip(f"no benchmark rows: {rows} is absent (set REHEARSAL_DATA)")
    with gzip.open(rows, "rt") as lines:
        versions = {row["instance_id"]: row["version"] for row in map(json.loads, lines)}
    tasks = load_sequence(DATA / "swe_bench_cl.json.gz", "django/django")
    rows = [task.record | {"rehearsal": {"version": versions[task.id]}} for task in tasks]
    cache = tmp_path_factory.mktemp("registry")
    try:
        release.release("django", "3.1", cache / "archives")
    except UserError as error:
        pytest.skip(f"the package registry cannot be reached: {error}")
    return check_tasks([row for row in rows if row["rehearsal"]["version"] == "3.1"], "django"), cache


def test_django_out_of_its_release(django, tmp_path):
    tasks, cache = django
    trees, left_out, lacking = collect("archives", tasks, tmp_path / "bundle", cache)
    assert not any(lacking.values())
    assert {name.rpartition("-")[2] for name in trees} == REBUILT
    assert set(left_out) == {task.id for task in tasks} - set(trees)
    assert all("patch does not come off the release 3.1" in reason for reason in left_out.values())
    place, task = mirror(tmp_path / "bundle", tmp_path / "mirrors"), next(t for t in tasks if t.id in trees)
    assert workspace.create(place, task.ref, tmp_path / "repo") == trees[task.id]
    assert (tmp_path / "repo/tests/runtests.py").exists() and not (tmp_path / "repo/PKG-INFO").exists()
