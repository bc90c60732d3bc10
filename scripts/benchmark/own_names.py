"""The names that a test's module gives: those that a reader knows already, and those that have to be told first."""

import ast
import builtins
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import lru_cache

# what has names of its own, or as good as
INNER = (ast.comprehension, ast.FunctionDef, ast.ClassDef, ast.With, ast.For)
UNTOLD = {"doctest"}  # whoever reads of a fault has no use for the module that found it


@dataclass(frozen=True)
class Names:
    """What a module of tests binds outside of its tests.

    `imported` are modules and names of the library and of Python by the name that the tests give them; `helpers`
    are the module's own functions and values, `others` what else it binds.
    """

    imported: dict[str, str]
    helpers: dict[str, ast.stmt]
    others: frozenset[str]

    def known(self, name: str) -> bool:
        """Whether a reader has the name, too."""
        return name not in self.others and (
            name in self.imported or "*" in self.imported or hasattr(builtins, name)
        )

    def spelled(self, tree: ast.AST) -> str:
        """Syntax as text, imports under their full names: `more_itertools.first` for `mi.first`."""
        return ast.unparse(Spelling(self.imported).visit(ast.parse(ast.unparse(tree))))

    def missing(self, trees: list[ast.AST], given: Collection[str]) -> list[ast.stmt] | None:
        """The helpers that some syntax needs, in their order; None where a name of it says nothing to a reader.

        Args:
            given: names that have a value already.
        """
        found: dict[str, ast.stmt] = {}
        queue = [name for tree in trees for name in free(tree) if name not in given]
        while queue:
            name = queue.pop()
            if name in self.helpers and name not in found:
                found[name] = self.helpers[name]
                queue += free(found[name]) - set(found)
            elif name in UNTOLD or not (name in found or self.known(name)):
                return None
        return [statement for name, statement in self.helpers.items() if name in found]


class Spelling(ast.NodeTransformer):
    """Puts the full name for the name that an import gave."""

    def __init__(self, imported: dict[str, str]) -> None:
        self.imported = imported

    def visit_Name(self, node: ast.Name) -> ast.AST:
        full = self.imported.get(node.id, node.id)
        return ast.parse(full, mode="eval").body if isinstance(node.ctx, ast.Load) else node


@lru_cache(maxsize=64)  # tests are asked for again with every bug that they find
def parsed(text: str) -> ast.Module:
    """The syntax of a module of tests; nobody changes it."""
    return ast.parse(text)


@lru_cache(maxsize=64)
def names(text: str) -> Names:
    """The names of a module of tests, from its text."""
    imported, helpers, bound = {}, {}, set()
    for node in parsed(text).body:
        imported |= dict(imports(node))
        bound |= stored(node) if not isinstance(node, (ast.FunctionDef, ast.ClassDef)) else {node.name}
        if isinstance(node, ast.FunctionDef) and not node.decorator_list:
            helpers[node.name] = node
        if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
            helpers[node.targets[0].id] = node
    return Names(imported, helpers, frozenset(bound - {*imported, *helpers}))


def imports(node: ast.stmt) -> Iterator[tuple[str, str]]:
    """(name, full name) of what a statement imports, but for what comes from other tests."""
    if isinstance(node, ast.Import):
        for alias in node.names:
            full = alias.name if alias.asname else alias.name.split(".")[0]
            yield alias.asname or full, full
    if isinstance(node, ast.ImportFrom):
        parts = (node.module or "").split(".")
        if node.level != 1 and not any(part.startswith(("test", "conftest")) for part in parts):
            yield from ((alias.asname or alias.name, alias.name) for alias in node.names)


def free(tree: ast.AST) -> set[str]:
    """Names that some syntax reads and does not bind itself, in what has names of its own."""
    nodes = list(ast.walk(tree))
    own = {node.arg for node in nodes if isinstance(node, ast.arg)}
    for node in nodes:
        if isinstance(node, INNER):
            own |= stored(node)
    return loaded(tree) - own


def loaded(tree: ast.AST) -> set[str]:
    """Names that some syntax reads."""
    return {
        node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)
    }


def stored(tree: ast.AST) -> set[str]:
    """Names that some syntax gives a value, functions and imports among them."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found.add(node.id)
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            found.add(node.name)
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            found |= {alias.asname or alias.name.split(".")[0] for alias in node.names}
    return found
