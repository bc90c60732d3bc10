"""Runs tests with pytest inside the sandbox and reports test by test. Standard library and pytest only.

The code under test runs in this process, so this process is built not to believe it. Before any of it is
loaded: the report goes to a private copy of standard output, each line signed with a secret read from
standard input, and the test machinery is remembered. While tests run: canaries, tests with a known outcome,
run among them through the same machinery. At the end: whatever was exchanged in the machinery is named, and
the process ends without exit hooks.
"""

import importlib
import inspect
import json
import os
import random
import sys
import types

import pytest
from _pytest.config import default_plugins
from _pytest.runner import runtestprotocol

WATCHED = ("pytest", "_pytest", "pluggy", "unittest", "doctest", "builtins", "math", "operator")


def main():
    """Read the request, run the tests, report, and end with pytest's exit code."""
    request = json.loads(sys.stdin.readline())
    send = reporter(os.dup(1), request["secret"])
    silence()
    for name in default_plugins:
        importlib.import_module(f"_pytest.{name}")
    before = machinery()
    send({"begin": True})
    sys.path[0:1] = []
    sys.path.append(request["root"])
    sys.modules["__main__"] = types.ModuleType("__main__")
    judge = Judge(send, set(request["changed"]), request["secret"])
    arguments = ["--rootdir", request["root"], "-o", "addopts=", "-p", "no:cacheprovider", *request["files"]]
    del request  # the code under test can look at this frame
    code = int(pytest.main(arguments, plugins=[judge]))
    send({"end": code, "altered": sorted(judge.altered) + altered(before)})
    os._exit(code)


def reporter(channel, secret):
    """A function that writes one signed, numbered line to a descriptor that only it knows."""
    count = 0

    def send(message):
        nonlocal count
        line = json.dumps({"number": count, **message})
        count += 1
        os.write(channel, f"{secret} {line}\n".encode())

    return send


def silence():
    """Whatever the code under test prints goes nowhere."""
    nothing = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nothing, descriptor)


class Judge:
    """The pytest plugin: reports results, runs canaries, and looks at where each test's code comes from."""

    def __init__(self, send, changed, secret):
        self.send, self.changed, self.altered = send, changed, set()
        self.random, self.canaries, self.codes = random.Random(secret), {}, {}

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items):
        self.codes = {item: code_of(item) for item in items}
        for module in {
            item.getparent(pytest.Module): None for item in items if item.getparent(pytest.Module)
        }:
            for outcome, function in CANARIES:
                name = f"test_{self.random.getrandbits(32):x}"
                canary = pytest.Function.from_parent(module, name=name, callobj=function)
                self.canaries[canary] = outcome
                items.insert(self.random.randint(0, len(items)), canary)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(self, item, nextitem):
        if item in self.canaries:
            reports = runtestprotocol(item, log=False, nextitem=nextitem)
            outcomes = [report.outcome for report in reports if report.when == "call"]
            self.send({"canary": outcomes == [self.canaries[item]]})
            return True
        code = code_of(item)
        if code is not self.codes.get(item) or file_of(code) in self.changed or "runtest" in vars(item):
            self.altered.add(item.nodeid)
        self.altered |= self.strange_hooks(item.config.pluginmanager)
        return None

    def strange_hooks(self, manager):
        """Hooks whose code is neither the test runner's nor the unchanged repository's."""
        hooks = [hook for hook in vars(manager.hook).values() if hasattr(hook, "get_hookimpls")]
        functions = [(hook.name, code(found.function)[0]) for hook in hooks for found in hook.get_hookimpls()]
        return {
            name
            for name, found in functions
            if file_of(found) in self.changed or not os.path.isabs(file_of(found))
        }

    def pytest_runtest_logreport(self, report):
        self.send(
            {"test": report.nodeid, "when": report.when, "outcome": report.outcome, "text": message(report)}
        )

    def pytest_collectreport(self, report):
        if report.failed:
            self.send({"collection": report.nodeid, "text": message(report)})


def canary_assert():
    assert [1] == [2]


def canary_raises():
    with pytest.raises(ValueError):
        pass


def canary_error():
    raise RuntimeError("canary")


def canary_good():
    assert [1] == [1]


CANARIES = [
    ("failed", canary_assert),
    ("failed", canary_raises),
    ("failed", canary_error),
    ("passed", canary_good),
]


def file_of(code):
    """The file that code says it comes from."""
    return getattr(code, "co_filename", "")


def code_of(item):
    """The code object of a test function beneath its decorators."""
    return getattr(inspect.unwrap(getattr(item, "function", None) or type(item).runtest), "__code__", None)


def message(report):
    """The end of what went wrong, in a few words."""
    if report.passed:
        return ""
    crash = getattr(report.longrepr, "reprcrash", None)
    return str(crash.message if crash else report.longrepr)[-300:]


def machinery():
    """Functions, classes and methods of the modules that decide a test's outcome, held so that none can be
    re-made.
    """
    found = {}
    for name in [name for name in sys.modules if name.split(".")[0] in WATCHED]:
        module = sys.modules[name]
        found[name, ""] = module, code(module)
        for attribute, value in vars(module).items():
            if callable(value):
                found[name, attribute] = value, code(value)
            if inspect.isclass(value) and (value.__module__ or "").split(".")[0] in WATCHED:
                for method, inner in vars(value).items():
                    found[name, f"{attribute}.{method}"] = inner, code(inner)
    return found


def code(value):
    """What a function does, which can be exchanged while the function stays the same object."""
    function = getattr(value, "__func__", value)
    return getattr(function, "__code__", None), getattr(function, "__defaults__", None)


def altered(before):
    """Names in the machinery that now stand for something else."""
    return [f"{name}.{path}" for (name, path), was in before.items() if not same(was, current(name, path))]


def current(name, path):
    value = sys.modules.get(name)
    for step in filter(None, path.split(".")):
        value = vars(value).get(step) if value is not None else None
    return value


def same(was, value):
    held, (held_code, held_defaults) = was
    now_code, now_defaults = code(value)
    return value is held and now_code is held_code and now_defaults is held_defaults


if __name__ == "__main__":
    main()
