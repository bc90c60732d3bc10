"""What a repository's tests do before any mutation: which pass, alone and together, and which lines each reaches."""

import logging
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from scripts.benchmark.cut import readable
from scripts.benchmark.laboratory import Laboratory
from scripts.benchmark.own_code import Code
from scripts.errors import UserError

log = logging.getLogger(__name__)
ADDRESS = re.compile(r"0x[0-9a-f]{6,}")  # a test with an address in its name has another name next time
MEND = "mend them, add what they need to `requirements`, or name other paths in `tests`"


@dataclass(frozen=True)
class Test:
    """A test that passes. `path` and `line` are those of its function, its first decorator included.

    `seconds` is the processor time it takes, with the dearest set-up of its file, which any of its tests may pay.
    """

    __test__ = False

    id: str
    path: str
    line: int
    seconds: float

    @property
    def file(self) -> str:
        """The file it is collected from, which a judge runs whole."""
        return self.id.split("::")[0]


@dataclass(frozen=True)
class Suite:
    """The tests that pass, in order; by file and line the tests that run it; and what was left out, with why.

    `imported` are the lines that run while the tests are collected: no test owns those.
    """

    tests: dict[str, Test]
    reach: dict[str, dict[int, tuple[str, ...]]]
    imported: dict[str, frozenset[int]]
    left_out: dict[str, str]


def test_files(code: Code, paths: list[str], where: str) -> list[str]:
    """The configured paths; UserError if one is not in the repository."""
    for path in paths:
        clean = path.strip("/")
        if not any(name == clean or name.startswith(f"{clean}/") for name in code.files):
            there = sorted({str(found) for name in code.files if (found := folder_of_test(name))})
            known = ", ".join(there[:8]) or "none that pytest would look into"
            fix = f"name paths of it in `tests`; files named like tests lie in: {known}"
            raise UserError(where, f"{code.origin} has no {path}", fix)
    return [path.strip("/") for path in paths]


test_files.__test__ = False


def folder_of_test(name: str) -> PurePosixPath | None:
    path = PurePosixPath(name)
    return path.parent if path.match("test_*.py") or path.match("*_test.py") else None


def probe(laboratory: Laboratory, files: list[str], seconds: float, where: str) -> Suite:
    """Run every test twice, in its file and alone.

    Args:
        seconds: processor time that a file of tests may take.

    Raises:
        UserError: there is no test, or none that passes.
    """
    wall = 6 * seconds
    request = {"do": "probe", "files": files, "tests": files, "cpu": seconds, "wall": wall}
    answers = laboratory.run(request, [], where)
    found = {answer["test"]: answer for answer in answers if "test" in answer}
    broken = {answer["broken"]: answer["text"] for answer in answers if "broken" in answer}
    if not found:
        raise UserError(where, f"no test in {', '.join(files)}{because(broken)}", MEND)
    reasons = dict(faults(answers, found))
    if len(reasons) == len(found):
        raise UserError(where, f"no test passes before any mutation{because(reasons)}", MEND)
    tests = dict(sound(answers, found, reasons))
    imported = next((answer["imported"] for answer in answers if "imported" in answer), {})
    return Suite(
        tests,
        reached(answers, tests),
        {path: numbers(pairs) for path, pairs in imported.items()},
        broken | reasons,
    )


def because(reasons: dict[str, str], most: int = 5) -> str:
    """The first of some reasons, in brackets."""
    told = "; ".join(
        f"{name}: {' '.join(reason.split())[:120]}" for name, reason in list(reasons.items())[:most]
    )
    more = f"; and {len(reasons) - most} more" if len(reasons) > most else ""
    return f" ({told}{more})" if reasons else ""


