"""The rows of a phase's summary.csv and splits.csv, and which column is which."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from scripts.measures import metrics
from scripts.statistics import comparisons as compare
from scripts.statistics import effects, readings
from scripts.statistics.comparisons import STRATA, Settings
from scripts.statistics.pairs import MEMORY_ARMS, Split

Row = Mapping[str, Any]
Found = Mapping[tuple[str, str], Row]  # rows of tests.csv by scope and test
OTHER_TESTS = {
    "p_ttest": "paired t-test",
    "p_wilcoxon": "Wilcoxon signed-rank",
    "p_mcnemar": "exact McNemar",
    "p_equivalence": "TOST",
}
NAMES = ("repo", "model", "recipe", "arm")
COST = ("tokens_per_resolved_base", "tokens_per_resolved")
EFFORT = (
    "steps_base",
    "steps",
    "tokens_base",
    "tokens",
    "tool_efficiency_calls_base",
    "tool_efficiency_calls",
)
CONTINUAL = (
    *("forgetting", "forgetting_paper", "backward_transfer", "plasticity", "stability"),
    *("cl_f_beta", "cl_f_beta_0.5", "cl_f_beta_2"),
)
BOTH = ("tasks_both_resolve", "steps_base_both", "steps_both", "tokens_base_both", "tokens_both")
RATES = ("resolve_rate_base", "resolve_rate_base_low", "resolve_rate_base_high")
RATES += ("resolve_rate", "resolve_rate_low", "resolve_rate_high")
FRACTIONS = (
    "fail_to_pass_fraction_base",
    "fail_to_pass_fraction",
    "test_pass_fraction_base",
    "test_pass_fraction",
)
SPLIT_COLUMNS = (
    *(*NAMES, "split", "trained", "reason", "train"),
    *("post_dating_share", "past_only", "tasks", "missing_pairs", "with_memory"),
    *(*RATES, "forward_transfer", "ci_low", "ci_high", "p_permutation", "gained", "lost"),
    *(*FRACTIONS, *EFFORT, *COST, *CONTINUAL),
)


def summary_columns(splits: Sequence[str]) -> list[str]:
    """Columns of summary.csv: what the phase asks for first, then intervals, the fractions, effort and the strata."""
    return [
        *(*NAMES, "splits", "tasks", "resolve_rate_base", "resolve_rate"),
        *("forward_transfer_mean", "forward_transfer_variance"),
        *("forgetting_mean", "forgetting_variance", "cl_f_beta"),
        *(f"forward_transfer_{split}" for split in splits),
        *("positive_splits", "reading", "p_permutation", "p_ttest", "p_wilcoxon", "ci_low", "ci_high"),
        "minimum_detectable_effect",
        *EFFORT,
        *(
            "trained",
            "reason",
            "missing_pairs",
            "with_memory",
            "effect",
            "p_holm",
            "p_mcnemar",
            "p_equivalence",
        ),
        *(name for name in RATES if name.endswith(("_low", "_high"))),
        *(*FRACTIONS, *COST, *BOTH, *(name for name in CONTINUAL if name not in ("forgetting", "cl_f_beta"))),
        *(f"{name}_{stratum}" for stratum in STRATA for name in _stratum_columns()),
    ]


def split_row(split: Split, settings: Settings) -> Row:
    """One row of splits.csv; a split without a result has its reason and nothing else."""
    found = compare.primary(split.tasks, settings)
    gained, lost = compare.changed(split.tasks) if len(split.tasks) else (None, None)
    return {
        **dict(zip(NAMES, split.entry.group, strict=True)),
        "split": split.entry.split,
        "trained": _flag(split.trained),
        "reason": split.reason,
        "train": split.train,
        "post_dating_share": split.post_dating_share,
        "past_only": _flag(split.past_only),
        "tasks": len(split.tasks),
        "missing_pairs": split.missing,
        "with_memory": _with_memory(split.entry.arm, split.tasks),
        **_rates(split.tasks, settings),
        "forward_transfer": found["estimate"],
        "ci_low": found["ci_low"],
        "ci_high": found["ci_high"],
        "p_permutation": found["p"],
        "gained": gained,
        "lost": lost,
        **_means(split.tasks, (*FRACTIONS, *EFFORT)),
        **_cost(split.tasks),
        **_continual(split.after),
    }


def summary_row(
    splits: Sequence[Split], rows: Sequence[Row], tests: Sequence[Row], settings: Settings
) -> Row:
    """One row of summary.csv from a group's splits, their rows of splits.csv and its rows of tests.csv.

    Rates and effort count every task once, averaged over the splits that test it; `effect`, their difference, is what the
    interval and the permutation test are about. Forward transfer's mean and variance are over splits, as registered.
    """
    tested = [split for split in splits if len(split.tasks)]
    tasks = compare.per_task_over(tested) if tested else splits[0].tasks
    found = {(row["scope"], row["test"]): row for row in tests}
    gains = {row["split"]: row["forward_transfer"] for row in rows}
    trained = [split.trained for split in splits if split.trained is not None]
    return {
        **dict(zip(NAMES, splits[0].entry.group, strict=True)),
        "splits": len(tested),
        "tasks": len(tasks),
        "trained": sum(trained) if trained else None,
        "reason": "; ".join(f"{split.entry.split}: {split.reason}" for split in splits if split.reason),
        "missing_pairs": sum(split.missing for split in splits),
        "with_memory": _with_memory(splits[0].entry.arm, tasks),
        **{f"forward_transfer_{name}": gain for name, gain in gains.items()},
        **_over_splits("forward_transfer", list(gains.values())),
        **_over_splits("forgetting", [row["forgetting"] for row in rows]),
        **{name: metrics.mean(row[name] for row in rows) for name in CONTINUAL},
        "positive_splits": readings.positive(gains.values()),
        "reading": readings.seeds_rule(list(gains.values())),
        **_primary(found, "all splits"),
        "minimum_detectable_effect": effects.minimum_detectable_effect(len(tasks), settings.alpha),
        **{column: _p(found, test) for column, test in OTHER_TESTS.items()},
        **_rates(tasks, settings),
        **_means(tasks, (*FRACTIONS, *EFFORT)),
        **_cost(tasks),
        **_both_resolve(tasks),
        **{key: value for name in STRATA for key, value in _stratum(tasks, name, found, settings).items()},
    }


def _primary(found: Found, scope: str) -> Row:
    """Effect, interval and p of the permutation test over one scope."""
    row = found.get((scope, "sign-flip permutation"), {})
    names = {"effect": "estimate", "ci_low": "ci_low", "ci_high": "ci_high", "p_permutation": "p"}
    return {column: row.get(name) for column, name in names.items()}


def _with_memory(arm: str, tasks: pd.DataFrame) -> float | None:
    """Share of sessions that were told of a past one; None for an arm that looks nothing up."""
    return metrics.mean(tasks["with_memory"].tolist()) if arm in MEMORY_ARMS else None


def _cost(tasks: pd.DataFrame) -> Row:
    return {
        f"tokens_per_resolved{suffix}": metrics.tokens_per_resolved(
            tasks[f"tokens{suffix}"], tasks[f"resolved{suffix}"]
        )
        for suffix in ("_base", "")
    }


def _rates(tasks: pd.DataFrame, settings: Settings) -> dict[str, float | None]:
    rates = {}
    for suffix in ("_base", ""):
        values = tasks[f"resolved{suffix}"].tolist()
        low, high = effects.rate_interval(values, settings.confidence)
        rates |= {f"resolve_rate{suffix}": metrics.resolve_rate(values)}
        rates |= {f"resolve_rate{suffix}_low": low, f"resolve_rate{suffix}_high": high}
    return rates


def _means(tasks: pd.DataFrame, names: Sequence[str]) -> dict[str, float | None]:
    return {name: metrics.mean(tasks[name].dropna().tolist()) for name in names}


def _over_splits(name: str, values: Sequence[float | None]) -> dict[str, float | None]:
    """Mean and sample variance over splits; a variance needs two."""
    known = pd.Series([value for value in values if value is not None], dtype=float)
    variance = float(known.var(ddof=1)) if len(known) > 1 else None
    return {f"{name}_mean": metrics.mean(known.tolist()), f"{name}_variance": variance}


def _continual(after: metrics.Success) -> dict[str, float | None]:
    """Continual-learning measures on retention; None with fewer than two checkpoints."""
    plastic, stable = metrics.plasticity(after), metrics.stability(after)
    betas = {"cl_f_beta": 1.0, "cl_f_beta_0.5": 0.5, "cl_f_beta_2": 2.0}
    return {
        "forgetting": metrics.forgetting(after),
        "forgetting_paper": metrics.forgetting_paper(after),
        "backward_transfer": metrics.backward_transfer(after),
        "plasticity": plastic,
        "stability": stable,
        **{name: metrics.cl_f_beta(plastic, stable, beta) for name, beta in betas.items()},
    }


def _both_resolve(tasks: pd.DataFrame) -> dict[str, float | int | None]:
    """Effort where both arms resolve: only there are fewer steps an efficiency, elsewhere they may be giving up early."""
    both = tasks[(tasks["resolved_base"] > 0) & (tasks["resolved"] > 0)]
    means = _means(both, ("steps_base", "steps", "tokens_base", "tokens"))
    return {"tasks_both_resolve": len(both), **{f"{name}_both": value for name, value in means.items()}}


def _stratum_columns() -> tuple[str, ...]:
    return "tasks", *RATES, "effect", "ci_low", "ci_high", "p_permutation"


def _stratum(tasks: pd.DataFrame, name: str, found: Found, settings: Settings) -> Row:
    chosen = tasks[tasks["stratum"] == name]
    values = {"tasks": len(chosen), **_rates(chosen, settings), **_primary(found, name)}
    return {f"{key}_{name}": value for key, value in values.items()}


def _p(found: Found, test: str) -> float | None:
    return next((row["p"] for (_, name), row in found.items() if name == test), None)


def _flag(value: bool | None) -> str | None:
    return None if value is None else str(bool(value)).lower()
