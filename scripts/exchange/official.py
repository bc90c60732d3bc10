"""Rule official: what the official graders say of our predictions: each one's tests run once more, its log given to them."""

import json
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

from scripts.benchmark.runtimes import Binds, Room
from scripts.benchmark.runtimes.venue import Venue
from scripts.benchmark.task import Task, load_tasks
from scripts.files import atomic_write, read_json, read_jsonl
from scripts.jobs import Progress, job
from scripts.measures.tables import to_csv
from scripts.trajectories.sandbox import Outcome
from scripts.verdicts.assemble import Assembled
from scripts.verdicts.batch import open_court
from scripts.verdicts.grade import Bench, grade
from scripts.verdicts.official_run import Official, published_log
from scripts.verdicts.report import Report
from scripts.verdicts.swebench import OFFICIAL, instance, python_of

SCRIPT = Path(__file__).resolve().parent / "inside" / "official.py"
COLUMNS = ("task", "resolved", "official", "agree")


class Recorder:
    """The harness of SWE-bench's tasks, which also keeps each test log as the official graders are to read it."""

    def __init__(self, harness: Official) -> None:
        self.harness, self.logs = harness, {}

    def binds(self) -> Binds:
        return self.harness.binds()

    def run(self, room: Room, task: Task, made: Assembled) -> tuple[Outcome, Report]:
        """Run the tests; a run that a limit stopped leaves no log, as it leaves no report officially."""
        outcome, report = self.harness.run(room, task, made)
        what = self.harness.versions[self.harness.tasks[task.id]["version"]]
        if not outcome.limit:
            self.logs[task.id] = published_log(task, what, outcome.output)
        return outcome, report


def logs_of(
    predictions: Sequence[dict], tasks: Mapping[str, Task], bench: Bench, threads: int
) -> dict[str, str]:
    """The test log of each prediction with a patch that applies, by task."""
    recorder = Recorder(bench.harness)
    watched, patched = replace(bench, harness=recorder), [each for each in predictions if each["model_patch"]]
    progress = Progress(len(patched), "test runs")
    with ThreadPoolExecutor(threads) as pool:
        for _ in pool.map(
            lambda each: grade(tasks[each["instance_id"]], each["model_patch"], watched), patched
        ):
            progress.advance()
    return recorder.logs


def ask(python: Path, predictions: str, report: str, tasks: Sequence[Task], logs: Mapping[str, str]) -> dict:
    """The answer of inside/official.py to two files of ours and the test logs."""
    with tempfile.TemporaryDirectory() as folder:
        paths = {task: Path(folder) / f"{number}.log" for number, task in enumerate(logs)}
        for task, path in paths.items():
            path.write_text(logs[task])
        files = {"predictions": str(Path(predictions).absolute()), "report": str(Path(report).absolute())}
        named = {task: str(path) for task, path in paths.items()}
        asked = json.dumps({**files, "instances": list(map(instance, tasks)), "logs": named})
        command = [python, "-s", SCRIPT, OFFICIAL]
        done = subprocess.run(command, input=asked, capture_output=True, text=True, cwd=folder)
    if done.returncode:
        raise RuntimeError(f"{SCRIPT.name}: {done.stderr[-2000:]}")
    return json.loads(done.stdout)


def rows(ours: Mapping[str, dict], official: Mapping[str, dict]) -> list[dict]:
    """A row per task: resolved as our report has it, and officially; empty where there is no report, so no agreement."""
    made = []
    for task in sorted(ours.keys() | official.keys()):
        pair = [int(each[task]["resolved"]) if task in each else None for each in (ours, official)]
        agree = int(pair[0] == pair[1]) if None not in pair else None
        made.append({"task": task, "resolved": pair[0], "official": pair[1], "agree": agree})
    return made


def main(snakemake: Any) -> None:
    """Read the rule's inputs, run the tests, ask, write its output."""
    inputs = snakemake.input
    with job(snakemake) as log:
        predictions, tasks = read_jsonl(inputs.predictions), load_tasks(inputs.tasks)
        venue = Venue.of(snakemake)
        bench = open_court(venue, inputs.bundle, snakemake.params.limits, snakemake.threads).bench
        known = {task.id: task for task in tasks}
        played = [known[each["instance_id"]] for each in predictions]
        bench.runtime.prepare(played)
        logs = logs_of(predictions, known, bench, snakemake.threads)
        answer = ask(python_of(venue.swebench), inputs.predictions, inputs.report, played, logs)
        made = rows(read_json(inputs.report), answer["reports"])
        agree = sum(row["agree"] == 1 for row in made)
        log.info("%d of %d reports agree with the official graders", agree, len(made))
        atomic_write(snakemake.output.official, to_csv(made, COLUMNS))


if __name__ == "__main__":
    main(snakemake)  # noqa: F821
