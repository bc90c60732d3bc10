"""The winner of a sweep and the criteria that were set before: chosen on one half of the origins, confirmed once on the other.

Origins at odd positions of the stream validate, those at even positions confirm, so that the winner's number is not the one it
was chosen by.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from scripts.measures import metrics
from scripts.statistics import chains, effects, tests
from scripts.statistics.chains import ByOrigin, Kept, Row
from scripts.statistics.comparisons import Settings

# per measure that may decide: its value of each origin, and whether more is better
PRIMARY: dict[str, tuple[Callable[[Kept], ByOrigin], bool]] = {
    "retention": (chains.retention, True),
    "forgetting": (chains.forgetting, False),
    "forgetting_nll": (chains.forgetting_nll, False),
}
HALVES: dict[str, Callable[[int], bool]] = {
    "validation": lambda origin: origin % 2 == 1,
    "confirmation": lambda origin: origin % 2 == 0,
}


def verdict(
    place: Sequence[Sequence[Kept]], rows: Sequence[Row], experiment: Mapping[str, Any], settings: Settings
) -> Row:
    """The winner with its confirmation and the criteria, of one repository and model, with a sentence for each."""
    trained = [(kept, row) for kept, row in zip(place, rows, strict=True) if row["status"] == "trained"]
    chosen = winner(trained, experiment["primary"])
    naive = next((kept for kept, row in trained if row["role"] == "baseline"), None)
    confirmed = confirmation(chosen[0], naive, experiment["primary"], settings) if chosen and naive else None
    criteria = [judged(each, rows, chosen[1] if chosen else None) for each in experiment["criteria"]]
    found = {
        "repo": rows[0]["repo"],
        "model": rows[0]["model"],
        "primary": experiment["primary"],
        "winner": chosen[1]["config"] if chosen else None,
        "confirmation": confirmed,
        "criteria": criteria,
    }
    return found | {"sentences": sentences(found)}


def half(kept: Sequence[Kept], primary: str, name: str) -> ByOrigin:
    """The primary measure of each origin of one half."""
    values = chains.over_seeds(kept, PRIMARY[primary][0])
    return {origin: value for origin, value in values.items() if HALVES[name](origin)}


def winner(trained: Sequence[tuple[Sequence[Kept], Row]], primary: str) -> tuple[Sequence[Kept], Row] | None:
    """The candidate that is best on the validation half; the first of equals."""
    more = PRIMARY[primary][1]
    scored = []
    for kept, row in trained:
        value = metrics.mean(half(kept, primary, "validation").values())
        if row["role"] == "candidate" and value is not None:
            scored.append((-value if more else value, kept, row))
    return min(scored, key=lambda one: one[0])[1:] if scored else None


def confirmation(chosen: Sequence[Kept], naive: Sequence[Kept], primary: str, settings: Settings) -> Row:
    """The winner against naive training on the half that did not choose it, paired by origin."""
    mine, theirs = half(chosen, primary, "confirmation"), half(naive, primary, "confirmation")
    shared = sorted(mine.keys() & theirs.keys())
    values = [mine[origin] - theirs[origin] for origin in shared]
    low, high = effects.bootstrap_interval(values, settings.confidence, settings.draws, settings.seed)
    return {
        "origins": len(shared),
        "winner": metrics.mean(mine[origin] for origin in shared),
        "baseline": metrics.mean(theirs[origin] for origin in shared),
        "difference": metrics.mean(values),
        "difference_low": low,
        "difference_high": high,
        "p": tests.sign_flip(values, settings.draws, settings.seed) if values else None,
    }


def judged(criterion: Mapping[str, Any], rows: Sequence[Row], best: Row | None) -> Row:
    """A criterion with its value and whether it is met; null, with the reason, where there is no value."""
    row = (
        best if criterion["of"] == "winner" else next((r for r in rows if r["role"] == criterion["of"]), None)
    )
    value = None if row is None else row.get(criterion["measure"])
    limit = criterion.get("at_least", criterion.get("at_most", criterion.get("equals")))
    return {
        **criterion,
        "value": value,
        "met": None if value is None else meets(value, limit, criterion),
        "reason": "" if value is not None else why_not(criterion, row),
    }


def meets(value: Any, limit: Any, criterion: Mapping[str, Any]) -> bool:
    """Does a value keep to the criterion's limit?"""
    if "at_least" in criterion:
        return value >= limit
    return value <= limit if "at_most" in criterion else value == limit


def why_not(criterion: Mapping[str, Any], row: Row | None) -> str:
    """Why a criterion has no value."""
    if row is None:
        return f"there is no {criterion['of']}"
    if criterion["measure"].startswith("capability"):
        return row["capability_reason"]
    return row["reason"] or f"{criterion['measure']} is not defined for {row['config']}"


def sentences(found: Row) -> list[str]:
    """What a reader should take away, a line each."""
    said = []
    if (confirmed := found["confirmation"]) and confirmed["origins"]:
        said.append(
            f"{found['winner']} is best on the validation origins; on the other {confirmed['origins']} its {found['primary']} is "
            f"{percent(confirmed['winner'])} against {percent(confirmed['baseline'])} of naive training "
            f"({percent(confirmed['difference_low'])} to {percent(confirmed['difference_high'])}, p = {confirmed['p']:.3g})."
        )
    words = {True: "met", False: "not met", None: "open"}
    for each in found["criteria"]:
        said.append(f"{each['name']}: {words[each['met']]} ({found_value(each)}).")
    return said


def found_value(criterion: Row) -> str:
    """A criterion's value in words, or why there is none."""
    value = criterion["value"]
    if value is None:
        return criterion["reason"]
    number = f"{value:.3g}" if isinstance(value, float) else value
    return f"{criterion['measure']} of {criterion['of']} is {number}"


def percent(value: float | None) -> str:
    """A share in percent."""
    return "unknown" if value is None else f"{100 * value:.1f} %"
