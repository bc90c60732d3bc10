"""Does an issue text give its fix away? (never-again.md, 19)"""

from unidiff import PatchSet

SHORTEST = 12  # characters; shorter lines (`else:`, `return True`) stand in any long text by chance


def added_lines(patch: str) -> list[str]:
    """The lines a patch adds, without indentation, empty ones left out."""
    lines = (line for file in PatchSet(patch) for hunk in file for line in hunk if line.is_added)
    return [line.value.strip() for line in lines if line.value.strip()]


def leaked_lines(issue: str, patch: str, shortest: int = SHORTEST) -> list[str]:
    """The gold patch's added lines, of `shortest` characters or more, that stand in the issue text."""
    text = squeeze(issue)
    return [line for line in added_lines(patch) if len(line) >= shortest and squeeze(line) in text]


def squeeze(text: str) -> str:
    """Text with every run of white space as one space."""
    return " ".join(text.split())
