"""Sessions of mini-swe-agent as its releases write them into *.traj.json, read into one form.

Formats: `mini-swe-agent-1` (releases 1.x: a reply holds its action in a fence, what came out stands only in the text of
the next message) and `mini-swe-agent-1.1` (releases 2.x: actions, outputs and return codes are data of the messages).
"""

import json
import re
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType

from scripts.errors import UserError
from scripts.exchange import format_1, format_1_1
from scripts.exchange.shape import ASIS, SESSION, check, lookup
from scripts.exchange.step import SUBMITTED, Step, Unusable
from scripts.trajectories.bubblewrap import REPO

FORMATS = {"mini-swe-agent-1": format_1, "mini-swe-agent-1.1": format_1_1}


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
    form = _format(data, path)
    check(data, {**SESSION, "messages": [form.MESSAGE]}, path)
    status = ended(data["info"], data["messages"])
    steps = relocated(form.steps(data, path), lookup(data, "info.config.environment.cwd"))
    if not steps:
        raise Unusable("it has no action")
    patch = ""
    if status == SUBMITTED:
        check(data, {"info": {"submission": str}}, path)
        patch = data["info"]["submission"]
    return Recording(task_of(data, path), status, patch, tuple(steps))


def _format(data: dict, path: Path | str) -> ModuleType:
    """The module that reads the file's format."""
    check(data, {"trajectory_format": str}, path)
    if (name := data["trajectory_format"]) not in FORMATS:
        fix = f"give files of {' or '.join(FORMATS)}"
        raise UserError(f"{path}, key trajectory_format", f"{name!r} is not known", fix)
    return FORMATS[name]


def task_of(data: dict, path: Path | str) -> str:
    """The task's id: as recorded, or else the file's name, as mini-swe-agent names its files."""
    return data.get("instance_id") or Path(path).name.removesuffix(".traj.json")


def _load(path: Path | str) -> dict:
    try:
        data = json.loads(Path(path).read_bytes())
        json.dumps(data, ensure_ascii=False).encode()  # half a surrogate pair could not be written again
    except (OSError, ValueError, RecursionError) as error:
        raise UserError(str(path), f"it cannot be read as JSON ({error})", ASIS) from error
    if not isinstance(data, dict):
        raise UserError(str(path), "it is no JSON object", ASIS)
    return data


def ended(info: dict, messages: list[dict]) -> str:
    """How the session ended. Raises Unusable for one that broke or was broken off."""
    status = info.get("exit_status")
    last = (messages[-1].get("extra") or {}) if messages else {}
    if not status:
        raise Unusable("it was broken off before its end")
    if any("traceback" in place or "exception_str" in place for place in (info, last)):
        raise Unusable(f"infrastructure ended it ({status})")
    return status


def relocated(steps: list[Step], folder: str | None) -> list[Step]:
    """The steps with the folder of the recorded environment (/testbed) under the name that ours has."""
    if not folder or not folder.startswith("/") or folder.rstrip("/") == "":
        return steps
    place = re.compile(rf"(?<![\w./-]){re.escape(folder.rstrip('/'))}(?![\w-])")
    return [
        replace(
            step, **{name: place.sub(REPO, getattr(step, name)) for name in ("thought", "command", "output")}
        )
        for step in steps
    ]
