"""The winner of a sweep and the criteria that were set before: chosen on one half of the origins, confirmed once on the other.

Origins at odd positions of the stream validate, those at even positions confirm: the winner's comparison with naive training and
its criteria are measured on sessions that had no say in the choice. A winner with a budget of ranks is compared with naive training
at that rank, where the experiment has it. To be chosen, a candidate must have learned: one that never takes anything in has nothing
to forget. A buffer that never dropped a pair is no result about its size, and cannot win either.
"""

import math
import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from scripts.measures import metrics
from scripts.statistics import chains, effects, experiment_rows, tests
from scripts.statistics.chains import ByOrigin, Kept, Row
from scripts.statistics.comparisons import Settings

# per measure that may decide: its value of each origin, and whether more is better
PRIMARY: dict[str, tuple[Callable[[Kept], ByOrigin], bool]] = {
    "retention": (chains.retention, True),
    "forgetting": (chains.forgetting, False),
    "forgetting_nll": (chains.forgetting_nll, False),
}
Configuration = tuple[Sequence[Kept], Row]  # the chains of its seeds, and its row of the summary
LIMITS: dict[str, Callable[[Any, Any], bool]] = {
    "at_least": operator.ge,
    "at_most": operator.le,
    "equals": operator.eq,
    "differs": operator.ne,
}
LEARNS = 0.9  # share of naive training's plasticity that a candidate needs
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
    naive = rival(trained, chosen)
    confirmed = (
        confirmation(chosen[0], naive[0], experiment["primary"], settings) if chosen and naive else None
    )
    unseen = on_half(alike(place, chosen), "confirmation", experiment, settings)
    best, plain = named(unseen, chosen), named(unseen, naive)
    criteria = [judged(each, rows, best, plain) for each in experiment["criteria"]]
    found = {
        "repo": rows[0]["repo"],
        "model": rows[0]["model"],
        "primary": experiment["primary"],
        "winner": chosen[1]["config"] if chosen else None,
        "against": naive[1]["config"] if naive else None,
        "confirmation": confirmed,
        "criteria": criteria,
    }
    return found | {"sentences": sentences(found)}


def rival(trained: Sequence[Configuration], chosen: Configuration | None) -> Configuration | None:
    """Naive training that a winner is compared with: at the fixed rank of its budget where that was trained, or the baseline."""
    rows = [row for _, row in trained]
    same = experiment_rows.same_budget(chosen[1], rows) if chosen else {}
    naive = same or next((row for row in rows if row["role"] == "baseline"), None)
    return next(((kept, row) for kept, row in trained if row is naive), None)


def alike(place: Sequence[Sequence[Kept]], chosen: Configuration | None) -> Sequence[Sequence[Kept]]:
    """All chains with replies sorted as the winner's: the worst of fewer categories is less bad by itself."""
    if chosen is None:
        return place
    return [[chain.sorted_in(chosen[0][0].categories) for chain in kept] for kept in place]


def named(rows: Sequence[Row], one: Configuration | None) -> Row | None:
    """The row of a configuration."""
    return next((row for row in rows if one and row["config"] == one[1]["config"]), None)


def half(kept: Sequence[Kept], primary: str, name: str) -> ByOrigin:
    """The primary measure of each origin of one half."""
    values = chains.over_seeds(kept, PRIMARY[primary][0])
    return {origin: value for origin, value in values.items() if HALVES[name](origin)}


def on_half(
    place: Sequence[Sequence[Kept]], name: str, experiment: Mapping[str, Any], settings: Settings
) -> list[Row]:
    """The rows of the summary as they are on one half of the origins."""
    halves = [[chain.only(HALVES[name]) for chain in kept] for kept in place]
    return experiment_rows.rows(halves, experiment, settings)


def winner(trained: Sequence[Configuration], primary: str) -> Configuration | None:
    """The candidate that is best on the validation half, of those that may win; the first of equals.

    Nobody wins where naive training failed: there is nothing to tell who learned.
    """
    more = PRIMARY[primary][1]
    naive = [learned(kept) for kept, row in trained if row["role"] == "baseline"]
    needed = LEARNS * naive[0] if naive else math.inf
    scored = []
    for kept, row in trained:
        value = metrics.mean(half(kept, primary, "validation").values())
        able = row["role"] == "candidate" and row["buffer_filled"] != "false" and learned(kept) >= needed
        if able and value is not None:
            scored.append((-value if more else value, kept, row))
    return min(scored, key=lambda one: one[0])[1:] if scored else None


