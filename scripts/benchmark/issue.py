"""Issue texts as a user would write them: a call, what came out, what should have; no word of the fix."""

import ast
import difflib
import re
from dataclasses import dataclass

from scripts.benchmark.suite import Subject, evaluate

# What the user thinks should happen, by the piece of the line that is wrong; said in words, never in code.
WISHES = {
    "<": "it should ask for less",
    ">": "it should ask for more",
    "==": "they should be equal",
    "!=": "they should differ",
    "in": "it should be one of them",
    "not in": "it should be none of them",
    "is": "it should be missing",
    "is not": "it should not be missing",
    "+": "it should add",
    "-": "it should subtract",
    "*": "it should multiply",
    "/": "it should divide",
    "//": "it should divide without the rest",
    "%": "it should take the rest",
    "+=": "it should add",
    "-=": "it should subtract",
    "and": "both must hold",
    "or": "one of them is enough",
    "min": "the smaller one is meant",
    "max": "the larger one is meant",
    "any": "one is enough",
    "all": "all of them must",
    "startswith": "the beginning counts",
    "endswith": "the end counts",
    "lower": "small letters are meant",
    "upper": "capitals are meant",
}
LIMITS = {
    "<": "the limit itself must not count",
    ">": "the limit itself must not count",
    "<=": "the limit itself must count",
    ">=": "the limit itself must count",
}
# The wishes that say which sign or word to write instead.
TOLD = frozenset(LIMITS.values()) | {
    WISHES[piece] for piece in ("<", ">", "==", "!=", "in", "not in", "+", "-", "and", "or", "min", "max")
}
COMPLAINTS = {
    "constant": "it is off by a little",
    "arguments": "the inputs are mixed up",
    "negation": "yes and no are mixed up",
    "returned": "it is not what was asked for",
    "variable": "it is the wrong thing to look at",
    "branch": "a case is forgotten",
    "choice": "the two cases are exchanged",
    "index": "it takes the wrong item",
}


def wish(operator: str, wrong: str, right: str) -> str:
    """What the user thinks of a line, given the line as it should be: the fix in words, or only the complaint."""
    pieces = {piece for piece in changed(wrong, right) if piece in WISHES or piece in LIMITS}
    said = {LIMITS.get(piece) if operator == "boundary" else WISHES.get(piece) for piece in pieces}
    plain = COMPLAINTS.get(operator, "it does the opposite")
    return said.pop() or plain if len(said) == 1 and operator not in COMPLAINTS else plain


def changed(wrong: str, right: str) -> list[str]:
    """The tokens that only the right line has, `not` together with its `in` and `is` with its `not`."""
    before, after = (re.findall(r"not in|is not|\w+|[^\w\s]+", line) for line in (wrong, right))
    blocks = difflib.SequenceMatcher(a=before, b=after, autojunk=False).get_opcodes()
    return [token for kind, _, _, start, end in blocks if kind != "equal" for token in after[start:end]]


@dataclass(frozen=True)
class Example:
    """A call with what it gives and what it should give, both as `evaluate` words them; `setup` comes before it."""

    call: str
    got: str
    expected: str
    setup: tuple[str, ...] = ()

    def sentence(self) -> str:
        """One line of the issue: "`clamp(5, 5, 10)` returns 10, but 5 is expected."."""
        got = self.got if self.got.startswith(("raises ", "never ", "gives ")) else f"returns {self.got}"
        expected = self.expected.removeprefix("raises ").removeprefix("gives ")
        return f"{self.before()}`{self.call}` {got}, but {expected} is expected."

    def before(self) -> str:
        """What has to be done first, if anything: in the line, or as lines of code above it."""
        if len(self.setup) < 2:
            return "".join(f"After `{line}`, " for line in self.setup)
        return "After\n\n" + "".join(f"    {line}\n" for line in self.setup) + "\n"


def example(subject: Subject, function: str, failing: list[str], text: str) -> Example | None:
    """The shortest call of the function in the failing tests that differs with the source `text`."""
    found = []
    for call in calls(subject.test_text, function, failing):
        got, expected = evaluate(subject, text, call), evaluate(subject, subject.text, call)
        if got != expected:
            found.append(Example(call, got, expected))
    return min(found, key=lambda each: len(each.sentence()), default=None)


def calls(test_text: str, function: str, tests: list[str]) -> list[str]:
    """The source of every call of a function inside the named tests, each once, in order."""
    found: dict[str, None] = {}
    for test in ast.parse(test_text).body:
        if isinstance(test, ast.FunctionDef) and test.name in tests:
            for node in ast.walk(test):
                if (
                    isinstance(node, ast.Call)
                    and isinstance(node.func, ast.Name)
                    and node.func.id == function
                ):
                    found[ast.get_source_segment(test_text, node)] = None
    return list(found)


def report(path: str, function: str, shown: Example) -> str:
    """Title and example: what a user saw."""
    return f"{path}: wrong result of {function}\n\n{shown.sentence()}\n"


def issue(path: str, function: str, shown: Example, culprit: str, complaint: str) -> str:
    """A report with the line that the user suspects: as it is, with what is wrong with it in words."""
    return f"{report(path, function, shown)}`{culprit}` looks wrong: {complaint}.\n"
