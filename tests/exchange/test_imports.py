"""Sessions of mini-swe-agent, from its own files to a training set."""

import csv
import json
import logging
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace

import pytest

from scripts.benchmark.runtimes.venue import Venue
from scripts.errors import UserError
from scripts.exchange import imported_trajectories
from scripts.exchange.places import check_form, imported_files
from scripts.exchange.recordings import read
from scripts.exchange.step import Unusable
from scripts.files import read_jsonl, write_jsonl
from scripts.synthesis import dataset
from scripts.verdicts import verdicts as verdicts_rule
from tests.exchange.recorded import (
    DIALOG,
    SUBMISSION,
    call_reply,
    checkout,
    fenced,
    play_1,
    play_2,
    release_1,
    text_reply,
)
from tests.small_repository import LIMITS, git, runtime, small
from tests.staged import played

ENDING = ("It works.", SUBMISSION)
RECIPE = {"source": "imported", "seed": 0, "max_tokens": 4000}
PATIENT = 300  # wall seconds of a command or test run: no test here is of a limit on our side


@pytest.fixture(scope="session")
def release(pytestconfig):
    return release_1(pytestconfig.cache.mkdir("mini-swe-agent"))


@pytest.fixture
def repository(tmp_path):
    return checkout(tmp_path)


@pytest.fixture
def study(tmp_path, monkeypatch):
    """A folder with what the rules read, and runs/ for files to import."""
    folder = tmp_path / "study"
    (folder / "runs").mkdir(parents=True)
    monkeypatch.chdir(folder)
    monkeypatch.setattr(Venue, "runtime", lambda venue, mirror, cache: runtime())
    git(small().mirror, "bundle", "create", "--quiet", str(folder / "repository.bundle"), "--all")
    write_jsonl("tasks.jsonl", [small().task.record])
    Path("split.json").write_text(json.dumps({"train": [small().task.id], "train_positions": [1]}))
    yield folder
    logging.getLogger().handlers.clear()


def run_import(embedded):
    files = imported_files({"kit": "runs/**/*.traj.json"}, "kit")
    inputs = SimpleNamespace(files=files, tasks="tasks.jsonl")
    output = SimpleNamespace(trajectories="trajectories.jsonl", left_out="left_out.csv")
    params = SimpleNamespace(model={"checkpoint": embedded, "scaffold": "bash"}, limits={"new_tokens": 64})
    named = SimpleNamespace(repo="kit")
    imported_trajectories.main(
        SimpleNamespace(rule="i", input=inputs, output=output, log=["log"], params=params, wildcards=named)
    )
    return read_jsonl("trajectories.jsonl")


def run_verdicts():
    names = {"tasks": "tasks.jsonl", "bundle": "repository.bundle", "trajectories": "trajectories.jsonl"}
    output = SimpleNamespace(verdicts="verdicts.jsonl", timing="timing.jsonl")
    params = SimpleNamespace(limits={**LIMITS.__dict__, "steps": 8, "wall_seconds": PATIENT})
    verdicts_rule.main(
        SimpleNamespace(
            rule="verdicts",
            input=SimpleNamespace(**names),
            output=output,
            log=["log"],
            threads=1,
            params=params,
        )
    )
    return read_jsonl("verdicts.jsonl")


def run_dataset(embedded, filter):
    inputs = SimpleNamespace(split="split.json", trajectories="trajectories.jsonl", verdicts="verdicts.jsonl")
    params = SimpleNamespace(recipe={**RECIPE, "filter": filter}, model={"checkpoint": embedded})
    output = SimpleNamespace(dataset="dataset.jsonl")
    dataset.main(SimpleNamespace(rule="dataset", input=inputs, output=output, log=["log"], params=params))
    return read_jsonl("dataset.jsonl")


def spoken(words, row):
    """Replies that an example supervises or holds out, as text."""
    spans = sorted(row["supervised"] + row["held_out"])
    return [words.text(row["input_ids"][start:stop]) for start, stop in spans]


def ours(thought, command):
    return f"THOUGHT: {thought}\n\n```bash\n{command}\n```"


