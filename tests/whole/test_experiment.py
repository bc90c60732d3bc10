"""Experiment 1 of studies/strategies.yaml from its sessions to its tables, on four tasks, with a checkpoint after two."""

import csv
import json
from pathlib import Path

import pytest

from tests.whole.workflow import ROOT, finish, with_model

FOLDER = "results/experiments/1"
TARGETS = [f"{FOLDER}/{name}" for name in ("summary.csv", "timing.csv", "figures/matrix.svg")]


@pytest.fixture(scope="module")
def experiment(tmp_path_factory, embedded) -> Path:
    """The folder with the experiment's tables."""
    place = with_model(tmp_path_factory.mktemp("experiment"), embedded)
    (place / "four.yaml").write_text("repos: {families: {tasks: 4}}\nconsolidation: 2\n")
    finish(place, 1, [ROOT / "studies/strategies.yaml", place / "four.yaml"], *TARGETS)
    return place / FOLDER


def table(file: Path) -> list[dict[str, str]]:
    with file.open() as rows:
        return list(csv.DictReader(rows))


def test_both_recipes_are_trained_and_measured(experiment):
    rows = {row["config"]: row for row in table(experiment / "summary.csv")}
    assert rows.keys() == {"full", "naive"}
    for row in rows.values():
        assert row["status"] == "trained"
        assert 0 < float(row["retention"]) <= 1
        assert 0 < float(row["retention_base"]) <= 1  # four short sessions: the base may know them all


def test_full_replay_reads_everything_again_and_naive_training_only_what_is_new(experiment):
    rows = {(row["config"], row["checkpoint"]): row for row in table(experiment / "timing.csv")}
    assert rows.keys() == {(recipe, number) for recipe in ("full", "naive") for number in ("2", "4")}
    tokens = {key: int(row["tokens_read"]) for key, row in rows.items()}
    assert tokens["full", "2"] == tokens["naive", "2"]
    assert tokens["full", "4"] == tokens["naive", "2"] + tokens["naive", "4"]


def test_the_verdict_is_read_from_the_registered_criteria(experiment):
    (place,) = json.loads((experiment / "verdict.json").read_text())["places"]
    assert [each["name"] for each in place["criteria"]] == ["flat retention", "capability"]
    assert place["criteria"][0]["met"] in (True, False)
    assert place["criteria"][1]["met"] is None
