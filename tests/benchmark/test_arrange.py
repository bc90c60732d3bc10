"""The order of a repository's tasks when nobody knows how many bugs it gives."""

from collections import Counter
from dataclasses import dataclass

from scripts.benchmark.arrange import spread


@dataclass(frozen=True)
class Bug:
    operator: str
    place: str
    gold: str
    told: bool = False


BUGS = [
    Bug(("boundary", "constant", "branch")[n % 3], f"m.py::f{function}", f"return {function} + {n}")
    for function in range(60)
    for n in range(1 + function % 4)
]


def test_half_of_a_beginning_are_functions_hit_once():
    order = spread(BUGS, 0)
    for count in (16, 40):
        hits = Counter(bug.place for bug in order[:count])
        fresh = sum(hits[bug.place] == 1 for bug in order[:count])
        assert 0.4 * count <= fresh <= 0.6 * count


def test_every_bug_with_a_line_of_its_own_is_in_it_once():
    twins = [*BUGS, Bug("index", "m.py::twin", "return 0 + 0")]
    order = spread(twins, 0)
    assert Counter(bug.gold for bug in order) == Counter({bug.gold for bug in BUGS})


def test_the_same_for_the_same_seed_and_no_fault_for_few():
    assert spread(BUGS, 1) == spread(BUGS, 1) != spread(BUGS, 2)
    assert spread([], 0) == [] and spread(BUGS[:1], 0) == BUGS[:1]
