"""A task of SWE-Bench-CL, checked where it enters: a fault is told with file, task and field.

Record layout: Joshi et al., "SWE-Bench-CL: Continual Learning for Coding Agents" (2025). Our own block
`rehearsal` holds stratum, function and operator where a benchmark knows them.
"""

import gzip
import json
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from unidiff import PatchSet
from unidiff.errors import UnidiffParseError

from scripts.errors import UserError
from scripts.files import AGAIN, read_jsonl

DIFFICULTIES = ("<15 min fix", "15 min - 1 hour", "1-4 hours", ">4 hours")
FIELDS: dict[str, type] = {
    **{
        f"metadata.{name}": str for name in ("instance_id", "repo", "base_commit", "created_at", "difficulty")
    },
    **{f"task.{name}": str for name in ("problem_statement", "hints_text")},
    **{f"evaluation.{name}": str for name in ("patch", "test_patch")},
    **{f"evaluation.{name}": list for name in ("FAIL_TO_PASS", "PASS_TO_PASS")},
    **{"continual_learning.sequence_position": int, "continual_learning.difficulty_score": int},
}
KINDS = {str: "text", int: "a whole number", list: "a list of test names"}
DOWNLOAD = "take the published file again, or mend the record"


@dataclass(frozen=True)
class Task:
    """One task; `position` is 1-based in the chosen order, `record` the whole published record."""

    id: str
    repo: str
    base_commit: str
    created_at: str
    difficulty: str
    problem_statement: str
    patch: str
    test_patch: str
    fail_to_pass: tuple[str, ...]
    pass_to_pass: tuple[str, ...]
    position: int
    record: dict = field(repr=False, hash=False, compare=False)

    @property
    def ref(self) -> str:
        """The ref under which a mirror keeps the commit that holds the task's files."""
        return f"refs/tasks/{self.id}"

    @property
    def tree(self) -> str | None:
        """Hash of the task's files as a git tree, where they are not simply those of the base commit's hash."""
        return self.record.get("rehearsal", {}).get("tree")

    @property
    def version(self) -> str | None:
        """The version of the repository's software that the fix went into, where the benchmark says it."""
        return self.record.get("rehearsal", {}).get("version")

    @property
    def date(self) -> datetime:
        return datetime.fromisoformat(self.created_at)

    @classmethod
    def from_record(cls, record: dict, where: str) -> "Task":
        """A task from its record; UserError naming `where`, the task and the field at fault."""
        for name, kind in FIELDS.items():
            check_field(record, name, kind, where)
        metadata, evaluation = record["metadata"], record["evaluation"]
        where = f"{where}, task {metadata['instance_id']}"
        check_values(metadata, evaluation, where)
        return cls(
            id=metadata["instance_id"],
            repo=metadata["repo"],
            base_commit=metadata["base_commit"],
            created_at=metadata["created_at"],
            difficulty=metadata["difficulty"],
            problem_statement=record["task"]["problem_statement"],
            patch=evaluation["patch"],
            test_patch=evaluation["test_patch"],
            fail_to_pass=tuple(evaluation["FAIL_TO_PASS"]),
            pass_to_pass=tuple(evaluation["PASS_TO_PASS"]),
            position=record["continual_learning"]["sequence_position"],
            record=record,
        )


def check_field(record: dict, name: str, kind: type, where: str) -> None:
    """UserError if the dotted field is absent or of another type."""
    block, _, key = name.partition(".")
    values = record.get(block) if isinstance(record, dict) else None
    if not isinstance(values, dict) or key not in values:
        raise UserError(where, f"the field {name} is missing{known_as(record)}", DOWNLOAD)
    value = values[key]
    right = type(value) is kind and (kind is not list or all(isinstance(item, str) for item in value))
    if not right:
        raise UserError(
            where, f"the field {name} is {value!r}, not {KINDS[kind]}{known_as(record)}", DOWNLOAD
        )


