"""All single mutations of a module's source, spliced into its text so that everything else keeps its form."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import takewhile

from scripts.benchmark.cut import first_line
from scripts.benchmark.operators import OPERATORS, Change, Scope
from scripts.benchmark.spans import Source

Definition = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Mutation:
    """One bug: what was done to which function, and the lines that tell right from wrong.

    `line` is 1-based; `right` and `wrong` are the lines that differ (no wrong ones where some were removed);
    `source` is the whole module without the bug.
    """

    operator: str
    function: str
    line: int
    right: tuple[str, ...]
    wrong: tuple[str, ...]
    source: str

    @property
    def text(self) -> str:
        """The whole mutated module."""
        lines = self.source.split("\n")
        lines[self.line - 1 : self.line - 1 + len(self.right)] = self.wrong
        return "\n".join(lines)

    @property
    def single_line(self) -> bool:
        return len(self.right) == len(self.wrong) == 1


def mutate(text: str) -> list[Mutation]:
    """Every mutation of every function, in the order of the source; each mutated text once, each parses.

    Code inside f-strings is left alone: its positions differ between Python versions.
    """
    source = Source(text)
    found: dict[tuple, Mutation] = {}
    for function, node, scope in functions(source):
        piece = Piece(source, node)
        for operator, change in changes(node, scope):
            mutated = source.apply(change)
            if piece.means_something_else(mutated):
                bug = piece.describe(operator, function, mutated)
                found.setdefault((bug.line, bug.right, bug.wrong), bug)
    return sorted(found.values(), key=lambda mutation: (mutation.line, mutation.operator, mutation.wrong))


def functions(source: Source) -> Iterator[tuple[str, ast.AST, Scope]]:
    """Top-level functions and methods as (qualified name, node, scope)."""
    for prefix, node in definitions(source.tree.body, ""):
        arguments = (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)
        names = tuple(argument.arg for argument in arguments if argument.arg not in ("self", "cls"))
        yield prefix + node.name, node, Scope(source, names)


def definitions(body: list[ast.stmt], prefix: str) -> Iterator[tuple[str, Definition]]:
    """Functions of a body and of the classes in it, each with the prefix of its qualified name."""
    for node in body:
        if isinstance(node, ast.ClassDef):
            yield from definitions(node.body, f"{prefix}{node.name}.")
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield prefix, node


def changes(function: ast.AST, scope: Scope) -> Iterator[tuple[str, Change]]:
    """What every operator would do inside a function's body."""
    for node in (node for statement in function.body for node in visible(statement)):
        for name, operator in OPERATORS.items():
            yield from ((name, change) for change in operator(node, scope))


def visible(node: ast.AST) -> Iterator[ast.AST]:
    """The nodes below and including `node`, without the inside of f-strings."""
    yield node
    if not isinstance(node, ast.JoinedStr):
        for child in ast.iter_child_nodes(node):
            yield from visible(child)


class Piece:
    """One function of a module: as much as has to be parsed again when something in it changes."""

    def __init__(self, source: Source, node: Definition) -> None:
        self.first, self.source = first_line(node), source.text
        self.start = source.starts[self.first - 1]
        self.after = len(source.text) - source.starts[node.end_lineno]
        self.indented = node.col_offset > 0
        self.meaning = self.parsed(source.text)

    def of(self, text: str) -> str:
        """The piece of the module's text, changed or not."""
        return text[self.start : len(text) - self.after]

    def parsed(self, text: str) -> str:
        """What the piece of a module's text means to the parser; SyntaxError if nothing."""
        piece = self.of(text)
        return ast.dump(ast.parse(f"if True:\n{piece}" if self.indented else piece))

    def means_something_else(self, mutated: str) -> bool:
        """Whether a text with a change inside this piece parses, and means something else than before."""
        try:
            return self.parsed(mutated) != self.meaning
        except SyntaxError:
            return False

    def describe(self, operator: str, function: str, mutated: str) -> Mutation:
        """A Mutation from the mutated module: the piece's lines between what starts and ends as before."""
        a, b = self.of(self.source).split("\n"), self.of(mutated).split("\n")
        start = common(a, b)
        a, b = a[start:], b[start:]
        shared = common(a[::-1], b[::-1])
        right, wrong = a[: len(a) - shared], b[: len(b) - shared]
        return Mutation(operator, function, self.first + start, tuple(right), tuple(wrong), self.source)


def common(a: list[str], b: list[str]) -> int:
    """How many lines two lists share from their start on."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(a, b, strict=False)))
