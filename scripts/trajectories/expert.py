"""The scripted expert: plays a task's gold patch through the agent's own tools. The positive control's source.

It knows the answer, so nothing it does is a result; every session of it is marked `source: expert`.
"""

import ast
import io
import tempfile
from collections.abc import Iterator
from pathlib import Path

from unidiff import Hunk, PatchSet
from unidiff.constants import LINE_TYPE_NO_NEWLINE

from scripts.benchmark.task import Task
from scripts.trajectories.engines import Ask, Conversation, Reply
from scripts.trajectories.gitdata import git, skeleton, tree_of
from scripts.trajectories.render import Renderer
from scripts.trajectories.tools import SEPARATOR, indentation, matches

AROUND = 2


class Script:
    """An Engine that says its lines in order, whatever it is asked."""

    def __init__(self, renderer: Renderer, lines: list[str]) -> None:
        self.replies = iter([renderer.reply(line) for line in lines])

    def complete(self, conversation: Conversation, ask: Ask) -> Reply:
        """The next scripted reply; its log-probabilities are zero, because nobody doubted."""
        tokens = next(self.replies)
        conversation.tokens.extend(tokens)
        return Reply(tokens, [0.0] * len(tokens))


def placed(task: Task, repository: Path) -> str:
    """The gold patch with the line numbers of the task's commit: a published one may be some lines off, as git allows."""
    with tempfile.TemporaryDirectory() as scratch:
        outside = skeleton(Path(scratch) / "git", alternates=repository.resolve() / "objects")
        git("read-tree", base := tree_of(repository, task.ref), folder=outside)
        text = (task.patch.rstrip("\n") + "\n").encode(errors="surrogateescape")
        git("apply", "--cached", "--whitespace=nowarn", "-", folder=outside, stdin=text)
        after = git("write-tree", folder=outside).decode().strip()
        found = git("diff-tree", "-r", "-p", "--no-renames", base, after, folder=outside)
    return found.decode(errors="surrogateescape")


def sources(task: Task, patch: str, repository: Path) -> dict[str, str]:
    """Text, at the task's commit, of each file that a patch changes."""
    paths = [file.path for file in PatchSet(patch) if not file.is_added_file]
    shown = {path: git("show", f"{task.ref}:{path}", folder=repository) for path in paths}
    return {path: text.decode(errors="surrogateescape") for path, text in shown.items()}


def script(patch: str, sources: dict[str, str], view_lines: int) -> list[str]:
    """The expert's replies for a patch: search, view and edit for each place of it, then submit.

    sources: text of each file of the patch before it. Edits go from the bottom up, so that line numbers stay true. A new
    file is left out, because no tool makes one: such a session comes to its end, and does not resolve its task.
    """
    replies: list[str] = []
    for file in PatchSet(patch):
        lines = lines_of(sources.get(file.path, ""))
        for hunk in reversed([] if file.is_added_file else list(file)):
            for start, end, new in reversed(list(changes(hunk))):
                replies += visit(file.path, "\n".join(lines), max(1, min(start, len(lines))), view_lines)
                replies.append(edit(file.path, lines, start, end, new))
                lines[start - 1 : end] = new
    return [*replies, "submit"]


def lines_of(text: str) -> list[str]:
    """Lines as the tools count them."""
    return [line.rstrip("\r\n") for line in io.StringIO(text, newline="")]


def changes(hunk: Hunk) -> Iterator[tuple[int, int, list[str]]]:
    """(start, end, new lines) of each run of changed lines; an insertion has end = start - 1."""
    at, start, removed, new = hunk.source_start, None, 0, []
    for line in hunk:
        if line.line_type == LINE_TYPE_NO_NEWLINE:
            continue
        if line.is_context and start is not None:
            yield start, start + removed - 1, new
            start, removed, new = None, 0, []
        if not line.is_context:
            start = at if start is None else start
            removed += line.is_removed
            new += [line.value.rstrip("\r\n")] if line.is_added else []
        at += not line.is_added
    if start is not None:
        yield start, start + removed - 1, new


def visit(path: str, source: str, line: int, view_lines: int) -> list[str]:
    """Search the name around a line, then view its block, or the lines around where the block is too long to show."""
    found = enclosing(source, line)
    if found is None:
        return [f"view {path} {max(1, line - AROUND)} {line + AROUND}"]
    name, first = found
    if line < first + view_lines:
        return [f"search {name}", f"view {path} {first}"]
    return [f"search {name}", f"view {path} {line - AROUND} {line + AROUND}"]


def enclosing(source: str, line: int) -> tuple[str, int] | None:
    """(name, first line) of the innermost function or class around a line."""
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError):  # no Python, or one of another time
        return None
    around = [
        node
        for node in ast.walk(tree)
        if isinstance(node, kinds) and node.lineno <= line <= (node.end_lineno or node.lineno)
    ]
    node = max(around, key=lambda each: each.lineno, default=None)
    return (node.name, node.lineno) if node else None


def edit(path: str, lines: list[str], start: int, end: int, new: list[str]) -> str:
    """The edit command: by the old lines where they stand in the file once, else by their numbers."""
    start, end, new = sayable(lines, start, end, new)
    old = lines[start - 1 : end]
    if len(matches(lines, old, str.strip)) == 1 and SEPARATOR not in map(str.strip, old):
        return "\n".join([f"edit {path}", *outdented(old), SEPARATOR, *outdented(new)])
    return "\n".join([f"edit {path} {start} {end}", *new])


def sayable(lines: list[str], start: int, end: int, new: list[str]) -> tuple[int, int, list[str]]:
    """The same change over as many lines around it as the tool needs to give exactly that.

    An insertion repeats a line, because the tool replaces lines; a reply cannot end with an empty line; and the tool
    moves a block to where its first line was, so that the first lines must be indented alike.
    """
    while (end < start or new[-1:] == [""]) and end < len(lines):
        new, end = [*new, lines[end]], end + 1
    while (end < start or moved(new, lines[start - 1])) and start > 1:
        new, start = [lines[start - 2], *new], start - 1
    return start, end, new


def moved(new: list[str], old: str) -> bool:
    """Would the tool give the new lines another indentation than they have?"""
    return bool(new and new[0].strip()) and indentation(new[0]) != indentation(old)


def outdented(lines: list[str]) -> list[str]:
    """The lines without the indentation of the first, which the tool gives back; as they are where one has less."""
    first, full = indentation(lines[0]) if lines else 0, [line for line in lines if line.strip()]
    if any(indentation(line) < first for line in full):
        return lines
    return [line[first:] if line.strip() else line for line in lines]
