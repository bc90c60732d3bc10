"""Splits by hand."""

import json
from types import SimpleNamespace

import pytest
from snakemake.iocontainers import Params

from scripts.benchmark.splits import main, positions, post_dating_share, split, valid_tasks
from scripts.errors import UserError
from scripts.files import write_jsonl

from .test_tasks import task

TEN = [task(name, day, 1, None) for day, name in enumerate("abcdefghij", 1)]
EVERY = set("abcdefghij")


@pytest.mark.parametrize(
    ("rule", "count", "expected"),
    [
        ({"rule": "first"}, 10, {1, 2, 3, 4, 5}),
        ({"rule": "first"}, 7, {1, 2, 3}),
        ({"rule": "second"}, 10, {6, 7, 8, 9, 10}),
        ({"rule": "second"}, 7, {4, 5, 6, 7}),
        ({"rule": "odd"}, 10, {1, 3, 5, 7, 9}),
        ({"rule": "odd"}, 7, {1, 3, 5, 7}),
        # numpy.random.default_rng(42).permutation: 5 6 0 7 3 2 4 9 1 8; 3 2 6 4 1 5 0
        # with 123: 7 4 0 2 1 5 6 8 3 9; 6 0 2 4 3 1 5
        ({"rule": "all"}, 7, {1, 2, 3, 4, 5, 6, 7}),
        ({"rule": "random", "seed": 42}, 10, {6, 7, 1, 8, 4}),
        ({"rule": "random", "seed": 42}, 7, {4, 3, 7}),
        ({"rule": "random", "seed": 123}, 10, {8, 5, 1, 3, 2}),
        ({"rule": "random", "seed": 123}, 7, {7, 1, 3}),
    ],
)
def test_training_positions(rule, count, expected):
    assert positions("X", count, rule) == expected


def test_a_stream_trains_on_all_and_tests_on_none():
    found = split("S", TEN, EVERY - {"c"}, {"rule": "all"})
    assert (found["train"], found["test"]) == (list("abdefghij"), [])
    assert found["train_positions"] == [1, 2, 4, 5, 6, 7, 8, 9, 10]
    assert found["post_dating_share"] is None


def test_both_halves_keep_the_order_of_the_tasks():
    found = split("D", TEN, EVERY, {"rule": "random", "seed": 42})
    assert found["train"] == sorted(found["train"]) and found["test"] == sorted(found["test"])
    assert set(found["train"]) | set(found["test"]) == EVERY


def test_an_invalid_task_leaves_its_half_and_shifts_no_other():
    whole = split("A", TEN, EVERY, {"rule": "first"})
    part = split("A", TEN, EVERY - {"b", "i"}, {"rule": "first"})
    assert part["train"] == [name for name in whole["train"] if name != "b"]
    assert part["test"] == [name for name in whole["test"] if name != "i"]
    assert part["excluded"] == ["b", "i"]
    assert part["train_positions"] == [1, 3, 4, 5]


@pytest.mark.parametrize(("rule", "share"), [("first", 0.0), ("second", 1.0), ("odd", 0.8)])
def test_share_of_training_tasks_later_than_a_test_task(rule, share):
    assert split("X", TEN, EVERY, {"rule": rule})["post_dating_share"] == share


def test_no_training_task_no_share():
    assert post_dating_share([], TEN) is None


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ({"rule": "third"}, "split X: unknown rule 'third'. Fix: use one of first, second, odd, random"),
        ({}, "unknown rule None"),
        ({"rule": "random"}, "the rule random has no seed. Fix: give it a `seed`"),
    ],
)
def test_bad_rules(rule, message):
    with pytest.raises(UserError, match=message):
        split("X", TEN, EVERY, rule)


def test_nothing_left_to_test():
    with pytest.raises(UserError, match="split A: no valid task is left to test on"):
        split("A", TEN, {"a"}, {"rule": "first"})


def test_validation_is_read_and_must_know_every_task(tmp_path):
    path = tmp_path / "validation.csv"
    path.write_text(
        "task,gold_resolved,empty_resolved,valid,reason\na,True,False,True,\nb,false,false,false,gold\n"
    )
    assert valid_tasks(str(path), TEN[:2]) == {"a"}
    with pytest.raises(UserError, match="it has no row for task c"):
        valid_tasks(str(path), TEN[:3])
    path.write_text("")
    with pytest.raises(UserError, match=r"it is no table .*Fix: delete the file and run again"):
        valid_tasks(str(path), TEN[:3])


def test_the_rule(tmp_path):
    write_jsonl(tmp_path / "tasks.jsonl", [one.record for one in TEN])
    validation = "task,gold_resolved,empty_resolved,valid,reason\n" + "".join(
        f"{one.id},1,0,1,\n" for one in TEN
    )
    (tmp_path / "validation.csv").write_text(validation)
    main(
        SimpleNamespace(
            rule="splits",
            log=[tmp_path / "log"],
            wildcards=SimpleNamespace(split="C"),
            input=SimpleNamespace(
                tasks=tmp_path / "tasks.jsonl", validation=str(tmp_path / "validation.csv")
            ),
            output=SimpleNamespace(split=tmp_path / "C.json"),
            params=Params(fromdict={"rule": {"rule": "odd"}}),
        )
    )
    found = json.loads((tmp_path / "C.json").read_text())
    assert found == {
        "split": "C",
        "train": list("acegi"),
        "train_positions": [1, 2, 3, 4, 5],
        "test": list("bdfhj"),
        "excluded": [],
        "post_dating_share": 0.8,
    }
