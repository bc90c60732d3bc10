"""Skill categories of replies, by a written rule over the tool and what came before (experiment 3).

| category | a reply that ... |
|---|---|
| error_recovery | follows an action that failed, whatever it does |
| code_conventions | changes code |
| workflow | submits, runs tests, or speaks to version control |
| navigation | looks for files or names |
| tool_usage | anything else: mostly reading code |

With four experts navigation belongs to tool_usage, with three workflow to code_conventions too.
"""

from typing import Any

WORKING = {"submit", "pytest", "python", "python3", "tox", "make", "git", "pip"}
LOOKING = {"search", "ls", "find", "grep", "rg", "pwd", "cd", "tree"}
NAMES = ("tool_usage", "error_recovery", "code_conventions", "workflow", "navigation")


def category(turn: dict[str, Any], experts: int) -> str:
    """The category of a reply (an entry of synthesis/turns.py) among 3, 4 or 5 experts."""
    return merged(_finest(turn), experts)


def merged(finest: str, experts: int) -> str:
    """The category among 3, 4 or 5 experts that one of the five belongs to."""
    if finest == "navigation" and experts < 5:
        return "tool_usage"
    return "code_conventions" if finest == "workflow" and experts < 4 else finest


def _finest(turn: dict[str, Any]) -> str:
    if turn["after_error"]:
        return "error_recovery"
    if turn["changes"]:
        return "code_conventions"
    groups = {"workflow": WORKING, "navigation": LOOKING}
    return next((name for name, tools in groups.items() if turn["tool"] in tools), "tool_usage")


def ranks(total: int, experts: int) -> list[int]:
    """A rank for each expert: they sum to the total and differ by at most 1."""
    least, more = divmod(total, experts)
    return [least + (number < more) for number in range(experts)]
