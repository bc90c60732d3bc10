"""A mutation of one line, made in a running process: the functions it changes get their new code.

Whoever holds such a function (another module, a decorator, a test that imported it) holds the very object that is
changed, so nothing has to be imported again.
"""

import __future__

import ast
import gc
import os
import types

_modules = {}  # by path: lines, extents of its outermost statements, habits


class Impossible(Exception):
    """The mutation cannot be made in a running process."""


def functions(root):
    """Every function that was made of the repository's code, by (file, name, first line)."""
    found = {}
    for each in gc.get_objects():
        if type(each) is types.FunctionType and each.__code__.co_filename.startswith(root + os.sep):
            found.setdefault(key(each.__code__), []).append(each)
    return found


def key(code):
    return code.co_filename, code.co_name, code.co_firstlineno


def swaps(root, mutant, places):
    """Pairs of a function and its new code."""
    path = os.path.join(root, mutant["path"])
    lines, first, last, others = surroundings(path, mutant["line"])
    right = lines[first - 1 : last]
    wrong = [*right[: mutant["line"] - first], mutant["new"], *right[mutant["line"] - first + 1 :]]
    try:
        before, after = (compiled(each, first, path, others) for each in (right, wrong))
    except SyntaxError as error:
        raise Impossible(str(error)) from error
    found = [
        (function, new)
        for old, new in changed(before, after)
        for function in places.get(key(old), [])
        if function.__code__ == old
    ]
    if not found:
        raise Impossible("no function of the loaded module has this code")
    if any(function.__code__.co_freevars != new.co_freevars for function, new in found):
        raise Impossible("the function holds other variables of its surroundings")
    return found


def surroundings(path, line):
    """A module's lines, the first and last line of the outermost statement around a line, and the module's habits.

    Nothing else has to be compiled for a mutation, which would be most of the work in a long module.
    """
    if path not in _modules:
        with open(path, encoding="utf-8", newline="") as file:
            text = file.read()
        tree = ast.parse(text)
        _modules[path] = text.split("\n"), [extent(node) for node in tree.body], habits(tree)
    lines, extents, others = _modules[path]
    first, last = next((each for each in extents if each[0] <= line <= each[1]), (line, line))
    return lines, first, last, others


def habits(tree):
    """What the compiler makes of a statement depends on these: what the module imports, and its annotations.

    A method of a name that is imported is called in another way than one of a name that is not.
    """
    names, future, queue = set(), 0, list(tree.body)
    while queue:
        node = queue.pop()
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            bound = {alias.asname or alias.name.split(".")[0] for alias in node.names} - {"*"}
            if getattr(node, "module", "") == "__future__":
                future = __future__.annotations.compiler_flag if "annotations" in bound else 0
            else:
                names |= bound
        elif not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            queue += [
                inner
                for inner in ast.iter_child_nodes(node)
                if isinstance(inner, (ast.stmt, ast.excepthandler))
            ]
    return ("import " + ", ".join(sorted(names)) if names else ""), future


def extent(node):
    """First and last line of a statement, its decorators included."""
    starts = [node.lineno, *(decorator.lineno for decorator in getattr(node, "decorator_list", ()))]
    return min(starts), node.end_lineno


def compiled(lines, first, path, habits):
    """The code of some lines of a module at their place in it."""
    imports, flags = habits
    head = imports + "\n" * (first - 1) if first > 1 else ""
    return compile(head + "\n".join(lines), path, "exec", flags, dont_inherit=True)


def changed(before, after):
    """Pairs of an old and a new code object that differ, from the outside in."""
    olds, news = (
        [const for const in code.co_consts if isinstance(const, types.CodeType)] for code in (before, after)
    )
    for old, new in zip(olds, news):
        if old != new and (old.co_name, old.co_firstlineno) == (new.co_name, new.co_firstlineno):
            yield old, new
            yield from changed(old, new)


def do(pairs):
    """Give the functions their new code, in this process."""
    for function, code in pairs:
        function.__code__ = code
