"""After kill -9 of Snakemake its jobs go on and its lock stays: real processes, really killed."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from scripts.errors import UserError
from scripts.workflow.orphans import end_orphans, orphans
from scripts.workflow.recover import recover

ROOT = Path(__file__).parents[2]
SNAKEFILE = f"""
import sys
sys.path.insert(0, {str(ROOT)!r})
from scripts.workflow import setup
setup.environment({str(ROOT)!r})

rule slow:
    output: "done"
    shell: "env -i setsid sleep 300 & echo $! > daemon; echo $$ > job; [ -e quick ] || sleep 300; touch done; kill $!"
"""


@pytest.fixture
def workdir(tmp_path, monkeypatch):
    (tmp_path / "Snakefile").write_text(SNAKEFILE)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("REHEARSAL_WORKDIR", raising=False)
    return tmp_path


def start(workdir: Path) -> subprocess.Popen:
    """Snakemake in the folder, with its job under way."""
    command = [sys.executable, "-m", "snakemake", "--cores", "1", "--rerun-incomplete"]
    run = subprocess.Popen(
        command, cwd=workdir, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )
    for _ in range(600):
        if (workdir / "job").exists() and (workdir / "job").read_text().strip():
            return run
        time.sleep(0.05)
    raise AssertionError("the job did not start")


def alive(workdir: Path, name: str) -> bool:
    number = int((workdir / name).read_text())
    return psutil.pid_exists(number) and psutil.Process(number).status() != psutil.STATUS_ZOMBIE


def test_orphans_are_ended_and_the_next_run_goes_through(workdir):
    run = start(workdir)
    os.kill(run.pid, signal.SIGKILL)
    run.wait()
    assert alive(workdir, "job") and alive(workdir, "daemon")
    assert list((workdir / ".snakemake" / "locks").glob("*"))
    assert recover(workdir) >= 2
    assert not alive(workdir, "job") and not alive(workdir, "daemon")
    (workdir / "quick").touch()
    again = [sys.executable, "-m", "snakemake", "--cores", "1", "--rerun-incomplete"]
    assert subprocess.run(again, cwd=workdir, capture_output=True).returncode == 0
    assert (workdir / "done").exists()


def test_a_living_run_is_refused_and_left_alone(workdir):
    run = start(workdir)
    try:
        with pytest.raises(
            UserError, match=rf"Snakemake is running here already \(process {run.pid}\).*kill -INT"
        ):
            recover(workdir)
        assert run.poll() is None and alive(workdir, "job") and alive(workdir, "daemon")
    finally:
        os.kill(run.pid, signal.SIGKILL)
        run.wait()
        recover(workdir)


def test_other_folders_are_none_of_its_business(workdir, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    environment = {**os.environ, "REHEARSAL_WORKDIR": str(elsewhere)}
    stranger = subprocess.Popen(["sleep", "300"], env=environment, start_new_session=True)
    try:
        assert end_orphans(workdir) == 0
        assert stranger.poll() is None
        assert [process.pid for process in orphans(elsewhere)] == [stranger.pid]
    finally:
        stranger.kill()
        stranger.wait()


def test_one_that_does_not_listen_is_killed(workdir):
    deaf = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(flush=True); time.sleep(300)"
    environment = {**os.environ, "REHEARSAL_WORKDIR": str(workdir)}
    process = subprocess.Popen([sys.executable, "-c", deaf], env=environment, stdout=subprocess.PIPE)
    process.stdout.read(1)
    assert end_orphans(workdir, patience=0.3) == 1
    assert process.wait() == -signal.SIGKILL


def test_nothing_to_do_is_fine(workdir):
    assert recover(workdir) == 0
