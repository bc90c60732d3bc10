"""Examples out of sessions: windows, spans, held-out turns."""

import json
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.synthesis.actions_format import (
    answers,
    argument_positions,
    choose_held_out,
    examples,
    windows,
)
from scripts.synthesis.dataset import build
from tests.synthesis.sessions import END, session

FOUR = ["search", "view", "edit", "submit"]


def replies(made):
    return [message["extra"]["token_ids"] for message in made["messages"] if message["role"] == "assistant"]


def texts(rows, which):
    return [row["input_ids"][start:stop] for row in rows for start, stop in row[which]]


def test_exactly_the_replies_with_an_action_are_supervised():
    made = session("a", ["search", None, "edit", "submit"])
    rows, lost = examples(made, held_out=None, end=END, most=1000)
    said = replies(made)
    assert (len(rows), lost) == (1, set())
    assert texts(rows, "supervised") == [said[0], said[2], said[3]]
    assert rows[0]["input_ids"][-1] == said[3][-1], "nothing behind the last reply"


def test_the_held_out_turn_is_context_and_carries_no_loss():
    made = session("a", FOUR)
    (row,), _ = examples(made, held_out=1, end=END, most=1000)
    said = replies(made)
    assert texts([row], "held_out") == [said[1]]
    assert texts([row], "supervised") == [said[0], said[2], said[3]]
    assert [row["input_ids"][at] for at in row["arguments"]] == said[1][1:3]


def test_a_reply_that_was_cut_off_is_ended_in_the_context_and_not_in_the_loss():
    made = session("a", FOUR, cut=(1,))
    (row,), _ = examples(made, held_out=None, end=END, most=1000)
    start, stop = row["supervised"][1]
    assert row["input_ids"][start:stop] == replies(made)[1]
    assert row["input_ids"][stop] == END


def test_a_session_without_an_action_gives_no_example():
    assert examples(session("a", [None, None]), None, END, 1000) == ([], set())


def test_actions_are_counted_in_and_out():
    sessions = [session("a", FOUR), session("b", ["search", "edit", "edit", None, "submit"], 5000)]
    rows, counts = build(
        sessions, {"a": 1, "b": 3}, type("Words", (), {"end": END})(), {"seed": 0, "max_tokens": 1000}
    )
    assert counts == {"sessions": 2, "examples": 2, "actions_in": 8, "actions_out": 8} | {
        "turns_too_long": 0,
        "answers": 0,
    }
    assert [row["position"] for row in rows] == [1, 3]
    json.dumps(rows)


@given(st.lists(st.lists(st.sampled_from(FOUR), min_size=1, max_size=6), max_size=40), st.integers(0, 9))
def test_at_most_a_fifth_of_the_held_out_turns_are_edits(tools, seed):
    sessions = [session(f"t{n}", each) for n, each in enumerate(tools)]
    chosen = choose_held_out(sessions, seed)
    held = Counter(each[turn] for each, turn in zip(tools, chosen, strict=True) if turn is not None)
    assert held["edit"] <= len(sessions) / 5
    assert chosen == choose_held_out(sessions, seed)
    assert all((turn is not None) == (len(set(each)) > 1) for each, turn in zip(tools, chosen, strict=True))


def test_what_a_session_is_asked_it_teaches_nowhere_else():
    made = session("a", ["search", "view", "search", "submit", "view"])
    assert answers([made], [0]) == [{2}]
    assert answers([made], [3]) == [set()]


@pytest.mark.parametrize("seed", range(9))
def test_an_action_done_once_is_held_out_before_a_repeated_one(seed):
    looping = session("a", ["view"] * 8 + ["search"])
    assert choose_held_out([looping], seed) == [8]
    assert choose_held_out([session("a", ["view"] * 3 + ["edit"] * 3)], seed)[0] in range(3), (
        "no edit of one session"
    )


