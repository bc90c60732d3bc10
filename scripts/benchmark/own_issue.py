"""An issue text out of a failing test: the expression that shows the fault, and the steps that lead to it.

The expressions and their values, with and without the fault, were noted while the test ran (see inside/notes.py).
"""

import ast
import re
from collections.abc import Iterator

from scripts.benchmark.cut import definitions, first_line
from scripts.benchmark.issue import Example
from scripts.benchmark.own_names import Names, loaded, names, parsed, stored

LONGEST = 160  # characters of an expression, of a value, of a step
STEPS = 6  # lines before the expression
SELF = re.compile(r"\bself\b")
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


def examples(differences: list[Difference], text: str, line: int) -> Iterator[Example]:
    """The expressions of a test that can be told: text of the test's file, and the first line of its function."""
    function = next((node for node in definitions(parsed(text)) if first_line(node) == line), None)
    for place, known, right, wrong in differences if function else []:
        node = at(function, place)
        if node and known is not None and (shown := tell(function, node, known, right, wrong, names(text))):
            yield shown


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
    known: dict[str, str | None],
    right: list[str],
    wrong: list[str],
    about: Names,
) -> Example | None:
    """The example of one expression, or None where it would not be understood."""
    hidden = {name for name, value in known.items() if value is None}
    led = list(steps(function, node, hidden))
    made = {name for step in led for name in stored(step)}
    given = [f"{name} = {value}" for name, value in known.items() if value is not None and name not in made]
    helpers = about.missing([*led, node], made | {name for name, value in known.items() if value is not None})
    if helpers is None or not hidden <= made:
        return None
    lines = [line for step in (*helpers, *led) for line in about.spelled(step).split("\n")]
    setup = (*given, *lines)
    texts = [about.spelled(node), *setup, right[1], wrong[1]]
    if len(setup) > STEPS or any(len(text) > LONGEST or SELF.search(text) for text in texts):
        return None
    said = [outcome(node, *found) for found in (wrong, right)]
    return Example(texts[0], said[0], said[1], setup)


def outcome(node: ast.expr, kind: str, text: str) -> str:
    """What an expression gives, in the words of Example."""
    if kind == "raises":
        return f"raises {text}"
    what = f"an object of type {text}" if kind == "is" else text
    return what if isinstance(node, ast.Call) else f"gives {what}"


def steps(function: ast.FunctionDef, node: ast.expr, hidden: set[str]) -> Iterator[ast.stmt]:
    """The statements before an expression that its names depend on, as a user would write them."""
    found, needed = [], set(hidden)
    earlier = before(function, node)
    local = {name for statement in earlier for name in stored(statement)}
    for statement in reversed(earlier):
        made, reads = stored(statement), loaded(statement) & local
        if (made | reads) & needed or seeds(statement):
            anew = isinstance(statement, ast.Assign) and all(
                isinstance(to, ast.Name) for to in statement.targets
            )
            needed = (needed - made if anew else needed) | reads
            found.append(statement)
    yield from map(plain, reversed(found))


def seeds(statement: ast.stmt) -> bool:
    """Whether a statement settles what is drawn at random after it."""
    call = statement.value if isinstance(statement, ast.Expr) else None
    return isinstance(call, ast.Call) and ast.unparse(call.func).rpartition(".")[2] == "seed"


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
