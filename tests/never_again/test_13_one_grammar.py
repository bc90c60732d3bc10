"""Fault 13: tool calls inside thoughts or prose were executed, actions that the model never took."""

import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.trajectories.actions import NoAction, fenced, plain
from tests.staged import played

TOOLS = ("search", "view", "edit", "submit")
BLOCK = "```bash\n{}\n```"

TALK = [
    "I will run `submit` now.",
    "First: search is_even",
    "> view kit/numbers.py 1",
    "- submit",
    "  \n",
    "",
    "Submit",
    "submitting",
    '{"tool": "search", "args": ["is_even"]}',
    "<tool_call>submit</tool_call>",
    "```\nsubmit\n```",
    "$ submit",
    "search 'unbalanced",
    "rm -rf / ; submit",
    "observation:\nsubmit",
]


@pytest.mark.parametrize("reply", TALK)
def test_talk_is_no_action(reply):
    with pytest.raises(NoAction):
        plain(reply, TOOLS)


@pytest.mark.parametrize(
    "reply",
    [
        "I would run ls.",
        "ls",
        "```\nls\n```",
        "```python\nls\n```",
        "see ```bash ls```",
        BLOCK.format("ls") + "\n" + BLOCK.format("pwd"),
        "the form is\n" + BLOCK.format("command") + "\nso I begin.",
        BLOCK.format(""),
        BLOCK.format("  \n "),
        "<think>\n" + BLOCK.format("rm -r .") + "\n</think>\n" + BLOCK.format("ls"),
        "<think>\n" + BLOCK.format("rm -r .") + "\n</think>",
        "```bash\nls",
        "> ```bash\n> ls\n> ```",
        BLOCK.format("cat > a.md <<E\n```\nx\n```\nE"),
    ],
)
def test_only_one_block_at_the_very_end_is_an_action(reply):
    with pytest.raises(NoAction):
        fenced(reply)


def test_what_is_meant_is_done():
    assert fenced("I look around.\n\n" + BLOCK.format("ls -l | head")).command == "ls -l | head"
    assert plain("edit a.py\nold\n=======\nnew", TOOLS).body == "old\n=======\nnew\n"
    assert plain("submit", TOOLS).command == "submit"


@given(st.sampled_from(TOOLS), st.text(max_size=30))
def test_the_shell_sees_one_command_with_words_and_nothing_else(tool, rest):
    try:
        action = plain(f"{tool} {rest}", TOOLS)
    except NoAction:
        return
    words = shlex.split(action.command)
    assert words[0] == action.tool
    assert shlex.join(words) == action.command
    assert not {
        token for token in shlex.shlex(action.command, punctuation_chars=True) if set(token) <= set("();<>|&")
    }


def test_no_shell_syntax_runs_in_a_session(words):
    lines = [
        "search x; touch kit/a",
        "view $(touch kit/b) 1",
        "submit && touch kit/c",
        "search `touch kit/d`",
        "submit",
    ]
    extra = played(words, lines)[0]["extra"]
    assert [action["success"] for action in extra["actions"]] == [False, False, False, False, True]
    assert extra["patch"] == ""
    assert extra["exit_status"] == "Submitted"