REPLIES = [ours(*each) for each in DIALOG] + [ours(ENDING[0], "submit")]


def test_both_formats_become_training_examples(release, repository, study, embedded, words):
    """Recorded by mini-swe-agent's agents 1.17.5 and 2.x, judged by our verdict rule, rendered as our agent runs."""
    play_1(release, repository, study / "runs/one.traj.json", [fenced(*each) for each in [*DIALOG, ENDING]])
    git(repository, "checkout", "--quiet", ".")
    play_2(repository, study / "runs/two.traj.json", [text_reply(*each) for each in [*DIALOG, ENDING]])
    git(repository, "checkout", "--quiet", ".")
    play_2(repository, study / "runs/vain.traj.json", [text_reply(*each) for each in [*DIALOG[:2], ENDING]])
    rows = run_import(embedded)
    assert [(row["instance_id"], row["extra"]["run"], row["extra"]["steps"]) for row in rows] == [
        (small().task.id, run, steps) for run, steps in enumerate((5, 5, 3))
    ]
    codes = [action["returncode"] for action in rows[0]["extra"]["actions"]]
    assert codes[1] > 0 and codes == [0, codes[1], 0, 0, 0]
    assert [action["success"] for action in rows[1]["extra"]["actions"]] == [True, False, True, True, True]
    assert (
        rows[0]["extra"]["patch"] == rows[1]["extra"]["patch"] and "n % 2 == 0" in rows[0]["extra"]["patch"]
    )
    assert [verdict["verdict"] for verdict in run_verdicts()] == ["resolved", "resolved", "empty"]
    header, *examples = run_dataset(embedded, "resolved")
    assert (header["sessions"], header["source"], header["actions_out"]) == (2, "imported", 10)
    assert [spoken(words, row) for row in examples] == [REPLIES, REPLIES]
    assert all(row["supervised"] for row in examples)
    assert run_dataset(embedded, "any_success")[0]["sessions"] == 3


def test_an_import_has_the_tokens_of_a_session_of_our_own(release, repository, study, embedded, words):
    play_1(release, repository, study / "runs/one.traj.json", [fenced(*each) for each in [*DIALOG, ENDING]])
    git(repository, "checkout", "--quiet", ".")
    play_2(repository, study / "runs/two.traj.json", [text_reply(*each) for each in [*DIALOG, ENDING]])
    session, _ = played(words, REPLIES, name="bash", wall_seconds=PATIENT)
    tokens = [message["extra"].get("token_ids") for message in session["messages"]]
    for row in run_import(embedded):
        assert [message["extra"].get("token_ids") for message in row["messages"]] == tokens
        for name in ("steps", "model_calls", "tokens_in", "tokens_out", "exit_status", "patch"):
            assert row["extra"][name] == session["extra"][name]


def test_calls_become_a_turn_each_and_the_end_stays_what_it_was(repository, study, embedded):
    outputs = [call_reply(None, "true", "echo a && false"), call_reply("Too `long`.", "echo b")]
    play_2(repository, study / "runs/x.traj.json", outputs, calls=True, step_limit=2)
    (row,) = run_import(embedded)
    assert [action["returncode"] for action in row["extra"]["actions"]] == [0, 1, 0]
    assert (row["extra"]["exit_status"], row["extra"]["patch"]) == ("LimitsExceeded", "")
    said = [message["content"] for message in row["messages"][2:]]
    assert said[0] == "```bash\ntrue\n```"
    assert said[3] == "(return code 1)\na"
    assert said[4] == "Too `long`.\n\n```bash\necho b\n```"
    assert row["extra"]["model_calls"] == 3


def test_what_shares_a_reply_with_the_submission_has_no_result_and_is_left_out(repository, study, embedded):
    play_2(repository, study / "runs/x.traj.json", [call_reply("Done.", "true", SUBMISSION)], calls=True)
    (row,) = run_import(embedded)
    assert [action["command"] for action in row["extra"]["actions"]] == ["submit"]


