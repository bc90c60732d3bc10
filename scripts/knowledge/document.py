"""A session as a short document: what was asked, what was looked at, what was changed, how it ended.

The raw log of a session is hundreds of lines, mostly tool output; a reader with a few hundred tokens to spare
needs the four facts. Every part is cut to a fixed size: about 80 tokens for a one-line fix, 160 for the median gold
patch of SWE-Bench-CL, 370 for its longest.
"""

import re
from collections.abc import Iterable

from scripts.benchmark.task import Task

ISSUE_LINES, ISSUE_CHARACTERS = 3, 240
FILES, FUNCTIONS, SEEN_CHARACTERS = 4, 6, 240
CHANGED_LINES, LINE_CHARACTERS = 10, 100
TEMPLATE = "Issue: {issue}\nLooked at: {seen}\nChange: {change}\nOutcome: {outcome}"
PATH = re.compile(r"(?:[\w.-]+/)*[\w.-]+\.(?:pyi?|pyx|html|css|toml|cfg|ini|json|ya?ml|rst|md|txt)\b")
DEFINITION = re.compile(r"\b(?:def|class)\s+(\w+)\s*[(:]")
TRAC_NOISE = re.compile(r"Description|\(last modified by .*\)")


def document(session: dict, verdict: str | None, task: Task) -> str:
    """The document of one session.

    Args:
        session: a row of trajectories.jsonl.
        verdict: its class in verdicts.jsonl; None if it was not judged.
        task: the task it worked on.
    """
    return TEMPLATE.format(
        issue=issue(task.problem_statement),
        seen=seen(session),
        change=change(session["extra"]["patch"]),
        outcome=(verdict or "not judged").replace("_", " "),
    )


def issue(statement: str) -> str:
    """Title and first lines of an issue text, on one line."""
    lines = [" ".join(line.split()) for line in statement.splitlines()]
    lines = [line for line in lines if line and not TRAC_NOISE.fullmatch(line)]
    return _cut(" / ".join(lines[:ISSUE_LINES]), ISSUE_CHARACTERS)


def seen(session: dict) -> str:
    """Files that successful actions name, and functions that the agent was shown; each once, in order.

    Only an action's first line is read: what an edit writes below it may look like a path and is none.
    """
    commands = [
        action["command"].partition("\n")[0] for action in session["extra"]["actions"] if action["success"]
    ]
    files = _first(FILES, (path for command in commands for path in PATH.findall(command)))
    functions = _first(
        FUNCTIONS, (name for text in _observations(session) for name in DEFINITION.findall(text))
    )
    shown = f" ({', '.join(functions)})" if functions else ""
    return _cut((", ".join(files) or "nothing") + shown, SEEN_CHARACTERS)


def change(patch: str) -> str:
    """The removed and added lines of a unified diff, each file under its name; `none` for an empty patch."""
    lines: list[str] = []
    inside = False
    for line in patch.split("\n"):
        if line.startswith("diff --git"):
            inside = False
            lines.append(_cut(line.rsplit(" b/", 1)[-1], LINE_CHARACTERS))
        elif line.startswith("@@"):
            inside = True
        elif inside and line[:1] in ("-", "+"):
            lines.append(_cut(line, LINE_CHARACTERS))
    more = [f"({len(lines) - CHANGED_LINES} more lines)"] if len(lines) > CHANGED_LINES else []
    return "\n".join(lines[:CHANGED_LINES] + more) or "none"


def _observations(session: dict) -> list[str]:
    """What the agent was shown after its first reply; before that stand the instructions and their example."""
    roles = [message["role"] for message in session["messages"]]
    begun = roles.index("assistant") if "assistant" in roles else len(roles)
    shown = [message for message in session["messages"][begun:] if message["role"] in ("user", "tool")]
    return [message["content"] for message in shown if isinstance(message["content"], str)]


def _first(limit: int, values: Iterable[str]) -> list[str]:
    """The first distinct values, at most `limit`."""
    return list(dict.fromkeys(values))[:limit]


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 3].rstrip() + "..."
