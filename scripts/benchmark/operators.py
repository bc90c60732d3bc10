"""Mutation operators: each finds the places in a piece of syntax where one typical slip could stand.

The classes follow Jia and Harman, "An Analysis and Survey of the Development of Mutation Testing" (2011), and
the slips of everyday code: a wrong bound, exchanged arguments, a forgotten case. An operator takes one node
and its scope and yields changes; a new one is one function and one name in OPERATORS.
"""

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from scripts.benchmark.spans import Edit, Source

Change = list[Edit]


@dataclass(frozen=True)
class Scope:
    """The module's source and the parameters of the function around a node, in order."""

    source: Source
    parameters: tuple[str, ...] = ()


TOKENS: dict[type[ast.AST], str] = {
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.In: "in",
    ast.NotIn: "not in",
    ast.Is: "is",
    ast.IsNot: "is not",
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.Div: "/",
    ast.FloorDiv: "//",
    ast.Mod: "%",
    ast.Pow: "**",
}
TWINS = (
    ("min", "max"),
    ("any", "all"),
    ("startswith", "endswith"),
    ("lower", "upper"),
    ("lstrip", "rstrip"),
    ("islower", "isupper"),
    ("isdigit", "isalpha"),
    ("keys", "values"),
)
OPPOSITES = (("<", ">"), ("<=", ">="), ("==", "!="), ("in", "not in"), ("is", "is not"))
BOUNDARY = {"<": "<=", "<=": "<", ">": ">=", ">=": ">"}
ARITHMETIC = {"+": "-", "-": "+", "*": "/", "/": "*", "//": "%", "%": "//", "**": "*"}
OPPOSITE = dict(OPPOSITES) | {right: left for left, right in OPPOSITES}
CALLS = dict(TWINS) | {right: left for left, right in TWINS}


def swap_compare(node: ast.AST, scope: Scope, table: dict[str, str]) -> Iterator[Change]:
    """Exchange every comparison of a chain that the table knows, one at a time."""
    if not isinstance(node, ast.Compare):
        return
    operands = [node.left, *node.comparators]
    for left, operator, right in zip(operands, node.ops, operands[1:], strict=False):
        token = TOKENS[type(operator)]
        if token in table:
            yield from ([edit] for edit in scope.source.between(left, right, token, table[token]))


def comparison(node: ast.AST, scope: Scope) -> Iterator[Change]:
    """Turn a comparison round: `<` for `>`, `==` for `!=`, `in` for `not in`."""
    yield from swap_compare(node, scope, OPPOSITE)


def boundary(node: ast.AST, scope: Scope) -> Iterator[Change]:
    """Move a bound by one: `<` for `<=`."""
    yield from swap_compare(node, scope, BOUNDARY)


def arithmetic(node: ast.AST, scope: Scope) -> Iterator[Change]:
    """Exchange an arithmetic operator, in an expression or in `+=` and its like."""
    if isinstance(node, ast.BinOp):
        left, right, end = node.left, node.right, ""
    elif isinstance(node, ast.AugAssign):
        left, right, end = node.target, node.value, "="
    else:
        return
    token = TOKENS.get(type(node.op), "")
    if token in ARITHMETIC:
        edits = scope.source.between(left, right, token + end, ARITHMETIC[token] + end)
        yield from ([edit] for edit in edits)


def boolean(node: ast.AST, scope: Scope) -> Iterator[Change]:
    """Exchange `and` and `or`."""
    if not isinstance(node, ast.BoolOp) or len(node.values) != 2:
        return
    old, new = ("and", "or") if isinstance(node.op, ast.And) else ("or", "and")
    yield from ([edit] for edit in scope.source.between(*node.values, old, new))


def constant(node: ast.AST, scope: Scope) -> Iterator[Change]:
    """Change a whole number by one."""
    if isinstance(node, ast.Constant) and type(node.value) is int:
        yield [scope.source.replace(node, str(node.value + 1))]
        if node.value > 0:
            yield [scope.source.replace(node, str(node.value - 1))]


def arguments(node: ast.AST, scope: Scope) -> Iterator[Change]:
    """Exchange two neighbouring arguments of a call."""
    if not isinstance(node, ast.Call):
        return
    for left, right in zip(node.args, node.args[1:], strict=False):
        first, second = scope.source.segment(left), scope.source.segment(right)
        if first != second and not isinstance(left, ast.Starred) and not isinstance(right, ast.Starred):
            yield [scope.source.replace(left, second), scope.source.replace(right, first)]


