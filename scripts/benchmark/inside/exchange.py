"""A mutation of one line, made in a running process: the functions it changes get their new code.

Whoever holds such a function (another module, a decorator, a test that imported it) holds the very object that is
changed, so nothing has to be imported again.
"""

import __future__

import ast
import gc
import os
import types

SAYING = (
    *("co_name", "co_firstlineno", "co_flags", "co_argcount", "co_kwonlyargcount", "co_posonlyargcount"),
    *("co_code", "co_names", "co_varnames", "co_cellvars", "co_freevars"),
)
_modules = {}  # by path: lines, extents of its outermost statements, compiler flags


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
    lines, first, last, flags = surroundings(path, mutant["line"])
    right = lines[first - 1 : last]
    wrong = [*right[: mutant["line"] - first], mutant["new"], *right[mutant["line"] - first + 1 :]]
    try:
        before, after = (compiled(each, first, path, flags) for each in (right, wrong))
    except SyntaxError as error:
        raise Impossible(str(error)) from error
    found = [
        (function, new)
        for old, new in changed(before, after)
        for function in places.get(key(old), [])
        if same(function.__code__, old)
    ]
    if not found:
        raise Impossible("no function of the loaded module has this code")
    if any(function.__code__.co_freevars != new.co_freevars for function, new in found):
        raise Impossible("the function holds other variables of its surroundings")
    return found


def surroundings(path, line):
    """A module's lines, the first and last line of the outermost statement around a line, and the compiler's flags.

    Nothing else has to be compiled for a mutation, which would be most of the work in a long module.
    """
    if path not in _modules:
        with open(path, encoding="utf-8", newline="") as file:
            text = file.read()
        flags = compile(text, path, "exec", dont_inherit=True).co_flags & __future__.annotations.compiler_flag
        _modules[path] = text.split("\n"), [extent(node) for node in ast.parse(text).body], flags
    lines, extents, flags = _modules[path]
    first, last = next((each for each in extents if each[0] <= line <= each[1]), (line, line))
    return lines, first, last, flags


def extent(node):
    """First and last line of a statement, its decorators included."""
    starts = [node.lineno, *(decorator.lineno for decorator in getattr(node, "decorator_list", ()))]
    return min(starts), node.end_lineno


def compiled(lines, first, path, flags):
    """The code of some lines of a module at their place in it."""
    return compile("\n" * (first - 1) + "\n".join(lines), path, "exec", flags, dont_inherit=True)


def changed(before, after):
    """Pairs of an old and a new code object that differ, from the outside in."""
    olds, news = (
        [const for const in code.co_consts if isinstance(const, types.CodeType)] for code in (before, after)
    )
    for old, new in zip(olds, news):
        if old != new and (old.co_name, old.co_firstlineno) == (new.co_name, new.co_firstlineno):
            yield old, new
            yield from changed(old, new)


def same(one, other):
    """Whether two code objects do the same at the same place; `==` of Python 3.11 tells one that has run from one that has not."""
    if any(getattr(one, name) != getattr(other, name) for name in SAYING):
        return False
    pairs = list(zip(one.co_consts, other.co_consts))
    return len(one.co_consts) == len(other.co_consts) and all(
        same(a, b) if isinstance(a, types.CodeType) and isinstance(b, types.CodeType) else equal(a, b)
        for a, b in pairs
    )


def equal(a, b):
    return type(a) is type(b) and repr(a) == repr(b)


def do(pairs):
    """Give the functions their new code, in this process."""
    for function, code in pairs:
        function.__code__ = code