def test_a_session_that_does_one_thing_is_taught_and_not_asked():
    sessions = [session("a", ["view"] * 3), session("b", ["search"], 5000), session("c", FOUR, 9000)]
    chosen = choose_held_out(sessions, 0)
    assert chosen[:2] == [None, None] and chosen[2] is not None
    assert answers(sessions, chosen)[:2] == [set(), set()]


@pytest.mark.parametrize("seed", range(9))
@pytest.mark.parametrize("order", [1, -1])
def test_the_only_thing_of_one_run_is_asked_of_no_other(order, seed):
    sessions = [session("a", ["view"] * 3), session("a", ["view", "search"], 5000, run=1)][::order]
    chosen = choose_held_out(sessions, seed)
    assert chosen == [None, 1][::order] and answers(sessions, chosen) == [set(), set()]


@pytest.mark.parametrize("seed", range(9))
def test_runs_that_do_the_same_are_asked_the_same(seed):
    """Or the more runs there were, the fewer actions would be left to teach."""
    sessions = [session("a", FOUR, 5000 * run, run=run) for run in range(5)]
    chosen = choose_held_out(sessions, seed)
    assert len(set(chosen)) == 1 and answers(sessions, chosen) == [set()] * 5


def test_what_is_too_long_is_not_counted_as_an_answer_too():
    words = type("Words", (), {"end": END})()
    sessions = [session("a", ["view", "search", "view", "submit"])]
    for most in (10, 1000):
        _, counts = build(sessions, {"a": 1}, words, {"seed": 0, "max_tokens": most})
        assert counts["actions_in"] == sum(
            counts[name] for name in ("actions_out", "answers", "turns_too_long")
        )


def test_what_a_run_is_asked_no_other_run_of_the_task_teaches():
    sessions = [
        session("a", FOUR),
        session("a", ["view", "view", "submit"], 5000, run=1),
        session("b", FOUR, 9000),
    ]
    assert answers(sessions, [1, 2, 1]) == [{3}, {0, 1}, set()]
    assert answers(sessions, [1, 1, None]) == [set(), {0}, set()], "its own question is asked all the same"


def test_an_untaught_turn_is_context_only():
    made = session("a", FOUR)
    (row,), _ = examples(made, 1, END, 1000, untaught={0})
    said = replies(made)
    assert texts([row], "supervised") == [said[2], said[3]]
    assert texts([row], "held_out") == [said[1]]


def test_runs_of_a_task_are_counted_in_and_out():
    words = type("Words", (), {"end": END})()
    sessions = [session("a", FOUR), session("a", FOUR, 5000, run=1)]
    _, counts = build(sessions, {"a": 1}, words, {"seed": 0, "max_tokens": 1000})
    assert counts["actions_in"] == counts["actions_out"] + counts["answers"] == 8
    assert counts["answers"] == 0


def test_a_turn_without_arguments_is_never_held_out():
    made = session("a", ["submit", "search"])
    made["messages"][2]["extra"]["arguments"] = []
    assert {choose_held_out([made], seed)[0] for seed in range(20)} == {1}


@pytest.mark.parametrize(
    ("tokens", "tool", "expected"),
    [
        (["search", " is", "_even", "<end>"], "search", [1, 2]),
        (["sea", "rch", " x", "<end>"], "search", [2]),
        (["submit", "<end>"], "submit", []),
        (["nothing", "<end>"], "view", []),
        (["I", " edit", "\n", "```bash\n", "edit", " x", "\n```", "<end>"], "edit", [5]),
        (["Done", "\n```bash\n", "submit", "\n```", "<end>"], "submit", []),
    ],
)
def test_arguments_are_what_stands_behind_the_tool(tokens, tool, expected):
    assert argument_positions(tokens, tool) == expected


def test_history_that_had_left_the_prompt_is_not_in_the_example():
    cut, lost = windows(opening=4, turns=[9, 9, 9, 9], dropped=[0, 0, 1, 1], most=100)
    assert [(each.first, each.supervised, each.end) for each in cut] == [(0, 0, 2), (1, 2, 4)]
    assert not lost
