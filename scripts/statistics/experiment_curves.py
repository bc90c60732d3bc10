"""The curves that the experiments name, as one long table, and what each level of a grid does on average."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from scripts.measures import metrics
from scripts.statistics import chains
from scripts.statistics.chains import ByOrigin, Kept, Row
from scripts.statistics.comparisons import Settings
from scripts.training.one_error import as_good

COLUMNS = ("curve", "repo", "model", "config", "x", "value", "low", "high")
LEVEL_COLUMNS = (
    *("repo", "model", "recipe", "key", "level", "configs"),
    *("retention", "retention_low", "retention_high"),
    *("forgetting", "forgetting_low", "forgetting_high", "knee"),
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
    last = chains.over_seeds(kept, chains.retention)
    for origin in chains.named_origins(kept[0].cards[-1]["checkpoint"]):
        yield {"curve": "retention_of_origin", "x": origin, "value": chains.near(last, origin)}
    for checkpoint in sorted({point for chain in kept for point in chain.after()}):
        known = chains.over_seeds(kept, lambda chain, at=checkpoint: chain.after().get(at, {}))
        yield {"curve": "retention_over_stream", "x": checkpoint, **interval(known, settings)}
    for number, card in enumerate(kept[0].cards):
        tokens = metrics.mean(chain.cards[number]["tokens_read"] for chain in kept)
        yield {"curve": "tokens_of_consolidation", "x": card["checkpoint"], "value": tokens}
    for name in chains.categories(kept):
        known = chains.over_seeds(kept, lambda chain, of=name: chains.retention(chain, of))
        yield {"curve": "retention_of_category", "x": name, **interval(known, settings)}


def interval(values: ByOrigin, settings: Settings) -> Row:
    """A mean over origins with its interval, as a point of a curve."""
    found = chains.with_interval("value", values, settings)
    return {"value": found["value"], "low": found["value_low"], "high": found["value_high"]}


def levels(place: Sequence[Sequence[Kept]], experiment: Mapping[str, Any], settings: Settings) -> list[Row]:
    """What each level of each key of a grid does, averaged over the other keys: effects of size, priority, lambda and so on."""
    found = []
    for parent, grid in experiment["recipes"].items():
        own = [kept for kept in place if kept[0].variant.parent == parent and not any(c.reason for c in kept)]
        every = [chain for kept in own for chain in kept]
        for key, values in grid.items():
            groups = {at: [chain for chain in every if chain.variant.setting[key] == at] for at in values}
            groups = {at: group for at, group in groups.items() if group}
            known = knee({at: chains.over_seeds(group, chains.retention) for at, group in groups.items()})
            for at, group in groups.items():
                mark = None if known is None else "true" if at == known else "false"
                found.append(level(key, at, group, settings) | {"recipe": parent, "knee": mark})
    return found


def level(key: str, value: Any, group: Sequence[Kept], settings: Settings) -> Row:
    """What all chains of one level kept and lost."""
    row = {"repo": group[0].repo, "model": group[0].model, "key": key, "level": value}
    row["configs"] = len({chain.variant.config for chain in group})
    for measure in (chains.retention, chains.forgetting):
        row |= chains.with_interval(measure.__name__, chains.over_seeds(group, measure), settings)
    return row


def knee(known: Mapping[Any, ByOrigin]) -> Any:
    """The smallest level whose mean retention is within one standard error of the best level's, paired by origin.

    None where levels are no numbers, or there is only one.
    """
    if len(known) < 2 or not all(isinstance(level, int | float) for level in known):
        return None
    best = max(known, key=lambda level: metrics.mean(known[level].values()))
    return next(level for level in sorted(known) if as_good(shortfalls(known[level], known[best])))


def shortfalls(one: ByOrigin, best: ByOrigin) -> list[float]:
    """How much less one level keeps of each origin than the best."""
    return [best[origin] - one[origin] for origin in sorted(one.keys() & best.keys())]
