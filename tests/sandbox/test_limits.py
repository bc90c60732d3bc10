"""The limits hold for the sandbox as a whole, and nothing outlives its action."""

import os
import secrets
import subprocess
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import pytest

from scripts.trajectories import workspace
from scripts.trajectories.public import scratch
from scripts.trajectories.sandbox import Sandbox
from scripts.trajectories.watchdog import Watchdog
from tests.small_repository import LIMITS, interpreter, small

MB = 1 << 20


@pytest.fixture
def box():
    with scratch() as folder:
        workspace.create(small().mirror, small().base, folder / "repo")
        with Sandbox(folder / "repo", LIMITS, interpreter()) as sandbox:
            yield sandbox


def python(code: str) -> str:
    return f"python -I - <<'END'\n{code}\nEND"


MANY = "import os, time\nfor i in range({n}):\n    if os.fork() == 0:\n        {act}\n        time.sleep(60)\n        os._exit(0)\ntime.sleep(60)"
BREACHES = [
    ("fork bomb", ":(){ :|:& };:; sleep 30", "processes"),
    ("python fork bomb", python("import os\nwhile True:\n    try: os.fork()\n    except OSError: pass"), "processes"),
    ("processes that leave the session", "for i in $(seq 60); do setsid sleep 60 & done; wait", "processes"),
    ("threads", python("import threading, time\nthreading.stack_size(1 << 18)\nfor i in range(60): threading.Thread(target=time.sleep, args=(60,)).start()"), "processes"),
    ("memory in many processes", python(MANY.format(n=8, act=f"x = bytearray({60 * MB})")), "memory"),
    ("one big file", "head -c 20M /dev/zero > big; exit 153", "file"),
    ("one huge sparse file", python("f = open('big', 'w')\nimport signal; signal.signal(signal.SIGXFSZ, signal.SIG_DFL)\nos_ = __import__('os'); os_.truncate('big', 1 << 40)"), "file"),
    ("many files", "for i in $(seq 200); do head -c 1M /dev/zero > f$i; done; sleep 30", "workspace"),
    ("many empty files", "mkdir e; cd e; while true; do touch $RANDOM$RANDOM {a..z}$RANDOM; done", "workspace"),
    ("a quick burst", "for i in 1 2 3 4 5 6; do head -c 4000000 /dev/zero > f$i; done", "workspace"),
    ("a bottomless folder", python("import os\nfor i in range(3000):\n    os.mkdir('d' * 50); os.chdir('d' * 50)"), "workspace"),
    ("deleted but open files", python("import os, time\nopen_ = []\nfor i in range(8):\n    f = open('x', 'wb'); os.remove('x'); f.write(bytes(3 << 20)); f.flush(); open_.append(f)\ntime.sleep(60)"), "workspace"),
    ("files without names", python("import os, time\nfds = [os.open('.', os.O_TMPFILE | os.O_RDWR) for i in range(8)]\nfor f in fds: os.write(f, bytes(3 << 20))\ntime.sleep(60)"), "workspace"),
    ("empty files in /tmp", "cd /tmp; while true; do touch $RANDOM$RANDOM {a..z}{a..z}$RANDOM; done", "workspace|cpu"),
    ("endless loop", "while true; do :; done", "cpu"),
    ("endless loops side by side", python(MANY.format(n=6, act="while True: pass")), "cpu"),
    ("endless chain of short processes", "while true; do bash -c 'for i in {1..20000}; do :; done'; done", "cpu"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("command", "limit"), [row[1:] for row in BREACHES], ids=[row[0] for row in BREACHES]
)
def test_breach_ends_the_action_and_is_named(box, command, limit):
    outcome = box.run(command)
    assert outcome.limit in limit.split("|"), outcome
    assert outcome.seconds < 15
    assert outcome.returncode != 0 or limit == "workspace"


def test_memory_of_one_process(box):
    outcome = box.run(python(f"x = bytearray({400 * MB}); print('ESCAPED')"))
    assert "ESCAPED" not in outcome.output
    assert "MemoryError" in outcome.output
    assert "fits" in box.run(python(f"x = bytearray({100 * MB}); print('fits')")).output


def test_memory_file_systems_are_small(box):
    for place, size in (("/tmp", LIMITS.workspace_mb), ("/dev/shm", 16)):
        fill = (
            f"cd {place}; for i in $(seq 40); do head -c 3M /dev/zero > $i || break; done; du -sm . | cut -f1"
        )
        outcome = box.run(fill)
        assert outcome.limit == "workspace" or "No space left" in outcome.output
        assert outcome.limit == "workspace" or int(outcome.output.split()[-1]) <= size


def test_wall_clock(box):
    start = time.monotonic()
    assert box.run("sleep 30", timeout=0.5).limit == "wall"
    assert time.monotonic() - start < 5
    box.limits = replace(LIMITS, wall_seconds=1)
    assert box.run("sleep 30", timeout=60).limit == "wall"


def test_stopped_processes_still_end(box):
    outcome = box.run("trap '' TERM INT HUP; kill -STOP $$", timeout=0.5)
    assert outcome.limit == "wall"


def test_output_is_held(box):
    outcome = box.run("echo first; head -c 50M /dev/zero | tr '\\0' x; echo; echo last")
    assert len(outcome.output) < 70_000
    assert outcome.output.startswith("first")
    assert outcome.output.endswith("last\n")
    assert "bytes left out" in outcome.output


BEAT = "while true; do echo $MARK >> /repo/beat; sleep 0.02; done"
DAEMONS = [
    ("background", f"({BEAT}) & sleep 0.1"),
    ("nohup", f"nohup bash -c '{BEAT}' >/dev/null 2>&1 & sleep 0.1"),
    ("setsid", f"setsid bash -c '{BEAT}' >/dev/null 2>&1 < /dev/null & disown; sleep 0.1"),
    ("deaf to signals", f"(trap '' TERM HUP INT; {BEAT}) >/dev/null 2>&1 & disown; sleep 0.1"),
    ("double fork", python("import os, time\nif os.fork() == 0:\n    os.setsid()\n    if os.fork() == 0:\n        [os.close(n) for n in range(3)]\n        while True:\n            os.write(os.open('/repo/beat', os.O_CREAT | os.O_APPEND | os.O_WRONLY), b'x')\n            os.closerange(0, 200); time.sleep(0.02)\n    os._exit(0)\ntime.sleep(0.2)")),
    ("orphans of a killed shell", f"bash -c '({BEAT}) & kill -9 $$' ; sleep 0.1; true"),
]  # fmt: skip


@pytest.mark.parametrize("command", [row[1] for row in DAEMONS], ids=[row[0] for row in DAEMONS])
def test_no_daemon_is_left(box, command):
    mark = secrets.token_hex(8)
    assert box.run(f"export MARK={mark}; {command}").limit is None
    beat = box.workspace / "beat"
    before = beat.stat().st_size
    assert before > 0, "the daemon never ran"
    assert not [pid for pid in filter(str.isdigit, os.listdir("/proc")) if mark.encode() in environ(pid)]
    time.sleep(0.1)
    assert beat.stat().st_size == before


def environ(pid: str) -> bytes:
    try:
        return Path(f"/proc/{pid}/environ").read_bytes()
    except OSError:
        return b""


def test_no_action_outlives_a_killed_job(box):
    """The process that runs the sandbox is killed as kill -9 would; what it had started dies with it."""
    mark = secrets.token_hex(8)
    job = os.fork()
    if job == 0:
        box.run(f"export MARK={mark}; {BEAT}")
        os._exit(0)
    beat = box.workspace / "beat"
    while not beat.exists():
        time.sleep(0.01)
    os.kill(job, 9)
    os.waitpid(job, 0)
    time.sleep(0.3)
    before = beat.stat().st_size
    time.sleep(0.1)
    assert beat.stat().st_size == before
    assert not [pid for pid in filter(str.isdigit, os.listdir("/proc")) if mark.encode() in environ(pid)]


def test_the_hosts_own_files_are_never_the_actions(tmp_path):
    """Bubblewrap's first process is in the host's root until it has made its own: what lies in the host's /tmp is not its.

    On a busy machine a look falls into that moment.
    """
    (tmp_path / "workspace").mkdir()
    with subprocess.Popen(["sleep", "60"]) as outside, tempfile.NamedTemporaryFile(dir="/tmp") as file:
        file.write(bytes(2 * MB))
        file.flush()
        watchdog = Watchdog(tmp_path / "workspace", replace(LIMITS, workspace_mb=1), 0, outside.pid)
        assert watchdog.breach() is None
        outside.kill()
