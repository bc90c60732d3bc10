"""Rule validate: a task counts only if its gold patch resolves it and doing nothing does not."""

import csv
import io
from collections.abc import Callable, Sequence
from typing import Any

from scripts.benchmark.runtimes.venue import Venue
from scripts.benchmark.task import Task, load_tasks
from scripts.errors import UserError
from scripts.files import atomic_write
from scripts.jobs import Progress, job
from scripts.verdicts.batch import Court, judge_all, open_court
from scripts.verdicts.grade import NOT_RUN, lasting

COLUMNS = ("task", "gold_resolved", "empty_resolved", "valid", "seconds", "reason")
# what the two verdicts say; the seconds they took are told apart, as they never repeat
SAID = tuple(name for name in COLUMNS if name != "seconds")


def validate(tasks: list[Task], court: Court, strict: bool, done: Callable[[dict], None]) -> list[dict]:
    """Rows of validation.csv, in the order of the tasks; `seconds` is what both verdicts together took.

    Args:
        strict: every task can be run here, so that one that cannot is a fault of this machine; otherwise (tasks of
            the real world) one without an environment, or that takes too long, gets a row with the reason and is not valid.

    Raises:
        UserError: a verdict is infrastructure, which would take a sound task out of the study.
    """
    pairs = [(task, patch) for task in tasks for patch in (task.patch, "")]
    results = judge_all(court, pairs, done)
    gold, empty = results[::2], results[1::2]
    return [
        row(task, good, nothing, strict) | {"seconds": f"{first + second:.3f}"}
        for task, (good, first), (nothing, second) in zip(tasks, gold, empty, strict=True)
    ]


def row(task: Task, gold: dict, empty: dict, strict: bool) -> dict:
    """What the two verdicts say of a task: it is valid if gold makes every FAIL_TO_PASS pass of which at least one
    failed before ("all of them" is too much to ask off the interpreter that the benchmark was made on).
    """
    for name, verdict in (("gold", gold), ("empty", empty)):
        if verdict["test_pass_fraction"] is None:
            said = verdict["reason"].removeprefix(NOT_RUN)
            if strict or not lasting(verdict):
                fix = "run again; what was judged is kept"
                raise UserError(f"task {task.id}, {name} patch", f"could not be run ({said})", fix)
            reason = f"{name} could not be run: {said}"
            return dict(zip(SAID, (task.id, "", "", 0, " ".join(reason.split())), strict=True))
    resolved = gold["verdict"] == "resolved"
    already = bool(task.fail_to_pass) and not empty["fail_to_pass"]["failed"]
    reason = (
        f"gold is {gold['verdict']}: {gold['reason']}"
        if not resolved
        else "passes without a patch"
        if already
        else ""
    )
    valid = resolved and not already and bool(task.fail_to_pass)
    reason = reason or ("" if valid else "FAIL_TO_PASS names no test")
    return dict(
        zip(SAID, (task.id, int(resolved), int(already), int(valid), " ".join(reason.split())), strict=True)
    )


def as_csv(rows: list[dict], columns: Sequence[str] = COLUMNS) -> str:
    """A table as text, with a header even when it is empty."""
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def main(snakemake: Any) -> None:
    """Read the rule's inputs, judge gold and nothing for every task, write its outputs."""
    with job(snakemake) as log:
        tasks = load_tasks(snakemake.input.tasks)
        params, bundle = snakemake.params, snakemake.input.bundle
        court = open_court(Venue.of(snakemake), bundle, params.limits, snakemake.threads)
        log.info("making the environments of %d tasks ready", len(tasks))
        court.bench.runtime.prepare(tasks)
        progress = Progress(2 * len(tasks), "patches (gold and empty)")
        strict = getattr(params, "strict", True)
        rows = validate(tasks, court, strict, lambda verdict: progress.advance())
        atomic_write(snakemake.output.validation, as_csv(rows))
        log.info("%d of %d tasks are valid", sum(row["valid"] for row in rows), len(rows))


if __name__ == "__main__":
    main(snakemake)  # noqa: F821
