"""The published rule on rows made for it, and every row it refuses; no published data needed."""

import gzip
import json

import pytest

from scripts.benchmark.places import expand, is_hub, is_url
from scripts.benchmark.published import sequences
from scripts.benchmark.rows import content, from_hub
from scripts.benchmark.swe_bench_cl import obtain
from scripts.benchmark.verified import derive
from scripts.errors import UserError

from .test_task import PATCH, RECORD

LEVELS = ("<15 min fix", "15 min - 1 hour", "1-4 hours", ">4 hours")


def row(repo: str, number: int, level: int = 0, day: int = 1, file: str = "m.py") -> dict:
    return {
        "repo": repo,
        "instance_id": f"{repo.replace('/', '__')}-{number}",
        "base_commit": f"{number:040}",
        "patch": PATCH.replace("m.py", file),
        "test_patch": PATCH.replace("m.py", "t.py"),
        "problem_statement": "it is wrong",
        "hints_text": "",
        "created_at": f"2020-01-{day:02}T00:00:00Z",
        "version": "1.0",
        "FAIL_TO_PASS": '["t"]',
        "PASS_TO_PASS": "[]",
        "difficulty": LEVELS[level],
    }


def many(repo: str, count: int) -> list[dict]:
    return [row(repo, number, file=f"f{number}.py") for number in range(count)]


def test_repositories_with_15_tasks_stay_the_longest_first_ties_by_name():
    rows = [*many("b/b", 15), *many("c/c", 16), *many("d/d", 14), *many("a/a", 15)]
    assert [(one["repo"], one["num_tasks"]) for one in derive(rows, "f")] == [
        ("c/c", 16),
        ("a/a", 15),
        ("b/b", 15),
    ]


def test_difficulty_then_date_and_the_first_50():
    rows = [row("a/a", number, level=number % 4, day=28 - number % 28) for number in range(60)]
    (one,) = derive(rows, "f")
    keys = [
        (task["continual_learning"]["difficulty_score"], task["metadata"]["created_at"])
        for task in one["tasks"]
    ]
    assert keys == sorted(keys) and len(keys) == 50
    assert [task["continual_learning"]["sequence_position"] for task in one["tasks"]] == list(range(1, 51))
    assert one["statistics"]["difficulty_distribution"] == {"1": 15, "2": 15, "3": 15, "4": 5}


def test_dependencies_reach_beyond_the_sequence_and_never_forward():
    early, late = row("a/a", 900, level=3, day=1, file="x.py"), row("a/a", 901, day=9, file="x.py")
    same_day = row("a/a", 902, day=9, file="x.py")
    (one,) = derive([*many("a/a", 60), early, late, same_day], "f")
    found = {
        task["metadata"]["instance_id"]: task["continual_learning"]["dependencies"] for task in one["tasks"]
    }
    assert "a__a-900" not in found
    assert found.get("a__a-901", ["a__a-900"]) == ["a__a-900"]
    (short,) = derive([*many("a/a", 13), early, late, same_day], "f")
    found = {
        task["metadata"]["instance_id"]: task["continual_learning"]["dependencies"] for task in short["tasks"]
    }
    assert found["a__a-901"] == found["a__a-902"] == ["a__a-900"] and found["a__a-900"] == []
    assert short["statistics"]["tasks_with_dependencies"] == 2


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"patch": None}, r"^f, row 3 \(a__a-2\): the field patch is None, not text. Fix: "),
        ({"difficulty": "hard"}, "unknown difficulty 'hard'. Fix: use one of <15 min fix"),
        ({"created_at": "soon"}, "created_at is no date: 'soon'"),
        ({"created_at": None}, "created_at is no date: None"),
        ({"FAIL_TO_PASS": "[1]"}, "FAIL_TO_PASS: '\\[1\\]' is no list of test names"),
        ({"PASS_TO_PASS": "t.py"}, "PASS_TO_PASS: 't.py' is no list of test names"),
    ],
)
def test_a_faulty_row_is_named(change, message):
    rows = many("a/a", 15)
    rows[2] |= change
    with pytest.raises(UserError, match=message):
        derive(rows, "f")


def test_too_few_rows_and_no_rows():
    with pytest.raises(
        UserError,
        match=r"^f: no repository has 15 tasks \(the largest has 3, of 3 in all\). Fix: take all 500",
    ):
        derive(many("a/a", 3), "f")
    with pytest.raises(UserError, match="the largest has 0"):
        derive([], "f")
    with pytest.raises(UserError, match="f, row 1: it is 3, not a record"):
        derive([3], "f")


