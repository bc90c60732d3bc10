"""What the time of a phase went into: everything measured in seconds, apart from every table that must repeat.

Rule script `phase_timing`: input jobs (Snakemake's benchmark files), sessions (trajectories.jsonl), trajectories and verdicts
(timing.jsonl), validation (validation.csv); output timing. A job's seconds are those of its last run; a session's are
those of the run that made it, also where a job took it from the store.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from scripts.files import atomic_write, read_jsonl
from scripts.jobs import job
from scripts.measures.metrics import tool_efficiency
from scripts.measures.runs import names_of
from scripts.measures.tables import read_table, to_csv

COLUMNS = (
    *("scope", "stage", "repo", "model", "split", "recipe", "arm", "checkpoint", "seconds", "share"),
    *(
        "cpu_seconds",
        "max_rss_mb",
        "sessions",
        "session_seconds",
        "model_seconds",
        "action_seconds",
        "tool_efficiency",
    ),
)
Row = dict[str, Any]


def place(path: str) -> Row:
    """Stage, repo, model, split, recipe, arm and checkpoint that a file's path names."""
    repo, *folders, file = Path(path).parts[1:]
    stage = file.split(".")[0]
    if not folders:  # the table of rule validate is a stage with its job
        return {"repo": repo, "stage": stage.replace("validation", "validate")}
    if "adapters" in folders:
        model, split, recipe, _ = folders
        return {
            "repo": repo,
            "model": model,
            "split": split,
            "recipe": recipe,
            "stage": "training",
            "checkpoint": stage,
        }
    if stage in ("trajectories", "verdicts"):
        return {"stage": stage, **names_of(repo, "/".join(folders))}
    return {"repo": repo, "stage": stage, **dict(zip(("model", "split", "recipe"), folders, strict=False))}


def job_row(path: str) -> Row:
    """Wall and processor seconds and the largest memory of a job; a repeated benchmark counts as its mean."""
    table = pd.read_csv(path, sep="\t", na_values=["-", "NA"])
    columns = {"seconds": "s", "cpu_seconds": "cpu_time", "max_rss_mb": "max_rss"}
    means = {name: table[column].mean() for name, column in columns.items() if column in table}
    return place(path) | {name: None if pd.isna(value) else float(value) for name, value in means.items()}


def session_row(path: str, timings: Sequence[Mapping], sessions: Sequence[Mapping]) -> Row:
    """Seconds inside an arm's sessions, and the share of its actions' seconds that successful ones took."""
    success = {
        _key(session): [action["success"] for action in session["extra"]["actions"]] for session in sessions
    }
    actions = [seconds for timing in timings for seconds in timing["actions"]]
    good = [flag for timing in timings for flag in success[_key(timing)]]
    return place(path) | {
        "sessions": len(timings),
        "session_seconds": _total(timing["seconds"] for timing in timings),
        "model_seconds": _total(timing["model_seconds"] for timing in timings),
        "action_seconds": _total(actions),
        "tool_efficiency": tool_efficiency(actions, good),
    }


def verdict_row(path: str, timings: Sequence[Mapping]) -> Row:
    """Seconds that grading an arm's patches took."""
    return place(path) | {
        "sessions": len(timings),
        "session_seconds": _total(row["seconds"] for row in timings),
    }


def merged(rows: Sequence[Row]) -> list[Row]:
    """One row a stage and place, the job's seconds beside the sessions'."""
    found: dict[tuple, Row] = {}
    for row in rows:
        key = tuple(row.get(name) for name in COLUMNS[1:8])
        found[key] = found.get(key, {"scope": "job"}) | row
    return list(found.values())


def totals(rows: Sequence[Row]) -> list[Row]:
    """Seconds of each stage and their share of all, the largest first."""
    names = ("seconds", "cpu_seconds", "session_seconds", "model_seconds", "action_seconds")
    table = pd.DataFrame(rows, columns=["stage", *names]).astype(dict.fromkeys(names, float))
    sums = table.groupby("stage").sum(min_count=1).sort_values("seconds", ascending=False)
    shares = sums["seconds"] / sums["seconds"].sum()
    return [
        {"scope": "total", "stage": stage, "share": float(shares[stage]), **row}
        for stage, row in sums.to_dict("index").items()
    ]


def _key(row: Mapping) -> tuple[str, int]:
    return row["instance_id"], int(row["extra"]["run"] if "extra" in row else row["run"])


def _total(seconds: Any) -> float:
    return float(sum(value for value in seconds if value is not None))


def main(snakemake: Any) -> None:
    with job(snakemake) as log:
        files = snakemake.input
        pairs = zip(files.trajectories, files.sessions, strict=True)
        rows = [job_row(path) for path in files.jobs]
        rows += [session_row(timing, read_jsonl(timing), read_jsonl(sessions)) for timing, sessions in pairs]
        rows += [verdict_row(path, read_jsonl(path)) for path in files.verdicts]
        rows += [
            verdict_row(path, read_table(path, ["seconds"]).to_dict("records")) for path in files.validation
        ]
        jobs = merged(rows)
        summed = totals(jobs)
        atomic_write(snakemake.output.timing, to_csv([*summed, *jobs], COLUMNS))
        for row in summed:
            log.info("%s: %.0f s, %.0f %%", row["stage"], row["seconds"], 100 * row["share"])


if __name__ == "__main__":
    main(snakemake)  # noqa: F821
