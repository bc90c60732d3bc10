"""Fault 5: the training data was not in the form of inference (clipped context, another template), and adapters stopped
calling tools. Here every supervised reply stands behind exactly the tokens the engine was asked with."""

import pytest

from scripts.synthesis.actions_format import examples
from scripts.synthesis.dataset import with_arguments
from tests.staged import EDIT, FIX, played

LOOKS = [f"view kit/numbers.py {n}" for n in (1, 6, 2, 1, 6)]
SESSIONS = {
    "a plain session": (FIX, {}),
    "with a format error and a reply that was cut off": (
        ["Hm.", FIX[0], "...view kit/numbers.py 1", EDIT, "submit"],
        {},
    ),
    "with history that was dropped": ([*LOOKS, EDIT, "submit"], {"room": 60}),
}


def session(words, name):
    lines, changes = SESSIONS[name]
    if "room" in changes:
        opening = len(played(words, ["submit"])[1].asked[0])
        changes = {"history_tokens": opening + 64 + changes["room"], "loop_limit": 0}
    return played(words, lines, **changes)


@pytest.mark.parametrize("name", SESSIONS)
def test_an_example_is_what_the_engine_was_asked_and_what_it_said(words, name):
    trajectory, engine = session(words, name)
    rows, lost = examples(with_arguments(trajectory, words), held_out=1, end=words.end, most=4096)
    spans = [
        (row["input_ids"], span)
        for row in rows
        for which in ("supervised", "held_out")
        for span in row[which]
    ]
    rendered = {(tuple(ids[:start]), tuple(ids[start:stop])) for ids, (start, stop) in spans}
    acted = [
        bool(message["extra"].get("actions"))
        for message in trajectory["messages"]
        if message["role"] == "assistant"
    ]
    turns = zip(engine.asked, engine.said, acted, strict=True)
    assert rendered == {(tuple(asked), tuple(said)) for asked, said, action in turns if action}
    assert not lost
    assert (len(rows) > 1) == ("dropped" in name), "dropped history needs examples of its own"


def test_it_is_the_chat_template_of_the_whole_conversation(words):
    """The pieces put together are what the model's own template makes of the messages at once."""
    trajectory, engine = session(words, "a plain session")
    said = [
        {"role": m["role"], "content": m["content"]}
        for m in trajectory["messages"]
        if m["role"] in ("system", "user", "assistant")
    ]
    at_once = words.tokenizer.apply_chat_template(said, tokenize=False)
    ids = engine.asked[-1] + engine.said[-1]
    assert words.tokenizer.decode(ids).split("<|im_start|>")[-len(said) + 2 :] == [
        part.rstrip("\n") if number == len(said) - 3 else part
        for number, part in enumerate(at_once.split("<|im_start|>")[-len(said) + 2 :])
    ]


def test_the_fault_is_seen(words):
    """An example whose observation was clipped otherwise is not what the engine was asked."""
    trajectory, engine = session(words, "a plain session")
    observation = trajectory["messages"][3]["extra"]
    observation["token_ids"] = observation["token_ids"][:-9] + observation["token_ids"][-8:]
    (row,), _ = examples(trajectory, None, words.end, 4096)
    starts = [start for start, _ in row["supervised"]]
    assert [row["input_ids"][:start] == asked for start, asked in zip(starts, engine.asked, strict=True)] == [
        True,
        False,
        False,
        False,
    ]
