"""Who stays in a replay buffer: by hand, and on data where every priority must choose differently (fault 24)."""

from dataclasses import replace

import numpy as np
import pytest

from scripts.training import buffer
from scripts.training.buffer import Known, Pair

# six pairs of six sessions; what each priority must prefer is somewhere else
PAIRS = [Pair(row, (10, 14), row + 1) for row in range(6)]
NLL = [0.1, 3.0, 2.0, 0.2, 0.3, 0.4]
CONFIDENCE = [-0.9, -0.8, -0.7, -0.1, -0.2, -0.6]
ANGLES = np.radians([0, 2, 90, 4, 180, 6])
VECTORS = np.stack([np.cos(ANGLES), np.sin(ANGLES)], axis=1)
KNOWN = Known(lambda: NLL, lambda: CONFIDENCE, lambda: VECTORS, seed=0)


def kept(priority, size=2, pairs=PAIRS, known=KNOWN):
    return [pair.row for pair in buffer.keep(pairs, size, priority, known)]


def test_the_four_priorities_choose_differently_where_they_must():
    chosen = {priority: kept(priority) for priority in ("recency", "difficulty", "diversity", "confidence")}
    assert chosen == {"recency": [4, 5], "difficulty": [1, 2], "diversity": [0, 4], "confidence": [3, 4]}


def test_a_centre_is_far_from_all_chosen_and_the_first_from_the_mean():
    angles = np.radians([0, 2, 4, 6, 90, 178, 180])
    known = replace(KNOWN, vectors=lambda: np.stack([np.cos(angles), np.sin(angles)], axis=1))
    pairs = [Pair(row, (10, 14), row + 1) for row in range(7)]
    assert [kept("diversity", size, pairs, known) for size in (1, 2, 3)] == [[6], [0, 6], [0, 4, 6]]


def test_a_share_of_all_pairs_is_rounded_up():
    assert [buffer.size_of(*given) for given in ((3, 99), (0.25, 9), (0.5, 4))] == [3, 3, 2]


@pytest.mark.parametrize("priority", buffer.ORDERS)
def test_what_fits_stays_and_nothing_is_computed_for_it(priority):
    asked = Known(*[lambda: pytest.fail("asked")] * 3, seed=0)
    assert kept(priority, size=6, known=asked) == [0, 1, 2, 3, 4, 5]


def test_a_small_stream_by_hand():
    """Three sessions of two pairs each, room for three, the latest stay."""
    seen, held = [], []
    for session in range(3):
        new = [Pair(2 * session + turn, (5, 9), session + 1) for turn in range(2)]
        held = buffer.keep([*held, *new], 3, "recency", KNOWN)
        seen.append([pair.row for pair in held])
    assert seen == [[0, 1], [1, 2, 3], [3, 4, 5]]


def test_uniform_gives_every_pair_of_a_stream_the_same_chance():
    """Blocks of five of 40 pairs, room for ten: each pair stays in a quarter of 400 seeds, within five standard errors."""
    counts = np.zeros(40)
    for seed in range(400):
        held: list[Pair] = []
        for block in range(8):
            new = [Pair(5 * block + at, (0, 1), block) for at in range(5)]
            held = buffer.keep([*held, *new], 10, "uniform", Known(*[lambda: []] * 3, seed=seed))
        counts[[pair.row for pair in held]] += 1
    assert counts.sum() == 4000
    assert np.abs(counts / 400 - 0.25).max() < 5 * np.sqrt(0.25 * 0.75 / 400)


def test_pairs_of_a_row_become_one_example_again():
    rows = [
        {"position": 1, "input_ids": list(range(20)), "supervised": [[3, 5], [9, 12], [15, 18]]},
        {"position": 2, "input_ids": list(range(10)), "supervised": [[4, 8]]},
    ]
    pairs = buffer.pairs_of(rows)
    assert [(pair.row, pair.span) for pair in pairs] == [
        (0, (3, 5)),
        (0, (9, 12)),
        (0, (15, 18)),
        (1, (4, 8)),
    ]
    (example,) = buffer.examples_of([pairs[1], pairs[0]], rows)
    assert example["supervised"] == [[3, 5], [9, 12]]
    assert example["input_ids"] == list(range(12))


@pytest.mark.parametrize(("ratio", "new"), [((1, 1), 20), ((1, 3), 10), ((3, 1), 30)])
def test_steps_and_mixing_ratio_are_exact_whatever_the_sizes(ratio, new):
    made = buffer.batches(7, 4, ratio, batch_size=4, steps=10, seed=0)
    assert [len(batch) for batch in made] == [4] * 10
    flat = [at for batch in made for at in batch]
    assert sum(at < 7 for at in flat) == new
    first_round = [at for at in flat if at >= 7][:4]
    assert sorted(first_round) == [7, 8, 9, 10]


def test_without_a_buffer_everything_is_new():
    flat = [at for batch in buffer.batches(3, 0, (1, 3), 2, 3, 0) for at in batch]
    assert sorted(flat) == [0, 0, 1, 1, 2, 2]
