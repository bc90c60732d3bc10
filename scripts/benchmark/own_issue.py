"""An issue text out of a failing test: the expression that shows the fault, and the steps that lead to it.

The expressions and their values, with and without the fault, were noted while the test ran (see inside/notes.py).
"""

import ast
from collections.abc import Iterator

from scripts.benchmark.cut import definitions, first_line
from scripts.benchmark.issue import Example

LONGEST = 160  # characters of an expression, of a value, of a step
STEPS = 5
SIMPLE = (
    ast.Assign,
    ast.AnnAssign,
    ast.AugAssign,
    ast.Expr,
    ast.Import,
    ast.ImportFrom,
    ast.Delete,
    ast.Assert,
)

Difference = list  # [place, names, right, wrong] as notes.differences gives it


def example(differences: list[Difference], text: str, line: int) -> Example | None:
    """The first expression of a test that can be told: text of the test's file, and the first line of its function."""
    function = next((node for node in definitions(ast.parse(text)) if first_line(node) == line), None)
    if function is None:
        return None
    for place, names, right, wrong in differences:
        node = at(function, place)
        shown = node and names is not None and tell(function, node, names, right, wrong)
        if shown:
            return shown
    return None


def at(function: ast.AST, place: list[int]) -> ast.expr | None:
    """The expression at [line, column, end line, end column] of a function."""
    for node in ast.walk(function):
        if isinstance(node, ast.expr) and place == [
            node.lineno, node.col_offset, node.end_lineno, node.end_col_offset
        ]:  # fmt: skip
            return node
    return None


def tell(
    function: ast.FunctionDef,
    node: ast.expr,
    names: dict[str, str | None],
    right: list[str],
    wrong: list[str],
) -> Example | None:
    """The example of one expression, or None where it would not be understood."""
    hidden = {name for name, value in names.items() if value is None}
    led = list(steps(function, node, hidden)) if hidden else []
    setup = [
        f"{name} = {value}" for name, value in names.items() if value is not None and not assigns(led, name)
    ]
    setup += [text for step in led for text in ast.unparse(step).split("\n")]
    texts = [ast.unparse(node), *setup, right[1], wrong[1]]
    if len(setup) > STEPS or any(len(text) > LONGEST or "self" in text for text in texts):
        return None
    if hidden and not all(assigns(led, name) for name in hidden):
        return None
    said = [outcome(node, *found) for found in (wrong, right)]
    return Example(texts[0], said[0], said[1], tuple(setup))


def outcome(node: ast.expr, kind: str, text: str) -> str:
    """What an expression gives, in the words of Example."""
    if kind == "raises":
        return f"raises {text}"
    return text if isinstance(node, ast.Call) else f"gives {text}"


def steps(function: ast.FunctionDef, node: ast.expr, hidden: set[str]) -> Iterator[ast.stmt]:
    """The statements before an expression that its names depend on, as a user would write them."""
    earlier, found, needed = before(function, node), [], set(hidden)
    for statement in reversed(earlier):
        names = {each.id for each in ast.walk(statement) if isinstance(each, ast.Name)}
        if names & needed:
            needed |= names
            found.append(statement)
    yield from map(plain, reversed(found))


def before(function: ast.FunctionDef, node: ast.expr) -> list[ast.stmt]:
    """The statements of a test's own body before the one with the expression; none of what is in a loop."""
    for number, statement in enumerate(function.body):
        if any(inner is node for inner in ast.walk(statement)):
            alone = isinstance(statement, SIMPLE) or (
                isinstance(statement, ast.With) and len(statement.body) == 1
            )
            return function.body[:number] if alone else []
    return []


def plain(statement: ast.stmt) -> ast.stmt:
    """A statement as it would be tried by hand: of an assertion only what it looks at."""
    if isinstance(statement, ast.Assert):
        test = statement.test
        return ast.Expr(test.left if isinstance(test, ast.Compare) else test)
    value = statement.value if isinstance(statement, ast.Expr) else None
    if isinstance(value, ast.Call) and value.args and ast.unparse(value.func).startswith("self.assert"):
        return ast.Expr(value.args[0])
    return statement


def assigns(statements: list[ast.stmt], name: str) -> bool:
    """Whether one of some statements gives the name a value."""
    nodes = [node for statement in statements for node in ast.walk(statement)]
    stored = any(
        isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) and node.id == name for node in nodes
    )
    return stored or any(isinstance(node, ast.FunctionDef) and node.name == name for node in statements)
