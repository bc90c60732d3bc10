"""One tidy row for each run of a task: what the agent did and what its patch achieved.

Rule script: input tasks, trajectories, verdicts; output runs; wildcards repo and sessions, the folder that names the rest.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from scripts.errors import UserError
from scripts.files import atomic_write, read_jsonl, sha256_of
from scripts.jobs import job
from scripts.measures.metrics import tool_efficiency_calls
from scripts.measures.tables import to_csv

NAMES = ("repo", "model", "split", "recipe", "arm")
COLUMNS = (
    *NAMES,
    *("task", "run", "position", "stratum", "leaky", "verdict", "resolved"),
    *("fail_to_pass_fraction", "test_pass_fraction"),
    *("steps", "model_calls", "tokens_in", "tokens_out", "tokens", "tool_efficiency_calls"),
    *("conditions", "retrieved", "dropped"),
)


def names_of(repo: str, sessions: str) -> dict[str, str]:
    """repo, model, split, recipe and arm of a folder ``model/base`` (expert, imported) or ``model/split/recipe/arm``."""
    model, *between, arm = sessions.split("/")
    split, recipe = between or ("", "")
    return dict(zip(NAMES, (repo, model, split, recipe, arm), strict=True))


def tidy(
    tasks: Sequence[dict], trajectories: Sequence[dict], verdicts: Sequence[dict], names: Mapping[str, str]
) -> list[dict[str, Any]]:
    """Rows in the order of tasks and runs. A session that infrastructure ended has no result: its `resolved` is None.

    Raises:
        UserError: a session of an unknown task, twice the same session, or a session and a verdict without each other.
    """
    places = {task["metadata"]["instance_id"]: (number, task) for number, task in enumerate(tasks, 1)}
    sessions, graded = _by_run(trajectories, "trajectories"), _by_run(verdicts, "verdicts")
    where = "/".join(names[name] for name in NAMES if names[name])
    if lonely := sorted(sessions.keys() ^ graded.keys()):
        raise UserError(
            where, f"session or verdict without the other: {lonely[0]}", "delete both files and run again"
        )
    if unknown := sorted({task for task, _ in sessions} - places.keys()):
        raise UserError(
            where, f"a session of {unknown[0]}, which is not in tasks.jsonl", "delete the file and run again"
        )
    ordered = sorted(sessions, key=lambda run: (places[run[0]][0], run[1]))
    return [dict(names) | _row(*places[run[0]], sessions[run], graded[run]) for run in ordered]


def _by_run(rows: Sequence[dict], what: str) -> dict[tuple[str, int], dict]:
    found = {(row["instance_id"], _run(row)): row for row in rows}
    if len(found) < len(rows):
        raise UserError(what, "a task's run is there twice", "delete the file and run again")
    return found


def _run(row: dict) -> int:
    return int(row["extra"]["run"] if "extra" in row else row["run"])


def _row(position: int, task: dict, session: dict, verdict: dict) -> dict[str, Any]:
    extra = session["extra"]
    ended = extra.get("infrastructure") is not None or verdict["resolved"] is None
    result = dict.fromkeys(("resolved", "fail_to_pass_fraction", "test_pass_fraction"))
    if not ended:
        fractions = {name: verdict[name] for name in ("fail_to_pass_fraction", "test_pass_fraction")}
        result = {"resolved": int(verdict["resolved"]), **fractions}
    return {
        "task": session["instance_id"],
        "run": _run(session),
        "position": position,
        "stratum": task.get("rehearsal", {}).get("stratum"),
        "leaky": int(task.get("rehearsal", {}).get("leaky", False)),
        "verdict": "infrastructure" if ended else verdict["verdict"],
        **result,
        **{name: extra[name] for name in ("steps", "model_calls", "tokens_in", "tokens_out")},
        "tokens": _sum(extra["tokens_in"], extra["tokens_out"]),
        "tool_efficiency_calls": tool_efficiency_calls([action["success"] for action in extra["actions"]]),
        "conditions": extra["conditions"] and sha256_of([extra["conditions"], verdict["conditions"]]),
        "retrieved": len(extra["retrieved"]),
        "dropped": len(verdict["dropped"]),
    }


def _sum(*counts: int | None) -> int | None:
    """A sum, or None where a part was not counted, as in a session that infrastructure broke."""
    return None if None in counts else sum(counts)


def main(snakemake: Any) -> None:
    with job(snakemake) as log:
        files = snakemake.input
        names = names_of(snakemake.wildcards.repo, snakemake.wildcards.sessions)
        rows = tidy(
            read_jsonl(files.tasks), read_jsonl(files.trajectories), read_jsonl(files.verdicts), names
        )
        atomic_write(snakemake.output.runs, to_csv(rows, COLUMNS))
        solved = sum(row["resolved"] or 0 for row in rows)
        log.info(
            "%d runs, %d resolved, %d without a result",
            len(rows),
            solved,
            sum(row["resolved"] is None for row in rows),
        )


if __name__ == "__main__":
    main(snakemake)  # noqa: F821
