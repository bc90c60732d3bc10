"""Bugs put into a repository one at a time, in a drawn order, until enough of them are caught by a test."""

import ast
import random
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice, zip_longest
from types import CodeType

from scripts.benchmark.cut import first_line
from scripts.benchmark.laboratory import Laboratory
from scripts.benchmark.mutate import Definition, Mutation, definitions, mutate
from scripts.benchmark.own_suite import Suite

BATCH = 120  # bugs that one process tries
MOST_TESTS = 250  # a line that more tests reach breaks all of them
MOST_FAILING = 12
SHOWN = 3  # failing tests that are asked for an example
SECONDS, TIMES = (
    0.5,
    5,
)  # of processor time: a test with a bug has this long, and so many times what it takes without


@dataclass(frozen=True)
class Trial:
    """A bug with the tests that reach it; the answer says what they did (see inside/server.py)."""

    path: str
    mutation: Mutation
    tests: tuple[str, ...]
    answer: dict | None = None


def draw(sources: dict[str, str], suite: Suite, seed: int) -> list[Trial]:
    """Every bug that some test may find, a function's turn after another's, in an order drawn by the seed."""
    order, functions = random.Random(seed), []
    for path, text in sources.items():
        groups: dict[str, list[Trial]] = {}
        for trial in reachable(path, text, suite):
            groups.setdefault(trial.mutation.function, []).append(trial)
        functions += [order.sample(group, len(group)) for group in groups.values()]
    order.shuffle(functions)
    return [trial for turn in zip_longest(*functions) for trial in turn if trial]


def reachable(path: str, text: str, suite: Suite) -> Iterator[Trial]:
    """The bugs of a module that change one line, unlike every line it has, with the tests that reach that line."""
    spans, reach, imported = heads(text), suite.reach[path], suite.imported.get(path, frozenset())
    rows = text.split("\n")
    known, seen = set(map(str.strip, rows)), set()
    places = {prefix + node.name: node for prefix, node in definitions(ast.parse(text).body, "")}
    for bug in mutate(text):
        if not bug.single_line or bug.wrong[0].strip() in known:
            continue
        lines = spans.get(bug.line, range(bug.line, bug.line + 1))
        reaching = {test for line in lines for test in reach.get(line, ())}
        if not reaching or len(reaching) > MOST_TESTS or not imported.isdisjoint(lines):
            continue
        if (code := bytecode(bug, rows, places[bug.function])) and code not in seen:
            seen.add(code)
            yield Trial(path, bug, tuple(test for test in suite.tests if test in reaching))


def heads(text: str) -> dict[int, range]:
    """For each line the lines of the innermost statement around it, without the statements inside that one."""
    found: dict[int, range] = {}
    nodes = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.stmt)]
    for node in sorted(nodes, key=lambda node: node.lineno - node.end_lineno):
        inner = [
            each.lineno for each in ast.walk(node) if isinstance(each, ast.stmt) and each.lineno > node.lineno
        ]
        lines = range(node.lineno, min([node.end_lineno + 1, *inner]))
        found |= dict.fromkeys(lines, lines)
    return found


def bytecode(bug: Mutation, lines: list[str], node: Definition) -> tuple | None:
    """What the mutated function does, whatever its text: equal for bugs that are the same. None if it is no bug."""
    first = first_line(node)
    right = lines[first - 1 : node.end_lineno]
    wrong = [*right[: bug.line - first], *bug.wrong, *right[bug.line - first + 1 :]]
    found = meaning(tuple(wrong))
    return found if found != meaning(tuple(right)) else None


@lru_cache(maxsize=2)  # the right lines are asked for again with the next bug
def meaning(lines: tuple[str, ...]) -> tuple | None:
    """The byte code of a function without its place in the file; None where it does not compile."""
    head = "if True:\n" if lines[0][:1].isspace() else ""
    try:
        return stripped(compile(head + "\n".join(lines), "", "exec", dont_inherit=True))
    except SyntaxError:
        return None


def stripped(code: CodeType) -> tuple:
    """What a code object does."""
    constants = [
        stripped(each) if isinstance(each, CodeType) else (type(each), each) for each in code.co_consts
    ]
    names = code.co_names, code.co_varnames, code.co_cellvars, code.co_freevars
    return code.co_code, code.co_exceptiontable, names, repr(constants)


def orders(batch: tuple[Trial, ...], suite: Suite) -> list[dict]:
    """The batch as the server inside takes it."""
    found = []
    for number, trial in enumerate(batch):
        cpu = [round(SECONDS + TIMES * suite.tests[test].seconds, 3) for test in trial.tests]
        about = {
            "id": number,
            "path": trial.path,
            "line": trial.mutation.line,
            "new": trial.mutation.wrong[0],
        }
        found.append({**about, "tests": trial.tests, "most": MOST_FAILING, "cpu": cpu, "wall": 6 * sum(cpu)})
    return found


def attempt(laboratory: Laboratory, batch: tuple[Trial, ...], suite: Suite, where: str) -> list[Trial]:
    """The batch's trials with their answers."""
    files = sorted({suite.tests[test].file for trial in batch for test in trial.tests})
    request = {"do": "mutants", "files": files, "shown": SHOWN, "cpu": 10.0, "wall": 60.0}
    answers = {
        each["mutant"]: each
        for each in laboratory.run(request, orders(batch, suite), where)
        if "mutant" in each
    }
    return [Trial(each.path, each.mutation, each.tests, answers.get(n)) for n, each in enumerate(batch)]


def hunt(
    laboratory: Laboratory,
    trials: list[Trial],
    suite: Suite,
    enough: Callable[[list[Trial]], bool],
    threads: int,
    where: str,
) -> list[Trial]:
    """The trials with their answers, batch by batch, until it is enough; as many batches at a time as threads.

    What is returned does not depend on the number of threads.
    """
    done: list[Trial] = []
    waiting: list[Future] = []
    rest = iter(trials)
    batches = iter(lambda: tuple(islice(rest, BATCH)), ())
    with ThreadPoolExecutor(threads) as pool:
        try:
            while not enough(done):
                missing = threads - len(waiting)
                waiting += [
                    pool.submit(attempt, laboratory, each, suite, where)
                    for _, each in zip(range(missing), batches, strict=False)
                ]
                if not waiting:
                    break
                done += waiting.pop(0).result()
        finally:
            pool.shutdown(cancel_futures=True)
    return done
