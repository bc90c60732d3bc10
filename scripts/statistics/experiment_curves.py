"""The curves that the experiments name, as one long table, and what each level of a grid does on average."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from scripts.measures import metrics
from scripts.statistics import chains
from scripts.statistics.chains import ByOrigin, Kept, Row
from scripts.statistics.comparisons import Settings
from scripts.statistics.experiment_rows import filled
from scripts.training.one_error import as_good

COLUMNS = ("curve", "repo", "model", "config", "sessions", "x", "value", "low", "high")
LENGTHS = (10, 20, 50)  # of a stream; the specification asks for these and for the whole
LEVEL_COLUMNS = (
    *("repo", "model", "recipe", "key", "level", "in_effect", "configs"),
    *("retention", "retention_low", "retention_high"),
    *("forgetting", "forgetting_low", "forgetting_high", "knee"),
)


def curves(place: Sequence[Sequence[Kept]], rows: Sequence[Row], settings: Settings) -> list[Row]:
    """Points of every curve of one repository and model.

    Of a stream cut off after `sessions`: retention_of_origin, x is an origin session (1, N/4, N/2, 3N/4, N of the cut). Over the whole
    stream, x the sessions so far: retention_over_stream, retention_per_rank, tokens_of_consolidation, router_accuracy. After all of
    it: retention_of_category, x the category; before_compression and after_compression, x the session, `sessions` when it took place;
    retention and forgetting over each number in the grid, as retention_over_ewc.lambda, x its value.
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
    for number, card in enumerate(kept[0].cards):
        yield from consolidation(kept, number, card["checkpoint"], settings)
    for name in chains.categories(kept):
        known = chains.over_seeds(kept, lambda chain, of=name: chains.retention(chain, of))
        yield {"curve": "retention_of_category", "x": name, **interval(known, settings)}
    for key, value in kept[0].variant.setting.items():
        if not isinstance(value, str):
            for measure in (chains.retention, chains.forgetting):
                known = interval(chains.over_seeds(kept, measure), settings)
                yield {"curve": f"{measure.__name__}_over_{key}", "x": value, **known}
    for note in (note for chain in kept for note in chains.compressions(chain)):
        for when in ("before", "after"):
            for session, value in note[when].items():
                point = {"curve": f"{when}_compression", "sessions": note["checkpoint"]}
                yield {**point, "x": session, "value": value}


def consolidation(kept: Sequence[Kept], number: int, checkpoint: int, settings: Settings) -> Iterator[Row]:
    """Points of the curves over the stream at one consolidation."""
    known = chains.over_seeds(kept, lambda chain: chain.after().get(checkpoint, {}))
    cards = [chain.cards[number] for chain in kept]
    retained, rank = metrics.mean(known.values()), metrics.mean(card["notes"].get("rank") for card in cards)
    if known:
        yield {"curve": "retention_over_stream", "x": checkpoint, **interval(known, settings)}
    if known and (checkpoint in LENGTHS or number == len(kept[0].cards) - 1):
        for origin in chains.named_origins(checkpoint):
            point = {"curve": "retention_of_origin", "sessions": checkpoint, "x": origin}
            yield {**point, "value": chains.near(known, origin)}
    tokens = metrics.mean(card["tokens_read"] for card in cards)
    yield {"curve": "tokens_of_consolidation", "x": checkpoint, "value": tokens}
    if rank and retained is not None:
        yield {"curve": "retention_per_rank", "x": checkpoint, "value": retained / rank}
    accuracy = metrics.mean(card["notes"].get("router_accuracy") for card in cards)
    if accuracy is not None:
        yield {"curve": "router_accuracy", "x": checkpoint, "value": accuracy}


def interval(values: ByOrigin, settings: Settings) -> Row:
    """A mean over origins with its interval, as a point of a curve."""
    found = chains.with_interval("value", values, settings)
    return {"value": found["value"], "low": found["value_low"], "high": found["value_high"]}


def levels(place: Sequence[Sequence[Kept]], experiment: Mapping[str, Any], settings: Settings) -> list[Row]:
    """What each level of each key of a grid does, averaged over the other keys: effects of size, priority, lambda and so on."""
    found = []
    for parent, grid in experiment["recipes"].items():
        own = [kept for kept in place if kept[0].variant.parent == parent and tells(kept)]
        every = [chain for kept in own for chain in kept]
        for key, values in grid.items():
            told = [chain for chain in every if key == LAMBDA or chain.variant.setting.get(LAMBDA) != 0]
            groups = {at: [chain for chain in told if chain.variant.setting[key] == at] for at in values}
            groups = {at: group for at, group in groups.items() if group}
            sizes = {at: in_effect(key, at, group) for at, group in groups.items()}
            known = knee(
                {at: chains.over_seeds(group, chains.retention) for at, group in groups.items()}, sizes
            )
            for at, group in groups.items():
                mark = None if known is None else "true" if at == known else "false"
                row = {"recipe": parent, "in_effect": sizes[at], "knee": mark}
                found.append(level(key, at, group, settings) | row)
    return found


def tells(kept: Sequence[Kept]) -> bool:
    """Is a configuration a result about its grid: trained to the end, and with a buffer, if any, that had to drop something?"""
    return not any(chain.reason for chain in kept) and filled(kept) != "false"


LAMBDA = "ewc.lambda"  # with 0 there is no Fisher, so that such a chain says nothing of the other keys


def in_effect(key: str, level: Any, group: Sequence[Kept]) -> Any:
    """A level as it came out, which is how the knee orders it.

    Of a buffer, whose size may be a share, the pairs that it held at the end; of Fisher's samples the mean number that was drawn:
    more than there are replies cannot be.
    """
    if key == "ewc.samples":
        return metrics.mean(card["notes"].get("fisher_samples") for chain in group for card in chain.cards)
    return chains.noted(group, "buffer_pairs") if key == "partial_replay.buffer" else level


def level(key: str, value: Any, group: Sequence[Kept], settings: Settings) -> Row:
    """What all chains of one level kept and lost."""
    row = {"repo": group[0].repo, "model": group[0].model, "key": key, "level": value}
    row["configs"] = len({chain.variant.config for chain in group})
    for measure in (chains.retention, chains.forgetting):
        row |= chains.with_interval(measure.__name__, chains.over_seeds(group, measure), settings)
    return row


def knee(known: Mapping[Any, ByOrigin], sizes: Mapping[Any, Any]) -> Any:
    """The level of least size whose mean retention is within one standard error of the best level's, paired by origin.

    None where sizes are no numbers, or fewer than two levels were asked anything.
    """
    known = {level: values for level, values in known.items() if values}
    if len(known) < 2 or not all(isinstance(sizes[level], int | float) for level in known):
        return None
    best = max(known, key=lambda level: metrics.mean(known[level].values()))
    return next(
        level for level in sorted(known, key=sizes.get) if as_good(shortfalls(known[level], known[best]))
    )


def shortfalls(one: ByOrigin, best: ByOrigin) -> list[float]:
    """How much less one level keeps of each origin than the best."""
    return [best[origin] - one[origin] for origin in sorted(one.keys() & best.keys())]
