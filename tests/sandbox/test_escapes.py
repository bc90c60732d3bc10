"""Everything that must not be possible from inside, tried from inside; each attempt fails for the right reason."""

import os
import re
import secrets
import socket
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from types import SimpleNamespace

import pytest

from scripts.trajectories import workspace
from scripts.trajectories.public import scratch
from scripts.trajectories.sandbox import Sandbox
from tests.sandbox.attempts import IMPOSSIBLE, POSSIBLE, program
from tests.small_repository import LIMITS, interpreter, small

OUR_DEVICES = {
    "core",
    "fd",
    "full",
    "null",
    "ptmx",
    "pts",
    "random",
    "shm",
    "stderr",
    "stdin",
    "stdout",
    "tty",
    "urandom",
    "zero",
    "console",
}


@pytest.fixture(scope="module")
def outside():
    """Real things of this machine that are worth reaching."""
    with ExitStack() as stack:
        folder = stack.enter_context(scratch())
        folder.chmod(0o755)
        (folder / "secret").write_text("n % 2 == 0  # the fix")
        workspace.create(small().mirror, small().base, folder / "other")
        tcp = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        name = secrets.token_hex(8)
        for address in (f"\0{name}", str(folder / "socket")):
            listener = stack.enter_context(socket.socket(socket.AF_UNIX))
            listener.bind(address)
            listener.listen()
        os.chmod(folder / "socket", 0o777)
        process = subprocess.Popen(["sleep", "600"])
        stack.callback(process.wait)
        stack.callback(process.kill)
        device = min(set(os.listdir("/dev")) - OUR_DEVICES)
        facts = {
            "port": tcp.getsockname()[1],
            "abstract": name,
            "folder": folder,
            "pid": process.pid,
            "device": device,
        }
        facts |= {"mirror": small().mirror, "future": small().future, "home": Path.home()}
        yield SimpleNamespace(facts=facts, process=process, folder=folder)


@pytest.fixture
def box(tmp_path_factory):
    """A sandbox on a fresh workspace, with one tool."""
    with scratch() as folder:
        workspace.create(small().mirror, small().base, folder / "repo")
        tools = folder / "tools"
        tools.mkdir()
        (tools / "hello").write_text("#!/bin/bash\necho hello\n")
        (tools / "hello").chmod(0o755)
        with Sandbox(folder / "repo", LIMITS, interpreter(), tools) as sandbox:
            yield sandbox


def inside(box, code):
    return box.run("python -I -", stdin=code)


@pytest.mark.parametrize(("code", "reason"), [row[1:] for row in POSSIBLE], ids=[row[0] for row in POSSIBLE])
def test_possible_outside_and_refused_inside(box, outside, tmp_path, code, reason):
    code = program(code, **outside.facts)
    here = subprocess.run(
        [sys.executable, "-I", "-"],
        input=code,
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={**os.environ, "OUTSIDE_SECRET": "1"},
        timeout=60,
    )
    assert "ESCAPED" in here.stdout, f"the attempt itself is broken: {here.stdout}{here.stderr}"
    there = inside(box, code)
    assert "ESCAPED" not in there.output
    assert re.search(reason, there.output), there.output


@pytest.mark.parametrize(
    ("code", "reason"), [row[1:] for row in IMPOSSIBLE], ids=[row[0] for row in IMPOSSIBLE]
)
def test_refused_inside(box, outside, code, reason):
    there = inside(box, program(code, **outside.facts))
    assert "ESCAPED" not in there.output
    assert re.search(reason, there.output), there.output


def test_udp_does_not_arrive(box):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listener:
        listener.bind(("127.0.0.1", 0))
        listener.settimeout(0.3)
        send = f"import socket; socket.socket(2, 2).sendto(b'x', ('127.0.0.1', {listener.getsockname()[1]}))"
        subprocess.run([sys.executable, "-c", send], check=True)
        assert listener.recv(1) == b"x"
        assert inside(box, send).returncode == 0
        with pytest.raises(TimeoutError):
            listener.recv(1)


def test_killing_everything_kills_nothing_outside(box, outside):
    box.run(f"kill -9 -1; kill -9 {outside.process.pid}; kill -9 1")
    assert outside.process.poll() is None
    assert box.run("echo alive").output == "alive\n"


def test_tmp_is_its_own(box):
    name = f"/tmp/{secrets.token_hex(8)}"
    assert box.run(f"echo x > {name} && cat {name}").output == "x\n"
    assert not os.path.exists(name)
    assert "No such file" in box.run(f"cat {name}").output


def test_patch_does_not_follow_links_out(box, outside):
    tree = workspace.tree(box.workspace)
    box.run(
        f"rm kit/numbers.py; ln -s {outside.folder}/secret kit/numbers.py; ln -s {outside.folder} whole; rm -rf .git; ln -s / .git"
    )
    patch = workspace.diff(box.workspace, tree)
    assert "the fix" not in patch
    assert f"+{outside.folder}/secret" in patch


def test_a_link_in_place_of_the_workspace_is_impossible(box, outside):
    outcome = box.run(
        f"cd /; rm -rf /repo/* /repo/.git; rmdir /repo; mv /repo /r; ln -sfn {outside.folder} /repo; ls -d /repo/secret"
    )
    assert re.search("busy|Read-only", outcome.output, re.IGNORECASE)
    assert (outside.folder / "secret").exists()


def test_tools_work_and_are_first_on_the_path(box):
    assert box.run("type hello; hello").output == "hello is /tools/hello\nhello\n"


def test_what_is_inside_does_not_depend_on_who_runs_it(box):
    assert box.run("id -un; id -u; hostname; pwd; echo $HOME").output == "agent\n1000\nsandbox\n/repo\n/tmp\n"
    assert "CapEff:\t0000000000000000" in box.run("cat /proc/self/status").output
    assert "CapBnd:\t0000000000000000" in box.run("cat /proc/self/status").output
    assert "NoNewPrivs:\t1" in box.run("cat /proc/self/status").output
