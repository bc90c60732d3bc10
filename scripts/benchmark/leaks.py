"""Does an issue text give its fix away? (tests/never_again, 19)"""

import re

from unidiff import PatchSet

SHORTEST = 12  # characters; shorter lines (`else:`, `return True`) stand in any long text by chance
RECEIVER = re.compile(r"^(?:self|cls)\.")  # left out in prose: "declare do_not_call_in_templates = True"
UNSEEN = dict.fromkeys(map(ord, "\u200b\u200c\u200d\ufeff"))  # of no width; trackers put them into text


def added_lines(patch: str) -> list[str]:
    """The lines a patch adds, without indentation, empty ones left out."""
    return lines_of(patch, "is_added")


def lines_of(patch: str, kind: str) -> list[str]:
    lines = (line for file in PatchSet(patch) for hunk in file for line in hunk if getattr(line, kind))
    return [line.value.strip() for line in lines if line.value.strip()]


def telling_lines(patch: str, shortest: int = SHORTEST) -> list[str]:
    """The added lines that say something: of `shortest` characters or more, and not only moved or indented anew."""
    moved = set(map(squeeze, lines_of(patch, "is_removed")))
    return [line for line in added_lines(patch) if len(line) >= shortest and squeeze(line) not in moved]


def leaked_lines(issue: str, patch: str, shortest: int = SHORTEST) -> list[str]:
    """The gold patch's telling lines that stand in the issue text, there perhaps without their `self.` or `cls.`."""
    text = squeeze(issue)
    return [line for line in telling_lines(patch, shortest) if stands_in(line, text, shortest)]


def stands_in(line: str, text: str, shortest: int) -> bool:
    """Is the line, or what is left of it without its receiver, in the squeezed text?"""
    bare = RECEIVER.sub("", line)
    return squeeze(line) in text or (bare != line and len(bare) >= shortest and squeeze(bare) in text)


def leak_share(issue: str, patch: str) -> float | None:
    """Share of the gold patch's telling lines that stand in the issue text; null where it has no such line."""
    lines = telling_lines(patch)
    return len(leaked_lines(issue, patch)) / len(lines) if lines else None


def squeeze(text: str) -> str:
    """Text with every run of white space as one space, and without what nobody sees."""
    return " ".join(text.translate(UNSEEN).split())