def faults(answers: list[dict], found: dict[str, dict]) -> Iterator[tuple[str, str]]:
    """Tests that cannot be used, each with the reason."""
    together = {
        test: said for answer in answers if "file" in answer for test, said in verdicts(answer, found).items()
    }
    alone = {
        answer["alone"]: verdicts(answer, ())[answer["alone"]] for answer in answers if "alone" in answer
    }
    for test, about in found.items():
        first, second = together[test], alone[test]
        if first != "passed":
            yield test, first
        elif second != "passed":
            yield test, f"passes with others, but alone it {second}"
        elif ADDRESS.search(test):
            yield test, "has another name at every start"
        elif not about["path"] or about["path"].startswith(".."):
            yield test, "is no function of this repository"


def verdicts(answer: dict, found: Iterable[str]) -> dict[str, str]:
    """What each test of a run did: "passed", or what else, as the rest of a sentence.

    A file of which one test does not end is of no use, for a verdict runs it whole: `found` are all tests.
    """
    phases: dict[str, list] = defaultdict(list)
    started = [report[2] for report in answer["reports"] if isinstance(report, list) and report[1] == "start"]
    for report in answer["reports"]:
        if isinstance(report, list) and report[1] != "start":
            phases[report[0]].append(report)
    said = {test: verdict(reports) for test, reports in phases.items()}
    if not answer["ended"] and started:
        last = started[-1].rpartition("::")[2]
        said = dict.fromkeys(
            (test for test in found if test.split("::")[0] == answer.get("file")),
            f"stands in a file that does not end: {last}",
        )
        said[started[-1]] = "does not end in time, or ends the process"
    return said


def verdict(reports: list[list]) -> str:
    for _, when, outcome, text, _ in reports:
        if outcome == "failed":
            return f"fails{'' if when == 'call' else f' in {when}'}: {' '.join(text.split())[:200]}"
        if outcome == "skipped":
            return "is skipped"
    whole = {when for _, when, *_ in reports} == {"setup", "call", "teardown"}
    return "passed" if whole else "does not end in time, or ends the process"


def sound(answers: list[dict], found: dict[str, dict], reasons: dict[str, str]) -> Iterator[tuple[str, Test]]:
    """The tests that pass, in the order of their collection."""
    reports = [report for answer in answers if "file" in answer for report in answer["reports"] if report[0]]
    seconds, setup = {}, defaultdict(float)
    for test, when, _, _, spent in reports:
        seconds[test], file = spent, test.split("::")[0]
        setup[file] = max(setup[file], spent if when == "setup" else 0.0)
    for test, about in found.items():
        if test not in reasons:
            dear = seconds[test] + setup[test.split("::")[0]]
            yield test, Test(test, about["path"], about["line"], dear)


def reached(answers: list[dict], tests: dict[str, Test]) -> dict[str, dict[int, tuple[str, ...]]]:
    """By file and line the tests that run it, in order."""
    found: dict[str, dict[int, list[str]]] = defaultdict(lambda: defaultdict(list))
    for answer in answers:
        if answer.get("alone") in tests:
            lines = next((report["lines"] for report in answer["reports"] if isinstance(report, dict)), {})
            for path, pairs in lines.items():
                for line in numbers(pairs):
                    found[path][line].append(answer["alone"])
    return {path: {line: tuple(names) for line, names in lines.items()} for path, lines in found.items()}


def numbers(pairs: list[list[int]]) -> frozenset[int]:
    """The numbers of [first, last] pairs."""
    return frozenset(number for first, last in pairs for number in range(first, last + 1))


def sources(code: Code, suite: Suite, files: list[str]) -> dict[str, str]:
    """The modules that tests reach, by path: Python text outside of the tests."""
    found = {}
    for path in sorted(suite.reach):
        apart = any(path == name or path.startswith(f"{name}/") for name in files)
        if not apart and Path(path).suffix == ".py" and (text := code.text(path)) and "\r" not in text:
            found[path] = text
    foreign = [path for path, text in found.items() if not readable(text)]
    if foreign:
        log.warning("not mutated, its syntax is not that of the workflow's Python: %s", ", ".join(foreign))
    return {path: text for path, text in found.items() if path not in foreign}
