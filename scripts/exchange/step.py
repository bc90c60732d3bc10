"""What every format of a recorded session is read into: its actions, one by one."""

import re
from dataclasses import dataclass

SUBMITTED = "Submitted"  # the exit status of a session that ended by handing in a patch


class Unusable(Exception):
    """A session that cannot be learned from; it says why."""


@dataclass(frozen=True)
class Step:
    """One action: what was thought before it, the bash command, and what came out. `submits`: it ended the session."""

    thought: str
    command: str
    output: str = ""
    returncode: int = 0
    submits: bool = False


def thought(text: str, command: str) -> str:
    """What a reply says before its action, without the fence or tag that opens it and without other fences."""
    before = text.partition(command)[0] if command else text
    before = re.sub(r"(```[\w-]*|<[\w-]+>)\s*\Z", "", before.rstrip())
    return before.replace("```", "").strip()
