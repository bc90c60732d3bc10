"""The rules of sessions outside a split, as Snakemake runs them: what validation took out is not played, and nobody downstream
counts it.
"""

import json
import logging
from contextlib import nullcontext
from dataclasses import asdict
from types import SimpleNamespace

import pytest

from scripts.benchmark.runtimes.venue import Venue
from scripts.exchange.report import export
from scripts.files import read_jsonl, write_jsonl
from scripts.measures.runs import names_of, tidy
from scripts.synthesis.source import select
from scripts.trajectories import base_trajectories, expert_trajectories, play
from scripts.verdicts import verdicts as verdicts_rule
from tests.small_repository import LIMITS, git, runtime, small
from tests.staged import FIX, Scripted, stage
from tests.training import tiny

VALID, INVALID = (
    small().task.id,
    "kit__kit-0",
)  # the invalid one has no commit, so that it could not be played


@pytest.fixture
def study(words, tmp_path, monkeypatch):
    """A folder with two tasks, of which the first is invalid."""
    monkeypatch.chdir(tmp_path)
    for rule in (base_trajectories, expert_trajectories):
        monkeypatch.setattr(rule, "set_stage", lambda *arguments: stage(words))
    monkeypatch.setattr(base_trajectories, "local_engine", lambda model: nullcontext(Scripted(words, FIX)))
    monkeypatch.setattr(Venue, "runtime", lambda venue, mirror, cache: runtime())
    monkeypatch.setattr(play, "STORE", tmp_path / "sessions")
    git(small().mirror, "bundle", "create", "--quiet", str(tmp_path / "repository.bundle"), "--all")
    strange = json.loads(json.dumps(small().task.record).replace(VALID, INVALID))
    write_jsonl("tasks.jsonl", [strange, small().task.record])
    (tmp_path / "validation.csv").write_text(f"task,valid\n{INVALID},0\n{VALID},1\n")
    yield tmp_path
    logging.getLogger().handlers.clear()


def rule(name, **output):
    inputs = {"tasks": "tasks.jsonl", "validation": "validation.csv", "bundle": "repository.bundle"}
    model = {**tiny.model(), "runs": 1, "seed": 0, "temperature": 0.0, "slots": 1}
    limits = asdict(LIMITS) | {"new_tokens": 64, "steps": 8}
    return SimpleNamespace(
        rule=name, input=SimpleNamespace(**inputs, trajectories="trajectories.jsonl"), output=SimpleNamespace(**output),
        log=[f"{name}.log"], threads=1, params=SimpleNamespace(model=model, limits=limits),
        wildcards=SimpleNamespace(repo="kit", script="expert"),
    )  # fmt: skip


@pytest.mark.parametrize("acting", [base_trajectories, expert_trajectories])
def test_only_valid_tasks_are_played_and_everything_downstream_agrees(study, acting):
    acting.main(rule("play", trajectories="trajectories.jsonl", timing="trajectories.timing.jsonl"))
    verdicts_rule.main(rule("verdicts", verdicts="verdicts.jsonl", timing="verdicts.timing.jsonl"))
    sessions, verdicts = read_jsonl("trajectories.jsonl"), read_jsonl("verdicts.jsonl")
    assert [(each["instance_id"], each["extra"]["infrastructure"]) for each in sessions] == [(VALID, None)]
    assert [(each["instance_id"], each["resolved"]) for each in verdicts] == [(VALID, True)]

    (row,) = tidy(read_jsonl("tasks.jsonl"), sessions, verdicts, names_of("kit", "model/base"))
    assert (row["task"], row["position"], row["resolved"]) == (VALID, 2, 1), "positions count every task"
    assert select(sessions, verdicts, [VALID], "resolved") == sessions

    predictions, reports, summary = export(sessions, verdicts, "model/base")
    assert [each["instance_id"] for each in predictions] == list(reports) == [VALID]
    assert (summary["total_instances"], summary["submitted_instances"], summary["incomplete_ids"]) == (
        1,
        1,
        [],
    )
