"""Fault 7: truncation from the right cut off the answer, so training was on prompts only."""

from hypothesis import given
from hypothesis import strategies as st

from scripts.synthesis.actions_format import examples, windows
from tests.synthesis.sessions import END, session

SIZES = st.lists(st.integers(1, 60), min_size=1, max_size=12)


@given(st.integers(1, 50), SIZES, st.integers(1, 150), st.data())
def test_every_turn_is_supervised_once_or_counted_as_lost(opening, turns, most, data):
    gone = sorted(data.draw(st.integers(0, turn)) for turn in range(len(turns)))
    dropped = [min(number, turn) for turn, number in enumerate(gone)]
    cut, lost = windows(opening, turns, dropped, most)
    supervised = [turn for window in cut for turn in range(window.supervised, window.end)]
    assert len(supervised) == len(set(supervised))
    fitting = [turn for turn, size in enumerate(turns) if opening + size <= most]
    assert supervised == fitting
    assert len(lost) == len(turns) - len(fitting)
    for window in cut:
        assert opening + sum(turns[window.first : window.end]) <= most
        assert window.first <= window.supervised
        assert window.first >= dropped[window.supervised], "no turn that the agent did not see"


def test_a_long_session_loses_its_oldest_turns_and_no_answer():
    made = session("a", ["search", "view", "view", "edit", "submit"])
    said = [message["extra"]["token_ids"] for message in made["messages"] if message["role"] == "assistant"]
    rows, lost = examples(made, held_out=None, end=END, most=25)
    spans = [row["input_ids"][start:stop] for row in rows for start, stop in row["supervised"]]
    assert spans == said
    assert not lost
    assert max(len(row["input_ids"]) for row in rows) <= 25
    right_truncated = [token for message in made["messages"][1:] for token in message["extra"]["token_ids"]][
        :25
    ]
    assert not set(said[-1][:-1]) & set(right_truncated), "the fault"


def test_a_turn_that_is_too_long_is_dropped_and_counted():
    rows, lost = examples(session("a", ["search", "submit"]), held_out=None, end=END, most=10)
    assert (rows, lost) == ([], {0, 1})
