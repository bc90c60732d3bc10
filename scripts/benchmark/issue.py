"""Issue texts as a user would write them: a call, what came out, what should have; no word of the fix."""

import ast
from dataclasses import dataclass

from scripts.benchmark.suite import Subject, evaluate

SYMPTOMS = {
    "comparison": "decides the wrong way round",
    "boundary": "is wrong right at the limit",
    "arithmetic": "calculates a wrong result",
    "boolean": "combines its conditions wrongly",
    "constant": "is off by a little",
    "arguments": "mixes up its inputs",
    "negation": "mixes up yes and no",
    "returned": "hands back the wrong value",
    "variable": "looks at the wrong input",
    "branch": "forgets one case",
    "choice": "exchanges two cases",
    "called": "does the opposite of what it should",
    "index": "takes the wrong items",
}


@dataclass(frozen=True)
class Example:
    """A call with what it gives and what it should give, both as `evaluate` words them."""

    call: str
    got: str
    expected: str

    def sentence(self) -> str:
        """One line of the issue: "`clamp(5, 5, 10)` returns 10, but 5 is expected."."""
        got = self.got if self.got.startswith(("raises ", "never ")) else f"returns {self.got}"
        return f"`{self.call}` {got}, but {self.expected.removeprefix('raises ')} is expected."


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


def issue(path: str, function: str, operator: str, shown: Example, culprit: str) -> str:
    """Title, a blank line, the example, and the line that the user suspects (as it is, not as it should be)."""
    title = f"{function} in {path} {SYMPTOMS[operator]}"
    return "\n".join([title, "", shown.sentence(), f"The line `{culprit}` looks wrong."]) + "\n"
