"""The studies of the specification build without any data, and docs/swe-bench-cl.md says what they build."""

import re

import pytest

from tests.workflow.conftest import ROOT
from tests.workflow.test_targets import jobs

ROW = re.compile(r"^\| phase (\d) \| ([\d,]+) \| (\d+), (\d+), (\d+) \|", re.MULTILINE)
COUNTED = ("base_trajectories", "arm_trajectories", "train")


def plan(snakemake, study, phase):
    targets = [f"results/phase{phase}/{name}" for name in ("summary.csv", "timing.csv")]
    return jobs(snakemake("-n", *targets, "--configfile", str(ROOT / f"studies/{study}.yaml")))


def documented():
    text = (ROOT / "docs/swe-bench-cl.md").read_text()
    rows = [[int(cell.replace(",", "")) for cell in row] for row in ROW.findall(text)]
    return {phase: numbers for phase, *numbers in rows}


def test_the_documented_phases_are_there():
    assert sorted(documented()) == [1, 2, 3]


@pytest.mark.parametrize("phase", [1, 2, 3])
def test_the_full_matrix(snakemake, phase):
    counts = plan(snakemake, "swe-bench-cl", phase)
    assert [sum(counts.values()), *(counts[name] for name in COUNTED)] == documented()[phase]


def test_the_pilot_is_phase_1_of_the_specification(snakemake):
    """Sessions of the base and of three arms on one split, and no other source of sessions."""
    counts = plan(snakemake, "django-pilot", 1)
    assert [counts[name] for name in COUNTED] == [1, 3, 2] and "expert_trajectories" not in counts


def test_django_from_archives(snakemake):
    counts = plan(snakemake, "django-archives", 1)
    assert [counts[name] for name in COUNTED] == [1, 4, 4] and counts["expert_trajectories"] == 1
