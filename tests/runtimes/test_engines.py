"""Docker and Apptainer themselves, where this machine has them: what test_images.py cannot show with stand-ins.

The image is a small one of our own, in the layout of the benchmark's (see stand_in.py): no registry is asked.
"""

import os
import subprocess
import time

import pytest

from scripts.benchmark.runtimes.apptainer import Apptainer, file
from scripts.benchmark.runtimes.docker import Docker
from scripts.benchmark.runtimes.images import Images
from scripts.errors import UserError
from scripts.trajectories import workspace
from tests.runtimes import stand_in
from tests.small_repository import LIMITS, small

IMAGE = f"rehearsal/stand-in:{os.getpid()}"


def specs(image: str) -> dict:
    """What environments.json says of the one task."""
    task = {"version": "1", "directives": [], "image": image}
    return {"tasks": {"kit__kit-1": task}, "versions": {"1": {"test_cmd": "pytest"}}}


def give_docker(root) -> None:
    packed = subprocess.run(["tar", "--create", "--directory", root, "."], stdout=subprocess.PIPE, check=True)
    subprocess.run(["docker", "import", "-", IMAGE], input=packed.stdout, check=True, capture_output=True)


def give_apptainer(root) -> None:
    os.makedirs(os.path.dirname(file(IMAGE)))
    subprocess.run(["apptainer", "build", file(IMAGE), root], check=True, capture_output=True)


@pytest.fixture(
    scope="module",
    params=[(Docker(), give_docker), (Apptainer(), give_apptainer)],
    ids=["docker", "apptainer"],
)
def engine(request, tmp_path_factory):
    """An engine of this machine, with the image."""
    found, give = request.param
    if why := found.missing():
        pytest.skip(why)
    root = stand_in.root(tmp_path_factory.mktemp("root"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("REHEARSAL_IMAGES", str(tmp_path_factory.mktemp("images") / "sif"))
        give(root)
        yield found
    if found.name == "docker":
        subprocess.run(["docker", "image", "rm", "--force", IMAGE], check=True, capture_output=True)


@pytest.fixture
def images(engine, tmp_path) -> Images:
    runtime = Images(engine, specs(IMAGE), small().mirror, tmp_path / "cache")
    runtime.prepare([small().task])
    return runtime


@pytest.fixture
def room(images, place):
    with images.open(small().task, place, LIMITS) as opened:
        yield opened


def said(room, command: str) -> str:
    """What a command prints that must succeed."""
    done = room.run(command)
    assert done.returncode == 0, done.output
    return done.output


def test_the_image_is_told_by_its_content(images):
    assert len(images.fingerprint(small().task)) == 64
    assert images.content(IMAGE)


def test_the_workspace_is_at_both_places_and_the_images_history_is_not(room, place):
    base = workspace.tree(place)
    assert said(room, "cat kit/fast.so /testbed/kit/fast.so") == "compiledcompiled"
    assert "the image's own history" not in room.run("cat /testbed/.git/HEAD").output
    assert said(room, "echo new > kit/new.py; echo $PWD") == "/repo\n"
    patch = workspace.diff(place, base)
    assert "kit/new.py" in patch
    assert "fast.so" not in patch
    assert (place / "kit/new.py").stat().st_uid == os.getuid()


def test_a_commands_output_and_exit_code_are_its_own(room):
    done = room.run("cat; echo two >&2; exit 7", stdin="one\n")
    assert (done.returncode, done.output, done.limit) == (7, "one\ntwo\n", None)


def test_the_surroundings_are_those_of_the_other_runtimes(room):
    assert said(room, "echo $HOME $LANG $PYTHONHASHSEED") == "/tmp C.UTF-8 0\n"
    assert said(room, "touch $HOME/a && echo there") == "there\n"


def test_a_command_has_no_network_and_no_capabilities(room):
    interfaces = [line.split(":")[0].strip() for line in said(room, "cat /proc/net/dev").splitlines()[2:]]
    assert set(interfaces) <= {"lo", "tunl0", "sit0", "ip6tnl0"}, "none that leads anywhere"
    assert said(room, "grep CapEff /proc/self/status").split()[1] == "0" * 16


def test_nothing_but_the_workspace_outlasts_a_command(room, place):
    room.run("touch /tmp/kept /opt/kept kept")
    assert room.run("ls /tmp/kept").returncode
    assert room.run("ls /opt/kept").returncode
    assert (place / "kept").exists()


def test_a_command_that_hangs_is_ended_with_its_children(room):
    start = time.monotonic()
    done = room.run("setsid sleep 86399 & sleep 86399", timeout=3)
    assert done.limit == "wall"
    assert time.monotonic() - start < 20
    assert not running("sleep 86399")


def test_what_a_command_leaves_running_ends_with_it(room):
    assert room.run("setsid sleep 86398 > /dev/null 2>&1 & exit 0").returncode == 0
    assert not running("sleep 86398")


def running(words: str) -> bool:
    """Does any process of this machine have such a command line? It has a moment to end."""
    for _ in range(20):
        if subprocess.run(["pgrep", "-f", "-x", words], capture_output=True).returncode:
            return False
        time.sleep(0.2)
    return True


def test_memory_is_limited(room):
    kept = "head -c 600000000 /dev/zero | tail -c {} > /dev/null; exit ${{PIPESTATUS[1]}}"  # tail holds what it may have to print
    assert room.run(kept.format(1_000_000)).returncode == 0
    assert room.run(kept.format(500_000_000)).returncode != 0


def test_processor_time_and_the_size_of_files_are_limited(room):
    assert room.run("while :; do :; done").limit == "cpu"
    assert room.run("head -c 9000000 /dev/zero > big; exit $?").limit == "file"


def test_the_workspace_is_limited(room):
    done = room.run("for n in {1..9}; do head -c 3000000 /dev/zero > big$n; done; sleep 60")
    assert done.limit == "workspace" and done.seconds < 20


def test_processes_are_limited(room, engine):
    if engine.name == "apptainer" and os.getuid() == 0:
        pytest.skip("the kernel does not count the processes of root")
    assert said(room, "for n in {1..9}; do sleep 9 & done; echo started") == "started\n"
    assert "started" not in room.run("for n in {1..99}; do sleep 9 & done; echo started").output


def test_the_agents_tools_are_commands_that_cannot_be_replaced(images, place, tmp_path):
    (tools := tmp_path / "tools").mkdir()
    # the scaffold's own commands ask for a Python, which this image lacks
    (tools / "submit").write_text("#!/bin/bash\necho submitted\n")
    (tools / "submit").chmod(0o755)
    with images.open(small().task, place, LIMITS, tools=tools) as room:
        assert said(room, "submit") == "submitted\n"
        assert room.run("touch /tools/submit").returncode
    with images.open(small().task, place, LIMITS) as room:
        assert room.run("submit").returncode == 127


def test_an_image_that_cannot_be_had_is_named(engine, tmp_path):
    nowhere = "localhost:9/none:1"
    runtime = Images(engine, specs(nowhere), small().mirror, tmp_path / "cache")
    with pytest.raises(UserError, match=f"image {nowhere}: .*run again"):
        runtime.prepare([small().task])
