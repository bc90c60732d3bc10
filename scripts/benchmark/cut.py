"""Tests cut out of their files, so that a base commit lacks them and the test patch brings them."""

import ast
from collections.abc import Collection, Iterator

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


def without_functions(text: str, starts: Collection[int]) -> str | None:
    """A file without the functions and methods that begin on some lines, and without classes that hold nothing else.

    None where they cannot be cut out cleanly: one is not there, or something else in the file uses it.
    """
    tree = ast.parse(text)
    nodes = [node for node in definitions(tree) if first_line(node) in starts]
    if {first_line(node) for node in nodes} != set(starts):
        return None
    cut = whole_classes(tree, nodes)
    inside = {id(inner) for node in cut for inner in ast.walk(node)}
    others = [node for node in ast.walk(tree) if id(node) not in inside]
    if {node.name for node in cut} & set(used(others)):
        return None
    left = without(text, cut)
    try:
        ast.parse(left)
    except SyntaxError:
        return None
    return left


def definitions(tree: ast.Module | ast.ClassDef) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """The functions of a module or class and the methods of the classes in it."""
    for node in tree.body:
        if isinstance(node, ast.ClassDef):
            yield from definitions(node)
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield node


def whole_classes(tree: ast.Module, nodes: list[Definition]) -> list[Definition]:
    """The definitions, with each class of which nothing would be left in the place of what is in it."""
    gone = {id(node) for node in nodes}
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef):
            rest = [inner for inner in node.body if id(inner) not in gone and not is_text(inner)]
            if not rest and any(id(inner) in gone for inner in node.body):
                return whole_classes(tree, [each for each in nodes if each not in node.body] + [node])
    return nodes


def is_text(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def used(nodes: list[ast.AST]) -> Iterator[str]:
    """The names that some syntax reads, as plain names, as attributes or in __all__."""
    for node in nodes:
        if isinstance(node, ast.Name):
            yield node.id
        elif isinstance(node, ast.Attribute):
            yield node.attr
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value
