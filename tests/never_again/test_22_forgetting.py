"""Fault 22: forgetting was computed from the same results as before and after (always 0), or drawn at random."""

import pytest

from scripts.measures import metrics
from scripts.statistics.pairs import read_retention

HEADER = "checkpoint,origin,origin_position,pairs,retention\n"


def after(path, lines: str) -> metrics.Success:
    path.write_text(HEADER + lines)
    return read_retention(str(path))


def test_one_evaluation_is_no_forgetting(tmp_path) -> None:
    once = after(tmp_path / "retention.csv", "20,a,1,2,0.9\n20,b,2,2,0.8\n")
    for measure in (metrics.forgetting, metrics.backward_transfer, metrics.stability, metrics.plasticity):
        assert measure(once) is None


def test_forgetting_is_what_a_second_evaluation_lost(tmp_path) -> None:
    twice = after(
        tmp_path / "retention.csv", "10,a,1,2,0.9\n10,b,2,2,0.8\n20,a,1,2,0.5\n20,b,2,2,0.8\n20,c,12,2,0.7\n"
    )
    assert metrics.forgetting(twice) == pytest.approx(0.2)
    assert metrics.backward_transfer(twice) == pytest.approx(-0.2)


def test_an_origin_without_a_held_out_pair_is_missing_and_not_forgotten(tmp_path) -> None:
    partly = after(tmp_path / "retention.csv", "10,a,1,2,0.9\n10,b,2,2,0.8\n20,a,1,0,\n20,b,2,2,0.8\n")
    assert metrics.forgetting(partly) == 0
    never = after(tmp_path / "retention.csv", "10,a,1,2,0.9\n20,b,12,2,0.8\n")
    assert metrics.forgetting(never) is None
