"""Docker and Apptainer: their command lines exactly, and what is made of their answers, with stand-ins for the programs.

Whether the engines understand the command lines is shown by test_engines.py, where one is installed.
"""

import os
import shutil
import time
import tracemalloc

import pytest

from scripts.benchmark.runtimes import EnvironmentFailure
from scripts.benchmark.runtimes.apptainer import Apptainer
from scripts.benchmark.runtimes.docker import Docker, user
from scripts.benchmark.runtimes.images import Images, Mount
from scripts.errors import UserError
from scripts.trajectories import scaffold as scaffolds
from scripts.trajectories import workspace
from scripts.trajectories.action import SandboxFailure
from scripts.trajectories.tools import SUBMITTED
from tests.small_repository import LIMITS, small

IMAGE = "swebench/sweb.eval.x86_64.kit_1776_kit-1:latest"
SPECS = {
    "tasks": {"kit__kit-1": {"version": "1", "directives": [], "image": IMAGE}},
    "versions": {"1": {"test_cmd": "pytest"}},
}
MOUNTS = [Mount("/w", "/repo", True), Mount("/t", "/tools")]
ULIMITS = "ulimit -c 0; ulimit -f 4096; ulimit -S -t 3; ulimit -H -t 4; "
DOCKER = """#!/bin/bash
# A stand-in: `run` works in the folder that is mounted at /repo, and knows no conda.
case "$1 $2" in
  "image inspect") cat %(inspected)s; exit ;;
  "pull "*) cat %(refused)s >&2; exit 1 ;;
  "info "*) cat %(security)s; exit ;;
  "kill "*) pkill -P "$(cat %(pid)s)"; exit ;;
esac
[[ "$*" == *"--entrypoint tar"* ]] && exec tar --create --directory %(testbed)s .
echo $$ > %(pid)s
for word in "$@"; do [[ $word == *:/repo:rw ]] && cd "${word%%%%:*}"; done
echo "$*" > %(said)s
while [[ $1 != -c ]]; do shift; done
[[ $4 == *"no such image"* ]] && { echo "docker: cannot start"; exit 125; }
echo "docker: a warning of its own" >&2
said=${4/source \\/opt\\/miniconda3\\/bin\\/activate testbed && /}
exec bash -c "$2" bash "${said/\\/tools:/%(tools)s:}"
"""


def test_docker_runs_a_command():
    assert Docker().run(IMAGE, "n1", MOUNTS, LIMITS, "ls") == [
        *("docker", "run", "--rm", "--interactive", "--init", "--name", "n1", "--platform", "linux/amd64"),
        *("--network", "none", "--cap-drop", "ALL", "--security-opt", "no-new-privileges", "--read-only"),
        *("--user", f"{os.getuid()}:{os.getgid()}", "--memory", "256m", "--memory-swap", "256m"),
        *("--pids-limit", "32", "--tmpfs", "/tmp:exec,mode=1777,size=16m"),
        *("--env", "HOME=/tmp", "--env", "LANG=C.UTF-8", "--env", "PYTHONHASHSEED=0"),
        *("--volume", "/w:/repo:rw", "--volume", "/t:/tools:ro", "--workdir", "/repo"),
        *("--entrypoint", "/bin/bash", IMAGE, "-c", ULIMITS + 'exec /bin/bash -c "$1"', "bash", "ls"),
    ]


def test_apptainer_runs_a_command(monkeypatch):
    monkeypatch.setenv("REHEARSAL_IMAGES", "/images")
    sif = "/images/swebench_sweb.eval.x86_64.kit_1776_kit-1-latest.sif"
    assert Apptainer().run(IMAGE, "n1", MOUNTS, LIMITS, "ls") == [
        *("apptainer", "exec", "--containall", "--cleanenv", "--no-home", "--writable-tmpfs"),
        *("--net", "--network", "none", "--no-privs"),
        *("--env", "LANG=C.UTF-8", "--env", "PYTHONHASHSEED=0"),
        *("--bind", "/w:/repo:rw", "--bind", "/t:/tools:ro", "--pwd", "/repo", sif),
        *("/bin/bash", "-c", ULIMITS + 'exec /bin/bash -c "$1"', "bash"),
        "export HOME=/tmp; ulimit -v 262144; ulimit -u 32; ls",
    ]
    assert Apptainer().pull(IMAGE) == ["apptainer", "pull", "--force", sif, f"docker://{IMAGE}"]


@pytest.mark.parametrize("engine", [Docker(), Apptainer()])
def test_without_an_engine_the_task_its_need_and_the_alternatives_are_named(engine, tmp_path, monkeypatch):
    runtime, task = Images(engine, SPECS, small().mirror, tmp_path), small().task
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UserError) as error:
        runtime.prepare([task])
    for word in ("kit__kit-1", IMAGE, engine.name, "local", "docker", "apptainer"):
        assert word in str(error.value)


@pytest.fixture
def images(tmp_path, monkeypatch):
    """The runtime of a stand-in docker whose image has one built file in /testbed."""
    (testbed := tmp_path / "testbed" / "kit").mkdir(parents=True)
    (testbed / "fast.so").write_text("compiled")
    program = tmp_path / "bin" / "docker"
    program.parent.mkdir()
    places = ("pid", "said", "testbed", "tools", "inspected", "refused", "security")
    names = {name: tmp_path / name for name in places}
    names["inspected"].write_text("sha256:abc\n")
    names["security"].write_text("[name=seccomp,profile=default]\n")
    program.write_text(DOCKER % names)
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
    return Images(Docker(), SPECS, small().mirror, tmp_path / "cache")


