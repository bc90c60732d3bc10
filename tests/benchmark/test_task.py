"""A bad benchmark file is refused with file, task, field and remedy; the published one is read as it is."""

import copy
import gzip
import json
import os
from pathlib import Path

import pytest

from scripts.benchmark import task as module
from scripts.benchmark.task import Task, check_tasks, load_benchmark, load_sequence, load_tasks
from scripts.errors import UserError
from scripts.files import write_jsonl

PATCH = "diff --git a/m.py b/m.py\n--- a/m.py\n+++ b/m.py\n@@ -1 +1 @@\n-a = 1\n+a = 2\n"
RECORD = {
    "metadata": {
        "instance_id": "p__p-1",
        "repo": "p/p",
        "base_commit": "0" * 40,
        "created_at": "2024-01-01T00:00:00+00:00",
        "difficulty": "<15 min fix",
    },
    "task": {"problem_statement": "a is wrong", "hints_text": ""},
    "evaluation": {
        "patch": PATCH,
        "test_patch": PATCH.replace("m.py", "t.py"),
        "FAIL_TO_PASS": ["t.py::x"],
        "PASS_TO_PASS": [],
    },
    "continual_learning": {
        "sequence_position": 1,
        "difficulty_score": 1,
        "dependencies": [],
        "modified_files": ["m.py"],
    },
}
PUBLISHED = Path(os.environ.get("REHEARSAL_DATA", "../shared/data")) / "swe_bench_cl.json.gz"
published = pytest.mark.skipif(
    not PUBLISHED.is_file(), reason=f"the benchmark is not at {PUBLISHED} (REHEARSAL_DATA)"
)


def changed(field: str, value) -> dict:
    """The record with another value in a dotted field."""
    record = copy.deepcopy(RECORD)
    block, _, key = field.partition(".")
    record[block][key] = value
    return record


def test_task_of_a_record():
    task = Task.from_record(RECORD, "file")
    assert (task.id, task.repo, task.position, task.fail_to_pass) == ("p__p-1", "p/p", 1, ("t.py::x",))
    assert module.test_files(task) == ["t.py"]
    assert task.record is RECORD
    assert hash(task)


@pytest.mark.parametrize("field", module.FIELDS)
def test_missing_field(field):
    record = copy.deepcopy(RECORD)
    block, _, key = field.partition(".")
    del record[block][key]
    with pytest.raises(UserError, match=f"^tasks.json: the field {field} is missing.*Fix: "):
        Task.from_record(record, "tasks.json")


def test_missing_block():
    with pytest.raises(UserError, match=r"the field evaluation.patch is missing \(task p__p-1\)"):
        Task.from_record({key: value for key, value in RECORD.items() if key != "evaluation"}, "file")


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("metadata.created_at", "last spring", "file, task p__p-1: created_at is no date: 'last spring'"),
        ("metadata.difficulty", "easy", r"unknown difficulty 'easy'. Fix: use one of '<15 min fix'"),
        ("metadata.repo", None, "the field metadata.repo is None, not text"),
        ("evaluation.FAIL_TO_PASS", "t.py::x", "FAIL_TO_PASS is 't.py::x', not a list of test names"),
        ("evaluation.PASS_TO_PASS", [1], "not a list of test names"),
        ("continual_learning.sequence_position", True, "sequence_position is True, not a whole number"),
        ("evaluation.patch", "fix it", "file, task p__p-1, evaluation.patch: the patch changes no file"),
        (
            "evaluation.test_patch",
            PATCH + "@@ -9 +9 @@\n-x\n",
            "evaluation.test_patch: the patch cannot be parsed",
        ),
    ],
)
def test_malformed_field(field, value, message):
    with pytest.raises(UserError, match=message):
        Task.from_record(changed(field, value), "file")


def test_duplicate_id():
    with pytest.raises(
        UserError, match=r"^file: the task p__p-1 stands in it twice. Fix: remove one of the two.$"
    ):
        check_tasks([RECORD, RECORD], "file")


def test_load_tasks_names_the_line(tmp_path):
    path = tmp_path / "tasks.jsonl"
    write_jsonl(path, [RECORD])
    assert [task.id for task in load_tasks(path)] == ["p__p-1"]
    path.write_text(path.read_text() + "{half\n")
    with pytest.raises(UserError, match=r"tasks.jsonl, line 2: not JSON"):
        load_tasks(path)
    write_jsonl(path, [RECORD, {"metadata": {}}])
    with pytest.raises(UserError, match=r"tasks.jsonl, record 2: the field metadata.instance_id is missing"):
        load_tasks(path)


def test_benchmark_files(tmp_path):
    path = tmp_path / "b.json"
    path.write_text(json.dumps({"sequences": [{"repo": "p/p", "tasks": [RECORD]}]}))
    assert [task.id for task in load_sequence(path, None)] == ["p__p-1"]
    with pytest.raises(UserError, match=r"it has no repository q/q. Fix: use one of p/p"):
        load_sequence(path, "q/q")
    packed = tmp_path / "b.json.gz"
    packed.write_bytes(gzip.compress(path.read_bytes()))
    assert load_benchmark(packed) == load_benchmark(path)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"sequences": 3}', b"\xff"])
@pytest.mark.parametrize("name", ["b.json", "b.json.gz"])
def test_no_benchmark_file(tmp_path, content, name):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(
        UserError, match=rf"{name}: it (cannot be read as JSON|has no list `sequences`).*delete the file"
    ):
        load_benchmark(tmp_path / name)


@published
def test_the_published_benchmark_is_read():
    tasks = [task for one in load_benchmark(PUBLISHED) for task in load_sequence(PUBLISHED, one["repo"])]
    assert len(tasks) == 273
    assert len({task.id for task in tasks}) == 273
    with pytest.raises(UserError, match="use one of django/django, sympy/sympy"):
        load_sequence(PUBLISHED, None)