def known_as(record: Any) -> str:
    """The words " (task x)" if the record at least has its name."""
    metadata = record.get("metadata") if isinstance(record, dict) else None
    name = metadata.get("instance_id") if isinstance(metadata, dict) else None
    return f" (task {name})" if name else ""


def check_values(metadata: dict, evaluation: dict, where: str) -> None:
    """UserError for a date, difficulty or patch that cannot be read."""
    try:
        datetime.fromisoformat(metadata["created_at"])
    except ValueError as error:
        raise UserError(where, f"created_at is no date: {metadata['created_at']!r}", DOWNLOAD) from error
    if metadata["difficulty"] not in DIFFICULTIES:
        known = ", ".join(map(repr, DIFFICULTIES))
        raise UserError(where, f"unknown difficulty {metadata['difficulty']!r}", f"use one of {known}")
    for name in ("patch", "test_patch"):
        parse_patch(evaluation[name], f"{where}, evaluation.{name}")


def parse_patch(text: str, where: str) -> PatchSet:
    """The files of a unified diff; UserError if it is none or changes nothing."""
    try:
        files = PatchSet(text)
    except UnidiffParseError as error:
        raise UserError(where, f"the patch cannot be parsed ({error})", DOWNLOAD) from error
    if not files:
        raise UserError(where, "the patch changes no file", DOWNLOAD)
    return files


def load_tasks(path: Path | str) -> list[Task]:
    """The tasks of a tasks.jsonl, in the order of its lines."""
    return check_tasks(read_jsonl(path), str(path))


def check_tasks(records: list[dict], where: str) -> list[Task]:
    """Tasks from records; UserError for a bad record or an id that stands twice."""
    tasks = [
        Task.from_record(record, f"{where}, record {number}") for number, record in enumerate(records, 1)
    ]
    seen: set[str] = set()
    for task in tasks:
        if task.id in seen:
            raise UserError(where, f"the task {task.id} stands in it twice", "remove one of the two")
        seen.add(task.id)
    return tasks


def load_sequence(path: Path | str, repo: str | None) -> list[Task]:
    """The tasks of one repository out of a benchmark file (.json or .json.gz), in published order.

    `repo` is the published name (django/django); None takes the only sequence there is.
    """
    sequences = {sequence.get("repo"): sequence for sequence in load_benchmark(path)}
    if repo is None and len(sequences) == 1:
        (repo,) = sequences
    if repo not in sequences:
        raise UserError(str(path), f"it has no repository {repo}", f"use one of {', '.join(sequences)}")
    return check_tasks(sequences[repo].get("tasks", []), f"{path}, {repo}")


def load_benchmark(path: Path | str) -> list[dict]:
    """The sequences of a benchmark file that an earlier rule wrote; UserError if it is not one."""
    opened = gzip.open if str(path).endswith(".gz") else open
    try:
        with opened(path, "rt", encoding="utf-8") as file:
            content = json.load(file)
    except (OSError, EOFError, ValueError) as error:
        raise UserError(str(path), f"it cannot be read as JSON ({error})", AGAIN) from error
    if not isinstance(content, dict) or not isinstance(content.get("sequences"), list):
        raise UserError(str(path), "it has no list `sequences`", AGAIN)
    return content["sequences"]


def test_files(task: Task) -> list[str]:
    """The paths that the test patch touches, in its order."""
    return [file.path for file in PatchSet(task.test_patch)]


test_files.__test__ = False  # its name looks like a test to pytest where it is imported


def operator_of(task: Task) -> str:
    """The family of a planted bug; a real one is of no known family."""
    return task.record.get("rehearsal", {}).get("operator") or ""


def required_version(task: Task) -> str:
    """The version of a task for what cannot do without, such as its environment; UserError where none is known."""
    version = task.record.get("rehearsal", {}).get("version")
    if version is None:
        fix = (
            "name SWE-bench Verified in the configuration, as benchmarks.swe-bench-cl.verified, and run again"
        )
        raise UserError(f"task {task.id}", "its `version`, which decides its environment, is not known", fix)
    return version
