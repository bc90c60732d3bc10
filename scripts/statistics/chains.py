"""What a chain of adapters kept, sequence by sequence of consolidations: the measures behind an experiment's rows.

A measure is first one value an origin session, averaged over the seeds, and then a mean with a bootstrap interval over origins:
the sessions are what could have been others. Retention is the share of right argument tokens (scripts/measures/retention.py).
"""

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from scripts.measures import metrics
from scripts.measures.metrics import Success, Value
from scripts.statistics import decay
from scripts.statistics.comparisons import Settings
from scripts.statistics.effects import resampled_interval
from scripts.statistics.pairs import by_checkpoint
from scripts.training.categories import NAMES, merged
from scripts.workflow.experiments import Variant

Row = dict[str, Any]
ByOrigin = dict[int, float]


@dataclass(frozen=True)
class Kept:
    """One chain: its cards in order and its retention matrix (checkpoint, origin_position, category, retention, nll, ...)."""

    repo: str
    model: str
    variant: Variant
    cards: list[Row]
    matrix: pd.DataFrame

    def after(self, measure: str = "retention", category: str | None = None) -> Success:
        """The measure by checkpoint and origin, for one category of replies or for all."""
        rows = self.matrix if category is None else self.matrix[self.matrix["category"] == category]
        return by_checkpoint(rows, measure)

    @property
    def reason(self) -> str:
        """Why there is no whole chain; empty where training never failed and the last adapter is there.

        A stream may begin with sessions that cannot be used: its first checkpoints have no adapter, and the chain is whole.
        """
        broken = [card["reason"] for card in self.cards if card["status"] == "failed"]
        last = self.cards[-1]
        return next(iter(broken), "" if last["status"] == "trained" else last["reason"])

    @property
    def last(self) -> Row:
        """The card of the last consolidation that trained: one without anything new says nothing of its adapter."""
        return next((card for card in reversed(self.cards) if card["optimiser_steps"]), self.cards[-1])

    @property
    def rank(self) -> int | None:
        """Sum of the ranks at the end."""
        return self.last["notes"].get("rank") or self.last["recipe"]["rank"]

    @property
    def categories(self) -> int:
        """How many categories its replies are sorted in: one an expert, or all of them where there are no experts."""
        return self.cards[-1]["recipe"].get("mole", {}).get("experts", len(NAMES))

    def sorted_in(self, categories: int) -> "Kept":
        """The chain with replies sorted in 3, 4 or 5 categories, or in as many as they already are where that is less."""
        names = self.matrix["category"].map(lambda name: merged(name, categories))
        return replace(self, matrix=self.matrix.assign(category=names))

    def only(self, origins: Callable[[int], bool]) -> "Kept":
        """The chain as if nothing had been asked of the other origins."""
        return replace(self, matrix=self.matrix[self.matrix["origin_position"].map(origins).astype(bool)])


def at_the_end(after: Success) -> ByOrigin:
    """What is known of each session after the last one."""
    return dict(after[max(after)]) if after else {}


def just_learned(after: Success) -> ByOrigin:
    """What is known of each session right after it was learned."""
    found = {}
    for origin in {origin for row in after.values() for origin in row}:
        first = min((checkpoint for checkpoint in after if checkpoint >= origin), default=None)
        if first is not None and origin in after[first]:
            found[origin] = after[first][origin]
    return found


def forgotten(after: Success) -> ByOrigin:
    """Best since learning minus the end, for each session that was asked again later (decisions: forgetting)."""
    return {
        origin: value
        for origin in at_the_end(after)
        if (value := metrics.forgetting({n: pick(row, origin) for n, row in after.items()})) is not None
    }


def pick(row: dict[int, float], origin: int) -> dict[int, float]:
    """One origin of a row, if it is there."""
    return {origin: row[origin]} if origin in row else {}


def negated(after: Success) -> Success:
    """A loss as something to keep: its forgetting is then its rise."""
    return {n: {origin: -value for origin, value in row.items()} for n, row in after.items()}


def retention(chain: Kept, category: str | None = None) -> ByOrigin:
    """Retention of each session at the end, for one category of replies or for all."""
    return at_the_end(chain.after(category=category))


def forgetting(chain: Kept) -> ByOrigin:
    """Forgetting of each session."""
    return forgotten(chain.after())


def backward_transfer(chain: Kept) -> ByOrigin:
    """The end minus just learned, for each session that was asked again later: forgetting without a maximum in it."""
    learned, last = just_learned(chain.after()), retention(chain)
    again = [origin for origin in forgetting(chain) if origin in learned]
    return {origin: last[origin] - learned[origin] for origin in again}


def forgetting_nll(chain: Kept) -> ByOrigin:
    """The same in nats: how far the loss on a session's reply rose again."""
    return forgotten(negated(chain.after("nll")))


def over_seeds(kept: Sequence[Kept], values: Callable[[Kept], ByOrigin]) -> ByOrigin:
    """A measure of each origin, averaged over the chains that differ only in their seed."""
    return averaged([values(chain) for chain in kept])


def averaged(seeds: Sequence[ByOrigin]) -> ByOrigin:
    """The mean of each origin over the seeds that have a value of it."""
    table = pd.DataFrame([pd.Series(values, dtype=float) for values in seeds])
    return {int(origin): float(mean) for origin, mean in table.mean().dropna().items()}


