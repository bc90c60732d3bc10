"""What the rules of this room read: the files that a study imports, and the sessions that official files are made of."""

import glob
from collections.abc import Mapping
from typing import Any

from scripts.benchmark.places import expand
from scripts.errors import UserError


def imported_files(imports: Mapping[str, str], repo: str) -> list[str]:
    """The files of a repository's pattern, sorted; UserError where there is no pattern, or no file fits it."""
    if repo not in imports:
        fix = f"add imports: {{{repo}: a pattern like runs/**/*.traj.json}}"
        raise UserError("config, key imports", f"it does not say where sessions of {repo} are", fix)
    found = sorted(set(glob.glob(expand(imports[repo]), recursive=True)))
    if not found:
        fix = "give a path of *.traj.json files; ** stands for any folders"
        raise UserError(f"config, key imports.{repo}", f"no file fits {imports[repo]!r}", fix)
    return found


def run_of(wildcards: Any) -> int:
    """The run that official files hold: 0 where their names say none."""
    return int(getattr(wildcards, "run", 0))


def runs_key(sessions: str) -> list[str]:
    """The key that says how many runs a folder of sessions, <model>/..., has."""
    return ["models", sessions.partition("/")[0], "runs"]


def sessions_of_run(wildcards: Any, models: Mapping[str, dict]) -> str:
    """The sessions of a folder; UserError where they will not have the run that is asked for.

    The script plays each task once. How many sessions a task has among imported ones is known when they are read.
    """
    name, _, folder = wildcards.sessions.partition("/")
    run, runs, scripted = run_of(wildcards), models[name]["runs"], folder in ("expert", "habits")
    numbers = range(1 if scripted else runs)
    if folder != "imported" and run not in numbers:
        why = "the script plays each task once, whatever stands here" if scripted else f"runs is {runs}"
        fix = f"take one of {', '.join(map(str, numbers))} (preds.jsonl is run 0)"
        more = "" if scripted else f", or set runs to {run + 1}"
        raise UserError(f"config, key models.{name}.runs", f"{folder} has no run {run}: {why}", fix + more)
    return f"results/{wildcards.repo}/{wildcards.sessions}/trajectories.jsonl"


def check_form(form: str, model: str) -> None:
    """UserError if a model's scaffold has no bash, in which imported sessions could be said."""
    if form != "fenced":
        where, what = (
            f"config, key models.{model}.scaffold",
            "imported sessions are bash commands, which it cannot say",
        )
        raise UserError(where, what, "write another block of the model with scaffold: bash")
