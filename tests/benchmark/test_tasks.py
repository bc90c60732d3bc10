"""The rule tasks: order, count, position and stratum."""

import json
from types import SimpleNamespace

import pytest
from snakemake.iocontainers import Params

from scripts.benchmark.task import Task, load_sequence, load_tasks
from scripts.benchmark.tasks import choose, main, rows
from scripts.errors import UserError

from .test_task import PUBLISHED, RECORD, published


def task(name: str, day: int, score: int, function: str | None) -> Task:
    metadata = RECORD["metadata"] | {"instance_id": name, "created_at": f"2024-01-{day:02}T00:00:00+00:00"}
    places = RECORD["continual_learning"] | {"difficulty_score": score}
    ours = {"rehearsal": {"function": function}} if function else {}
    return Task.from_record(RECORD | {"metadata": metadata, "continual_learning": places} | ours, "file")


TASKS = [task("a", 3, 1, "m::f"), task("b", 1, 2, "m::g"), task("c", 2, 1, "m::f"), task("d", 2, 1, None)]


def names(tasks: list[Task]) -> list[str]:
    return [one.id for one in tasks]


def test_orders_keep_the_published_order_in_ties():
    assert names(choose(TASKS, "chronological", 4, "file")) == ["b", "c", "d", "a"]
    assert names(choose(TASKS, "curriculum", 4, "file")) == ["c", "d", "a", "b"]
    assert names(choose(TASKS, "chronological", 2, "file")) == ["b", "c"]


def planted(name: str, day: int, operator: str) -> Task:
    made = task(name, day % 28 + 1, 1, f"m::{name}")
    return Task.from_record(made.record | {"rehearsal": {"function": "f", "operator": operator}}, "file")


def test_families_come_in_blocks_of_five_the_largest_first():
    tasks = [
        planted(f"{family}{n}", n, family)
        for family, size in zip("abc", (2, 7, 6), strict=True)
        for n in range(size)
    ]
    blocks = ["b0 b1 b2 b3 b4", "c0 c1 c2 c3 c4", "a0 a1", "b5 b6", "c5"]
    assert names(choose(tasks, "families", 15, "file")) == " ".join(blocks).split()
    assert names(choose(tasks, "families", 10, "file")) == " ".join(blocks[:2]).split()


def test_too_few_tasks():
    with pytest.raises(
        UserError,
        match=r"^repos.kit.tasks: 5 tasks are asked for, and only 4 can be had. Fix: write at most 4.$",
    ):
        choose(TASKS, "chronological", 5, "repos.kit")


def test_unknown_order():
    with pytest.raises(
        UserError, match=r"unknown order 'random'. Fix: use one of chronological, curriculum, families"
    ):
        choose(TASKS, "random", 2, "file")


def test_stratum_is_decided_among_the_chosen():
    strata = [row["rehearsal"]["stratum"] for row in rows(TASKS)]
    assert strata == ["recurring", "fresh", "recurring", None]
    assert [row["rehearsal"]["stratum"] for row in rows(TASKS[:2])] == ["fresh", "fresh"]


def test_positions_follow_the_order_and_records_stay_whole():
    chosen = rows(choose(TASKS, "chronological", 4, "file"))
    assert [row["continual_learning"]["sequence_position"] for row in chosen] == [1, 2, 3, 4]
    assert TASKS[0].record["continual_learning"]["sequence_position"] == 1
    assert chosen[2]["rehearsal"] == {
        "function": None,
        "operator": None,
        "version": None,
        "stratum": None,
        "leaky": False,
        "leak_share": None,
        "shared_files": ["m.py"],
        "depends_on": ["b", "c"],
    }


def test_the_rule(benchmark, tmp_path):
    (tmp_path / "benchmark.json").write_text(json.dumps(benchmark))
    rule = SimpleNamespace(
        rule="tasks",
        log=[tmp_path / "log"],
        input=SimpleNamespace(benchmark=tmp_path / "benchmark.json"),
        output=SimpleNamespace(tasks=tmp_path / "tasks.jsonl"),
        params=Params(fromdict={"tasks": 40, "order": "chronological"}),
        wildcards=SimpleNamespace(repo="pocket"),
    )
    main(rule)
    tasks = load_tasks(tmp_path / "tasks.jsonl")
    assert [one.position for one in tasks] == list(range(1, 41))
    assert not any(one.record["rehearsal"]["leaky"] for one in tasks)


@published
def test_curriculum_is_the_published_order():
    tasks = load_sequence(PUBLISHED, "django/django")
    assert names(choose(tasks, "curriculum", 50, "")) == names(tasks)
    assert {row["rehearsal"]["stratum"] for row in rows(tasks)} == {None}
