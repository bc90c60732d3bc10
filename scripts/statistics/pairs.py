"""Runs of two named arms made into pairs of the same task and run, or a refusal to compare.

Arms are found by the names their rows carry, never by position. A pair that lacks a result in either arm is left out and
counted. Rows whose conditions differ (engine, precision, limits, scaffold, threads, decoding seed; the environment of the code
and the graders) are not compared at all.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from scripts.errors import UserError
from scripts.files import AGAIN, read_json
from scripts.measures.metrics import Success
from scripts.measures.tables import read_table

MEASURES = (
    *("resolved", "fail_to_pass_fraction", "test_pass_fraction", "steps", "model_calls"),
    *("tokens_in", "tokens_out", "tokens", "tool_efficiency_calls"),
)
KINDS = ("stratum", "leaky")  # of the task, equal in all its runs
ADAPTER_ARMS = ("skill", "both")
MEMORY_ARMS = ("knowledge", "both")
NOTHING_TOLD = "nothing to look up: no task was told of a past session, so every session is the base's"


@dataclass(frozen=True)
class Entry:
    """One planned comparison and the files that hold it; `retention` and the full checkpoint's `card` only with an adapter."""

    repo: str
    model: str
    split: str
    recipe: str
    arm: str
    base: str
    runs: str
    split_file: str
    retention: str | None = None
    card: str | None = None

    @property
    def group(self) -> tuple[str, str, str, str]:
        """What makes one row of the summary."""
        return self.repo, self.model, self.recipe, self.arm


@dataclass(frozen=True)
class Split:
    """The pairs of one comparison.

    Attributes:
        tasks: one row a task, its runs averaged: ``<measure>_base``, ``<measure>``, ``stratum``, ``leaky`` ("1": its issue text holds its fix).
        missing: (task, run) pairs that lack a result in either arm; 0 where nothing was to be run.
        train: tasks of the training half; `post_dating_share`: those later than a test task, None where there are none.
        trained: whether the full checkpoint exists; None for an arm without an adapter.
        after: retention by checkpoint and origin, both as positions in the training half.
    """

    entry: Entry
    tasks: pd.DataFrame
    missing: int
    train: int
    post_dating_share: float | None
    trained: bool | None
    reason: str
    after: Success

    @property
    def past_only(self) -> bool | None:
        """Whether every training task is older than every test task."""
        return None if self.post_dating_share is None else self.post_dating_share == 0


def load(entry: Entry) -> Split:
    """Read, check and pair the files of one comparison.

    Raises:
        UserError: the halves overlap, rows of another arm or of tasks outside the test half, or unlike conditions.
    """
    split = read_json(entry.split_file)
    share = split["post_dating_share"]
    tests = [task for task in split["test"] if task not in set(split["excluded"])]
    if overlap := sorted(set(split["train"]) & set(tests)):
        raise UserError(entry.split_file, f"{overlap[0]} is in both halves", AGAIN)
    trained, reason = _trained(entry)
    runs = read_runs(entry.runs, _names(entry))
    if trained is False and len(runs):
        raise UserError(entry.runs, f"has runs, but the adapter is not trained ({reason})", AGAIN)
    if strangers := sorted(set(runs["task"]) - set(tests)):
        raise UserError(entry.runs, f"{strangers[0]} is not in the test half of split {entry.split}", AGAIN)
    base = read_runs(
        entry.base, {"repo": entry.repo, "model": entry.model, "split": "", "recipe": "", "arm": "base"}
    )
    base = base[base["task"].isin(tests)]
    if entry.arm == "knowledge" and nobody_told(runs):
        runs, reason = runs.head(0), NOTHING_TOLD
    refuse_unlike(base, entry.base, runs, entry.runs)
    pairs = pair(base=base, adapted=runs)
    expected = 0 if reason else len(tests) * len(set(base["run"]) | set(runs["run"]))
    return Split(
        entry,
        per_task(pairs),
        missing=expected - len(pairs),
        train=len(split["train"]),
        post_dating_share=None if share is None else float(share),
        trained=trained,
        reason=reason,
        after=read_retention(entry.retention) if entry.retention and trained else {},
    )


def nobody_told(runs: pd.DataFrame) -> bool:
    """Whether sessions took place, and none of them with a past one in its prompt."""
    played = runs.dropna(subset="steps")
    return bool(len(played) and not played["retrieved"].any())


