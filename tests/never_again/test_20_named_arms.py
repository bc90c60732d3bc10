"""Fault 20: base and adapted were swapped by sorting condition names, and forward transfer had the wrong sign."""

import shutil

import pytest

from scripts.errors import UserError
from scripts.measures.metrics import forward_transfer
from scripts.statistics.phase_summary import summarise
from tests.statistics.simulate import SETTINGS, halves, plan, write_study


def write() -> dict:
    outcomes = dict.fromkeys(halves(40, "A")[1], 1.0)
    return write_study(40, dict.fromkeys(range(1, 41), 0.0), {("aaa", "skill"): {"A": outcomes}})


def test_the_sign_does_not_depend_on_how_names_sort(tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    (row,), _, _ = summarise(plan(write()), SETTINGS)
    assert row["forward_transfer_A"] == 1.0 and row["resolve_rate_base"] == 0.0
    with pytest.raises(TypeError):
        forward_transfer({"a": 0.0}, {"a": 1.0})


@pytest.mark.parametrize(
    "source, target, message",
    [
        ("A/aaa/skill", "base", "split is 'A', expected ''"),
        ("base", "A/aaa/skill", "split is '', expected 'A'"),
    ],
)
def test_a_file_in_another_arms_place_is_refused(
    tmp_path, monkeypatch, source: str, target: str, message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    phase = write()
    shutil.copy(f"results/pocket/tiny/{source}/runs.csv", f"results/pocket/tiny/{target}/runs.csv")
    with pytest.raises(UserError, match=message):
        summarise(plan(phase), SETTINGS)
