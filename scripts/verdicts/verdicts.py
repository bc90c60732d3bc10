"""Rule verdicts: the patch of every session -> resolved or not, test by test."""

from collections.abc import Callable
from typing import Any

from scripts.benchmark.runtimes.venue import Venue
from scripts.benchmark.task import Task, load_tasks
from scripts.errors import UserError
from scripts.files import read_jsonl, write_jsonl
from scripts.jobs import Progress, job
from scripts.verdicts.batch import Court, judge_all, open_court


def verdicts(
    rows: list[dict], tasks: dict[str, Task], court: Court, done: Callable[[dict], None]
) -> tuple[list, list]:
    """Verdicts and timings, one each per trajectory and in its order.

    A session that infrastructure broke has no patch of the model's to judge: its verdict is infrastructure,
    null.
    """
    whole = [row for row in rows if row["extra"]["infrastructure"] is None]
    pairs = [(tasks[row["instance_id"]], row["extra"]["patch"]) for row in whole]
    results = iter(judge_all(court, pairs, done))
    found = [broken(row) if row["extra"]["infrastructure"] is not None else next(results) for row in rows]
    names = [{"instance_id": row["instance_id"], "run": row["extra"]["run"]} for row in rows]
    conditions = [{"conditions": court.conditions(tasks[row["instance_id"]])} for row in rows]
    timings = [{**name, "seconds": seconds} for name, (_, seconds) in zip(names, found, strict=True)]
    judged = [verdict for verdict, _ in found]
    return [
        {**each, **name, **how} for each, name, how in zip(judged, names, conditions, strict=True)
    ], timings


def broken(row: dict) -> tuple[dict, None]:
    """The verdict of a session that infrastructure broke."""
    nothing = {"passed": [], "failed": []}
    verdict = {
        "verdict": "infrastructure",
        "resolved": None,
        "fail_to_pass": nothing,
        "pass_to_pass": nothing,
    }
    verdict |= {"fail_to_pass_fraction": None, "test_pass_fraction": None, "dropped": []}
    return {**verdict, "reason": row["extra"]["infrastructure"]}, None


def check_known(rows: list[dict], tasks: dict[str, Task], where: str) -> None:
    """UserError if a trajectory is of a task that the study does not have."""
    if strange := [row["instance_id"] for row in rows if row["instance_id"] not in tasks]:
        raise UserError(where, f"task {strange[0]} is not in tasks.jsonl", "delete the file and run again")


def main(snakemake: Any) -> None:
    """Read the rule's inputs, judge, write its outputs."""
    inputs, params = snakemake.input, snakemake.params
    with job(snakemake) as log:
        tasks = {task.id: task for task in load_tasks(inputs.tasks)}
        rows = read_jsonl(inputs.trajectories)
        check_known(rows, tasks, inputs.trajectories)
        court = open_court(Venue.of(snakemake), inputs.bundle, params.limits, snakemake.threads)
        court.bench.runtime.prepare(
            [tasks[name] for name in dict.fromkeys(row["instance_id"] for row in rows)]
        )
        tally, progress = [], Progress(len(rows), "verdicts")

        def done(verdict: dict) -> None:
            tally.append(verdict["resolved"])
            progress.advance(f"{tally.count(True)} resolved")

        found, timings = verdicts(rows, tasks, court, done)
        write_jsonl(snakemake.output.verdicts, found)
        write_jsonl(snakemake.output.timing, timings)
        for verdict in found:
            if verdict["verdict"] == "infrastructure":
                log.warning(
                    "%s, run %s: infrastructure: %s",
                    *(verdict[key] for key in ("instance_id", "run", "reason")),
                )
        log.info(
            "%d verdicts, %d resolved", len(found), sum(verdict["resolved"] is True for verdict in found)
        )


if __name__ == "__main__":
    main(snakemake)  # noqa: F821