@pytest.mark.parametrize(
    ("found", "message"),
    [
        ({}, "it has no list `sequences`"),
        ([], "it has no list `sequences`"),
        ("x", "it has no list `sequences`"),
        ({"sequences": []}, "it has no list `sequences`"),
        ({"sequences": [{"repo": "p/p", "tasks": []}]}, "a sequence lacks `repo` or `tasks`"),
        ([{"text": "x"}], "neither a sequence nor a task: it has text"),
        ({"sequences": [{"repo": "p/p", "tasks": [RECORD]}] * 2}, "a repository has two sequences: p/p, p/p"),
        (
            {"sequences": [{"repo": "p/p", "tasks": [RECORD, RECORD]}]},
            "f, p/p: the task p__p-1 stands in it twice",
        ),
    ],
)
def test_content_that_is_no_benchmark(found, message):
    with pytest.raises(UserError, match=message):
        sequences(found, "f")


def test_files_are_read_by_their_content(tmp_path):
    rows = [{"a": 1}, {"a": 2}]
    lines = "".join(json.dumps(one) + "\n" for one in rows)
    for name, raw in (
        ("a.jsonl", lines.encode()),
        ("b.gz", gzip.compress(lines.encode())),
        ("c.gz", lines.encode()),
    ):
        (tmp_path / name).write_bytes(raw)
        assert content(tmp_path / name) == rows
    (tmp_path / "d.json").write_text(json.dumps(rows, indent=1))
    assert content(tmp_path / "d.json") == rows


@pytest.mark.parametrize(
    ("name", "raw", "message"),
    [
        ("a.json", b"<html>", "a.json: not JSON .*Fix: the file is damaged or cut short"),
        ("a.json", b'{"a": [\n1,\n', "a.json: neither JSON .line 3"),
        ("a.gz", gzip.compress(b"[1, 2, 3]" * 99, mtime=0)[:-9], "a.gz: it cannot be unpacked"),
        ("a.json", b"\xff\xfe", "a.json: it cannot be unpacked"),
        (None, b"", "none.json: it cannot be read .No such file or directory.. Fix: correct the path"),
    ],
)
def test_files_that_cannot_be_read(tmp_path, name, raw, message):
    if name:
        (tmp_path / name).write_bytes(raw)
    with pytest.raises(UserError, match=message):
        content(tmp_path / (name or "none.json"))


def test_a_data_set_that_is_not_there_is_told(tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(
        UserError, match=r"^data set .*empty: it cannot be loaded .*Fix: correct the name, or download"
    ):
        from_hub(str(tmp_path / "empty"), tmp_path / "cache")


def test_a_data_set_with_several_splits_takes_test_or_asks(tmp_path):
    (folder := tmp_path / "set").mkdir()
    for name in ("train", "test"):
        (folder / f"{name}.jsonl").write_text(json.dumps({"split": name}) + "\n")
    assert from_hub(str(folder), tmp_path / "cache") == [{"split": "test"}]
    (folder / "test.jsonl").rename(folder / "validation.jsonl")
    with pytest.raises(UserError, match=r"which split\? It has train, validation"):
        from_hub(str(folder), tmp_path / "cache")


def test_places(tmp_path, monkeypatch):
    monkeypatch.setenv("REHEARSAL_DATA", "/data")
    assert expand("$REHEARSAL_DATA/a.json") == "/data/a.json"
    monkeypatch.delenv("REHEARSAL_DATA")
    assert expand("$REHEARSAL_DATA/a.json").endswith("/shared/data/a.json")
    assert expand("~/a.json").endswith("/a.json") and "~" not in expand("~/a.json")
    assert is_url("https://x.org/a/b") and not is_url("a/b")
    assert [is_hub(name) for name in ("a/b", "a/b@main", str(tmp_path))] == [True] * 3
    assert [is_hub(name) for name in ("https://x.org/a", "a/b.json", "a/b.jsonl.gz", "./a/b", "/a/b")] == [
        False
    ] * 5


def test_a_file_behind_the_variable_that_is_not_there_names_the_variable(monkeypatch, tmp_path):
    at = "$REHEARSAL_DATA/nothing.json"
    monkeypatch.setenv("REHEARSAL_DATA", str(tmp_path))
    with pytest.raises(UserError, match=rf"nothing\.json \(the variable REHEARSAL_DATA is {tmp_path}\)"):
        obtain(at, None, tmp_path)
    monkeypatch.delenv("REHEARSAL_DATA")
    with pytest.raises(
        UserError, match=r"is not set\)\. Fix: export REHEARSAL_DATA=<the folder that holds nothing"
    ):
        obtain(at, None, tmp_path)
