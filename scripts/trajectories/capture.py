"""A command's output, held to a size: its beginning and its end, with the middle left out and counted."""

from collections import deque


class Capture:
    """Keeps the first and the last half of ``limit`` bytes of a stream of any length."""

    def __init__(self, limit: int) -> None:
        self.half = limit // 2
        self.head = bytearray()
        self.tail: deque[bytes] = deque()
        self.kept = 0
        self.total = 0

    def add(self, chunk: bytes) -> None:
        """Take the next bytes of the stream."""
        self.total += len(chunk)
        room = self.half - len(self.head)
        self.head += chunk[:room] if room > 0 else b""
        rest = chunk[max(room, 0) :]
        self.tail.append(rest)
        self.kept += len(rest)
        while self.kept - len(self.tail[0]) >= self.half and len(self.tail) > 1:
            self.kept -= len(self.tail.popleft())

    def text(self) -> str:
        """What was kept, as text; bytes that are not UTF-8 become replacement characters."""
        tail = b"".join(self.tail)[-self.half :]
        missing = self.total - len(self.head) - len(tail)
        gap = f"\n[{missing} bytes left out]\n".encode() if missing else b""
        return (bytes(self.head) + gap + tail).decode(errors="replace")
