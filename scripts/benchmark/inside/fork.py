"""Forks with a time limit, of which nothing is left afterwards."""

import contextlib
import ctypes
import json
import os
import select
import signal
import time

DONE = {"done": True}
_SUBREAPER = 36  # PR_SET_CHILD_SUBREAPER: orphans of our children become ours


def adopt():
    """Become the parent of every orphan below this process."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_SUBREAPER, 1, 0, 0, 0)


def child(work, cpu, wall):
    """Call work(send) in a fork; returns what it sent, and whether it came to its end by itself.

    cpu: seconds of processor time, after which the kernel ends it; wall: seconds by the clock.
    """
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(reading)
        _work(work, writing, cpu)
    os.close(writing)
    answers = _read(reading, time.monotonic() + wall)
    os.close(reading)
    end_children()
    done = answers[-1:] == [DONE]
    return (answers[:-1] if done else answers), done


def _work(work, channel, cpu):
    def send(answer):
        os.write(channel, (json.dumps(answer) + "\n").encode())

    try:
        signal.signal(signal.SIGPROF, signal.SIG_DFL)
        signal.setitimer(signal.ITIMER_PROF, cpu)
        work(send)
        send(DONE)
    finally:
        os._exit(0)


def _read(channel, deadline):
    """The lines that come through a pipe until it is closed, DONE comes, or the deadline."""
    text, end = bytearray(), (json.dumps(DONE) + "\n").encode()
    while not text.endswith(end):
        left = deadline - time.monotonic()
        if left <= 0 or not select.select([channel], [], [], left)[0]:
            break
        chunk = os.read(channel, 1 << 16)
        if not chunk:
            break
        text += chunk
    return [json.loads(line) for line in bytes(text).split(b"\n")[:-1]]


def end_children():
    """Kill and bury whatever is still below this process."""
    for _ in range(1000):
        for pid in children():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        try:
            os.waitpid(-1, 0)
        except ChildProcessError:
            return


def children():
    """Numbers of this process's children."""
    found = []
    for name in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError), open(f"/proc/{name}/stat") as file:
            if int(file.read().rpartition(")")[2].split()[1]) == os.getpid():
                found.append(int(name))
    return found