def learned(kept: Sequence[Kept]) -> float:
    """Mean retention of the validation origins right after they were learned; 0 where nothing was asked."""
    values = chains.over_seeds(kept, lambda chain: chains.just_learned(chain.after()))
    return metrics.mean(value for origin, value in values.items() if HALVES["validation"](origin)) or 0.0


def confirmation(chosen: Sequence[Kept], naive: Sequence[Kept], primary: str, settings: Settings) -> Row:
    """The winner against naive training on the half that did not choose it, paired by origin."""
    mine, theirs = half(chosen, primary, "confirmation"), half(naive, primary, "confirmation")
    shared = sorted(mine.keys() & theirs.keys())
    values = [mine[origin] - theirs[origin] for origin in shared]
    low, high = effects.resampled_interval(values, settings.confidence, settings.draws, settings.seed)
    return {
        "origins": len(shared),
        "seeds": len(chosen),
        "winner": metrics.mean(mine[origin] for origin in shared),
        "baseline": metrics.mean(theirs[origin] for origin in shared),
        "difference": metrics.mean(values),
        "difference_low": low,
        "difference_high": high,
        "p": tests.sign_flip(values, settings.draws, settings.seed) if values else None,
    }


def judged(criterion: Mapping[str, Any], rows: Sequence[Row], best: Row | None, plain: Row | None) -> Row:
    """A criterion with its value and whether it is met; null, with the reason, where there is no value.

    plain: naive training on the sessions that confirm, its replies sorted in the winner's categories. A limit that it keeps to as well
    tells nothing of a winner.
    """
    roles = {row["role"]: row for row in reversed(rows)} | {"winner": best}
    row = roles.get(criterion["of"])
    value = None if row is None else row.get(criterion["measure"])
    return {
        **criterion,
        "value": value,
        "naive_training": None if plain is None else plain.get(criterion["measure"]),
        "met": None if value is None else meets(value, criterion),
        "reason": "" if value is not None else why_not(criterion, row),
    }


def meets(value: Any, criterion: Mapping[str, Any]) -> bool:
    """Does a value keep to the criterion's limit?"""
    limit = next(name for name in LIMITS if name in criterion)
    return LIMITS[limit](value, criterion[limit])


def why_not(criterion: Mapping[str, Any], row: Row | None) -> str:
    """Why a criterion has no value."""
    if row is None:
        return "no candidate may win" if criterion["of"] == "winner" else f"there is no {criterion['of']}"
    if criterion["measure"].startswith("capability"):
        return row["capability_reason"]
    return row["reason"] or f"{criterion['measure']} is not defined for {row['config']}"


def sentences(found: Row) -> list[str]:
    """What a reader should take away, a line each."""
    said, say = [], nats if found["primary"].endswith("nll") else percent
    if (confirmed := found["confirmation"]) and confirmed["origins"]:
        said.append(
            f"{found['winner']} is best on the validation origins; on the other {confirmed['origins']} its {found['primary']} is "
            f"{say(confirmed['winner'])} against {say(confirmed['baseline'])} of naive training ({found['against']}) "
            f"(difference {say(confirmed['difference_low'])} to {say(confirmed['difference_high'])}, p = {confirmed['p']:.3g} "
            f"over sessions, not over trainings: each has {confirmed['seeds']} seed{'s' * (confirmed['seeds'] > 1)})."
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
    said = f"{criterion['measure']} of {criterion['of']} is {short(value)}"
    plain = criterion["naive_training"] if criterion["of"] == "winner" else None
    return said if plain is None else f"{said}, of naive training {short(plain)}"


def short(value: Any) -> Any:
    """A number with three digits; a word as it is."""
    return f"{value:.3g}" if isinstance(value, float) else value


def percent(value: float | None) -> str:
    """A share in percent."""
    return "unknown" if value is None else f"{100 * value:.1f} %"


def nats(value: float | None) -> str:
    """A loss in nats."""
    return "unknown" if value is None else f"{value:.2f} nats"
