"""The rows of an experiment's summary.csv: what each configuration kept, lost and cost, beside the two it is measured against."""

from collections.abc import Mapping, Sequence
from typing import Any

from scripts.measures import metrics
from scripts.statistics import chains
from scripts.statistics.chains import Kept, Row
from scripts.statistics.comparisons import Settings
from scripts.workflow.experiments import Variant

ROLES = ("reference", "baseline")
CAPABILITY = "not measured: no capability benchmark is run yet"


def rows(place: Sequence[Sequence[Kept]], experiment: Mapping[str, Any], settings: Settings) -> list[Row]:
    """One row a configuration of one repository and model."""
    found = [row(kept, experiment, settings) for kept in place]
    against = {role: next((one for one in found if one["role"] == role), {}) for role in ROLES}
    return [
        one
        | relative(one, against)
        | {"information_gain": information_gain(one, found), "retention_gain": retention_gain(one, found)}
        for one in found
    ]


def row(kept: Sequence[Kept], experiment: Mapping[str, Any], settings: Settings) -> Row:
    """What one configuration's chains say by themselves."""
    first, last = kept[0], kept[0].cards[-1]
    reason = next((chain.reason for chain in kept if chain.reason), "")
    head = {
        "repo": first.repo,
        "model": first.model,
        "config": first.variant.config,
        "role": role(first.variant, experiment),
        "strategy": last["recipe"]["strategy"],
        "budget": last["recipe"].get("adaptive_rank", {}).get("budget"),
        **first.variant.setting,
        "seeds": len(kept),
        "sessions": last["checkpoint"],
        "consolidations": len(first.cards),
        "capability_delta": None,
        "capability_reason": CAPABILITY,
        "status": "failed" if reason else "trained",
        "reason": reason,
    }
    return head | ({} if reason else {**measures(kept, settings), **costs(kept), **own(kept)})


def role(variant: Variant, experiment: Mapping[str, Any]) -> str:
    """reference, baseline, control or candidate; a control is a recipe, or a value of a grid's key."""
    named = {experiment[name]: name for name in ROLES}
    controls = experiment.get("controls", [])
    place = [{key: value} for key, value in variant.setting.items()]
    control = any(each == variant.parent or each in place for each in controls)
    return named.get(variant.parent, "control" if control else "candidate")


def measures(kept: Sequence[Kept], settings: Settings) -> Row:
    """The measures of continual learning on retention, with intervals over origin sessions."""
    found: Row = {}
    for measure in (chains.retention, chains.forgetting, chains.backward_transfer, chains.forgetting_nll):
        values = chains.over_seeds(kept, measure)
        found |= chains.with_interval(measure.__name__, values, settings)
    last, sessions = chains.over_seeds(kept, chains.retention), kept[0].cards[-1]["checkpoint"]
    named = [chains.near(last, origin) for origin in chains.named_origins(sessions)]
    found["retention_lowest_origin"] = min((value for value in named if value is not None), default=None)
    return found | continual(kept)


def continual(kept: Sequence[Kept]) -> Row:
    """The measures that have no interval, averaged over seeds."""

    def mean(measure: Any) -> float | None:
        return metrics.mean(measure(chain.after()) for chain in kept)

    plastic, stable = mean(metrics.plasticity), mean(metrics.stability)
    exact = metrics.mean(
        metrics.mean(chains.at_the_end(chain.after("exact_action")).values()) for chain in kept
    )
    return {
        "plasticity": plastic,
        "stability": stable,
        "cl_f_beta": metrics.cl_f_beta(plastic, stable),
        "cl_f_half": metrics.cl_f_beta(plastic, stable, 0.5),
        "cl_f_two": metrics.cl_f_beta(plastic, stable, 2.0),
        "aulc": metrics.mean(metrics.aulc(stream(chain)) for chain in kept),
        "exact_action": exact,
    }


def stream(chain: Kept) -> list[float]:
    """Retention of each session right after it was learned, in order."""
    learned = chains.just_learned(chain.after())
    return [learned[origin] for origin in sorted(learned)]


def costs(kept: Sequence[Kept]) -> Row:
    """What all consolidations of a chain read and what its adapter holds, averaged over seeds."""
    last = chains.over_seeds(kept, chains.retention)
    rank, retained = metrics.mean(chain.rank for chain in kept), metrics.mean(last.values())
    return {
        "tokens_read": metrics.mean(sum(card["tokens_read"] for card in chain.cards) for chain in kept),
        "steps": metrics.mean(sum(card["optimiser_steps"] for card in chain.cards) for chain in kept),
        "rank_at_end": rank,
        "parameters": metrics.mean(chain.last["parameters"] for chain in kept),
        "information_per_parameter": retained / rank if retained is not None and rank else None,
    }


