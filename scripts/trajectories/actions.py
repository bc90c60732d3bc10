"""One grammar for actions: what in a reply is an action, and what is only talk.

`plain`: the reply is one command of the scaffold, its first line, with the lines below as its input.
`fenced`: the reply ends with exactly one ```bash block; what stands before is thought and is never run.
"""

import re
import shlex
from dataclasses import dataclass

FENCE = re.compile(r"^```(?:bash|sh)[ \t]*\n(.*?)\n?^```[ \t]*$", re.DOTALL | re.MULTILINE)


@dataclass(frozen=True)
class Action:
    """A shell command, its input, and the tool's name (the first word of the command)."""

    command: str
    body: str
    tool: str


class NoAction(ValueError):
    """The reply holds no action, or more than one; the text says what is expected."""


def plain(reply: str, tools: tuple[str, ...]) -> Action:
    """The action of a reply that is one command. Raises NoAction."""
    line, _, body = reply.strip("\n").partition("\n")
    try:
        words = shlex.split(line)
    except ValueError as error:
        raise NoAction(f"the command line does not parse ({error})") from error
    if not words or words[0] not in tools:
        raise NoAction(f"begin with one of: {', '.join(tools)}")
    return Action(shlex.join(words), body + "\n" if body else "", words[0])


def fenced(reply: str, tools: tuple[str, ...] = ()) -> Action:
    """The action of a reply that ends with one bash block. Raises NoAction."""
    reply = reply.strip()
    blocks = list(FENCE.finditer(reply))
    if len(blocks) != 1 or reply.count("```") != 2:
        raise NoAction(f"end with exactly one ```bash block; there are {len(blocks)}")
    if blocks[0].end() != len(reply):
        raise NoAction("nothing may follow the ```bash block")
    command = blocks[0].group(1).strip()
    if not command:
        raise NoAction("the ```bash block is empty")
    return Action(command, "", first_word(command))


def first_word(command: str) -> str:
    """The program that a shell command begins with, as far as its first word tells."""
    return re.split(r"[\s;|&<>]", command, maxsplit=1)[0]


FORMS = {"plain": plain, "fenced": fenced}
