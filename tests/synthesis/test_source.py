"""Which sessions a recipe learns from, and the negative control."""

import pytest

from scripts.synthesis.source import derangement, donors, permute, select
from tests.synthesis.sessions import session

FOUR = ["search", "view", "edit", "submit"]


def verdict(task, resolved):
    return {"instance_id": task, "run": 0, "resolved": resolved}


@pytest.fixture
def sessions():
    """b resolved; a not, but with a successful action; c not, and nothing worked; d has no verdict; e is a test task."""
    made = {name: session(name, FOUR) for name in "abcde"}
    for action in made["c"]["extra"]["actions"]:
        action["success"] = False
    return [made[name] for name in "edcba"]


VERDICTS = [
    verdict("a", False),
    verdict("b", True),
    verdict("c", False),
    verdict("d", None),
    verdict("e", True),
]


@pytest.mark.parametrize(("filter", "chosen"), [("any_success", ["b", "a"]), ("resolved", ["b"])])
def test_filters_in_the_order_of_the_training_half(sessions, filter, chosen):
    kept = select(sessions, VERDICTS, ["d", "c", "b", "a"], filter)
    assert [each["instance_id"] for each in kept] == chosen


def test_runs_of_one_task_keep_their_order(sessions):
    second = {**sessions[-1], "extra": {**sessions[-1]["extra"], "run": 1}}
    kept = select([second, *sessions], [*VERDICTS, {**VERDICTS[0], "run": 1}], ["a"], "any_success")
    assert [each["extra"]["run"] for each in kept] == [0, 1]


@pytest.mark.parametrize("n", [2, 3, 7, 20])
@pytest.mark.parametrize("seed", [0, 1])
def test_a_derangement_moves_everything(n, seed):
    moved = derangement(n, seed)
    assert sorted(moved) == list(range(n))
    assert all(at != to for at, to in enumerate(moved))
    assert moved == derangement(n, seed)


def test_permuted_sessions_keep_the_format_and_lose_the_sense():
    sessions = [session(f"t{n}", FOUR, start=1000 * (n + 1)) for n in range(5)]
    for before, after in zip(sessions, permute(sessions, seed=0), strict=True):
        assert before["instance_id"] == after["instance_id"]
        for old, new in zip(before["messages"], after["messages"], strict=True):
            assert old["role"] == new["role"]
            if old["role"] == "assistant":
                assert [each["tool"] for each in old["extra"]["actions"]] == [
                    each["tool"] for each in new["extra"]["actions"]
                ]
                assert old["extra"]["token_ids"] != new["extra"]["token_ids"], "somebody else's words"
            else:
                assert old == new


def test_a_turn_for_which_the_other_has_no_words_is_not_supervised():
    long, short = (
        session("a", ["search", "view", "view", "submit"]),
        session("b", ["search", "view", "submit"], 5000),
    )
    spoken = {each["instance_id"]: each for each in permute([long, short], 0)}
    replies = [
        message["extra"]["actions"] for message in spoken["a"]["messages"] if message["role"] == "assistant"
    ]
    assert [bool(actions) for actions in replies] == [True, True, False, True]


def test_one_session_cannot_be_permuted_and_is_left_out():
    assert permute([session("a", FOUR)], 0) == []


@pytest.mark.parametrize("seed", range(5))
def test_words_never_come_from_another_run_of_the_same_task(seed):
    sessions = [session(task, FOUR, run=run) for task in "abc" for run in range(3 if task == "a" else 2)]
    given = donors(sessions, seed)
    for one, donor in zip(sessions, given, strict=True):
        assert one["instance_id"] != sessions[donor]["instance_id"]
    assert len({sessions[donor]["extra"]["run"] for donor in given[:2]}) == 2, "each run gets its own"


def test_runs_of_one_task_alone_cannot_be_permuted():
    assert permute([session("a", FOUR, run=run) for run in range(3)], 0) == []
