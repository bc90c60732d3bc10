"""Fault 11: edit steps were left out of the training data, and "the model learned to finish quickly"."""

from collections import Counter

from scripts.synthesis.dataset import build, with_arguments
from tests.staged import FIX, played


def test_actions_in_are_actions_out_tool_by_tool(words):
    trajectory, _ = played(words, FIX)
    rows, counts = build(
        [with_arguments(trajectory, words)],
        {trajectory["instance_id"]: 1},
        words,
        {"seed": 0, "max_tokens": 2048},
    )
    spans = [
        row["input_ids"][start:stop]
        for row in rows
        for which in ("supervised", "held_out")
        for start, stop in row[which]
    ]
    out = Counter(words.text(span).split()[0] for span in spans)
    assert out == Counter(action["tool"] for action in trajectory["extra"]["actions"])
    assert out["edit"] == 1
    assert counts["actions_in"] == counts["actions_out"] == 4


def test_arguments_of_a_held_out_turn_are_the_words_behind_the_tool(words):
    trajectory, _ = played(words, FIX)
    marked = with_arguments(trajectory, words)
    replies = [message["extra"] for message in marked["messages"] if message["role"] == "assistant"]
    shown = [
        words.tokenizer.decode([reply["token_ids"][at] for at in reply["arguments"]]) for reply in replies
    ]
    assert [text.strip() for text in shown] == [line.partition(" ")[2] for line in FIX]
