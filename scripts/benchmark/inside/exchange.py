"""A mutation of one line, made in a running process: the functions it changes get their new code.

Whoever holds such a function (another module, a decorator, a test that imported it) holds the very object that is
changed, so nothing has to be imported again.
"""

import gc
import os
import types


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
    with open(path, encoding="utf-8", newline="") as file:
        lines = file.read().split("\n")
    before = compile("\n".join(lines), path, "exec", dont_inherit=True)
    lines[mutant["line"] - 1] = mutant["new"]
    try:
        after = compile("\n".join(lines), path, "exec", dont_inherit=True)
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
