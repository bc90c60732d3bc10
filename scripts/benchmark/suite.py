"""Run one module's tests against one version of its source, inside this process, in about a millisecond.

Only for code we wrote ourselves: nothing is isolated here. What a model wrote is judged in a sandbox.
"""

import ast
import signal
import sys
import types
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

SECONDS = 0.5  # a test here takes microseconds: whatever runs longer loops for ever


class Endless(BaseException):
    """A call ran past its time. No Exception, so that no `except Exception` in the code swallows it."""


@dataclass(frozen=True)
class Subject:
    """One module with its test file. `name` is dotted; paths are relative to the package's root."""

    name: str
    path: str
    text: str
    test_path: str
    test_text: str


def subjects(root: Path) -> list[Subject]:
    """Every module of the package under `root` that has a test file tests/test_<module>.py, by name."""
    found = []
    for test in sorted(root.glob("tests/test_*.py")):
        (path,) = root.glob(f"*/{test.stem.removeprefix('test_')}.py")
        name = ".".join(path.relative_to(root).with_suffix("").parts)
        relative = str(path.relative_to(root)), str(test.relative_to(root))
        found.append(Subject(name, relative[0], path.read_text(), relative[1], test.read_text()))
    return found


def run_tests(subject: Subject, text: str) -> dict[str, bool]:
    """Whether each test function passes with the module's source `text`; all fail if importing it does."""
    names = [node.name for node in ast.parse(subject.test_text).body if is_test(node)]
    with replaced(subject, text) as failure:
        tests = {} if failure else namespace(subject.test_text, subject.test_path)
        return {name: not failure and outcome(tests[name]) is None for name in names}


def is_test(node: ast.stmt) -> bool:
    """Whether a top-level statement is a test function as pytest finds them."""
    return isinstance(node, ast.FunctionDef) and node.name.startswith("test_")


def evaluate(subject: Subject, text: str, call: str) -> str:
    """What a call gives with the module's source `text`: "5", or "raises ValueError", or "never ends"."""
    with replaced(subject, text):
        module = sys.modules[subject.name]
        result: list[str] = []
        error = outcome(lambda: result.append(repr(eval(call, dict(vars(module))))))
    if isinstance(error, Endless):
        return "never ends"
    return f"raises {type(error).__name__}" if error else result[0]


@contextmanager
def replaced(subject: Subject, text: str) -> Iterator[BaseException | None]:
    """Put a module with this source in the place of the real one; yields the error of importing it, if any.

    The rest of its package cannot be imported meanwhile: the modules must stand alone.
    """
    package, before = subject.name.rpartition(".")[0], dict(sys.modules)
    sys.modules[package] = types.ModuleType(package)
    module = sys.modules[subject.name] = types.ModuleType(subject.name)
    try:
        yield outcome(lambda: exec(compile(text, subject.path, "exec"), module.__dict__))
    finally:
        for name in (package, subject.name):
            sys.modules.pop(name)
            sys.modules.update({name: before[name]} if name in before else {})


def namespace(text: str, path: str) -> dict[str, Callable[[], None]]:
    """The names that executing a file defines."""
    names: dict = {"__name__": Path(path).stem}
    exec(compile(text, path, "exec"), names)
    return names


def outcome(function: Callable[[], object]) -> BaseException | None:
    """The exception a function ends with, if any; Endless after SECONDS. Ctrl-C goes through."""

    def stop(*_: object) -> None:
        raise Endless

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, SECONDS)
    try:
        function()
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        return error
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    return None
