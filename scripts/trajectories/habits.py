"""The scripted expert with habits: a way of working for each family of bugs.

Planted bugs are mended in much the same way whatever their family, so an adapter that goes on from family to family loses
nothing. Here each family asks for another way to search and to view, told by nothing but the words of the issue. With the
families in blocks (`order: families`) the newest way must overwrite the older ones, unless something holds them. So a
strategy against forgetting can be shown to work, or not.
"""

import re
from collections.abc import Callable
from keyword import iskeyword

from scripts.trajectories.tools import SEPARATOR

FAR = 999  # beyond the end of any file: as many lines as a view shows
NAME = re.compile(r"[A-Za-z_]\w*")


def plain(replies: list[str]) -> list[str]:
    """As the expert: search the function, view where it begins."""
    return replies


def wide(replies: list[str]) -> list[str]:
    """View on from there, beyond the end of the function."""
    return [viewed(reply, lambda line: f"{line} {FAR}") for reply in replies]


def top(replies: list[str]) -> list[str]:
    """View the file from its first line."""
    return [viewed(reply, lambda _: "1") for reply in replies]


def by_line(replies: list[str]) -> list[str]:
    """Search the first name of the faulty line, not the function's."""
    name = next((found for found in map(first_name, replies) if found), None)
    return [f"search {name}" if name and reply.startswith("search ") else reply for reply in replies]


def checked(replies: list[str]) -> list[str]:
    """View on from the place once more before submitting."""
    again = [reply for reply in replies if reply.startswith("view ")][-1:]
    return [*replies[:-1], *wide(again), replies[-1]]


HABITS: dict[str, Callable[[list[str]], list[str]]] = {
    "arithmetic": plain,
    "comparison": wide,
    "boundary": by_line,
    "constant": checked,
    "boolean": top,
    "negation": by_line,
    "returned": wide,
    "variable": top,
}


def habitual(replies: list[str], family: str) -> list[str]:
    """An expert's replies in the way of a family of bugs; as they are for a family without one."""
    return HABITS.get(family, plain)(replies)


def viewed(reply: str, place: Callable[[int], str]) -> str:
    """A view of one place with the place said in another way; any other reply as it is."""
    command, *words = reply.split()
    return f"view {words[0]} {place(int(words[1]))}" if command == "view" and len(words) == 2 else reply


def first_name(reply: str) -> str | None:
    """The first name in the old lines of an edit that says them."""
    head, *lines = reply.splitlines()
    if not head.startswith("edit ") or SEPARATOR not in lines:
        return None
    names = NAME.findall("\n".join(lines[: lines.index(SEPARATOR)]))
    return next((name for name in names if not iskeyword(name)), None)
