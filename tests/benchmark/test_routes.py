"""SWE-Bench-CL by every route: the same 273 tasks in the same order, with the specification's counts."""

import gzip
import json
import re
from collections import Counter
from pathlib import Path
from types import SimpleNamespace

import pytest

from scripts.benchmark.sequence import main as sequence_main
from scripts.benchmark.swe_bench_cl import build
from scripts.benchmark.swe_bench_cl import main as benchmark_main
from scripts.benchmark.task import Task, load_sequence, required_version
from scripts.benchmark.tasks import choose
from scripts.errors import UserError

from .published_data import FOLDER, PUBLISHED, VERIFIED, needs_data
from .test_download import Behaviour, serving
from .test_task import RECORD

pytestmark = needs_data
JSON = {"from": "json", "at": str(PUBLISHED), "verified": str(VERIFIED)}
DERIVED = {"from": "verified", "at": str(VERIFIED)}
# spec/experiments.txt, "Repositories": tasks, easy, medium, hard (hard: the two highest of the data's four levels)
TABLE = {
    "django/django": (50, 50, 0, 0),
    "sympy/sympy": (50, 25, 25, 0),
    "sphinx-doc/sphinx": (44, 22, 17, 5),
    "matplotlib/matplotlib": (34, 15, 19, 0),
    "scikit-learn/scikit-learn": (32, 13, 18, 1),
    "astropy/astropy": (22, 4, 15, 3),
    "pydata/xarray": (22, 5, 15, 2),
    "pytest-dev/pytest": (19, 8, 8, 3),
}


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    return build(JSON, tmp_path_factory.mktemp("cache"))[0]


@pytest.fixture(scope="module")
def derived(tmp_path_factory):
    return build(DERIVED, tmp_path_factory.mktemp("cache"))[0]


def names(benchmark: dict) -> list[str]:
    return [task["metadata"]["instance_id"] for one in benchmark["sequences"] for task in one["tasks"]]


def unpacked(source: Path, folder: Path, name: str) -> str:
    folder.mkdir()
    (folder / name).write_bytes(gzip.decompress(source.read_bytes()))
    return str(folder)


def test_both_routes_give_the_same_273_tasks_in_the_same_order(published, derived):
    assert names(published) == names(derived)
    assert len(set(names(derived))) == len(names(derived)) == 273
    assert published == derived


def test_counts_by_repository_and_difficulty_are_those_of_the_specification(derived):
    assert [one["repo"] for one in derived["sequences"]] == list(TABLE)
    for one in derived["sequences"]:
        scores = Counter(task["continual_learning"]["difficulty_score"] for task in one["tasks"])
        assert (one["num_tasks"], scores[1], scores[2], scores[3] + scores[4]) == TABLE[one["repo"]]


def test_the_table_here_is_the_specifications():
    if not (text := FOLDER.parent / "spec/experiments.txt").is_file():
        pytest.skip(f"the specification is not at {text}")
    for repo, counts in TABLE.items():
        (line,) = re.findall(rf"^{re.escape(repo)} (\d+) (.*)$", text.read_text(), re.M)
        said = {word: int(n) for n, word in re.findall(r"(\d+) (easy|medium|hard)", line[1])}
        said = {"easy": int(line[0])} if line[1] == "All easy" else said
        assert (int(line[0]), *(said.get(word, 0) for word in ("easy", "medium", "hard"))) == counts


def test_statistics_are_those_of_the_published_file(derived):
    theirs = json.loads(gzip.decompress(PUBLISHED.read_bytes()))["sequences"]
    for ours, published in zip(derived["sequences"], theirs, strict=True):
        assert {name: ours[name] for name in ("id", "repo", "num_tasks", "statistics")} == {
            name: published[name] for name in ("id", "repo", "num_tasks", "statistics")
        }