def own(kept: Sequence[Kept]) -> Row:
    """What only some strategies have: buffers, Fisher, routers, compressions; and categories of replies."""
    grouped = [chain.sorted_in(chain.categories) for chain in kept]
    lost = {name: value for name, value in chains.degradations(grouped).items() if value is not None}
    worst = max(lost, key=lambda name: lost[name], default=None)
    interfered = [chains.interference(grouped, name) for name in lost]
    return {
        "new_left_out": chains.noted(kept, "new_left_out"),
        "buffer_filled": filled(kept),
        "fisher_share_of_tokens": fisher_share(kept),
        "fisher_samples": chains.noted(kept, "fisher_samples"),
        "penalty_over_loss": chains.noted(kept, "penalty_over_loss"),
        "router_accuracy": chains.noted(kept, "router_accuracy"),
        "router_plain_accuracy": chains.noted(kept, "router_plain_accuracy"),
        "router_majority": chains.noted(kept, "router_majority"),
        "categories": kept[0].categories,
        "worst_category": worst,
        "worst_category_degradation": lost.get(worst),
        "interference": metrics.mean(interfered),
        "compressions": compressions(kept),
        "compression_ranks": chains.compression_ranks(kept),
        "compression_kept": chains.compression_kept(kept),
        "decay": chains.decay_shape(kept),
    }


def filled(kept: Sequence[Kept]) -> str | None:
    """Did the buffer have to drop something before a training? One that never fills is no result about its size."""
    if not any("buffer_pairs" in card["notes"] for chain in kept for card in chain.cards):
        return None
    cards = [card for chain in kept for card in chain.cards[: chain.cards.index(chain.last)]]
    notes = [card["notes"] for card in cards if "buffer_pairs" in card["notes"]]
    return "true" if any(note["candidate_pairs"] > note["buffer_pairs"] for note in notes) else "false"


def fisher_share(kept: Sequence[Kept]) -> float | None:
    """Tokens read to estimate the Fisher over tokens read to train; its seconds are in timing.csv."""
    cards = [card for chain in kept for card in chain.cards if "fisher_samples" in card["notes"]]
    trained = sum(card["tokens_trained"] for card in cards)
    return sum(card["tokens_read"] for card in cards) / trained - 1 if trained else None


def compressions(kept: Sequence[Kept]) -> float | None:
    """How many compressions took ranks away in a chain; None where the strategy has none."""
    adaptive = [chain for chain in kept if any("compressions" in card["notes"] for card in chain.cards)]
    return metrics.mean(len(chains.compressions(chain)) for chain in adaptive)


def relative(one: Row, against: Mapping[str, Row]) -> Row:
    """A configuration against the upper bound and against naive training."""
    upper, naive = against["reference"], against["baseline"]
    reduction = share(one, naive, "forgetting")
    return {
        "retention_share_of_reference": share(one, upper, "retention"),
        "cost_share_of_reference": share(one, upper, "tokens_read"),
        "forgetting_reduction": None if reduction is None else 1 - reduction,
    }


def above_base(rows: Sequence[Row], base: float | None) -> list[Row]:
    """The rows with what the base retains without any training, and their share of what the reference adds to that."""
    upper = next((row.get("retention") for row in rows if row["role"] == "reference"), None)
    return [
        row | {"retention_base": base, "retention_share_above_base": added(row, upper, base)} for row in rows
    ]


def added(row: Row, upper: float | None, base: float | None) -> float | None:
    """(retention - base) / (reference - base); None where one is missing or the reference adds nothing."""
    mine = row.get("retention")
    if mine is None or upper is None or base is None or upper <= base:
        return None
    return (mine - base) / (upper - base)


def information_gain(one: Row, rows: Sequence[Row]) -> float | None:
    """Information per parameter above that of naive training at a fixed rank of the same budget; None without that control."""
    gain = share(one, same_budget(one, rows), "information_per_parameter")
    return None if gain is None else gain - 1


def retention_gain(one: Row, rows: Sequence[Row]) -> float | None:
    """Retention minus that control's: retention does not begin at 0, so that a smaller rank alone gains information."""
    mine, theirs = one.get("retention"), same_budget(one, rows).get("retention")
    return None if mine is None or theirs is None else mine - theirs


def same_budget(one: Row, rows: Sequence[Row]) -> Row:
    """Naive training at the fixed rank that is a configuration's budget; empty without one."""
    naive = [row for row in rows if row["strategy"] == "naive" and one["budget"]]
    return next((row for row in naive if row.get("rank_at_end") == one["budget"]), {})


def share(one: Row, other: Row, name: str) -> float | None:
    """A measure over the same of another row; None where either is missing or the other is not positive."""
    mine, theirs = one.get(name), other.get(name)
    return mine / theirs if mine is not None and theirs and theirs > 0 else None
