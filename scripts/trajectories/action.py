"""One bwrap process: started, read while it runs, and ended with everything in it."""

import contextlib
import json
import os
import select
import signal
import subprocess

from scripts.trajectories.capture import Capture


class SandboxFailure(RuntimeError):
    """The sandbox could not start or could not be ended: infrastructure, worth another try."""


class Action:
    """One bwrap process from its start to the end of everything in it."""

    def __init__(self, arguments: list[str], descriptors: list[int], user: int | None, stdin: str) -> None:
        self.init: int | None = None
        self.finished = False
        self.returncode = -1
        self._init_handle: int | None = None
        self._status, status = os.pipe()
        source = memory_file(stdin.encode())
        identity = {} if user is None else {"user": user, "group": user, "extra_groups": []}
        try:
            self._process = subprocess.Popen(
                [arguments[0], "--json-status-fd", str(status), *arguments[1:]],
                stdin=source, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, cwd="/", env={},
                pass_fds=[status, *descriptors], **identity,
            )  # fmt: skip
        except OSError as error:
            os.close(self._status)
            raise SandboxFailure(f"bubblewrap did not start: {error}") from error
        finally:
            os.close(status)
            os.close(source)
        self._handle = os.pidfd_open(self._process.pid)
        self._open = {self._process.stdout.fileno(), self._status, self._handle}
        self._buffer = b""

    def __enter__(self) -> "Action":
        return self

    def __exit__(self, *_: object) -> None:
        self._end()

    def read(self, output: Capture, seconds: float) -> bool:
        """Wait for news up to some seconds and take them in; False once bwrap has ended and its output is
        read.
        """
        for descriptor in wait_for(self._open, seconds):
            chunk = b"" if descriptor == self._handle else os.read(descriptor, 65536)
            if not chunk:
                self._open.discard(descriptor)
            elif descriptor == self._status:
                self._note(chunk)
            else:
                output.add(chunk)
        if self._handle not in self._open:
            self._kill_init()
        return bool(self._open)

    def _note(self, chunk: bytes) -> None:
        """bwrap reports, one JSON object a line, its child's process number and later the exit code."""
        *lines, self._buffer = (self._buffer + chunk).split(b"\n")
        for line in filter(None, lines):
            status = json.loads(line)
            self.finished |= "exit-code" in status
            if "child-pid" in status:
                self.init = status["child-pid"]
                with contextlib.suppress(ProcessLookupError):
                    self._init_handle = os.pidfd_open(self.init)

    def _kill_init(self) -> None:
        """Killing the first process of a process space kills all of it; its end is the end of the last of
        them.
        """
        if self._init_handle is not None:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._init_handle, signal.SIGKILL)

    def _end(self) -> None:
        self._kill_init()
        if self._init_handle is None:
            self._process.kill()
        elif not wait_for({self._init_handle}, 10):
            raise SandboxFailure("processes of the sandbox outlived their kill")
        code = self._process.wait()
        self.returncode = code if code >= 0 else 128 - code
        self._process.stdout.close()
        for descriptor in (self._status, self._handle, self._init_handle):
            if descriptor is not None:
                os.close(descriptor)


def wait_for(descriptors: set[int], seconds: float) -> list[int]:
    """Those of the descriptors that have something to say within some seconds (poll: select ends at 1,024)."""
    poll = select.poll()
    for descriptor in descriptors:
        poll.register(descriptor, select.POLLIN)
    return [descriptor for descriptor, _ in poll.poll(max(seconds, 0) * 1000)]


def memory_file(content: bytes) -> int:
    """A descriptor of an anonymous file with some content, at its beginning."""
    descriptor = os.memfd_create("sandbox")
    os.write(descriptor, content)
    os.lseek(descriptor, 0, os.SEEK_SET)
    return descriptor
