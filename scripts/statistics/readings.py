"""What a phase's own criteria say of its numbers, in values for machines and in sentences for people."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from scipy import stats

from scripts.statistics.comparisons import Settings
from scripts.statistics.tests import TIE

SPLITS = 5  # the registered rule is about five splits
CLASSES = (("robust", 4), ("weak", 2), ("not working", 0))
Row = Mapping[str, Any]


def positive(gains: Iterable[float | None]) -> int | None:
    """How many splits have a positive forward transfer; None where none was evaluated."""
    known = [gain for gain in gains if gain is not None]
    return sum(gain > TIE for gain in known) if known else None


def seeds_rule(gains: Sequence[float | None]) -> str | None:
    """Positive in 4 or 5 of 5 splits: robust; 2 or 3: weak; 0 or 1: not working. `gains` has one of each split asked for.

    A split without a result is neither positive nor negative: where it could tip the reading that is "undecided". So is any
    other number of splits, about which the registered rule says nothing. None where no split was evaluated.
    """
    count = positive(gains)
    if count is None:
        return None
    missing = sum(gain is None for gain in gains)
    lowest, highest = _class(count), _class(count + missing)
    return lowest if lowest == highest and len(gains) == SPLITS else "undecided"


def false_positive_rate(reading: str) -> float:
    """Least chance that five splits without an effect read so or better: independent fair coins, 6/32 for "robust".

    The splits share tasks and training data, so the true rate is higher.
    """
    needed = dict(CLASSES)[reading]
    return float(stats.binom.sf(needed - 1, SPLITS, 0.5))


def verdict(
    phase: str,
    splits: Sequence[str],
    summary: Sequence[Row],
    sources: Mapping[str, str],
    settings: Settings,
) -> dict[str, Any]:
    """verdict.json: each row's criteria and sentence, then the controls that make a null believable."""
    return {
        "phase": phase,
        "splits": list(splits),
        "primary_test": "sign-flip permutation of per-task mean differences, two-sided, adjusted by Holm over the rows",
        "statistics": vars(settings),
        "rows": [_judged(len(splits), row, sources, settings) for row in summary],
        "controls": [
            control for pair in _places(summary) for control in _controls(pair, summary, sources, settings)
        ],
    }


def criteria(splits: int, row: Row, settings: Settings) -> dict[str, Any]:
    """The criteria of a phase with so many splits, each true, false, or null where it cannot be judged.

    Several rows are several chances to be lucky, so p is the one adjusted for them.
    """
    effect, p = row["effect"], row["p_holm"]
    held = {
        "positive": None if effect is None else effect > TIE,
        "significant": None if p is None else p < settings.alpha,
        "equivalent": None if row["p_equivalence"] is None else row["p_equivalence"] < settings.alpha,
    }
    if splits == 1:
        return held  # one split, registered as a smoke test: a direction, no robustness
    reading = row["reading"]
    return held | {"robust": None if reading in (None, "undecided") else reading == "robust"}


def sentence(splits: int, row: Row, settings: Settings) -> str:
    """One row's result in plain English, with its interval, its p and what this size could have seen."""
    name = f"{row['recipe']}, {row['arm']} ({row['repo']}, {row['model']})"
    if row["effect"] is None:
        return f"{name}: no result, {row['reason'] or 'no pair of runs with a verdict'}."
    return f"{name}: {_effect(row, settings)} {_rule(splits, row)}{_reach(row)}{_gaps(row)}"


def _effect(row: Row, settings: Settings) -> str:
    base, adapted = 100 * row["resolve_rate_base"], 100 * row["resolve_rate"]
    interval = (
        f"{100 * settings.confidence:g} % interval {100 * row['ci_low']:+.1f} to {100 * row['ci_high']:+.1f}"
    )
    p = f"permutation p = {row['p_permutation']:.2g}"
    if row["p_holm"] != row["p_permutation"]:
        p += f", {row['p_holm']:.2g} after Holm"
    return (
        f"resolve rate {adapted:.1f} % against {base:.1f} % for base, {100 * row['effect']:+.1f} points "
        f"({interval}, {row['tasks']} tasks, {p}): {_conclusion(row, settings)}."
    )


def _conclusion(row: Row, settings: Settings) -> str:
    if row["p_holm"] < settings.alpha:
        return "a gain" if row["effect"] > 0 else "a loss"
    if row["p_equivalence"] is not None and row["p_equivalence"] < settings.alpha:
        return f"no effect larger than {100 * settings.equivalence_margin:g} points"
    return "neither an effect nor its absence is shown"


