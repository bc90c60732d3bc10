"""Rule imported_trajectories: sessions of mini-swe-agent as rows of trajectories.jsonl, and which were left out, and why."""

import re
from collections import Counter
from collections.abc import Sequence
from typing import Any

from scripts.benchmark.places import digest
from scripts.benchmark.task import Task, load_tasks
from scripts.errors import UserError
from scripts.exchange.recordings import read
from scripts.exchange.replay import Frame, replay
from scripts.exchange.step import Unusable
from scripts.files import atomic_write, write_jsonl
from scripts.jobs import job
from scripts.measures.tables import to_csv
from scripts.trajectories import scaffold as scaffolds
from scripts.trajectories.engines import Ask
from scripts.trajectories.play import renderer

COLUMNS = ("file", "task", "reason")
REASONS = 3  # so many of the most frequent ones, where there is nothing but reasons


def take(
    files: Sequence[str], tasks: Sequence[Task], frame: Frame, ask: Ask
) -> tuple[list[dict], list[dict[str, str]]]:
    """(sessions in the order of tasks, those left out). The sessions of a task are its runs, in the order of the files."""
    known, runs = {task.id: task for task in tasks}, Counter()
    rows, left_out = [], []
    for file in files:
        name = ""
        try:
            recording = read(file)
            name = recording.task
            if name not in known:
                raise Unusable("its task is not of the study")
            row = replay(recording, known[name], frame, ask)
        except Unusable as reason:
            left_out.append({"file": file, "task": name, "reason": str(reason)})
            continue
        row["extra"] |= {"run": runs[name], "key": digest(file)}
        runs[name] += 1
        rows.append(row)
    order = {task.id: place for place, task in enumerate(tasks)}
    return sorted(rows, key=lambda row: (order[row["instance_id"]], row["extra"]["run"])), left_out


def check_some(rows: Sequence[dict], left_out: Sequence[dict[str, str]], repo: str, log: str) -> None:
    """UserError where no session is left; Snakemake removes the list of those left out then, so it has the reasons."""
    if rows:
        return
    kinds = Counter(re.sub(r"(action|message) \d+", r"one \1", row["reason"]) for row in left_out)
    said = "; ".join(f"{reason} ({count})" for reason, count in kinds.most_common(REASONS))
    what = f"none of its {len(left_out)} files holds a session that can be used: {said}"
    fix = f"give sessions of tasks of {repo} that came to their end, see docs/exchange.md; {log} names each file"
    raise UserError(f"config, key imports.{repo}", what, fix)


def main(snakemake: Any) -> None:
    """Read the rule's inputs, import, write its outputs."""
    inputs, params = snakemake.input, snakemake.params
    with job(snakemake) as log:
        words = renderer(params.model["checkpoint"])
        frame = Frame(scaffolds.load(params.model["scaffold"]), words)
        ask = Ask(params.limits["new_tokens"], words.ends)
        rows, left_out = take(inputs.files, load_tasks(inputs.tasks), frame, ask)
        for row in left_out:
            log.warning("left out: %s: %s: %s", row["file"], row["task"] or "task not read", row["reason"])
        check_some(rows, left_out, snakemake.wildcards.repo, str(snakemake.log[0]))
        log.info("%d sessions of %d files", len(rows), len(inputs.files))
        write_jsonl(snakemake.output.trajectories, rows)
        atomic_write(snakemake.output.left_out, to_csv(left_out, COLUMNS))


if __name__ == "__main__":
    main(snakemake)  # noqa: F821
