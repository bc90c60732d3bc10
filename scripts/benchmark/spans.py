"""Where syntax lies in source text, so that a change can be spliced in without touching the rest."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property


@dataclass(frozen=True)
class Edit:
    """Replace text[start:end] by `text`; offsets count characters of the whole file."""

    start: int
    end: int
    text: str


@dataclass(frozen=True)
class Source:
    """A module's text with its syntax tree. `ast` counts columns in UTF-8 bytes, Edit counts characters."""

    text: str

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text)

    @cached_property
    def lines(self) -> list[str]:
        """The lines with their ends, as the parser counts them (form feeds and the like end no line)."""
        return re.findall(r"[^\n]*\n|[^\n]+", self.text)

    @cached_property
    def starts(self) -> list[int]:
        """Offset of the first character of every line."""
        offsets = [0]
        for line in self.lines:
            offsets.append(offsets[-1] + len(line))
        return offsets

    def offset(self, line: int, column: int) -> int:
        """Characters before a place, given as 1-based line and column in bytes."""
        return self.starts[line - 1] + len(self.lines[line - 1].encode()[:column].decode())

    def start(self, node: ast.AST) -> int:
        return self.offset(node.lineno, node.col_offset)

    def end(self, node: ast.AST) -> int:
        return self.offset(node.end_lineno, node.end_col_offset)

    def segment(self, node: ast.AST) -> str:
        return self.text[self.start(node) : self.end(node)]

    def replace(self, node: ast.AST, text: str) -> Edit:
        return Edit(self.start(node), self.end(node), text)

    def between(self, left: ast.AST, right: ast.AST, token: str, new: str) -> Iterator[Edit]:
        """Replace an operator's token, which has no node of its own, between its two operands on one line."""
        start, end = self.end(left), self.start(right)
        gap = self.text[start:end]
        if "\n" in gap or gap.count(token) != 1:
            return
        at = start + gap.index(token)
        yield Edit(at, at + len(token), new)

    def apply(self, edits: list[Edit]) -> str:
        """The text after edits that do not overlap."""
        text = self.text
        for edit in sorted(edits, key=lambda edit: edit.start, reverse=True):
            text = text[: edit.start] + edit.text + text[edit.end :]
        return text
