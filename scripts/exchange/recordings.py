"""Sessions of mini-swe-agent as its releases write them into *.traj.json, read into one form.

Formats: `mini-swe-agent-1` (releases 1.x: a reply holds its action in a fence, what came out stands only in the text of
the next message) and `mini-swe-agent-1.1` (releases 2.x: actions, outputs and return codes are data of the messages).
"""

import json
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from scripts.errors import UserError
from scripts.exchange import format_1, format_1_1
from scripts.exchange.step import SUBMITTED, Step, Unusable
from scripts.trajectories.bubblewrap import REPO

FORMATS = {"mini-swe-agent-1": format_1.steps, "mini-swe-agent-1.1": format_1_1.steps}
ASIS = "give *.traj.json files as mini-swe-agent wrote them"


@dataclass(frozen=True)
class Recording:
    """A session: its task, how it ended, what was submitted (a patch, or nothing), and its actions."""

    task: str
    exit_status: str
    patch: str
    steps: tuple[Step, ...]


def read(path: Path | str) -> Recording:
    """The session in a file.

    Raises:
        UserError: this is no trajectory of mini-swe-agent; names file and key.
        Unusable: it is one, and nothing can be learned from it.
    """
    data = _load(path)
    form = field(data, "trajectory_format", str, path)
    if form not in FORMATS:
        fix = f"give files of {' or '.join(FORMATS)}"
        raise UserError(f"{path}, key trajectory_format", f"{form!r} is not known", fix)
    for number, message in enumerate(field(data, "messages", list, path)):
        if not isinstance(message, dict) or not isinstance(message.get("extra", {}), dict):
            raise UserError(f"{path}, key messages.{number}", "it is no message", ASIS)
    status = ended(field(data, "info", dict, path), data["messages"])
    steps = relocated(FORMATS[form](data, path), lookup(data, "info.config.environment.cwd"))
    if not steps:
        raise Unusable("it has no action")
    patch = field(data, "info.submission", str, path) if status == SUBMITTED else ""
    return Recording(task_of(data, path), status, patch, tuple(steps))


def task_of(data: dict, path: Path | str) -> str:
    """The task's id: as recorded, or else the file's name, as mini-swe-agent names its files."""
    return str(data.get("instance_id") or Path(path).name.removesuffix(".traj.json"))


def _load(path: Path | str) -> dict:
    try:
        data = json.loads(Path(path).read_bytes())
        json.dumps(data, ensure_ascii=False).encode()  # half a surrogate pair could not be written again
    except (ValueError, RecursionError) as error:
        raise UserError(str(path), f"it cannot be read as JSON ({error})", ASIS) from error
    if not isinstance(data, dict):
        raise UserError(str(path), "it is no JSON object", ASIS)
    return data


def lookup(data: dict, name: str) -> Any:
    """A value by its dotted name, or None."""
    value: Any = data
    for key in name.split("."):
        value = value.get(key) if isinstance(value, dict) else None
    return value


def field(data: dict, name: str, kind: type, path: Path | str) -> Any:
    """A value by its dotted name; UserError where it is missing or of another kind."""
    value = lookup(data, name)
    if not isinstance(value, kind):
        what = "it is missing" if value is None else f"it is not of type {kind.__name__}"
        raise UserError(f"{path}, key {name}", what, ASIS)
    return value


def ended(info: dict, messages: list[dict]) -> str:
    """How the session ended. Raises Unusable for one that broke or was broken off."""
    status = info.get("exit_status")
    last = messages[-1].get("extra", {}) if messages else {}
    if not status:
        raise Unusable("it was broken off before its end")
    if any("traceback" in place or "exception_str" in place for place in (info, last)):
        raise Unusable(f"infrastructure ended it ({status})")
    return str(status)


def relocated(steps: list[Step], folder: object) -> list[Step]:
    """The steps with the folder of the recorded environment (/testbed) under the name that ours has."""
    if not isinstance(folder, str) or not folder.startswith("/") or folder.rstrip("/") == "":
        return steps
    place = re.compile(rf"(?<![\w./-]){re.escape(folder.rstrip('/'))}(?![\w-])")
    return [
        replace(
            step, **{name: place.sub(REPO, getattr(step, name)) for name in ("thought", "command", "output")}
        )
        for step in steps
    ]
