"""What one action may use. The limits hold for the sandbox as a whole, not for each of its processes."""

import resource
from dataclasses import dataclass

MB = 1 << 20
OPEN_FILES = 256
_SPARE = 8  # above the limit, so that the watchdog meets it first and can name it


@dataclass(frozen=True)
class Limits:
    """Limits of one action; all but ``wall_seconds`` are the model's own matter, a wall-clock stop is
    infrastructure.

    ``processes`` counts processes and threads; reaching it ends the action. ``memory_mb`` is resident
    memory summed over the action's processes. ``workspace_mb`` is what the sandbox may add to disk,
    workspace and /tmp together.
    """

    cpu_seconds: int = 20
    wall_seconds: int = 120
    memory_mb: int = 1024
    processes: int = 64
    file_mb: int = 16
    workspace_mb: int = 64


def sandbox_limits(block: dict) -> dict:
    """Of the configuration's block those limits that are the sandbox's."""
    return {name: block[name] for name in Limits.__dataclass_fields__}


def ulimits(limits: Limits) -> str:
    """Shell text that sets the kernel's limits from inside the sandbox's own user namespace.

    They are set there and not before bwrap starts, because since Linux 5.14 the process limit counts per
    user namespace: set inside, it counts this sandbox alone. They are the hard floor beneath the watchdog,
    which sums over processes.
    """
    settings = [
        ("c", 0, resource.RLIMIT_CORE, 1),
        ("n", OPEN_FILES, resource.RLIMIT_NOFILE, 1),
        ("f", limits.file_mb * 1024, resource.RLIMIT_FSIZE, 1024),
        ("v", limits.memory_mb * 1024, resource.RLIMIT_AS, 1024),
        ("u", limits.processes + _SPARE, resource.RLIMIT_NPROC, 1),
        (
            "St",
            limits.cpu_seconds,
            resource.RLIMIT_CPU,
            1,
        ),  # the soft one's signal says that it was this limit
        ("Ht", limits.cpu_seconds + 1, resource.RLIMIT_CPU, 1),
    ]
    return " && ".join(
        f"ulimit -{flag} {_allowed(value, kind, unit)}" for flag, value, kind, unit in settings
    )


def _allowed(value: int, kind: int, unit: int) -> int:
    """The value, or this machine's own hard limit where that is lower: a limit can never be raised."""
    hard = resource.getrlimit(kind)[1]
    return value if hard == resource.RLIM_INFINITY else min(value, hard // unit)