def negation(node: ast.AST, scope: Scope) -> Iterator[Change]:
    """Drop a `not`, put one before a condition that is a name or a call, or exchange True and False."""
    if isinstance(node, ast.Constant) and isinstance(node.value, bool):
        yield [scope.source.replace(node, str(not node.value))]
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        yield [scope.source.replace(node, scope.source.segment(node.operand))]
    test = getattr(node, "test", None)
    if isinstance(node, (ast.If, ast.While, ast.IfExp)) and isinstance(test, (ast.Name, ast.Call)):
        yield [scope.source.replace(test, f"not {scope.source.segment(test)}")]


def returned(node: ast.AST, scope: Scope) -> Iterator[Change]:
    """Return another parameter than the right one, or drop the minus sign of what is returned."""
    value = node.value if isinstance(node, ast.Return) else None
    if isinstance(value, ast.Name):
        for other in scope.parameters:
            if other != value.id:
                yield [scope.source.replace(value, other)]
    if isinstance(value, ast.UnaryOp) and isinstance(value.op, ast.USub):
        yield [scope.source.replace(value, scope.source.segment(value.operand))]


def variable(node: ast.AST, scope: Scope) -> Iterator[Change]:
    """Use another parameter in place of the right one inside an expression that does not name it yet."""
    if not isinstance(node, (ast.Compare, ast.BinOp, ast.Call, ast.Subscript)):
        return
    names = [child for child in ast.iter_child_nodes(node) if isinstance(child, ast.Name)]
    unused = [name for name in scope.parameters if name not in {child.id for child in names}]
    for child in names:
        if child.id in scope.parameters:
            yield from ([scope.source.replace(child, other)] for other in unused)


def branch(node: ast.AST, scope: Scope) -> Iterator[Change]:
    """Forget a case: one side of `a if c else b`, one half of a condition, or a whole `if` without `else`."""
    if isinstance(node, ast.IfExp):
        yield [scope.source.replace(node, scope.source.segment(node.body))]
        yield [scope.source.replace(node, scope.source.segment(node.orelse))]
    if isinstance(node, ast.BoolOp) and len(node.values) == 2:
        for value in node.values:
            yield [scope.source.replace(node, scope.source.segment(value))]
    if isinstance(node, ast.If) and not node.orelse and is_statement(node, scope):
        yield [Edit(scope.source.starts[node.lineno - 1], scope.source.starts[node.end_lineno], "")]


def is_statement(node: ast.If, scope: Scope) -> bool:
    """Whether the lines of an `if` belong to it alone: it is no `elif`."""
    return scope.source.segment(node).startswith("if")


def choice(node: ast.AST, scope: Scope) -> Iterator[Change]:
    """Exchange the two sides of `a if c else b`."""
    if isinstance(node, ast.IfExp):
        body, other = scope.source.segment(node.body), scope.source.segment(node.orelse)
        yield [scope.source.replace(node.body, other), scope.source.replace(node.orelse, body)]


def called(node: ast.AST, scope: Scope) -> Iterator[Change]:
    """Call the twin of a function or method: `min` for `max`, `startswith` for `endswith`."""
    if not isinstance(node, ast.Call):
        return
    if isinstance(node.func, ast.Name) and node.func.id in CALLS:
        yield [scope.source.replace(node.func, CALLS[node.func.id])]
    if isinstance(node.func, ast.Attribute) and node.func.attr in CALLS:
        end = scope.source.end(node.func)
        yield [Edit(end - len(node.func.attr), end, CALLS[node.func.attr])]


def index(node: ast.AST, scope: Scope) -> Iterator[Change]:
    """Take the last item for the first or the other way round, or the other part of a slice."""
    if not isinstance(node, ast.Subscript):
        return
    part = node.slice
    if isinstance(part, ast.Slice) and part.step is None and (part.lower is None) != (part.upper is None):
        bound = scope.source.segment(part.lower or part.upper)
        yield [scope.source.replace(part, f":{bound}" if part.lower else f"{bound}:")]
    elif scope.source.segment(part) in ("0", "-1"):
        yield [scope.source.replace(part, "-1" if scope.source.segment(part) == "0" else "0")]


Operator = Callable[[ast.AST, Scope], Iterator[Change]]
OPERATORS: dict[str, Operator] = {
    operator.__name__: operator
    for operator in (
        *(comparison, boundary, arithmetic, boolean, constant, arguments, negation),
        *(returned, variable, branch, choice, called, index),
    )
}
