"""What `make` would start, and what it says of an overlay that is none."""

import shutil
import subprocess
import sys

import pytest

from tests.workflow.conftest import ROOT


def would_start(*arguments: str) -> str:
    """The commands of a target; none of them is run."""
    done = subprocess.run(["make", "--dry-run", *arguments], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("target", ["phase1", "phase2", "report"])
def test_of_several_overlays_none_is_lost(target):
    """Snakemake takes the last --configfile only, and all the files behind it."""
    for command in would_start(target, "STUDY=studies/a.yaml b.yaml").splitlines():
        if "snakemake --cores" in command:
            assert (
                command.count("--configfile studies/a.yaml b.yaml --") == command.count("--configfile") == 1
            )


def test_a_checkout_may_lie_in_any_folder(tmp_path):
    folder = tmp_path / "a founder's work"
    folder.mkdir()
    for name in ("Makefile", "requirements.txt", "requirements-models.txt"):
        shutil.copy(ROOT / name, folder)
    bin = folder / ".venv/bin"
    bin.mkdir(parents=True)
    for name in ("python", "snakemake"):
        (bin / name).write_text(f'#!/bin/sh\necho {name}: "$@"\n')
        (bin / name).chmod(0o755)
    (folder / ".venv/stamp").touch()
    done = subprocess.run(["make", "phase1"], cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "snakemake: --cores 1 --directory . -- results/phase1/summary.csv" in done.stdout


def test_without_an_overlay_there_is_none():
    assert "--configfile" not in would_start("phase2")
    assert would_start("smoke").count("--configfile studies/smoke.yaml") == 2


@pytest.mark.parametrize(("target", "folder"), [("phase2", "."), ("report", "."), ("smoke", "smoke")])
def test_only_the_folder_that_is_used_is_recovered(target, folder):
    recovered = [line for line in would_start(target).splitlines() if "scripts.workflow.recover" in line]
    assert [line.split("scripts.workflow.recover")[1].split() for line in recovered] == [[f'"{folder}"']]


def test_a_study_may_have_a_folder_of_its_own():
    commands = would_start("phase2", "DIR=my study", "STUDY=studies/smoke.yaml").splitlines()
    (run,) = [command for command in commands if "snakemake --cores" in command]
    assert '--cores 1 --directory "my study" --configfile studies/smoke.yaml --' in run
    assert any(command.endswith('scripts.workflow.recover "my study"') for command in commands)


def test_check_reads_the_files_as_snakemake_merges_them(tmp_path):
    (tmp_path / "typo.yaml").write_text("repos: {pocket: {tsks: 60}}")
    command = [sys.executable, "-m", "scripts.workflow.setup", "config.yaml", "studies/strategies.yaml"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (
        0,
        "config.yaml + studies/strategies.yaml: every key fits\n",
    ), done.stderr
    done = subprocess.run([*command, tmp_path / "typo.yaml"], cwd=ROOT, capture_output=True, text=True)
    assert (
        done.returncode == 1
        and "typo.yaml, line 1, repos.pocket.tsks: unknown key. Fix: did you mean 'tasks'?" in done.stderr
    )


def test_smoke_and_a_phase_in_one_call_recover_both_folders():
    recovered = [line for line in would_start("smoke", "phase1").splitlines() if "workflow.recover" in line]
    assert {line.split()[-1] for line in recovered} == {'"."', '"smoke"'}


def test_no_core_is_refused_instead_of_waiting_for_one():
    done = subprocess.run(
        ["make", "--dry-run", "phase2", "CORES=0"], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 2 and "CORES=0: no job could run. Fix: write 1 or more" in done.stderr
