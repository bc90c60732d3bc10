"""What every job does around its work: a log that gets everything, and progress that a person can read."""

import logging
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from scripts.errors import UserError


@contextmanager
def job(snakemake: Any) -> Iterator[logging.Logger]:
    """Log to the rule's log file and to the terminal; end with a readable error.

    A UserError ends the job with its own sentence and nothing else; any other error is ours and keeps its traceback.
    """
    file = logging.FileHandler(str(snakemake.log[0]), mode="w")
    terminal = logging.StreamHandler(sys.stderr)
    logging.basicConfig(
        level=logging.INFO,
        format="%(asctime)s %(message)s",
        datefmt="%H:%M:%S",
        handlers=[file, terminal],
        force=True,
    )
    logging.getLogger("bitsandbytes").setLevel(logging.ERROR)  # it warns of a kernel that nothing here uses
    logger = logging.getLogger(snakemake.rule)
    try:
        yield logger
    except UserError as error:
        logger.error("error: %s", error)
        raise SystemExit(1) from error
    except Exception:
        logger.exception("job failed")
        raise SystemExit(1) from None


class Progress:
    """Tasks done, resolved or failed so far, tokens per second, time left; at most one line every `every` seconds."""

    def __init__(self, total: int, what: str, every: float = 10.0) -> None:
        self.total, self.what, self.every = total, what, every
        self.start = time.monotonic()
        self.last = self.start - every
        self.done = 0

    def advance(self, note: str = "", tokens: int = 0) -> None:
        """Count one finished item and say so, if it is time."""
        self.done += 1
        now = time.monotonic()
        if now - self.last < self.every and self.done < self.total:
            return
        self.last = now
        logging.getLogger("progress").info(self.line(now - self.start, note, tokens))

    def line(self, elapsed: float, note: str, tokens: int) -> str:
        """The progress line after `elapsed` seconds; `tokens` is the total produced so far."""
        left = elapsed / self.done * (self.total - self.done)
        speed = f", {tokens / elapsed:.0f} tokens/s" if tokens and elapsed else ""
        note = f", {note}" if note else ""
        return (
            f"{self.done} of {self.total} {self.what}{note}{speed}, {elapsed:.0f} s, about {left:.0f} s left"
        )
