"""What a command of a session does, read off its words; the same for every scaffold.

A command of a bash scaffold may first go to a folder (`cd src && pytest`), and reads or changes code by the same program
(`sed -n`, `sed -i`; `cat f`, `cat > f`).
"""

import re

from scripts.trajectories.actions import first_word

_CHANGING = {"edit", "patch", "tee", "ed"}
_PRINTING = {"cat", "echo", "printf"}
_GOING = re.compile(r"(?:\s*cd\s[^;&|]*(?:&&|;))+")
_IN_PLACE = re.compile(r"\s(?:-[A-Za-z]*i|--in-place)")
_INTO_A_FILE = re.compile(r"(?<![\d&>])>{1,2}+(?!\s*/dev/|&)")


def program(command: str) -> str:
    """The first program of a command that is more than a change of folder."""
    going = _GOING.match(command)
    rest = command[going.end() if going else 0 :].strip()
    return first_word(rest or command.strip())


def changes(command: str) -> bool:
    """Does it change code? Of a here-document the first line alone tells."""
    name, first = program(command), command.strip().partition("\n")[0]
    if name == "sed":
        return bool(_IN_PLACE.search(first))
    return name in _CHANGING or (name in _PRINTING and bool(_INTO_A_FILE.search(first)))
