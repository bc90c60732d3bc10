"""What is made once in a job, and what could not be made."""

import threading
from collections.abc import Callable
from typing import Any

from scripts.benchmark.runtimes import EnvironmentFailure


def remembered(make: Callable[[str], Any]) -> Callable[[str], Any]:
    """The function, called once for each name: a failure is remembered too, so that no build fails twice in a job."""
    known: dict[str, tuple[Any, EnvironmentFailure | None]] = {}
    lock = threading.Lock()

    def get(name: str) -> Any:
        with lock:
            if name not in known:
                try:
                    known[name] = make(name), None
                except EnvironmentFailure as error:
                    known[name] = None, error
        made, failure = known[name]
        if failure:
            raise failure
        return made

    return get
