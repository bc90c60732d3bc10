"""Simulated studies: verdicts as a phase would have them, without a model, in the workflow's own files."""

import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from scripts.benchmark.splits import positions
from scripts.files import atomic_write, canonical_json
from scripts.measures.runs import COLUMNS
from scripts.measures.tables import to_csv
from scripts.statistics.comparisons import Settings
from scripts.statistics.phase_summary import entries

SETTINGS = Settings(alpha=0.05, draws=2000, confidence=0.95, equivalence_margin=0.05, seed=0)
RULES = {
    **{"A": {"rule": "first"}, "B": {"rule": "second"}, "C": {"rule": "odd"}},
    **{"D": {"rule": "random", "seed": 42}, "E": {"rule": "random", "seed": 123}},
}
Outcomes = Mapping[int, float | None]


def task_name(position: int) -> str:
    return f"pocket-{position:03d}"


def halves(tasks: int, split: str) -> tuple[list[int], list[int]]:
    """Training and test positions of a registered split."""
    train = positions(split, tasks, RULES[split])
    return sorted(train), [position for position in range(1, tasks + 1) if position not in train]


def rows(names: Mapping[str, str], outcomes: Outcomes, conditions: str = "same", run: int = 0) -> list[dict]:
    """Rows of runs.csv; an outcome None is a session that infrastructure ended. Every second task is fresh."""
    blank = {"split": "", "recipe": "", "arm": "base", "repo": "pocket", "model": "tiny"}
    return [
        blank
        | dict(names)
        | {"task": task_name(position), "run": run, "position": position}
        | {"stratum": "fresh" if position % 2 else "recurring", "leaky": "0", "conditions": conditions}
        | {"verdict": {None: "infrastructure", 1: "resolved"}.get(outcome, "unresolved"), "resolved": outcome}
        | {"fail_to_pass_fraction": outcome, "test_pass_fraction": outcome, "tool_efficiency_calls": 0.5}
        | {
            "steps": 6 - 2 * (outcome or 0),
            "model_calls": 6,
            "tokens_in": 900,
            "tokens_out": 90,
            "tokens": 990,
        }
        | {"retrieved": int(names.get("arm") in ("knowledge", "both")), "dropped": 0}
        for position, outcome in outcomes.items()
    ]


def write_runs(path: Path | str, table: list[dict]) -> None:
    atomic_write(path, to_csv(table, COLUMNS))


def write_study(
    tasks: int, base: Outcomes, arms: Mapping[tuple[str, str], Mapping[str, Outcomes | str]]
) -> dict:
    """Write a study's files below the current folder; returns its phase block.

    Args:
        base: outcome of every position.
        arms: for each recipe and arm, per split the outcomes on its test half, or why the recipe was not trained.
    """
    splits = sorted({split for by_split in arms.values() for split in by_split})
    write_runs("results/pocket/tiny/base/runs.csv", rows({}, base))
    for split in splits:
        _write_split(tasks, split)
    for (recipe, arm), by_split in arms.items():
        for split, outcomes in by_split.items():
            _write_arm({"split": split, "recipe": recipe, "arm": arm}, outcomes, len(halves(tasks, split)[0]))
    runs = {recipe: {} for recipe, _ in arms}
    for (recipe, arm), by_split in arms.items():
        runs[recipe][arm] = list(by_split)
    return {"repos": ["pocket"], "models": ["tiny"], "splits": splits, "runs": runs}


def cards() -> list[str]:
    return sorted(str(path) for path in Path("results").rglob("card.json"))


def plan(phase: dict) -> list:
    return entries(phase, cards())


def _write_split(tasks: int, split: str) -> None:
    train, test = halves(tasks, split)
    share = sum(position > min(test) for position in train) / len(train)
    named = {"train": [*map(task_name, train)], "test": [*map(task_name, test)]}
    content = {"split": split, **named, "excluded": [], "post_dating_share": share}
    atomic_write(f"results/pocket/splits/{split}.json", canonical_json(content))


def _write_arm(names: Mapping[str, str], outcomes: Outcomes | str, train: int) -> None:
    folder = Path("results/pocket/tiny", names["split"], names["recipe"])
    trained = not isinstance(outcomes, str)
    write_runs(folder / names["arm"] / "runs.csv", rows(names, outcomes) if trained else [])
    half = train // 10 * 5
    card = {"status": "trained", "reason": None} if trained else {"status": "not_trained", "reason": outcomes}
    for checkpoint in (half, train):
        atomic_write(folder / "adapters" / str(checkpoint) / "card.json", json.dumps(card))
    origins = (
        [(point, origin) for point in (half, train) for origin in range(1, point + 1)] if trained else []
    )
    known = [
        {
            "checkpoint": point,
            "origin": task_name(origin),
            "origin_position": origin,
            "retention": 0.9 - (point > half) * 0.1,
        }
        for point, origin in origins
    ]
    atomic_write(
        folder / "retention.csv", to_csv(known, ("checkpoint", "origin", "origin_position", "retention"))
    )


def draw(tasks: int, rate: float, gain: float, seed: int) -> tuple[dict, dict[str, dict]]:
    """Base and adapted outcomes of five splits.

    Each task has its own base rate (mean `rate`) and, drawn alike, an adapted rate that its splits share, so that a
    task's rows are correlated as in a real study and the expected difference is 0. A task is newly resolvable with chance
    `gain`, in every split that tests it.
    """
    rng = np.random.default_rng(seed)
    before, after = rng.beta(rate, 1 - rate, (2, tasks))
    won = rng.random(tasks) < gain
    base = {position: float(rng.random() < before[position - 1]) for position in range(1, tasks + 1)}
    adapted = {
        split: {
            position: float(won[position - 1] or rng.random() < after[position - 1])
            for position in halves(tasks, split)[1]
        }
        for split in RULES
    }
    return base, adapted
