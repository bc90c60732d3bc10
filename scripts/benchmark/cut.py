"""Tests cut out of their files, so that a base commit lacks them and the test patch brings them."""

import ast
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from functools import lru_cache

Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


def first_line(node: Definition) -> int:
    """1-based line where a definition begins, its decorators included."""
    return min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])


def without(text: str, nodes: Collection[Definition]) -> str:
    """A file without some of its definitions and the blank lines above them."""
    lines = text.splitlines(keepends=True)
    for node in sorted(nodes, key=first_line, reverse=True):
        start = first_line(node) - 1
        while start > 0 and not lines[start - 1].strip():
            start -= 1
        del lines[start : node.end_lineno]
    return "".join(lines)


@lru_cache(maxsize=1024)  # the same tests find many bugs
def without_functions(text: str, starts: frozenset[int]) -> str | None:
    """A file without the functions and methods that begin on some lines, and without classes that hold nothing else.

    None where they cannot be cut out cleanly: one is not there, or something else in the file uses it.
    """
    if len(text.splitlines()) != text.count("\n") + (not text.endswith("\n")):
        return None  # it holds a form feed or the like, which ends no line for the parser
    tree, uses = syntax(text)
    nodes = [node for node in definitions(tree) if first_line(node) in starts]
    if {first_line(node) for node in nodes} != starts:
        return None
    cut = whole_classes(tree, nodes)
    own = Counter(used(inner for node in cut for inner in ast.walk(node)))
    if any(uses[node.name] > own[node.name] for node in cut):
        return None
    return without(text, cut)


@lru_cache(maxsize=1024)
def readable(text: str) -> bool:
    """Whether the workflow's own Python knows a file's syntax: a repository may be written for a newer one."""
    try:
        ast.parse(text)
    except (SyntaxError, ValueError):
        return False
    return True


@lru_cache(maxsize=64)
def syntax(text: str) -> tuple[ast.Module, Counter[str]]:
    """A file's syntax, and how often it uses each name."""
    tree = ast.parse(text)
    return tree, Counter(used(ast.walk(tree)))


def definitions(tree: ast.Module | ast.ClassDef) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """The functions of a module or class and the methods of the classes in it."""
    for node in tree.body:
        if isinstance(node, ast.ClassDef):
            yield from definitions(node)
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield node


def classes(tree: ast.Module | ast.ClassDef) -> Iterator[ast.ClassDef]:
    """The classes of a module or class, from the outside in."""
    for node in tree.body:
        if isinstance(node, ast.ClassDef):
            yield node
            yield from classes(node)


def whole_classes(tree: ast.Module, nodes: list[Definition]) -> list[Definition]:
    """The definitions, with each class of which nothing would be left in the place of what is in it."""
    gone = {id(node) for node in nodes}
    for node in classes(tree):
        rest = [inner for inner in node.body if id(inner) not in gone and not is_text(inner)]
        if not rest and any(id(inner) in gone for inner in node.body):
            return whole_classes(tree, [each for each in nodes if each not in node.body] + [node])
    return nodes


def is_text(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def used(nodes: Iterable[ast.AST]) -> Iterator[str]:
    """The names that some syntax reads, as plain names, as attributes or in __all__."""
    for node in nodes:
        if isinstance(node, ast.Name):
            yield node.id
        elif isinstance(node, ast.Attribute):
            yield node.attr
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value