def test_observations_of_format_1(release, repository, study):
    """A reply without an action is left out, a long output is cut; also without templates."""
    outputs = ["no action", fenced("Long.", "seq 9000; false"), fenced(*ENDING)]
    long, end = read(play_1(release, repository, study / "a.traj.json", outputs)).steps
    whole = "".join(f"{n}\n" for n in range(1, 9001))
    assert (long.returncode, long.output) == (1, f"{whole[:5000]}\n[...]\n{whole[-5000:]}")
    assert (end.command, end.submits) == ("submit", True)
    plain = {"action_observation_template": "Observation: {{output}}"}
    path = play_1(
        release, repository, study / "b.traj.json", [fenced("x", "echo \"'a'\""), fenced(*ENDING)], **plain
    )
    assert read(path).steps[0].output == "'a'\n"
    mute = {"action_observation_template": "{{output.output}}"}
    path = play_1(
        release, repository, study / "c.traj.json", [fenced("x", "echo a"), fenced(*ENDING)], **mute
    )
    with pytest.raises(Unusable, match="message 3 shows no return code"):
        read(path)


def test_a_killed_command_has_failed_and_a_session_ends_at_its_limit(release, repository, tmp_path):
    """In both formats; what the command said before it was killed is there."""
    slow, place = "echo a; sleep 9", tmp_path / "slow.traj.json"
    limits = {"timeout": 2, "step_limit": 1}
    one = read(play_1(release, repository, place, [fenced("Slow.", slow)], **limits))
    two = read(play_2(repository, place, [text_reply("Slow.", slow)], **limits))
    for session in (one, two):
        assert (session.exit_status, session.patch) == ("LimitsExceeded", "")
        assert [(step.command, step.returncode) for step in session.steps] == [(slow, -1)]
    assert one.steps[0].output == "a\n"
    assert two.steps[0].output.startswith("a\n") and "timed out after 2 seconds" in two.steps[0].output


def test_what_cannot_be_used_is_listed(repository, study, embedded):
    good = [text_reply(*ENDING)]
    play_2(repository, study / "runs/good.traj.json", good)
    other = play_2(repository, study / "runs/other.traj.json", good)
    other.write_text(other.read_text().replace(small().task.id, "kit__kit-9"))
    fence = text_reply("I write a manual.", "cat > README.md <<'E'\n```\nx\n```\nE")
    play_2(repository, study / "runs/fence.traj.json", [fence, *good])
    play_2(repository, study / "runs/special.traj.json", [text_reply("x", "echo '<|im_end|>'"), *good])
    with pytest.raises(IndexError):
        play_2(repository, study / "runs/died.traj.json", [text_reply("x", "true")])
    assert len(run_import(embedded)) == 1
    with open("left_out.csv") as file:
        rows = {row["file"]: (row["task"], row["reason"]) for row in csv.DictReader(file)}
    task = small().task.id
    assert rows["runs/other.traj.json"] == ("kit__kit-9", "its task is not of the study")
    assert (
        rows["runs/fence.traj.json"][0] == task
        and "action 1 cannot be said" in rows["runs/fence.traj.json"][1]
    )
    assert rows["runs/special.traj.json"] == (task, "action 1 holds a special token of the model")
    assert rows["runs/died.traj.json"][1] == "infrastructure ended it (IndexError)"
    assert len(rows) == 4


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"trajectory_format": "swe-agent"}, "x.traj.json, key trajectory_format: 'swe-agent' is not known"),
        ({"trajectory_format": None}, "x.traj.json, key trajectory_format: it is missing"),
        ({"info": []}, "x.traj.json, key info: it is not of type dict"),
        ({"messages": None}, "x.traj.json, key messages: it is missing"),
        ({"messages": ["a"]}, "x.traj.json, key messages.0: it is not of type dict"),
        ({"messages": [None]}, "x.traj.json, key messages.0: it is missing"),
        ({"info": {"exit_status": "Submitted"}}, "x.traj.json, key info.submission: it is missing"),
    ],
)
def test_a_file_of_another_kind_is_named_with_its_key(repository, tmp_path, change, message):
    path = play_2(repository, tmp_path / "x.traj.json", [text_reply(*ENDING)])
    path.write_text(json.dumps({**json.loads(path.read_text()), **change}))
    with pytest.raises(UserError) as error:
        read(path)
    assert message in str(error.value)


