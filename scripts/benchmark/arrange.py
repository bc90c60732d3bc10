"""Which bugs become tasks, and in which order: half on functions hit once, half on functions hit again.

A study takes the first n tasks, so the order has to hold for every even n: in each four tasks two are `fresh`
and two `recurring`, and the bugs of recurring functions come in rounds, so that a later half meets functions
of an earlier one.
"""

import random
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from itertools import chain, repeat, zip_longest
from typing import Protocol, TypeVar

# (functions, bugs in each) of the recurring tasks: first of bugs whose mending the issue tells in words, then of any.
# A study takes the first tasks, so a small model that learns to do as it is told has something to show.
TOLD_BLOCKS = ((9, 2), (2, 3))
OTHER_BLOCKS = ((4, 3), (2, 2))
SPREAD = ((4, 2), (4, 3))  # of a repository whose size nobody knows: the last one again and again
RARE = {
    "branch",
    "arguments",
    "choice",
    "negation",
}  # found in few functions, which are therefore taken first
WEIGHTS = {"comparison": 1.5, "boundary": 1.5, "constant": 0.5, "variable": 0.75}  # others 1


class Bug(Protocol):
    """What a choice is made by; `gold` is the stripped line that mends it."""

    operator: str
    place: str  # file and function
    gold: str
    told: bool  # the issue says in words what to do


B = TypeVar("B", bound=Bug)
T = TypeVar("T")


def arrange(candidates: list[B], seed: int) -> list[B]:
    """As many fresh tasks as there are recurring ones, no two with the same gold line.

    The same for the same candidates and seed. Raises ValueError if the candidates do not reach.
    """
    draw, choose = random.Random(seed), chooser()
    first = tier([bug for bug in candidates if bug.told], TOLD_BLOCKS, choose, draw)
    seen = {bug.place for bug in first}
    return first + tier([bug for bug in candidates if bug.place not in seen], OTHER_BLOCKS, choose, draw)


def spread(candidates: list[B], seed: int) -> list[B]:
    """All candidates with a gold line of their own: in blocks as above as far as they reach, then the rest.

    The same for the same candidates and seed.
    """
    draw, order = random.Random(seed), []
    for block in chain(SPREAD, repeat(SPREAD[-1])):
        seen = {bug.place for bug in order}
        try:
            order += tier(
                [bug for bug in candidates if bug.place not in seen], (block,), chooser(order), draw
            )
        except ValueError:
            break
    return order + rest(candidates, order, draw)


def rest(candidates: list[B], order: list[B], draw: random.Random) -> list[B]:
    """What is left beside the tasks of an order, a function's turn after another's."""
    choose, found = chooser(order), []
    by_place = group(shuffled([bug for bug in candidates if bug not in order], draw))
    for turn in zip_longest(*by_place.values()):
        found += [bug for each in turn if each for bug in choose([each], 1)]
    return found


def tier(
    candidates: list[B],
    blocks: tuple[tuple[int, int], ...],
    choose: Callable[[list[B], int], list[B]],
    draw: random.Random,
) -> list[B]:
    """One part of the order: the recurring bugs of some blocks, and as many fresh ones between them."""
    by_place = group(shuffled(candidates, draw))
    places = shuffled(sorted(by_place), draw)
    places.sort(key=lambda place: not any(bug.operator in RARE for bug in by_place[place]))
    stream = list(chain.from_iterable(recurring(block, places, by_place, choose, draw) for block in blocks))
    fresh = [bug for place in list(places) for bug in choose(by_place[place], 1)][: len(stream)]
    if len(fresh) < len(stream):
        raise ValueError(f"only {len(fresh)} of {len(stream)} functions with a bug of their own")
    return interleave(shuffled(fresh, draw), stream, draw)


def shuffled(items: list[T], draw: random.Random) -> list[T]:
    return draw.sample(items, len(items))


def group(candidates: list[B]) -> dict[str, list[B]]:
    """Candidates by the function they sit in."""
    groups: dict[str, list[B]] = defaultdict(list)
    for bug in candidates:
        groups[bug.place].append(bug)
    return groups


def chooser(order: list[B] = ()) -> Callable[[list[B], int], list[B]]:
    """A function that takes `count` bugs with new gold lines from a list, rare operators first, or none.

    New: in none of those it gave before, nor in the `order` there is.
    """
    used = Counter(bug.operator for bug in order)
    golds = {bug.gold for bug in order}

    def choose(bugs: list[B], count: int) -> list[B]:
        """`count` bugs of the list, or none where it has too few with a gold line of their own."""
        taken: list[B] = []
        for _ in range(count):
            free = [bug for bug in bugs if bug.gold not in golds | {one.gold for one in taken}]
            if not free:
                return []
            rates = used + Counter(one.operator for one in taken)
            taken.append(
                min(
                    free,
                    key=lambda bug: (
                        bug.operator not in RARE,
                        rates[bug.operator] / WEIGHTS.get(bug.operator, 1),
                    ),
                )
            )
        used.update(bug.operator for bug in taken)
        golds.update(bug.gold for bug in taken)
        return taken

    return choose


def recurring(
    block: tuple[int, int],
    places: list[str],
    by_place: dict[str, list[B]],
    choose: Callable[[list[B], int], list[B]],
    draw: random.Random,
) -> Iterator[B]:
    """One block's bugs round by round; its functions are taken out of `places`."""
    functions, bugs = block
    chosen = []
    for place in list(places):
        if len(chosen) < functions and (taken := choose(by_place[place], bugs)):
            chosen.append(shuffled(taken, draw))
            places.remove(place)
    if len(chosen) < functions:
        raise ValueError(f"only {len(chosen)} of {functions} functions with {bugs} bugs")
    for one_of_each in zip(*chosen, strict=True):
        yield from shuffled(list(one_of_each), draw)


def interleave(fresh: list[T], stream: list[T], draw: random.Random) -> list[T]:
    """Two of each in every four, in a drawn pattern, so that odd and even positions hold both kinds."""
    sources, order = (iter(fresh), iter(stream)), []
    for _ in range(len(fresh) // 2):
        order += [next(sources[kind]) for kind in shuffled([0, 0, 1, 1], draw)]
    return order
