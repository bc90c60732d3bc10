"""Every test of one arm against base, each with what it is for; only the confirmatory ones carry the verdict."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import pandas as pd

from scripts.measures.metrics import mean
from scripts.statistics import effects, tests
from scripts.statistics.pairs import Split, differences, per_task, pool

STRATA = ("fresh", "recurring")
GROUP = ("repo", "model", "recipe", "arm")  # what has a row of the summary
Row = Mapping[str, Any]
COLUMNS = (
    *GROUP,
    *(
        "scope",
        "test",
        "role",
        "tasks",
        "estimate",
        "ci_low",
        "ci_high",
        "p",
        "p_holm",
    ),
    *(
        "dz",
        "rank_biserial",
        "odds_ratio",
        "partial_eta_squared",
        "partial_omega_squared",
        "gained",
        "lost",
        "minimum_detectable_effect",
        "note",
    ),
)
POOLED = "one row per task and split: overlapping splits repeat a task, false positives 15 to 25 % at a nominal 5 %"
CROSSED = "tasks repeat across models, so rows are not independent"


@dataclass(frozen=True)
class Settings:
    """The `statistics` block of the configuration."""

    alpha: float
    draws: int
    confidence: float
    equivalence_margin: float
    seed: int


def primary(tasks: pd.DataFrame, settings: Settings) -> dict[str, Any]:
    """The confirmatory comparison on one row a task: effect, interval, permutation p, effect sizes, detectable effect."""
    values = differences(tasks)
    low, high = effects.bootstrap_interval(values, settings.confidence, settings.draws, settings.seed)
    return {
        "tasks": len(values),
        "estimate": mean(values),
        "ci_low": low,
        "ci_high": high,
        "p": tests.sign_flip(values, settings.draws, settings.seed) if values else None,
        "dz": effects.dz(values),
        "rank_biserial": effects.rank_biserial(values),
        "minimum_detectable_effect": effects.minimum_detectable_effect(len(values), settings.alpha),
    }


def comparisons(splits: Sequence[Split], settings: Settings) -> list[dict[str, Any]]:
    """Rows of tests.csv for one repo, model, recipe and arm; empty where no split has a pair."""
    splits = [split for split in splits if len(split.tasks)]
    if not splits:
        return []
    tasks = per_task_over(splits)
    names = dict(zip(GROUP, splits[0].entry.group, strict=True))
    rows = [
        *_scoped(tasks, splits, settings),
        _mcnemar(splits),
        *_specified(tasks, settings),
        _pooled(splits),
        _bound(splits),
        _equivalence(tasks, settings),
    ]
    return [names | row for row in rows]


def per_task_over(splits: Sequence[Split]) -> pd.DataFrame:
    """One row a task, averaged over its runs and then over the splits that test it."""
    return per_task(pool(splits))


def crossed(groups: Sequence[Sequence[Split]]) -> list[dict[str, Any]]:
    """Rows of the specified ANOVA of gains, repository x model, one analysis for each recipe and arm.

    groups: the splits of each repo, model, recipe and arm. Nothing where a phase does not cross them, or where gains do not vary.
    """
    gains = pd.DataFrame(
        [
            dict(zip(GROUP, splits[0].entry.group, strict=True)) | {"gain": gain}
            for splits in groups
            if (tested := [split for split in splits if len(split.tasks)])
            for gain in differences(per_task_over(tested))
        ],
        columns=[*GROUP, "gain"],
    )
    return [
        {"recipe": recipe, "arm": arm} | row
        for (recipe, arm), table in gains.groupby(["recipe", "arm"], sort=False)
        if table.groupby("repo")["model"].nunique().min()
        == table["model"].nunique()
        > 1
        < table["repo"].nunique()
        and table.groupby(["repo", "model"]).size().min() > 1
        and table["gain"].nunique() > 1
        for row in _anova(table)
    ]


def _anova(table: pd.DataFrame) -> Iterator[dict[str, Any]]:
    found = tests.two_way_anova(table, "gain", ("repo", "model")).set_index("Source")
    residual = found.loc["Residual", "DF"]
    for source, row in found.drop(index="Residual").iterrows():
        yield {
            "scope": source,
            "test": "two-way ANOVA",
            "role": "specified",
            "tasks": len(table),
            "p": float(row["p_unc"]),
            "partial_eta_squared": float(row["np2"]),
            "partial_omega_squared": float(row["omega2"]),
            "note": f"F({row['DF']:.0f}, {residual:.0f}) = {row['F']:.3g}; {CROSSED}",
        }


def adjust(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Add Holm's p to the primary tests, which are one family: the arms and recipes of the phase."""
    family = [
        number
        for number, row in enumerate(rows)
        if row["role"] == "confirmatory" and row["scope"] == "all splits"
    ]
    adjusted = dict(zip(family, tests.holm([rows[number]["p"] for number in family]), strict=True))
    return [row | {"p_holm": adjusted.get(number)} for number, row in enumerate(rows)]