def with_interval(name: str, values: ByOrigin, settings: Settings) -> Row:
    """Mean over origins and its bootstrap interval."""
    ordered = [values[origin] for origin in sorted(values)]
    low, high = resampled_interval(ordered, settings.confidence, settings.draws, settings.seed)
    return {name: metrics.mean(ordered), f"{name}_low": low, f"{name}_high": high}


def named_origins(sessions: int) -> list[int]:
    """The origins that the specification asks for: sessions 1, N/4, N/2, 3N/4 and N."""
    return sorted({1, *(max(1, round(sessions * share)) for share in (0.25, 0.5, 0.75)), sessions})


def near(values: ByOrigin, wanted: int) -> Value:
    """The value at an origin, or at the nearest one before or after it that has one."""
    return values[min(values, key=lambda origin: (abs(origin - wanted), origin))] if values else None


def categories(kept: Sequence[Kept]) -> list[str]:
    """The categories of replies that were asked about."""
    return sorted({name for chain in kept for name in chain.matrix["category"] if name})


def degradations(kept: Sequence[Kept]) -> dict[str, Value]:
    """By category the share lost since learning: (just learned - end) / just learned, over its sessions."""
    return {name: degradation(kept, name) for name in categories(kept)}


def degradation(kept: Sequence[Kept], category: str) -> Value:
    """The same of one category; None where nothing was asked again."""
    first = over_seeds(kept, lambda chain: just_learned(chain.after(category=category)))
    last = over_seeds(kept, lambda chain: retention(chain, category))
    again = [origin for origin in forgotten_origins(kept, category) if origin in first and origin in last]
    learned = metrics.mean(first[origin] for origin in again)
    return (learned - metrics.mean(last[origin] for origin in again)) / learned if learned else None


def forgotten_origins(kept: Sequence[Kept], category: str) -> set[int]:
    """Origins of a category that more than one adapter was asked about."""
    return {origin for chain in kept for origin in forgotten(chain.after(category=category))}


def interference(kept: Sequence[Kept], category: str) -> Value:
    """Mean fall of what was known of a category at each later consolidation, weighted by how much of that was of others.

    The weight is the share of other categories among the held-out replies of the sessions that were new.
    """
    falls, weights = [], []
    for chain in kept:
        after = chain.after(category=category)
        for before, now in itertools.pairwise(sorted(chain.after())):
            shared = sorted(after.get(before, {}).keys() & after.get(now, {}).keys())
            falls += [after[before][origin] - after[now][origin] for origin in shared]
            weights += [others(chain, category, before, now)] * len(shared)
    total = sum(weights)
    return sum(fall * weight for fall, weight in zip(falls, weights, strict=True)) / total if total else None


def others(chain: Kept, category: str, before: int, now: int) -> float:
    """Share of other categories among the held-out replies of the sessions between two checkpoints."""
    at = chain.matrix["checkpoint"] == now
    new = chain.matrix.loc[at & (chain.matrix["origin_position"] > before), "category"]
    return float((new != category).mean()) if len(new) else 0.0


def decay_shape(kept: Sequence[Kept]) -> str | None:
    """The shape of retention over the consolidations since a session was learned, as a share of what was known then.

    Only early sessions grow old, so that plain retention would show which sessions are hard as a decay.
    """
    ages, values = [], []
    for chain in kept:
        after = chain.after()
        points, learned = sorted(after), just_learned(after)
        for number, checkpoint in enumerate(points):
            for origin, value in after[checkpoint].items():
                if learned.get(origin):
                    ages.append(number - next(at for at, point in enumerate(points) if point >= origin))
                    values.append(value / learned[origin])
    return decay.shape(ages, values)[0] if ages else None


def compressions(chain: Kept) -> list[Row]:
    """The compressions of a chain that took ranks away, each with its checkpoint; merging small parts may take none."""
    return [
        {"checkpoint": card["checkpoint"], **note}
        for card in chain.cards
        for note in card["notes"].get("compressions", [])
        if note["rank_after"] < note["rank_before"]
    ]


def compression_kept(kept: Sequence[Kept]) -> Value:
    """Share of retention that compressions left: mean after over mean before, over the chain's sessions in them."""
    pairs = [
        (note["before"][session], note["after"][session])
        for chain in kept
        for note in compressions(chain)
        for session in note["before"]
        if session in asked_of(chain) and note["before"][session] is not None
    ]
    before = metrics.mean(one for one, _ in pairs)
    return metrics.mean(other for _, other in pairs) / before if before else None


def asked_of(chain: Kept) -> set[str]:
    """The sessions that the chain is judged on: of a chain cut to one half, those of this half."""
    return set(chain.matrix["origin"])


def compression_ranks(kept: Sequence[Kept]) -> Value:
    """Mean share of the ranks that compressions left: 0.5 is the specification's."""
    return metrics.mean(
        note["rank_after"] / note["rank_before"] for chain in kept for note in compressions(chain)
    )


def noted(kept: Sequence[Kept], name: str) -> Value:
    """The mean over seeds of a number that the last adapter's card notes."""
    return metrics.mean(chain.last["notes"].get(name) for chain in kept)
