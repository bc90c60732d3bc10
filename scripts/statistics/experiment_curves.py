"""The curves that the experiments name, as one long table, and what each level of a grid does on average."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from scripts.measures import metrics
from scripts.statistics import chains
from scripts.statistics.chains import ByOrigin, Kept, Row
from scripts.statistics.comparisons import Settings

COLUMNS = ("curve", "repo", "model", "config", "x", "value", "low", "high")
LEVEL_COLUMNS = (
    *("repo", "model", "recipe", "key", "level", "configs"),
    *(
        "retention",
        "retention_low",
        "retention_high",
        "forgetting",
        "forgetting_low",
        "forgetting_high",
        "knee",
    ),
)


def curves(place: Sequence[Sequence[Kept]], rows: Sequence[Row], settings: Settings) -> list[Row]:
    """Points of every curve of one repository and model.

    retention_of_origin: x is an origin session (1, N/4, N/2, 3N/4, N) after the last one was learned; retention_over_stream: x is the
    number of sessions so far, over all that were learned; tokens_of_consolidation: x is that too; retention_of_category: x is the category.
    """
    found = []
    for kept, row in zip(place, rows, strict=True):
        if row["status"] != "trained":
            continue
        names = {name: row[name] for name in ("repo", "model", "config")}
        found += [names | point for point in points(kept, settings)]
    return found


def points(kept: Sequence[Kept], settings: Settings) -> Iterator[Row]:
    """Points of the curves of one configuration."""
    last = chains.over_seeds(kept, lambda chain: chains.at_the_end(chain.after()))
    for origin in chains.named_origins(kept[0].cards[-1]["checkpoint"]):
        yield {"curve": "retention_of_origin", "x": origin, "value": chains.near(last, origin)}
    for checkpoint in sorted({point for chain in kept for point in chain.after()}):
        known = chains.over_seeds(kept, lambda chain, at=checkpoint: learned_by(chain, at))
        yield {"curve": "retention_over_stream", "x": checkpoint, **interval(known, settings)}
    for number, card in enumerate(kept[0].cards):
        tokens = metrics.mean(chain.cards[number]["tokens_read"] for chain in kept)
        yield {"curve": "tokens_of_consolidation", "x": card["checkpoint"], "value": tokens}
    for name in sorted({name for chain in kept for name in chain.matrix["category"] if name}):
        known = chains.over_seeds(kept, lambda chain, of=name: chains.at_the_end(chain.after(category=of)))
        yield {"curve": "retention_of_category", "x": name, **interval(known, settings)}


def learned_by(chain: Kept, checkpoint: int) -> ByOrigin:
    """Retention at a checkpoint of the sessions that it had learned."""
    return {
        origin: value for origin, value in chain.after().get(checkpoint, {}).items() if origin <= checkpoint
    }


def interval(values: ByOrigin, settings: Settings) -> Row:
    """A mean over origins with its interval, as a point of a curve."""
    found = chains.with_interval("value", values, settings)
    return {"value": found["value"], "low": found["value_low"], "high": found["value_high"]}


def levels(place: Sequence[Sequence[Kept]], experiment: Mapping[str, Any], settings: Settings) -> list[Row]:
    """What each level of each key of a grid does, averaged over the other keys: effects of size, priority, lambda and so on."""
    found = []
    for parent, grid in experiment["recipes"].items():
        own = [kept for kept in place if kept[0].variant.parent == parent and not any(c.reason for c in kept)]
        for key, values in grid.items():
            by_level = {
                value: [kept for kept in own if kept[0].variant.setting[key] == value] for value in values
            }
            rows = [level(parent, key, value, group, settings) for value, group in by_level.items() if group]
            found += marked([value for value, group in by_level.items() if group], rows, by_level)
    return found


def level(parent: str, key: str, value: Any, group: Sequence[Sequence[Kept]], settings: Settings) -> Row:
    """One level's row."""
    first = group[0][0]
    every = [chain for kept in group for chain in kept]
    kept = chains.over_seeds(every, lambda chain: chains.at_the_end(chain.after()))
    lost = chains.over_seeds(every, lambda chain: chains.forgotten(chain.after()))
    return {
        **{"repo": first.repo, "model": first.model, "recipe": parent, "key": key, "level": value},
        "configs": len(group),
        **chains.with_interval("retention", kept, settings),
        **chains.with_interval("forgetting", lost, settings),
    }


def marked(values: Sequence[Any], rows: Sequence[Row], by_level: Mapping[Any, Sequence]) -> list[Row]:
    """The rows, with the knee marked where a key is a number: the smallest level within one standard error of the best."""
    if len(values) < 2 or not all(isinstance(value, int | float) for value in values):
        return list(rows)
    known = {value: retained(by_level[value]) for value in values}
    at = knee(known)
    return [
        row | {"knee": "true" if value == at else "false"} for value, row in zip(values, rows, strict=True)
    ]


def retained(group: Sequence[Sequence[Kept]]) -> ByOrigin:
    """Retention of each origin at the end, over all chains of a level."""
    every = [chain for kept in group for chain in kept]
    return chains.over_seeds(every, lambda chain: chains.at_the_end(chain.after()))


def knee(known: Mapping[Any, ByOrigin]) -> Any:
    """The smallest level whose mean retention is within one standard error of the best level's, paired by origin."""
    best = max(known, key=lambda level: metrics.mean(known[level].values()))
    return next(level for level in sorted(known) if as_good(known[level], known[best]))


def as_good(one: ByOrigin, best: ByOrigin) -> bool:
    """Is the mean shortfall at most its standard error?"""
    short = [best[origin] - one[origin] for origin in sorted(one.keys() & best.keys())]
    mean = metrics.mean(short)
    variance = sum((each - mean) ** 2 for each in short) / (len(short) - 1) if len(short) > 1 else 0.0
    return mean <= (variance / len(short)) ** 0.5