@pytest.fixture(scope="module")
def sessions(release, tmp_path_factory):
    """What agents of both releases wrote, by format."""
    folder = tmp_path_factory.mktemp("sessions")
    one = play_1(release, checkout(folder), folder / "1.traj.json", [fenced(*each) for each in LINES])
    two = play_2(folder / "kit", folder / "1.1.traj.json", [text_reply(*each) for each in LINES])
    return {data["trajectory_format"]: data for data in (json.loads(path.read_text()) for path in (one, two))}


LINES = [DIALOG[0], ENDING]
ONE, TWO = "mini-swe-agent-1", "mini-swe-agent-1.1"  # messages.2 is a reply, messages.3 its result
BROKEN = [
    *((form, "instance_id", ["a"], "not of type str") for form in (ONE, TWO)),
    *((form, "info.exit_status", value, "not of type str") for form in (ONE, TWO) for value in (["a"], 5)),
    *((form, "info.config", "abc", "not of type dict") for form in (ONE, TWO)),
    (ONE, "info.config.agent", [], "not of type dict"),
    (ONE, "info.config.agent.action_regex", 5, "not of type str"),
    (ONE, "info.config.agent.action_regex", "(", "no regular expression"),
    (ONE, "messages.2.role", None, "missing"),
    (ONE, "messages.2.content", 7, "not of type str or list"),
    (TWO, "info.submission", 7, "not of type str"),
    (TWO, "info.config.environment.cwd", 5, "not of type str"),
    (TWO, "messages.2.role", ["assistant"], "not of type str"),
    (TWO, "messages.2.content", 7, "not of type str or list"),
    (TWO, "messages.2.output", {}, "not of type str or list"),
    (TWO, "messages.2.extra", [], "not of type dict"),
    (TWO, "messages.2.extra.actions", "ls", "not of type list"),
    (TWO, "messages.2.extra.actions.0", "ls", "not of type dict"),
    (TWO, "messages.2.extra.actions.0.command", None, "missing"),
    (TWO, "messages.3.extra.raw_output", 5, "not of type str"),
    (TWO, "messages.3.extra.exception_info", {"a": "b"}, "not of type str"),
    *((TWO, "messages.3.extra.returncode", value, "not of type int") for value in (True, 1.0, "1")),
]


def write_changed(data, key, value, path):
    """The session with one value replaced, as a file."""
    spot = data = json.loads(json.dumps(data))
    *above, last = [int(each) if each.isdigit() else each for each in key.split(".")]
    for each in above:
        spot = spot[each]
    spot[last] = value
    path.write_text(json.dumps(data))


@pytest.mark.parametrize(("form", "key", "value", "message"), BROKEN)
def test_a_broken_value_is_named_with_its_file_and_key(sessions, tmp_path, form, key, value, message):
    path = tmp_path / "x.traj.json"
    write_changed(sessions[form], key, value, path)
    with pytest.raises(UserError) as error:
        read(path)
    assert str(error.value).startswith(f"{path}, key {key}: it is {message}")


@pytest.mark.parametrize(
    ("form", "key", "value", "message"),
    [
        (TWO, "messages", [], "it has no action"),
        (TWO, "messages.2.extra.actions", [], "it has no action"),  # then only the submission would be left
        (TWO, "messages.3.extra", None, "action 1 has no recorded result"),
        (TWO, "info.exit_status", None, "it was broken off before its end"),
        (ONE, "messages.3.content", ["a"], "message 3 shows no return code"),
        (
            ONE,
            "messages.3.content",
            f"<returncode>{'9' * 5000}</returncode>",
            "message 3 shows no return code",
        ),
        (ONE, "messages.3.content", "Observation: {'output': '', 'returncode': 1e999}", "message 3 shows no"),
    ],
)
def test_a_session_of_which_nothing_can_be_learned_is_not_usable(
    sessions, tmp_path, form, key, value, message
):
    session = json.loads(json.dumps(sessions[form]))
    if message == "it has no action":
        session["messages"] = session["messages"][:4]
    write_changed(session, key, value, tmp_path / "x.traj.json")
    with pytest.raises(Unusable, match=message):
        read(tmp_path / "x.traj.json")