def with_holm(summary: Sequence[Row], tests: Sequence[Row]) -> list[Row]:
    """The rows of the summary with the adjusted p of their primary test: the one that the readings go by."""
    adjusted = {_group(row): row["p_holm"] for row in tests if row["p_holm"] is not None}
    return [row | {"p_holm": adjusted.get(_group(row))} for row in summary]


def _group(row: Row) -> tuple[str, ...]:
    return tuple(row[name] for name in GROUP)


def _scoped(tasks: pd.DataFrame, splits: Sequence[Split], settings: Settings) -> list[dict[str, Any]]:
    """The permutation test over all splits, then each split and each kind of task, which explain and do not decide."""
    scopes = {"all splits": tasks}
    scopes |= {f"split {split.entry.split}": split.tasks for split in splits}
    scopes |= {name: tasks[tasks["stratum"] == name] for name in STRATA if (tasks["stratum"] == name).any()}
    if (tasks["leaky"] == "1").any():
        scopes["without leaky tasks"] = tasks[tasks["leaky"] != "1"]
    notes = {f"split {split.entry.split}": _order(split) for split in splits}
    return [
        primary(scope, settings)
        | {"scope": name, "test": "sign-flip permutation", "role": "exploratory", "note": notes.get(name, "")}
        | ({"role": "confirmatory", "note": "order-agnostic"} if name == "all splits" else {})
        for name, scope in scopes.items()
    ]


def _order(split: Split) -> str:
    share = split.post_dating_share
    if share is None:
        return ""
    return (
        "past only" if split.past_only else f"{100 * share:.0f} % of the training tasks post-date a test task"
    )


def changed(tasks: pd.DataFrame) -> tuple[int, int]:
    """Tasks whose resolve rate rose, and tasks whose rate fell; with one run a task, McNemar's discordant counts."""
    values = differences(tasks)
    return sum(value > tests.TIE for value in values), sum(value < -tests.TIE for value in values)


def _mcnemar(splits: Sequence[Split]) -> Row:
    """Exact McNemar on two splits that test no task in common (A and B, as registered), so that each task is tested once."""
    halves = _disjoint(splits)
    tasks = per_task_over(halves)
    gained, lost = changed(tasks)
    return {
        "scope": "split " + "+".join(sorted(split.entry.split for split in halves)),
        "test": "exact McNemar",
        "role": "confirmatory",
        "tasks": len(tasks),
        "estimate": mean(differences(tasks)),
        "p": tests.exact_mcnemar(gained, lost),
        "odds_ratio": effects.odds_ratio(gained, lost),
        "gained": gained,
        "lost": lost,
    }


def _disjoint(splits: Sequence[Split]) -> Sequence[Split]:
    """Of the pairs of splits that test no task in common the first with the most tasks; where there is none, the first split."""
    pairs = [
        pair for pair in combinations(splits, 2) if not set(pair[0].tasks.index) & set(pair[1].tasks.index)
    ]
    return max(pairs, key=lambda pair: sum(len(split.tasks) for split in pair), default=splits[:1])


def _specified(tasks: pd.DataFrame, settings: Settings) -> list[dict[str, Any]]:
    values = differences(tasks)
    shared = {"scope": "all splits", "role": "specified", "tasks": len(values), "estimate": mean(values)}
    return [
        shared | {"test": "paired t-test", "p": tests.paired_t(values), "note": "on per-task averages"},
        shared | {"test": "Wilcoxon signed-rank", "p": tests.wilcoxon(values, settings.draws, settings.seed)},
    ]


def _pooled(splits: Sequence[Split]) -> dict[str, Any]:
    rows = pool(splits)
    values = differences(rows)
    shared = {
        "scope": "all splits",
        "test": "paired t-test, pooled rows",
        "role": "specified, invalid",
        "note": POOLED,
    }
    return shared | {"tasks": len(set(rows["task"])), "estimate": mean(values), "p": tests.paired_t(values)}


def _bound(splits: Sequence[Split]) -> dict[str, Any]:
    gains = [mean(differences(split.tasks)) for split in splits]
    train, test = mean(split.train for split in splits), mean(len(split.tasks) for split in splits)
    p = tests.nadeau_bengio(gains, train, test)
    shared = {"scope": "all splits", "test": "Nadeau-Bengio corrected t-test", "role": "bound"}
    return shared | {
        "tasks": len(per_task_over(splits)),
        "estimate": mean(gains),
        "p": p,
        "note": "over split means",
    }


def _equivalence(tasks: pd.DataFrame, settings: Settings) -> dict[str, Any]:
    values, margin = differences(tasks), settings.equivalence_margin
    shared = {
        "scope": "all splits",
        "test": "TOST",
        "role": "equivalence",
        "note": f"margin {100 * margin:g} points",
    }
    return shared | {"tasks": len(values), "estimate": mean(values), "p": tests.equivalence(values, margin)}
