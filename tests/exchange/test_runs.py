"""Official files of a run that nobody will play are refused before any work."""

from types import SimpleNamespace

import pytest

from scripts.errors import UserError
from scripts.exchange.places import sessions_of_run
from tests.workflow.conftest import snakemake  # noqa: F401
from tests.workflow.test_targets import MODEL, jobs, line_of

RUNS = {"m": {"runs": 2}}


def asked(folder, **run):
    return sessions_of_run(SimpleNamespace(repo="kit", sessions=f"m/{folder}", **run), RUNS)


@pytest.mark.parametrize(
    ("folder", "run"), [("base", 0), ("base", 1), ("A/full-replay/skill", 1), ("expert", 0), ("imported", 7)]
)
def test_a_run_that_will_be_played_is_made_from_its_sessions(folder, run):
    assert asked(folder) == asked(folder, run=str(run)) == f"results/kit/m/{folder}/trajectories.jsonl"


@pytest.mark.parametrize(
    ("folder", "run", "message"),
    [
        (
            "base",
            2,
            "base has no run 2: runs is 2. Fix: take one of 0, 1 (preds.jsonl is run 0), or set runs to 3.",
        ),
        ("A/full-replay/skill", 9, "A/full-replay/skill has no run 9: runs is 2. Fix: take one of 0, 1"),
        (
            "expert",
            1,
            "expert has no run 1: the script plays each task once, whatever stands here. Fix: take one of 0",
        ),
        ("habits", 1, "habits has no run 1: the script plays each task once"),
    ],
)
def test_a_run_that_nobody_plays_is_refused_with_those_there_are(folder, run, message):
    with pytest.raises(UserError) as error:
        asked(folder, run=str(run))
    assert str(error.value).startswith(f"config, key models.m.runs: {message}")


def test_snakemake_refuses_it_before_any_work(snakemake, tmp_path):  # noqa: F811
    target, overlay = f"{MODEL}/base/summary-1.json", tmp_path / "overlay.yaml"
    done = snakemake("-n", target)
    fault = f"config.yaml, line {line_of('    runs: 1')}, models.smollm2-135m.runs: base has no run 1"
    assert done.returncode and fault in done.stderr and "Traceback" not in done.stderr
    overlay.write_text("models: {smollm2-135m: {runs: 2}}\n")
    counts = jobs(snakemake("-n", "--configfile", str(overlay), "--", target))
    assert counts["predictions_of_run"] == counts["base_trajectories"] == 1