@pytest.mark.parametrize(
    "key", ["info.config", "messages.2.extra.exception_info", "messages.3.extra.raw_output"]
)
def test_null_is_a_key_that_is_missing(sessions, tmp_path, key):
    write_changed(sessions[TWO], key, None, tmp_path / "x.traj.json")
    assert len(read(tmp_path / "x.traj.json").steps) == 2


def keys_of(value, above=""):
    """The dotted key of everything in a session, but for the model's block, which nobody reads."""
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, below in pairs:
        if (name := f"{above}{key}") != "info.config.model":
            yield name
            yield from keys_of(below, f"{name}.")


@pytest.mark.parametrize("form", [ONE, TWO])
def test_no_broken_value_gives_a_traceback(sessions, tmp_path, form):
    path = tmp_path / "x.traj.json"
    for key in keys_of(sessions[form]):
        for value in (
            None,
            5,
            -1.5,
            True,
            "",
            "abc",
            [],
            [5],
            [None],
            {},
            {"a": 1},
            [{"content": [{"text": 5}]}],
        ):
            write_changed(sessions[form], key, value, path)
            with suppress(UserError, Unusable):
                assert read(path).steps


def test_without_a_session_to_use_the_rule_fails_and_says_why(repository, study, embedded):
    good, special = [text_reply(*ENDING)], text_reply("x", "echo '<|im_end|>'")
    first = play_2(repository, study / "runs/0.traj.json", good)
    for number in range(3):
        foreign = first.read_text().replace(small().task.id, "kit__kit-9")
        (study / f"runs/{number}.traj.json").write_text(foreign)
    play_2(repository, study / "runs/3.traj.json", [special, *good])
    play_2(repository, study / "runs/4.traj.json", [text_reply("x", "true"), special, *good])
    with pytest.raises(SystemExit):
        run_import(embedded)
    said = Path("log").read_text()
    assert "left out: runs/2.traj.json: kit__kit-9: its task is not of the study" in said
    assert "left out: runs/4.traj.json: kit__kit-1: action 2 holds a special token" in said
    assert (
        "error: config, key imports.kit: none of its 5 files holds a session that can be used: its task is not of "
        "the study (3); one action holds a special token of the model (2). Fix: give sessions of tasks of kit"
    ) in said
    assert "Traceback" not in said and not Path("trajectories.jsonl").exists()


@pytest.mark.parametrize("text", ["{", "[]", '"\\ud800"', '{"a": "\\ud800"}'])
def test_a_file_that_is_no_trajectory_is_named(tmp_path, text):
    (tmp_path / "x.traj.json").write_text(text)
    with pytest.raises(UserError, match=r"x\.traj\.json: it (cannot be read as JSON|is no JSON object)"):
        read(tmp_path / "x.traj.json")


def test_a_folder_that_fits_the_pattern_is_named(tmp_path):
    (tmp_path / "x.traj.json").mkdir()
    with pytest.raises(UserError, match=r"x\.traj\.json: it cannot be read as JSON \(.*directory"):
        read(tmp_path / "x.traj.json")


def test_a_pattern_without_files_and_a_scaffold_without_bash_are_named(tmp_path):
    with pytest.raises(UserError, match=r"config, key imports\.kit: no file fits"):
        imported_files({"kit": f"{tmp_path}/*.traj.json"}, "kit")
    with pytest.raises(UserError, match="key imports: it does not say where sessions of kit are"):
        imported_files({}, "kit")
    with pytest.raises(UserError, match=r"models\.m\.scaffold: .* write another block .* scaffold: bash"):
        check_form("plain", "m")
