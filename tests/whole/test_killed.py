"""The real workflow, twice: in peace on two cores, and on one core under `kill -9`, its orphans left alive.

Both must end in the same bytes, and nothing that was finished may be done again. REHEARSAL_KILLS says how often the second
run is killed (ten for the acceptance of a release); the moments are drawn anew each time and printed.
"""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.whole.workflow import ROOT, finish, start, with_model

STUDIES = [ROOT / "studies/smoke.yaml"]
SUMMARY = "results/phase2/summary.csv"
KILLS = int(os.environ.get("REHEARSAL_KILLS", "2"))
IDENTICAL = (
    "phase2/*.csv",
    "phase2/verdict.json",
    "**/trajectories.jsonl",
    "**/verdicts.jsonl",
    "**/adapter_model.safetensors",
)
TIMED = "timing.csv"


def recover(folder: Path) -> None:
    """What `make` does before a run."""
    subprocess.run([sys.executable, "-m", "scripts.workflow.recover", folder], cwd=ROOT, check=True)


def stored(folder: Path) -> dict[str, int]:
    """When each entry of the store was written."""
    entries = (folder / "results/store").rglob("*.json")
    return {str(path.relative_to(folder)): path.stat().st_mtime_ns for path in entries}


def content(folder: Path) -> dict[str, bytes]:
    """Everything that is promised to be the same in every run."""
    files = {path for pattern in IDENTICAL for path in (folder / "results").glob(pattern)}
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in files
        if path.name != TIMED and "store" not in path.parts
    }


@pytest.fixture(scope="module")
def peaceful(tmp_path_factory, embedded) -> Path:
    folder = with_model(tmp_path_factory.mktemp("peaceful"), embedded)
    finish(folder, 2, STUDIES, SUMMARY)
    return folder


def test_a_killed_run_ends_like_an_undisturbed_one(peaceful, tmp_path, embedded):
    folder = with_model(tmp_path, embedded)
    written: dict[str, int] = {}
    for _ in range(KILLS):
        moment = random.uniform(8, 45)
        print(f"kill -9 after {moment:.1f} s")
        run = start(folder, 1, STUDIES, SUMMARY)
        time.sleep(moment)
        if run.poll() is None:
            run.send_signal(signal.SIGKILL)
        run.wait()
        recover(folder)
        written = {**stored(folder), **written}
    finish(folder, 1, STUDIES, SUMMARY)
    assert content(folder) == content(peaceful)
    assert {entry: stored(folder)[entry] for entry in written} == written, "finished work was done again"


def test_the_tables_are_all_there(peaceful):
    names = {path.name for path in (peaceful / "results/phase2").iterdir()}
    assert names >= {"summary.csv", "splits.csv", "tests.csv", "verdict.json"}
    assert len((peaceful / SUMMARY).read_text().splitlines()) == 2
