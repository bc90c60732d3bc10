"""What happens inside: forks that end, mutations in a running process, notes of what a test's expressions give."""

import contextlib
import subprocess
import sys
import time
import types
from pathlib import Path

import pytest

from scripts.benchmark.inside import exchange, fork, notes, reach

SOURCE = """def plus(a, b):
    return a + b


def decorated(function):
    def wrapper(*args):
        return function(*args)
    return wrapper


@decorated
def minus(a, b):
    def inner():
        return a - b
    return inner()


class Box:
    def get(self, key):
        return [key, 1]


import collections


def count(items):
    return collections.Counter(items).most_common(1)
"""


@pytest.fixture
def module(tmp_path):
    """A module under a root, as the repository's are."""
    (tmp_path / "m.py").write_text(SOURCE)
    found = types.ModuleType("m")
    exec(compile(SOURCE, str(tmp_path / "m.py"), "exec"), found.__dict__)
    return found


def swapped(root: Path, line: int, new: str) -> list:
    return exchange.swaps(
        str(root), {"path": "m.py", "line": line, "new": new}, exchange.functions(str(root))
    )


def test_whoever_holds_a_function_gets_the_mutation(module, tmp_path):
    plus, minus, box = module.plus, module.minus, module.Box()
    for line, new in ((2, "    return a * b"), (14, "        return b - a"), (20, "        return [key, 2]")):
        exchange.do(swapped(tmp_path, line, new))
    exchange.do(swapped(tmp_path, 27, "    return collections.Counter(items).most_common(0)"))
    assert module.count("aab") == []
    assert plus(3, 4) == 12 and minus(1, 3) == 2 and box.get("a") == ["a", 2]


@pytest.mark.parametrize(
    ("line", "new"),
    [
        (2, "    return a +"),  # no Python
        (7, "        return None"),  # the running wrapper holds `function`, which this does not
        (10, "# nothing changes"),
    ],
)
def test_what_cannot_be_made_in_a_running_process_is_refused(module, tmp_path, line, new):
    with pytest.raises(exchange.Impossible):
        swapped(tmp_path, line, new)


def test_lines_that_run_are_found(module, tmp_path):
    lines = reach.Lines(str(tmp_path), [])
    lines.start()
    try:
        module.minus(3, 1)
    finally:
        lines.stop()
    assert lines.ranges() == {"m.py": [[6, 7], [11, 11], [13, 15]]}


# fork.child ends whatever is below its process, so it runs in a process of its own.
FORKS = """
import json, os, subprocess, sys, time
sys.path.insert(0, {folder!r})
import fork
fork.adopt()

def busy(send):
    send("began")
    while True: pass

def asleep(send):
    child = subprocess.Popen(["setsid", "sleep", "1000"])
    send(child.pid)
    time.sleep(1000)

def leaves(send):
    child = subprocess.Popen(["setsid", "sleep", "1000"], stdout=subprocess.DEVNULL)
    send(child.pid)

def alive(pid):
    return os.path.exists("/proc/%d" % pid)

good = fork.child(lambda send: send([1, 2]), 1, 10)
cpu = fork.child(busy, 0.3, 60)
wall, _ = fork.child(asleep, 10, 0.5)
left, ended = fork.child(leaves, 10, 10)
dead = fork.child(lambda send: os.abort(), 1, 10)
print(json.dumps([good, cpu, alive(wall[0]), ended, alive(left[0]), dead]))
"""


def test_a_fork_that_hangs_is_ended_with_its_children():
    folder = str(Path(fork.__file__).parent)
    start = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", FORKS.format(folder=folder)], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == '[[[[1, 2]], true], [["began"], false], false, true, false, [[], false]]'
    assert time.monotonic() - start < 50


TEST = """
def test_it(self=None):
    entry = object()
    values = [3, 4]
    assert plus(*values) == 7
    assert [plus(n, 1) for n in values] == [4, 5]
    assert plus(1, 2) is not entry
"""


HASHES = """
def test_it(self=None):
    assert hash(plus(1, 2)) != id(self)
    assert (plus(1, 2)).__hash__() < 9
"""


def noted(plus, text=TEST) -> list:
    """What is noted while the test `text` runs with some function `plus`."""
    names = {"plus": plus}
    path = Path(notes.__file__).parent / "unlikely.py"
    notes._trees[str(path)] = notes.ast.parse(text)
    exec(compile(text, str(path), "exec"), names)
    sent: list = []
    item = types.SimpleNamespace(function=names["test_it"])
    assert notes.instrument(item, sent.append)
    with contextlib.suppress(AssertionError, KeyError):  # as the test would end
        names["test_it"]()
    return sent


def test_notes_say_what_each_expression_gives_and_where_two_runs_differ():
    right = noted(lambda a, b: a + b)
    assert len(right) == 8
    assert [3, 12, 3, 20] in [list(entry[0]) for entry in right]
    wrong = noted(lambda a, b: a * b)
    (first, *_) = notes.differences(right, wrong)
    assert first == [[5, 11, 5, 24], {"values": "[3, 4]"}, ("gives", "7"), ("gives", "12")]


def test_numbers_that_differ_at_every_start_are_not_told():
    """Two runs of the miner gave two texts where a hash was that of None, which lies elsewhere each time."""
    rows = HASHES.split("\n")
    told = [rows[line - 1][start:stop] for (line, start, _, stop), *_ in noted(lambda a, b: None, HASHES)]
    assert sorted(told) == sorted(["plus(1, 2)"] * 2 + [row[11:] for row in rows[2:4]])


def raising(a, b):
    raise KeyError(a)


def test_an_exception_is_noted_by_its_type():
    (first, *_) = notes.differences(noted(lambda a, b: a + b), noted(raising))
    assert first[2:] == [("gives", "7"), ("raises", "KeyError")]


@pytest.mark.parametrize(
    ("value", "plain"),
    [([1, {"a": (None, 2.5)}], True), ([object()], False), ("x" * 1000, False), ({1, 2}, True)],
)
def test_only_plain_values_are_told(value, plain):
    assert notes.is_plain(value) == plain