def read_runs(path: str, names: Mapping[str, str]) -> pd.DataFrame:
    """A runs.csv whose every row carries these names; a file of another arm, split or model is refused."""
    table = read_table(path, ("run", "retrieved", *MEASURES))
    for name, value in names.items():
        if wrong := sorted(set(table[name]) - {value}):
            raise UserError(path, f"{name} is {wrong[0]!r}, expected {value!r}", AGAIN)
    return table


def refuse_unlike(base: pd.DataFrame, base_file: str, adapted: pd.DataFrame, adapted_file: str) -> None:
    """Raise UserError at the first task and run whose two sessions ran under different or unrecorded conditions."""
    both = base.merge(adapted, on=["task", "run"], suffixes=("_base", ""))
    unlike = both[(both["conditions_base"] != both["conditions"]) | (both["conditions"] == "")]
    for row in unlike.head(1).itertuples():
        raise UserError(
            f"{adapted_file} and {base_file}, task {row.task}, run {row.run:.0f}",
            f"sessions under unlike conditions ({_short(row.conditions)} and {_short(row.conditions_base)}) cannot be compared; "
            "engine, precision, limits, scaffold, threads, decoding seed, or what runs and reads the tests differ",
            f"compare extra.conditions in the two trajectories.jsonl beside them, and conditions in verdicts.jsonl "
            f"({len(unlike)} pairs), then run both arms with the same configuration: delete the older one's folder",
        )


def pair(*, base: pd.DataFrame, adapted: pd.DataFrame) -> pd.DataFrame:
    """Pairs of the same task and run with a result in both arms: task, run, kinds, ``<measure>_base``, ``<measure>``.

    with_memory: 1 where the adapted session was told of a past one.
    """
    keys = ["task", "run"]
    left = base.dropna(subset="resolved")[[*keys, *KINDS, *MEASURES]]
    adapted = adapted.assign(with_memory=(adapted["retrieved"] > 0).astype(float))
    right = adapted.dropna(subset="resolved")[[*keys, *MEASURES, "with_memory"]]
    return left.merge(right, on=keys, suffixes=("_base", ""), validate="one_to_one")


def per_task(pairs: pd.DataFrame) -> pd.DataFrame:
    """Average the rows of a task, so that each task counts once however often it was run or tested."""
    columns = [*(f"{name}{suffix}" for name in MEASURES for suffix in ("_base", "")), "with_memory"]
    groups = pairs.groupby("task", sort=True)
    return groups[columns].mean().join(groups[list(KINDS)].first())


def pool(splits: Sequence[Split]) -> pd.DataFrame:
    """All pairs of several splits, one row a split and task: overlapping splits repeat a task, so average before testing."""
    tables = [split.tasks.reset_index() for split in splits]
    return pd.concat(tables, ignore_index=True)


def differences(tasks: pd.DataFrame) -> list[float]:
    """Adapted minus base resolve rate of each task."""
    return (tasks["resolved"] - tasks["resolved_base"]).tolist()


def read_retention(path: str) -> Success:
    """Retention by checkpoint and by the origin's position in the training half."""
    return by_checkpoint(read_table(path, ("checkpoint", "origin_position", "retention")), "retention")


def by_checkpoint(table: pd.DataFrame, measure: str) -> Success:
    """A column of a retention table by checkpoint and origin; several runs of an origin are averaged, empty ones left out."""
    after: dict[int, dict[int, float]] = {}
    means = table.dropna(subset=measure).groupby(["checkpoint", "origin_position"])[measure].mean()
    for (checkpoint, position), value in means.items():
        after.setdefault(int(checkpoint), {})[int(position)] = float(value)
    return after


def _names(entry: Entry) -> dict[str, str]:
    return {name: getattr(entry, name) for name in ("repo", "model", "split", "recipe", "arm")}


def _trained(entry: Entry) -> tuple[bool | None, str]:
    """Whether the full checkpoint was trained, and why not; an arm without an adapter needs none."""
    if entry.arm not in ADAPTER_ARMS or entry.card is None:
        return None, ""
    card = read_json(entry.card)
    if card["status"] == "trained":
        return True, ""
    return False, f"{card['status'].replace('_', ' ')}: {card['reason']}"


def _short(conditions: str) -> str:
    return conditions[:12] or "not recorded"
