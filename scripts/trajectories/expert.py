"""The scripted expert: plays a task's gold patch through the agent's own tools. The positive control's source.

It knows the answer, so nothing it does is a result; every session of it is marked `source: expert`.
"""

import ast
from collections.abc import Iterator

from unidiff import Hunk, PatchSet

from scripts.benchmark.task import Task
from scripts.trajectories.engines import Ask, Conversation, Reply
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


def script(task: Task, sources: dict[str, str], view_lines: int) -> list[str]:
    """The expert's replies for a task: search, view and edit for each place of the gold patch, then submit.

    sources: text of each file of the patch before it. Edits go from the bottom up, so that line numbers stay true.
    """
    lines: list[str] = []
    for file in PatchSet(task.patch):
        for hunk in reversed(file):
            for start, end, new in reversed(list(changes(hunk))):
                lines += visit(file.path, sources[file.path], start, view_lines)
                lines.append(edit(file.path, sources[file.path], start, end, new))
    return [*lines, "submit"]


def changes(hunk: Hunk) -> Iterator[tuple[int, int, list[str]]]:
    """(start, end, new lines) of each run of changed lines; an insertion has end = start - 1."""
    at, start, removed, new = hunk.source_start, None, 0, []
    for line in hunk:
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
    around = [
        node
        for node in ast.walk(ast.parse(source))
        if isinstance(node, kinds) and node.lineno <= line <= (node.end_lineno or node.lineno)
    ]
    node = max(around, key=lambda each: each.lineno, default=None)
    return (node.name, node.lineno) if node else None


def edit(path: str, source: str, start: int, end: int, new: list[str]) -> str:
    """The edit command: by the old lines where they stand in the file once, else by their numbers.

    An insertion repeats the line that it comes before, because the tool replaces lines.
    """
    lines = source.splitlines()
    if end < start:
        new, end = [*new, lines[start - 1]], start
    old = lines[start - 1 : end]
    if len(matches(lines, old, str.strip)) == 1:
        return "\n".join([f"edit {path}", *outdented(old), SEPARATOR, *outdented(new)])
    return "\n".join([f"edit {path} {start} {end}", *new])


def outdented(lines: list[str]) -> list[str]:
    """The lines without the indentation of the first; the tool gives it back."""
    first = indentation(lines[0]) if lines else 0
    return [line[min(first, indentation(line)) :] for line in lines]
