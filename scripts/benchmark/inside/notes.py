"""What the expressions of a test give, noted while it runs: the test's function is compiled again with notes in it."""

import ast
import copy
import gc
import inspect
import re
import types

LONGEST, MOST = 300, 400  # characters of a value, notes of a test
NOTED = (ast.Call, ast.Subscript, ast.BinOp, ast.Compare, ast.Attribute)
APART = (ast.NamedExpr, ast.Await, ast.Yield, ast.YieldFrom)
ADDRESS = re.compile(r"0x[0-9a-f]{6,}")  # says nothing, and another thing at every start
PLAIN = (int, float, complex, bool, str, bytes, type(None), range, type(Ellipsis))
HOLDERS = (list, tuple, set, frozenset, dict)
_trees = {}


def code_of(item):
    """The code object of a test function beneath its decorators."""
    return getattr(function_of(item), "__code__", None)


def function_of(item):
    function = inspect.unwrap(getattr(item, "function", None) or getattr(item, "obj", None) or (lambda: None))
    return getattr(function, "__func__", function)


def prepare(item):
    """Read the file of a test once, for all forks."""
    code = code_of(item)
    if code and code.co_filename not in _trees:
        definition(code)
        gc.freeze()


def instrument(item, send):
    """Give the test's function its code with notes; False where that cannot be done."""
    function = function_of(item)
    code = getattr(function, "__code__", None)
    found = definition(code) if code else None
    if found is None:
        return False
    node, classes = found
    new = compiled(Notes().outermost(copy.deepcopy(node)), classes, code)
    if new is None or new.co_freevars != code.co_freevars:
        return False
    function.__globals__["__note__"] = Book(send).note
    function.__code__ = new
    return True


def definition(code):
    """The syntax of the function with this code, and the names of the classes around it."""
    name = code.co_filename
    if name not in _trees:
        with open(name, "rb") as file:
            _trees[name] = ast.parse(file.read())
    queue = [(node, ()) for node in _trees[name].body]
    while queue:
        node, classes = queue.pop()
        if isinstance(node, ast.ClassDef):
            queue += [(inner, (*classes, node.name)) for inner in node.body]
        elif (
            isinstance(node, ast.FunctionDef)
            and node.name == code.co_name
            and first(node) == code.co_firstlineno
        ):
            return node, classes
    return None


def first(node):
    """The first line of a function, its decorators included."""
    return min([node.lineno] + [decorator.lineno for decorator in node.decorator_list])


def compiled(node, classes, code):
    """The code object of a function's syntax."""
    node.decorator_list = []
    for name in reversed(classes):
        node = ast.ClassDef(name=name, bases=[], keywords=[], body=[node], decorator_list=[], type_params=[])
        ast.copy_location(node, node.body[0])
    tree = ast.fix_missing_locations(ast.Module(body=[node], type_ignores=[]))
    found = compile(tree, code.co_filename, "exec", dont_inherit=True)
    for name in (*classes, code.co_name):
        inner = [
            each for each in found.co_consts if isinstance(each, types.CodeType) and each.co_name == name
        ]
        if not inner:
            return None
        found = inner[0]
    return found


