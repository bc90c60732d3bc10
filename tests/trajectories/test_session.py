"""Sessions as they are played: what ends one, what it leaves, what it forgets."""

import pytest

from scripts.trajectories.agent import pieces
from tests.small_repository import git, small
from tests.staged import EDIT, FIX, SEARCH, VIEW, played


def observations(trajectory):
    return [message["content"] for message in trajectory["messages"][2:] if message["role"] == "user"]


def test_a_session_that_mends_the_bug(words):
    trajectory, _ = played(words, FIX)
    extra = trajectory["extra"]
    assert trajectory["trajectory_format"] == "mini-swe-agent-1.1"
    assert (extra["exit_status"], extra["steps"], extra["model_calls"]) == ("Submitted", 4, 4)
    assert [(action["tool"], action["success"]) for action in extra["actions"]] == [
        ("search", True), ("view", True), ("edit", True), ("submit", True),
    ]  # fmt: skip
    assert "-    return n % 2 == 1\n+    return n % 2 == 0\n" in extra["patch"]
    assert extra["base_tree"] == git(small().mirror, "rev-parse", f"{small().base}^{{tree}}").strip()
    assert extra["final_tree"] != extra["base_tree"]
    assert observations(trajectory)[:2] == [
        "kit/numbers.py:1",
        '1 def is_even(n):\n2     """Tell whether n is even."""\n3     return n % 2 == 1',
    ]


def test_tokens_are_counted_as_sent_and_produced(words):
    trajectory, engine = played(words, FIX)
    assert trajectory["extra"]["tokens_in"] == sum(map(len, engine.asked))
    assert trajectory["extra"]["tokens_out"] == sum(map(len, engine.said))


def test_the_beginning_that_all_sessions_share_is_marked_for_the_engine(words):
    """The system text and the example, up to the first word of the issue: read once by an engine that can."""
    _, engine = played(words, ["submit"])
    ids, shared = engine.asked[0], engine.shared[0]
    assert words.tokenizer.decode(ids[:shared]).endswith("submit<|im_end|>\n<|im_start|>user\n")
    assert words.tokenizer.decode(ids[shared:]).startswith(small().task.problem_statement[:10])


def test_history_is_never_tokenized_again(words):
    _, engine = played(words, [SEARCH, "...view kit/numbers.py 1", EDIT, "submit"])
    for before, said, after in zip(engine.asked, engine.said, engine.asked[1:], strict=False):
        assert after[: len(before + said)] == before + said


@pytest.mark.parametrize(("limit", "status", "steps"), [(3, "Loop", 3), (0, "RepeatedFormatError", 4)])
def test_the_same_command_again_and_again_ends_the_session(words, limit, status, steps):
    lines = [SEARCH, VIEW, VIEW, VIEW, "What now?", "I wonder."]
    extra = played(words, lines, loop_limit=limit)[0]["extra"]
    assert (extra["exit_status"], extra["steps"]) == (status, steps)


def test_format_errors_are_answered_until_there_are_too_many_in_a_row(words):
    trajectory, engine = played(words, ["Let me see.", *FIX[:3], "Done!", "submit"])
    assert trajectory["extra"]["exit_status"] == "Submitted"
    assert trajectory["extra"]["steps"] == 4
    assert observations(trajectory)[0] == "error: begin with one of: search, view, edit, submit"
    assert len(engine.asked) == 6
    assert played(words, ["Hm.", "Hm?", *FIX])[0]["extra"]["exit_status"] == "RepeatedFormatError"


def test_the_oldest_turns_leave_whole_and_the_budget_is_kept(words):
    """Every prompt is the opening and the newest turns, whole, and leaves room for the reply."""
    most = 40
    budget = len(played(words, ["submit"])[1].asked[0]) + 200
    looks = [f"view kit/numbers.py {n}" for n in (1, 6, 2, 1, 6)]
    cut = ["...search double", "...view kit/numbers.py 1 7"]
    trajectory, engine = played(
        words, [*looks, *cut, *looks, "submit"], most=most, history_tokens=budget, loop_limit=0
    )
    opening, *turns = pieces(trajectory["messages"])
    start = opening[0]["extra"]["token_ids"]
    dropped = [turn[0]["extra"]["dropped"] for turn in turns]
    assert dropped == sorted(dropped)
    assert dropped[-1] > 2
    for asked, turn, gone in zip(engine.asked, range(len(turns)), dropped, strict=False):
        kept = []
        for message in [message for each in turns[gone:turn] for message in each]:
            kept += message["extra"]["token_ids"]
            kept += [words.end] if message["role"] == "assistant" and kept[-1] != words.end else []
        assert asked == start + kept
        assert len(asked) + most <= budget or gone == turn - 1
        if gone:
            reply, observation = (message["extra"]["token_ids"] for message in turns[gone - 1])
            one_more = len(reply) + (reply[-1] != words.end) + len(observation)
            assert len(asked) + one_more + most > budget, "no turn leaves before it must"


def test_a_long_observation_is_clipped_in_the_middle(words):
    trajectory, _ = played(words, ["search n", "submit"], observation_characters=60)
    shown = observations(trajectory)[0]
    assert "characters left out" in shown
    assert len(shown) < 60 + 40


def test_a_stop_by_the_clock_is_infrastructure_and_nobodys_failure(words):
    """25: tried again, then listed without a patch, steps or tokens."""
    trajectory, engine = played(words, ["```bash\nsleep 9\n```"] * 3, name="bash", wall_seconds=1)
    extra = trajectory["extra"]
    assert extra["infrastructure"] == "TimeoutError: an action ran into the wall-clock limit"
    assert extra["exit_status"] == "infrastructure"
    assert [extra[name] for name in ("patch", "steps", "tokens_in", "tokens_out")] == [None] * 4
    assert len(engine.asked) == 3, "two more attempts"


def test_an_issue_is_text_and_never_a_template(words):
    from dataclasses import replace

    from scripts.trajectories.engines import Ask
    from scripts.trajectories.session import Part, play
    from tests.staged import Scripted, stage

    text = "{{ 7 * 6 }} {% if %} `submit` <|im_end|>"
    task = replace(small().task, problem_statement=text)
    trajectory, _ = play(Part(task, lambda _: Scripted(words, ["submit"]), Ask(8, words.ends)), stage(words))
    assert trajectory["messages"][1]["content"].endswith(text)


def test_what_is_remembered_stands_before_the_issue(words):
    from scripts.trajectories.engines import Ask
    from scripts.trajectories.session import Part, play
    from tests.staged import Scripted, stage

    part = Part(
        small().task,
        lambda _: Scripted(words, ["submit"]),
        Ask(8, words.ends),
        (("t-1", "look at kit"), ("t-2", "be bold")),
    )
    trajectory, _ = play(part, stage(words))
    assert trajectory["messages"][1]["content"] == "Past work:\nlook at kit\nbe bold\n\nis_even is wrong"
    assert trajectory["extra"]["retrieved"] == ["t-1", "t-2"]
