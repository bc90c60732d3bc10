"""The official graders, on the predictions and reports that we write."""

import json
import logging
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from scripts.benchmark.ingredients import plain
from scripts.exchange import official, predictions
from scripts.files import read_jsonl, write_jsonl
from scripts.trajectories.sandbox import Outcome
from scripts.verdicts.assemble import Assembled
from scripts.verdicts.grade import _verdict, _without_results
from scripts.verdicts.official_run import Official
from scripts.verdicts.report import Report
from scripts.verdicts.swebench import Grader
from tests.small_repository import small
from tests.verdicts.swebench_environment import interpreter

EVEN, ODD, DOUBLE = ("test_even (m.T)", "test_odd (m.T)", "test_double (m.T)")
WHOLE = f"{EVEN} ... ok\n{ODD} ... ok\n{DOUBLE} ... ok\n"
LOGS = {
    "all": WHOLE,
    "half": WHOLE.replace(f"{ODD} ... ok", f"{ODD} ... FAIL"),
    "broken": WHOLE.replace(f"{DOUBLE} ... ok", f"{DOUBLE} ... ERROR"),
    "skipped": WHOLE.replace(f"{DOUBLE} ... ok", f"{DOUBLE} ... skipped 'why'"),
    "silent": f"{EVEN} ... ok\n",
}
NAME = "model/A/full-replay/skill"


def task(name):
    lists = {
        "fail_to_pass": (EVEN, ODD),
        "pass_to_pass": (DOUBLE,),
        "record": {"rehearsal": {"version": "3.0"}},
    }
    return replace(small().task, id=name, repo="django/django", **lists)


def session(name, patch="diff --git a/x b/x\n\u2028", run=0, infrastructure=None):
    return {"instance_id": name, "extra": {"run": run, "patch": patch, "infrastructure": infrastructure}}


@pytest.fixture(scope="module")
def python(pytestconfig):
    return interpreter(pytestconfig.cache.mkdir("swebench"))


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    yield tmp_path
    logging.getLogger().handlers.clear()


def exported(sessions, verdicts, run=0):
    """Run the rule on sessions and verdicts: the folder has preds.jsonl, report.json and summary.json then."""
    write_jsonl("trajectories.jsonl", sessions)
    write_jsonl("verdicts.jsonl", verdicts)
    inputs = SimpleNamespace(trajectories="trajectories.jsonl", verdicts="verdicts.jsonl")
    output = SimpleNamespace(predictions="preds.jsonl", report="report.json", summary="summary.json")
    named = SimpleNamespace(sessions=NAME)
    predictions.main(
        SimpleNamespace(
            rule="predictions",
            input=inputs,
            output=output,
            log=["log"],
            wildcards=named,
            params=SimpleNamespace(run=run),
        )
    )


def judged(python, names):
    """Our verdicts on test logs, by our own harness."""
    grader = Grader(python)
    harness = Official({"versions": {}, "tasks": {}}, grader)
    what = replace(plain("3.6", [], "x"), test_cmd="x")
    made = Assembled([], ["x"])
    found = [
        _verdict(task(name), made, harness.read(task(name), what, Outcome(0, LOGS[name], 1.0, None)))
        for name in names
    ]
    grader.close()
    return [{**verdict, "run": 0} for verdict in found]


def asked(python, names, logs):
    return official.ask(python, "preds.jsonl", "report.json", [task(name) for name in names], logs)


def test_the_official_graders_say_what_our_reports_say(python, folder):
    others = {"empty": "", "unfit": "x", "away": "x"}
    broken = session("engine", None, infrastructure="it died")
    sessions = (
        [session(name) for name in LOGS] + [session(name, patch) for name, patch in others.items()] + [broken]
    )
    verdicts = judged(python, LOGS) + [
        {**_without_results(task(name), verdict, resolved, ""), "run": 0}
        for name, verdict, resolved in (
            ("empty", "empty", False),
            ("unfit", "patch_does_not_apply", False),
            ("away", "infrastructure", None),
            ("engine", "infrastructure", None),
        )
    ]
    exported(sessions, verdicts)
    assert [verdict["resolved"] for verdict in verdicts[:5]] == [True, False, False, True, False]
    names = [each["instance_id"] for each in sessions]
    said = asked(python, names, LOGS | {"unfit": ">>>>> Patch Apply Failed"})
    ours = json.loads(Path("report.json").read_text())
    assert said["reports"] == ours
    full = {task: status == "RESOLVED_FULL" for task, status in said["statuses"].items()}
    assert full == {task: report["resolved"] for task, report in ours.items() if task != "unfit"}
    summary = json.loads(Path("summary.json").read_text())
    assert summary == {name: said["summary"][name] for name in summary}
    left_out = {"unstopped_instances", "unstopped_containers", "unremoved_images"}
    assert said["summary"].keys() - summary.keys() == left_out
    assert (summary["error_ids"], summary["incomplete_ids"], summary["empty_patch_ids"]) == (
        ["away"],
        ["engine"],
        ["empty"],
    )


def test_a_run_that_was_stopped_after_its_last_test_shows_no_lists(python, folder):
    (verdict,) = judged(python, ["all"])
    exported([session("all")], [{**verdict, "verdict": "unresolved", "resolved": False}])
    report = json.loads(Path("report.json").read_text())["all"]
    assert report == {
        "patch_is_None": False,
        "patch_exists": True,
        "patch_successfully_applied": False,
        "resolved": False,
    }


def test_a_file_for_each_run(folder):
    sessions = [session("a", "one", run=0), session("a", "two", run=1)]
    verdicts = [
        {**_without_results(task("a"), "patch_does_not_apply", False, ""), "run": run} for run in (0, 1)
    ]
    exported(sessions, verdicts, run=1)
    assert read_jsonl("preds.jsonl") == [
        {"instance_id": "a", "model_name_or_path": NAME, "model_patch": "two"}
    ]
    with pytest.raises(SystemExit):
        exported(sessions, verdicts, run=2)
    assert "it has no run 2. Fix: take one of 0, 1" in Path("log").read_text()


def test_logs_are_kept_as_the_graders_read_them_unless_a_limit_stopped_the_run():
    """On Python 3.11 unittest names tests in another way; a run that was stopped has no report officially."""
    logs = {}
    for name, limit in (("whole", None), ("cut", "cpu")):
        outcome = Outcome(0, "test_even (m.T.test_even) ... ok\n", 1.0, limit)
        said = SimpleNamespace(
            run=lambda room, task, made, outcome=outcome: (outcome, Report(began=True)),
            versions={"3.0": replace(plain("3.11", [], "x"), published="3.6")},
            tasks={name: {"version": "3.0"}},
        )
        recorder = official.Recorder(said)
        recorder.run(None, task(name), Assembled([], ["x"]))
        logs |= recorder.logs
    assert logs == {"whole": "test_even (m.T) ... ok\n"}


def test_a_row_a_task():
    ours = {"a": {"resolved": True}, "b": {"resolved": False}, "c": {"resolved": False}}
    found = official.rows(ours, {"a": {"resolved": True}, "b": {"resolved": True}})
    assert [list(row.values()) for row in found] == [["a", 1, 1, 1], ["b", 0, 1, 0], ["c", 0, None, None]]