def test_what_the_image_built_lies_over_the_workspace_and_is_no_part_of_the_patch(images, place):
    base = workspace.tree(place)
    with images.open(small().task, place, LIMITS) as room:
        done = room.run("cat kit/fast.so; echo new > kit/new.py; exit 3")
    assert (done.returncode, done.output, done.limit) == (3, "compiled", None)
    patch = workspace.diff(place, base)
    assert "kit/new.py" in patch
    assert "fast.so" not in patch


def test_an_image_without_a_testbed_is_named(images, place, tmp_path):
    shutil.rmtree(tmp_path / "testbed")
    with (
        pytest.raises(EnvironmentFailure, match=f"/testbed of {IMAGE} cannot be read"),
        images.open(small().task, place, LIMITS),
    ):
        pass


def test_a_command_that_hangs_is_ended_with_its_children(images, place, tmp_path):
    with images.open(small().task, place, LIMITS) as room:
        start = time.monotonic()
        done = room.run("sleep 300 & sleep 300", timeout=1)
    assert done.limit == "wall"
    assert time.monotonic() - start < 10


def test_a_command_that_closes_its_output_is_ended_all_the_same(images, place):
    with images.open(small().task, place, LIMITS) as room:
        done = room.run("exec > /dev/null 2>&1; sleep 300", timeout=1)
    assert (done.limit, done.seconds < 10) == ("wall", True)


def test_a_container_that_does_not_start_is_infrastructure(images, place):
    with (
        images.open(small().task, place, LIMITS) as room,
        pytest.raises(SandboxFailure, match="did not run the command: docker: cannot start"),
    ):
        room.run("no such image")


@pytest.mark.parametrize("code", [125, 255])
def test_a_command_may_end_with_the_engines_own_exit_codes(images, place, code):
    with images.open(small().task, place, LIMITS) as room:
        done = room.run(f"echo mine; exit {code}")
    assert (done.returncode, done.output) == (code, "mine\n"), "and what the engine says is not its output"


def test_a_command_that_is_no_bash_is_the_agents_error(images, place):
    with images.open(small().task, place, LIMITS) as room:
        done = room.run('echo "x')
    assert done.returncode == 2 and "unexpected EOF" in done.output


def test_the_agents_tools_are_commands(images, place, tmp_path):
    tools = scaffolds.load("bash").tools_in(tmp_path / "tools-of")
    tools.rename(tmp_path / "tools")
    with images.open(small().task, place, LIMITS, tools=tmp_path / "tools") as room:
        done = room.run("submit")
    assert (done.returncode, done.output) == (0, f"{SUBMITTED}\n")
    with images.open(small().task, place, LIMITS) as room:
        assert room.run("submit").returncode == 127


def test_another_image_or_another_test_command_is_another_runtime(images):
    before = images.fingerprint(small().task)
    images.versions = {"1": {"test_cmd": "pytest -x"}}
    another = images.fingerprint(small().task)
    images.content = lambda image: "sha256:abd"
    third = images.fingerprint(small().task)
    images.code = "another way to run commands"
    assert len({before, another, third, images.fingerprint(small().task)}) == 4


def test_an_image_that_does_not_exist_concerns_its_task_alone(images, place, tmp_path):
    (tmp_path / "inspected").unlink()
    (tmp_path / "refused").write_text(f"docker: manifest for {IMAGE} not found: manifest unknown\n")
    images.prepare([small().task])
    assert len(images.fingerprint(small().task)) == 64
    with (
        pytest.raises(EnvironmentFailure, match=f"there is no image {IMAGE}"),
        images.open(small().task, place, LIMITS),
    ):
        pass


def test_a_registry_that_gives_no_image_today_stops_the_job(images, tmp_path):
    (tmp_path / "inspected").unlink()
    (tmp_path / "refused").write_text("toomanyrequests: You have reached your pull rate limit.\n")
    with pytest.raises(UserError, match=f"{IMAGE}.*pull rate limit.*run again"):
        images.prepare([small().task])


def test_endless_output_is_not_kept(images, place):
    with images.open(small().task, place, LIMITS) as room:
        tracemalloc.start()
        done = room.run("head -c 200000000 /dev/zero; echo the end", capture=1000)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert "bytes left out" in done.output and done.output.endswith("the end\n")
    assert peak < 10e6


def test_a_command_that_fills_the_workspace_is_ended(images, place):
    with images.open(small().task, place, LIMITS) as room:
        done = room.run("for n in {1..9}; do head -c 3000000 /dev/zero > big$n; done; sleep 300")
        assert (done.limit, done.seconds < 10) == ("workspace", True)
        assert room.run("echo again").limit == "workspace", "and so is every one that leaves it full"


def test_of_a_rootless_daemon_root_is_whoever_runs_the_workflow(images, tmp_path):
    (tmp_path / "security").write_text("[name=seccomp,profile=default name=rootless name=cgroupns]\n")
    user.cache_clear()
    try:
        assert "--user 0:0" in " ".join(Docker().run(IMAGE, "n1", MOUNTS, LIMITS, "ls"))
    finally:
        user.cache_clear()