def test_the_hubs_library_gives_the_same(published, tmp_path, monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    whole = unpacked(PUBLISHED, tmp_path / "cl", "SWE-Bench-CL.json")
    rows = unpacked(VERIFIED, tmp_path / "verified", "test.jsonl")
    found, origins = build({"from": "hub", "at": whole, "verified": rows}, tmp_path / "cache")
    assert found == published
    assert [len(origin["sha256"]) for origin in origins] == [64, 64]
    assert build({"from": "verified", "at": rows}, tmp_path / "cache")[0] == published
    wrong = {"from": "verified", "at": rows, "sha256": "0" * 64}
    with pytest.raises(UserError, match=f"data set {rows}: wrong checksum"):
        build(wrong, tmp_path / "cache")


def test_a_data_set_with_a_task_a_row(published, tmp_path):
    tasks = [task for one in published["sequences"] for task in one["tasks"]]
    folder = tmp_path / "rows"
    folder.mkdir()
    (folder / "train.jsonl").write_text("".join(json.dumps(task) + "\n" for task in tasks))
    assert build({"from": "hub", "at": str(folder)}, tmp_path / "cache")[0] == published


def test_by_url_over_a_connection_that_breaks(derived, tmp_path, monkeypatch):
    monkeypatch.setattr("scripts.benchmark.download.WAIT", 0.0)
    with serving(Behaviour(breaks=[400_000], data=VERIFIED.read_bytes())) as url:
        found, (origin,) = build(DERIVED | {"at": url}, tmp_path)
    assert found == derived
    (record,) = (tmp_path / "downloads").glob("*.sha256")
    assert record.read_text().startswith(origin["sha256"])


def test_every_task_has_its_version_and_without_verified_none(published, derived, tmp_path):
    versions = {task["rehearsal"]["version"] for one in derived["sequences"] for task in one["tasks"]}
    assert None not in versions and {"3.0", "1.1"} <= versions
    without, _ = build({"from": "json", "at": str(PUBLISHED)}, tmp_path)
    (tasks,) = (one["tasks"] for one in without["sequences"] if one["repo"] == "django/django")
    assert {task["rehearsal"]["version"] for task in tasks} == {None}
    with pytest.raises(
        UserError, match=r"task django__django-9296: its `version`.* Fix: name SWE-bench Verified"
    ):
        required_version(Task.from_record(tasks[0], "file"))
    task = Task.from_record(derived["sequences"][0]["tasks"][0], "file")
    assert required_version(task) == "3.1" or re.fullmatch(r"\d\.\d", required_version(task))


def test_the_rules_write_the_benchmark_and_one_sequence(derived, tmp_path):
    place = tmp_path / "cache/benchmarks"
    output = SimpleNamespace(benchmark=place / "cl.json", sources=place / "cl.sources.json")
    params = SimpleNamespace(source=JSON)
    benchmark_main(SimpleNamespace(rule="swe_bench_cl", log=[tmp_path / "log"], params=params, output=output))
    assert json.loads(output.benchmark.read_text()) == derived
    assert [source["at"] for source in json.loads(output.sources.read_text())] == [
        str(PUBLISHED),
        str(VERIFIED),
    ]
    one = SimpleNamespace(benchmark=tmp_path / "one.json")
    params = SimpleNamespace(sequence="astropy/astropy")
    rule = SimpleNamespace(rule="sequence", log=[tmp_path / "log"], params=params, input=output, output=one)
    rule.wildcards = SimpleNamespace(repo="astropy")
    sequence_main(rule)
    (found,) = json.loads(one.benchmark.read_text())["sequences"]
    assert found == derived["sequences"][5]
    rule.params.sequence = "astropy"
    with pytest.raises(SystemExit):
        sequence_main(rule)
    assert "it has no repository astropy. Fix: use one of django/django, " in (tmp_path / "log").read_text()


def test_orders(derived, tmp_path):
    """Curriculum is the published order; chronological is by date, over all difficulties."""
    (tmp_path / "cl.json").write_text(json.dumps(derived))
    for one in derived["sequences"]:
        tasks = load_sequence(tmp_path / "cl.json", one["repo"])
        curriculum, by_date = (
            choose(tasks, order, len(tasks), "") for order in ("curriculum", "chronological")
        )
        assert curriculum == tasks
        assert [task.date for task in by_date] == sorted(task.date for task in tasks)
        assert (by_date == curriculum) == (one["repo"] == "django/django")


def test_the_older_schema(published, tmp_path):
    old = json.loads(gzip.decompress(PUBLISHED.read_bytes()))
    for task in (task for one in old["sequences"] for task in one["tasks"]):
        task["continual_learning"]["potential_dependencies"] = task["continual_learning"].pop("dependencies")
    (tmp_path / "old.json").write_text(json.dumps(old))
    assert build(JSON | {"at": str(tmp_path / "old.json")}, tmp_path)[0] == published


def test_a_row_of_another_commit_is_of_another_data_set(tmp_path):
    rows = [json.loads(line) for line in gzip.decompress(VERIFIED.read_bytes()).splitlines()]
    rows[0]["base_commit"] = "0" * 40
    (tmp_path / "v.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    with pytest.raises(
        UserError, match=rf"{rows[0]['instance_id']} starts from {'0' * 40}, in the benchmark from"
    ):
        build(JSON | {"verified": str(tmp_path / "v.jsonl")}, tmp_path)
    (tmp_path / "v.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows[:2]))
    with pytest.raises(UserError, match=r"v.jsonl: the task django__django-9296 is not in it"):
        build(JSON | {"verified": str(tmp_path / "v.jsonl")}, tmp_path)


def test_a_checksum_in_the_configuration_is_checked(tmp_path):
    with pytest.raises(
        UserError, match=rf"{PUBLISHED.name}: wrong checksum: SHA-256 [0-9a-f]+, configured is {'1' * 64}"
    ):
        build(JSON | {"sha256": "1" * 64}, tmp_path)
    with pytest.raises(UserError, match=f"{VERIFIED.name}: wrong checksum"):
        build(JSON | {"verified_sha256": "1" * 64}, tmp_path)


def test_a_truncated_file_is_told(tmp_path):
    (tmp_path / "cl.json.gz").write_bytes(PUBLISHED.read_bytes()[:300_000])
    with pytest.raises(UserError, match=r"cl.json.gz: it cannot be unpacked .*Fix: .*take it again"):
        build(JSON | {"at": str(tmp_path / "cl.json.gz")}, tmp_path)
    (tmp_path / "cl.json").write_bytes(gzip.decompress(PUBLISHED.read_bytes())[:-20])
    with pytest.raises(UserError, match=r"cl.json: .*not JSON|cl.json: neither JSON"):
        build(JSON | {"at": str(tmp_path / "cl.json")}, tmp_path)


def test_a_faulty_record_is_named(tmp_path):
    bad = {"sequences": [{"repo": "p/p", "tasks": [RECORD, RECORD | {"task": {}}]}]}
    (tmp_path / "cl.json").write_text(json.dumps(bad))
    with pytest.raises(
        UserError, match=r"cl.json, p/p, record 2: the field task.problem_statement is missing .task p__p-1."
    ):
        build({"from": "json", "at": str(tmp_path / "cl.json")}, tmp_path)