class Notes(ast.NodeTransformer):
    """Puts a note around every expression of a kind of NOTED: __note__(place, names, lambda: expression)."""

    def outermost(self, node):
        """The test's function: what it binds are the names worth telling."""
        self.bound = bound(node)
        node.body = [self.visit(statement) for statement in node.body]
        return node

    def generic_visit(self, node):
        if isinstance(node, (ast.JoinedStr, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            return node
        place = [getattr(node, name, 0) for name in ("lineno", "col_offset", "end_lineno", "end_col_offset")]
        wanted = isinstance(node, NOTED) and isinstance(getattr(node, "ctx", None) or ast.Load(), ast.Load)
        wanted = wanted and not any(forbidden(inner) for inner in ast.walk(node)) and not about_self(node)
        wanted = wanted and (isinstance(node, ast.Compare) or not any(map(fleeting, ast.walk(node))))
        names = sorted(free(node) & self.bound) if wanted else []
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            node.func.value = self.visit(node.func.value)
            node.args = [self.visit(argument) for argument in node.args]
            node.keywords = [self.visit(keyword) for keyword in node.keywords]
        else:
            super().generic_visit(node)
        return ast.copy_location(note(place, names, node), node) if wanted else node


def note(place, names, node):
    known = ast.Dict(keys=[ast.Constant(name) for name in names], values=[load(name) for name in names])
    where = ast.List(elts=[ast.Constant(number) for number in place], ctx=ast.Load())
    return ast.Call(func=load("__note__"), args=[where, thunk(known), thunk(node)], keywords=[])


def thunk(body):
    nothing = ast.arguments(posonlyargs=[], args=[], kwonlyargs=[], kw_defaults=[], defaults=[])
    return ast.Lambda(args=nothing, body=body)


def load(name):
    return ast.Name(id=name, ctx=ast.Load())


def forbidden(node):
    """Syntax that means something else inside a function of its own."""
    return isinstance(node, APART) or (
        isinstance(node, ast.Name) and node.id in ("super", "locals", "__class__")
    )


def fleeting(node):
    """What may be another number at every start, since objects lie elsewhere: that of None too, up to Python 3.11."""
    called = isinstance(node, ast.Name) and node.id in ("hash", "id")
    return called or (isinstance(node, ast.Attribute) and node.attr == "__hash__")


def about_self(node):
    """A call of the test case's own: self.assertEqual(...)."""
    while isinstance(node, (ast.Call, ast.Attribute, ast.Subscript)):
        node = node.func if isinstance(node, ast.Call) else node.value
    return isinstance(node, ast.Name) and node.id == "self"


def bound(function):
    """Names that a function binds, but for the test case's own."""
    names = {node.arg for node in ast.walk(function) if isinstance(node, ast.arg)}
    for node in ast.walk(function):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and node is not function:
            names.add(node.name)
        if isinstance(node, ast.alias):
            names.add(node.asname or node.name.split(".")[0])
    return names - {"self"}


def free(node):
    """Names that an expression reads and does not bind itself."""
    own = {inner.arg for inner in ast.walk(node) if isinstance(inner, ast.arg)}
    names = [inner for inner in ast.walk(node) if isinstance(inner, ast.Name)]
    own |= {name.id for name in names if isinstance(name.ctx, ast.Store)}
    return {name.id for name in names} - own


class Book:
    """Sends one line for each expression that came to its end."""

    def __init__(self, send):
        self.send, self.count, self.inside = send, 0, False

    def note(self, place, names, thunk):
        if self.count > MOST:
            return thunk()
        known = plain_names(names)
        try:
            value = thunk()
        except BaseException as error:
            self.write(place, known, "raises", type(error).__name__)
            raise
        self.write(place, known, *described(value))
        return value

    def write(self, *entry):
        self.count += 1
        self.send(entry)


def plain_names(names):
    """Each name with its value as text, or None where that has no plain text."""
    try:
        found = names()
    except NameError:
        return None
    return {name: repr(value) if is_plain(value) else None for name, value in found.items()}


def described(value):
    return ("gives", repr(value)) if is_plain(value) else ("is", type(value).__name__)


def is_plain(value, depth=0):
    """Built from numbers, text and their collections, so that its repr says all of it, and is short."""
    if depth > 6 or (type(value) in (str, bytes, range) and not is_readable(repr(value))):
        return False
    if type(value) in PLAIN:
        return not (type(value) is int and value.bit_length() > LONGEST)
    if type(value) not in HOLDERS or len(value) > LONGEST:
        return False
    inside = [*value.keys(), *value.values()] if type(value) is dict else value
    return all(is_plain(each, depth + 1) for each in inside) and (depth > 0 or len(repr(value)) <= LONGEST)


def is_readable(text):
    return len(text) <= LONGEST and not ADDRESS.search(text)


def differences(right, wrong):
    """Notes (place, names, right, wrong) that differ, up to where the two runs took different ways.

    What a wrong run gives may be told by its type alone, what is right may not.
    """
    found = []
    for one, other in zip(right, wrong):
        if one[0] != other[0]:
            break
        if one[2:] != other[2:] and one[2] != "is":
            found.append([one[0], other[1], one[2:], other[2:]])
    return found[:8]
