"""The rules verdicts and validate, as Snakemake runs them: files in, files out, work kept in the store."""

import csv
import json
import logging
from dataclasses import asdict, replace
from types import SimpleNamespace

import pytest

from scripts.benchmark import validate as validate_rule
from scripts.benchmark.runtimes.venue import Venue
from scripts.errors import UserError
from scripts.files import read_jsonl, write_jsonl
from scripts.verdicts import batch
from scripts.verdicts import verdicts as verdicts_rule
from tests.small_repository import LIMITS, change, git, interpreter, runtime, small


@pytest.fixture
def study(tmp_path, monkeypatch):
    """A folder with tasks.jsonl and repository.bundle, and the interpreter's cache in place."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(Venue, "runtime", lambda venue, mirror, cache: runtime())
    git(small().mirror, "bundle", "create", "--quiet", str(tmp_path / "repository.bundle"), "--all")
    write_jsonl("tasks.jsonl", [small().task.record])
    yield tmp_path
    logging.getLogger().handlers.clear()


def rule(name, threads=1, **files):
    inputs = {"tasks": "tasks.jsonl", "bundle": "repository.bundle", "trajectories": "trajectories.jsonl"}
    return SimpleNamespace(
        rule=name, input=SimpleNamespace(**inputs), output=SimpleNamespace(**files), log=[f"{name}.log"], threads=threads,
        params=SimpleNamespace(limits=asdict(LIMITS) | {"steps": 8}), wildcards=SimpleNamespace(repo="kit"),
    )  # fmt: skip


def trajectory(run, patch, infrastructure=None):
    extra = {"run": run, "patch": patch, "infrastructure": infrastructure}
    return {"instance_id": "kit__kit-1", "extra": extra}


def run_verdicts(threads=1):
    verdicts_rule.main(rule("verdicts", threads, verdicts="verdicts.jsonl", timing="timing.jsonl"))
    return read_jsonl("verdicts.jsonl")


def test_verdicts_keep_the_order_and_judge_equal_patches_once(study, monkeypatch):
    wrong = change({"kit/extra.py": "NAME = 1\n"})
    patches = [small().task.patch, "", wrong, small().task.patch, ""]
    rows = [trajectory(run, patch) for run, patch in enumerate(patches)] + [
        trajectory(5, None, "the engine died")
    ]
    write_jsonl("trajectories.jsonl", rows)
    graded = []
    real = batch.grade
    monkeypatch.setattr(batch, "grade", lambda *arguments: graded.append(1) or real(*arguments))
    found = run_verdicts(threads=2)
    classes = ["resolved", "empty", "unresolved", "resolved", "empty", "infrastructure"]
    assert [(row["run"], row["verdict"]) for row in found] == list(enumerate(classes))
    assert found[5]["resolved"] is None
    assert len(graded) == 3
    assert [set(row) for row in read_jsonl("timing.jsonl")] == [{"instance_id", "run", "seconds"}] * 6
    assert run_verdicts() == found
    assert len(graded) == 3, "a second run takes everything from the store"


def test_a_torn_store_entry_is_graded_again(study):
    write_jsonl("trajectories.jsonl", [trajectory(0, small().task.patch)])
    found = run_verdicts()
    (entry,) = (study / "results" / "store").rglob("*.json")
    entry.write_text(entry.read_text().replace("resolved", "forged"))
    assert run_verdicts() == found
    assert entry.with_suffix(".corrupt").exists()


def test_infrastructure_is_not_kept(study, monkeypatch):
    write_jsonl("trajectories.jsonl", [trajectory(0, small().task.patch)])
    broken = replace(interpreter(), python="/python/bin/absent")
    monkeypatch.setattr(Venue, "runtime", lambda venue, mirror, cache: runtime(broken))
    assert run_verdicts()[0]["verdict"] == "infrastructure"
    assert "infrastructure" in (study / "verdicts.log").read_text()
    monkeypatch.setattr(Venue, "runtime", lambda venue, mirror, cache: runtime())
    assert run_verdicts()[0]["verdict"] == "resolved"


def test_trajectory_of_an_unknown_task_is_named(study):
    write_jsonl("trajectories.jsonl", [trajectory(0, "") | {"instance_id": "kit__kit-9"}])
    with pytest.raises(SystemExit):
        run_verdicts()
    assert "kit__kit-9 is not in tasks.jsonl" in (study / "verdicts.log").read_text()


def test_key_covers_patch_task_limits_code_and_graders(study, monkeypatch):
    court = batch.open_court(Venue(), "repository.bundle", asdict(LIMITS), 1)
    other = batch.open_court(Venue(), "repository.bundle", asdict(LIMITS) | {"cpu_seconds": 9}, 1)
    task = small().task
    changed = replace(task, record=json.loads(json.dumps(task.record).replace("test_odd", "test_add")))
    keys = [court.key(task, ""), court.key(task, "x"), court.key(changed, ""), other.key(task, "")]
    assert len(set(keys)) == 4
    assert court.key(task, "") == batch.open_court(
        Venue(), "repository.bundle", asdict(LIMITS) | {"steps": 1}, 2
    ).key(task, "")
    monkeypatch.setattr(Venue, "graders", lambda venue: {"swebench": "4.1.1"})
    newer = batch.open_court(Venue(), "repository.bundle", asdict(LIMITS), 1)
    assert newer.key(task, "") not in keys and newer.conditions(task) != court.conditions(task)


def test_validate_writes_one_row_a_task(study):
    good = small().task.record
    bad = json.loads(json.dumps(good).replace("kit__kit-1", "kit__kit-2"))
    bad["evaluation"]["PASS_TO_PASS"].append("tests/test_numbers.py::test_absent")
    solved = json.loads(json.dumps(good).replace("kit__kit-1", "kit__kit-3"))
    solved["evaluation"] |= {"FAIL_TO_PASS": ["tests/test_numbers.py::test_double"], "PASS_TO_PASS": []}
    write_jsonl("tasks.jsonl", [good, bad, solved])
    validate_rule.main(rule("validate", 2, validation="validation.csv"))
    rows = list(csv.DictReader((study / "validation.csv").open()))
    assert [list(row.values())[:4] for row in rows] == [
        ["kit__kit-1", "1", "0", "1"], ["kit__kit-2", "0", "0", "0"], ["kit__kit-3", "1", "1", "0"],
    ]  # fmt: skip
    assert [row["reason"] for row in rows] == [
        "",
        "gold is unresolved: tests did not run",
        "passes without a patch",
    ]
    assert all(float(row["seconds"]) > 0 for row in rows)


def not_run(reason: str) -> dict:
    return {"verdict": "infrastructure", "test_pass_fraction": None, "reason": reason}


@pytest.mark.parametrize("strict", [True, False])
def test_validate_never_takes_a_task_out_for_infrastructure(strict):
    verdict = not_run("this machine ran out of memory")
    with pytest.raises(UserError, match=r"could not be run \(this machine ran out of memory\).*run again"):
        validate_rule.row(small().task, verdict, verdict, strict)


@pytest.mark.parametrize("reason", ["environment: pip cannot build it", "wall-clock limit after 1800 s"])
def test_a_real_task_without_an_environment_or_end_is_a_row_with_its_reason(reason):
    found = validate_rule.row(small().task, not_run(reason), not_run(f"not run: {reason}"), strict=False)
    assert (found["valid"], found["reason"]) == (0, f"gold could not be run: {reason}")
    with pytest.raises(UserError, match="could not be run"):
        validate_rule.row(small().task, not_run(reason), not_run(reason), strict=True)