def _rule(splits: int, row: Row) -> str:
    if splits == 1:
        return "One split: a direction, not evidence. "
    counted = f"Positive in {row['positive_splits']} of {row['splits']} splits"
    if row["reading"] == "undecided":
        return f"{counted}: the seeds' rule is about {SPLITS}. "
    chance = 100 * false_positive_rate("robust")
    return f"{counted}: {row['reading']} (the seeds' rule calls at least {chance:.0f} % of null effects robust). "


def _reach(row: Row) -> str:
    smallest = row["minimum_detectable_effect"]
    if smallest is None:
        return "No effect could be significant at this size."
    return f"At this size a true gain under {100 * smallest:.0f} points is missed more than one time in five."


def _gaps(row: Row) -> str:
    parts = [f" {row['missing_pairs']} pairs missing." if row["missing_pairs"] else ""]
    return "".join([*parts, f" Splits without a result: {row['reason']}." if row["reason"] else ""])


def _judged(splits: int, row: Row, sources: Mapping[str, str], settings: Settings) -> dict[str, Any]:
    chance = None if row["reading"] in (None, "undecided") else false_positive_rate(row["reading"])
    return {
        **{name: row[name] for name in ("repo", "model", "recipe", "arm")},
        "source": sources.get(row["recipe"]),
        "criteria": criteria(splits, row, settings),
        **{
            name: row[name]
            for name in ("effect", "ci_low", "ci_high", "p_permutation", "p_holm", "p_equivalence")
        },
        "seeds_rule": {
            **{"reading": row["reading"], "positive_splits": row["positive_splits"], "splits": row["splits"]},
            "false_positive_rate_at_least": chance,
        },
        "minimum_detectable_effect": row["minimum_detectable_effect"],
        "sentence": sentence(splits, row, settings),
    }


def _controls(
    place: tuple[str, str], summary: Sequence[Row], sources: Mapping[str, str], settings: Settings
) -> list[dict]:
    """Positive control: the expert's recipe gains, significantly, in no split the reverse. Negative: the permuted one does not."""
    skill = [row for row in summary if (row["repo"], row["model"]) == place and row["arm"] == "skill"]
    expert = next((row for row in skill if sources.get(row["recipe"]) == "expert"), None)
    permuted = next((row for row in skill if sources.get(row["recipe"]) == "permuted"), None)
    shared = {"repo": place[0], "model": place[1]}
    return [
        shared | {"control": "positive", **positive_control(expert, settings)},
        shared | {"control": "negative", **negative_control(permuted, expert)},
    ]


def positive_control(expert: Row | None, settings: Settings) -> dict[str, Any]:
    """Whether a study that should find an effect finds it; null without a result, or where fewer splits leave it open."""
    if expert is None or expert["effect"] is None:
        return {"holds": None, "sentence": "Positive control: not part of this phase, or without a result."}
    gains = [value for name, value in expert.items() if _is_gain(name) and value is not None]
    negative = sum(gain < -TIE for gain in gains)
    significant = expert["effect"] > 0 and expert["p_holm"] < settings.alpha
    undecided = len(gains) < SPLITS and not significant and not negative
    holds = None if undecided else bool(significant and not negative)
    judged = "is undecided on so few splits" if undecided else "holds" if holds else "fails"
    said = "significant gain" if significant else "no significant gain"
    text = f"Positive control {judged}: {said}, {negative} of {len(gains)} splits negative."
    return {"holds": holds, "sentence": text}


def negative_control(permuted: Row | None, expert: Row | None) -> dict[str, Any]:
    """Whether sessions of permuted actions gain less than the expert's: upper bound below its estimate.

    Null where a bound above it is all there is: of the few tasks of one split even none resolved leaves a high one. A gain
    of the permuted sessions under such a bound fails, and so does an estimate as high as the expert's.
    """
    if permuted is None or expert is None or permuted["effect"] is None or expert["effect"] is None:
        return {"holds": None, "sentence": "Negative control: not part of this phase, or without a result."}
    below = permuted["ci_high"] < expert["effect"]
    gains = permuted["ci_low"] > 0 or permuted["effect"] >= expert["effect"]
    judged = "holds" if below else "fails" if gains else "is undecided on so few tasks"
    text = (
        f"Negative control {judged}: upper bound {100 * permuted['ci_high']:+.1f} points "
        f"against the expert's {100 * expert['effect']:+.1f}."
    )
    return {"holds": below or (False if gains else None), "sentence": text}


def _class(count: int) -> str:
    return next(name for name, least in CLASSES if count >= least)


def _is_gain(name: str) -> bool:
    return name.startswith("forward_transfer_") and name.removeprefix("forward_transfer_") not in (
        "mean",
        "variance",
    )


def _places(summary: Sequence[Row]) -> list[tuple[str, str]]:
    return list(dict.fromkeys((row["repo"], row["model"]) for row in summary))
