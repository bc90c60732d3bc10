"""A replay buffer of fixed size: which pairs of earlier sessions stay when new ones come.

A pair is one supervised reply of a session with what was said before it. The size counts pairs. Priorities, by name:

- recency: newer sessions first;
- difficulty: what the current adapter gets wrong, by the mean negative log-likelihood of the reply's tokens;
- diversity: greedy k-centre over unit vectors (Gonzalez, 1985), so that the buffer covers what there is to do;
- confidence: the mean log-probability the reply had when it was generated;
- uniform: every pair seen so far with the same chance (reservoir sampling, Vitter, 1985), the control.
"""

import hashlib
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Pair:
    """One supervised reply: the example (row of the training set) and its span in there; `position` of its session."""

    row: int
    span: tuple[int, int]
    position: int


@dataclass(frozen=True)
class Known:
    """What priorities may ask about pairs, in the pairs' order; each is computed only if it is asked for.

    nll: mean negative log-likelihood under the current adapter [n]; confidence: mean log-probability when generated [n];
    vectors: unit vectors of the pairs [n, dimensions]; seed: of the uniform control.
    """

    nll: Callable[[], Sequence[float]]
    confidence: Callable[[], Sequence[float]]
    vectors: Callable[[], np.ndarray]
    seed: int


def size_of(asked: int | float, pairs: int) -> int:
    """The size of a buffer in pairs: as asked, or a share of all pairs so far, rounded up."""
    return asked if asked >= 1 else math.ceil(asked * pairs)


def keep(pairs: Sequence[Pair], size: int, priority: str, known: Known) -> list[Pair]:
    """At most `size` of the pairs, by priority, in their own order. All of them where they fit: nothing is asked then."""
    if len(pairs) <= size:
        return list(pairs)
    order = ORDERS[priority](pairs, known)
    return [pairs[at] for at in sorted(order[:size])]


def recency(pairs: Sequence[Pair], _: Known) -> list[int]:
    """The latest first; in a session, the latest reply first."""
    return descending([(pair.position, pair.row, pair.span) for pair in pairs])


def difficulty(pairs: Sequence[Pair], known: Known) -> list[int]:
    """The least likely first."""
    return descending(known.nll())


def confidence(pairs: Sequence[Pair], known: Known) -> list[int]:
    """The most confident first."""
    return descending(known.confidence())


def uniform(pairs: Sequence[Pair], known: Known) -> list[int]:
    """By a seeded draw that is a pair's own: whoever stays is a uniform sample of all that ever came."""
    return descending([_draw(pair, known.seed) for pair in pairs])


def diversity(pairs: Sequence[Pair], known: Known) -> list[int]:
    """The farthest from all chosen so far, beginning with the one farthest from the mean; ties to the earlier one."""
    vectors = np.asarray(known.vectors(), np.float64)
    distance = np.linalg.norm(vectors - vectors.mean(axis=0), axis=1)
    chosen: list[int] = []
    while len(chosen) < len(pairs):
        at = int(distance.argmax())
        to_it = np.linalg.norm(vectors - vectors[at], axis=1)
        distance = np.minimum(distance, to_it) if chosen else to_it
        chosen.append(at)
        distance[chosen] = -1.0
    return chosen


def descending(values: Sequence) -> list[int]:
    """Places of the values, the largest first, ties to the earlier one."""
    return sorted(range(len(values)), key=lambda at: values[at], reverse=True)


def _draw(pair: Pair, seed: int) -> bytes:
    return hashlib.sha256(repr((seed, pair.row, pair.span)).encode()).digest()


ORDERS: dict[str, Callable[[Sequence[Pair], Known], list[int]]] = {
    "recency": recency,
    "difficulty": difficulty,
    "diversity": diversity,
    "confidence": confidence,
    "uniform": uniform,
}


def pairs_of(rows: Sequence[dict]) -> list[Pair]:
    """Every supervised reply of some examples; a row's number is its `row`, or its place."""
    return [
        Pair(row.get("row", number), tuple(span), row["position"])
        for number, row in enumerate(rows)
        for span in row["supervised"]
    ]


def examples_of(pairs: Sequence[Pair], rows: Sequence[dict]) -> list[dict]:
    """The pairs as examples: pairs of one row become one example, cut behind the last and supervised on them alone."""
    by_row: dict[int, list[tuple[int, int]]] = {}
    for pair in pairs:
        by_row.setdefault(pair.row, []).append(pair.span)
    numbered = {row.get("row", number): row for number, row in enumerate(rows)}
    return [_restricted(numbered[row], sorted(spans)) for row, spans in by_row.items()]


def _restricted(row: dict, spans: list[tuple[int, int]]) -> dict:
    return {
        **row,
        "supervised": [list(span) for span in spans],
        "input_ids": row["input_ids"][: spans[-1][1]],
    }


def batches(
    new: int, replay: int, ratio: tuple[int, int], batch_size: int, steps: int, seed: int
) -> list[list[int]]:
    """Places in new (0 ..) and then replay (new ..) of each step: `steps` batches, new to replay as `ratio` says.

    Each side is gone through in shuffled rounds, so that all its examples come before one comes again. The share holds
    over the whole training to the nearest example, and where a side is empty the other has everything.
    """
    share = ratio[0] / sum(ratio) if new and replay else float(bool(new))
    rng = np.random.default_rng(seed)
    sides = _rounds(range(new), rng), _rounds(range(new, new + replay), rng)
    due = [int(np.floor((number + 1) * share + 0.5)) for number in range(-1, steps * batch_size)]
    picks = [
        next(sides[0] if due[number + 1] > due[number] else sides[1]) for number in range(steps * batch_size)
    ]
    return [picks[at : at + batch_size] for at in range(0, len(picks), batch_size)]


def _rounds(places: Sequence[int], rng: np.random.Generator):
    while True:
        yield from (int(at) for at in rng.permutation(list(places)))
