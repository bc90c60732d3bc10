"""End the jobs that a killed Snakemake left behind, so that their successors do not meet them.

After `kill -9` of Snakemake its jobs go on, and would write beside the next run's. Every job carries the folder it works for
in its environment (setup.py). An orphan is a process that carries this folder and has no living Snakemake among its ancestors.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import psutil

from scripts.errors import UserError
from scripts.workflow.setup import WORKDIR

GONE = (psutil.NoSuchProcess, psutil.AccessDenied, psutil.ZombieProcess)


def end_orphans(workdir: Path, patience: float = 5.0) -> int:
    """End every orphan of a folder together with its children: asked first, killed after `patience` seconds.

    Returns:
        How many processes were ended.

    Raises:
        UserError: a Snakemake is running in the folder; its jobs are no orphans.
    """
    workdir = workdir.resolve()
    if live := live_run(workdir):
        what = f"Snakemake is running here already (process {live.pid})"
        raise UserError(str(workdir), what, f"wait for it, or stop it with: kill -INT {live.pid}")
    found = with_children(orphans(workdir))
    for process in found:
        quietly(process.terminate)
    for process in with_children(still_there(found, patience)):
        quietly(process.kill)
    still_there(found, patience)
    return len(found)


def still_there(processes: list[psutil.Process], patience: float) -> list[psutil.Process]:
    """Which processes still run after at most `patience` seconds; a zombie, which nobody has fetched yet, is gone."""
    deadline = time.monotonic() + patience
    while (left := list(filter(runs, processes))) and time.monotonic() < deadline:
        time.sleep(0.05)
    return left


def runs(process: psutil.Process) -> bool:
    with suppress(*GONE):
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    return False


def orphans(workdir: Path) -> list[psutil.Process]:
    """Processes that work for this folder although no Snakemake above them lives."""
    return [
        process
        for process in psutil.process_iter()
        if works_for(process, workdir) and not any(map(is_snakemake, parents(process)))
    ]


def live_run(workdir: Path) -> psutil.Process | None:
    """A Snakemake that someone started in this folder; one that a job started belongs to the job."""
    ours = {process.pid for process in [psutil.Process(), *psutil.Process().parents()]}
    for process in psutil.process_iter():
        if process.pid not in ours and is_snakemake(process) and not works_for(process, workdir):
            try:
                if Path(process.cwd()) == workdir:
                    return process
            except GONE:
                continue
    return None


def works_for(process: psutil.Process, workdir: Path) -> bool:
    try:
        return process.environ().get(WORKDIR) == str(workdir)
    except GONE:
        return False


def is_snakemake(process: psutil.Process) -> bool:
    """Is this `snakemake ...`, `python .../snakemake ...` or `python -m snakemake ...`?"""
    try:
        return runs(process) and "snakemake" in [Path(word).name for word in process.cmdline()[:3]]
    except GONE:
        return False


def parents(process: psutil.Process) -> list[psutil.Process]:
    try:
        return process.parents()
    except GONE:
        return []


def with_children(processes: list[psutil.Process]) -> list[psutil.Process]:
    """Processes and everything below them, each once: a sandbox has cleared its environment and is known by its parent."""
    return list(dict.fromkeys(each for process in processes for each in (process, *children(process))))


def children(process: psutil.Process) -> Iterator[psutil.Process]:
    with suppress(*GONE):
        yield from process.children(recursive=True)


def quietly(action: Callable[[], None]) -> None:
    """Send a signal to a process that may be gone by now."""
    with suppress(*GONE):
        action()
