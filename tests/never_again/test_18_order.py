"""Fault 18: the published order is difficulty first, so that "past" sessions include the future."""

import os
from itertools import pairwise
from pathlib import Path

import pytest

from scripts.benchmark.splits import split
from scripts.benchmark.task import load_benchmark, load_sequence
from scripts.benchmark.tasks import choose

PUBLISHED = Path(os.environ.get("REHEARSAL_DATA", "../shared/data")) / "swe_bench_cl.json.gz"
pytestmark = pytest.mark.skipif(
    not PUBLISHED.is_file(), reason=f"the benchmark is not at {PUBLISHED} (REHEARSAL_DATA)"
)


def sequences():
    return [load_sequence(PUBLISHED, sequence["repo"]) for sequence in load_benchmark(PUBLISHED)]


def rises(tasks) -> bool:
    return all(a.date <= b.date for a, b in pairwise(tasks))


def test_chronological_order_is_by_date_and_the_published_one_is_not():
    found = sequences()
    assert sum(rises(tasks) for tasks in found) == 1
    assert all(rises(choose(tasks, "chronological", len(tasks), "")) for tasks in found)


def test_the_past_only_split_has_no_future_and_the_share_shows_where_it_is_not_so():
    for tasks in sequences():
        known, rule = {task.id for task in tasks}, {"rule": "first"}
        past = split("A", choose(tasks, "chronological", len(tasks), ""), known, rule)
        assert past["post_dating_share"] == 0
        if not rises(tasks):
            assert split("A", tasks, known, rule)["post_dating_share"] > 0
