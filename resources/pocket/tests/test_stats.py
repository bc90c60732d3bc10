import pytest

from pocket.stats import (
    count_above,
    largest_step,
    mean,
    median,
    running_totals,
    scale,
    spread,
    trimmed,
)


def test_mean_many():
    assert mean([1, 2, 6]) == 3


def test_mean_one():
    assert mean([5]) == 5


def test_mean_empty():
    with pytest.raises(ValueError):
        mean([])


def test_median_odd():
    assert median([9, 1, 5]) == 5


def test_median_even():
    assert median([1, 3, 5, 9]) == 4


def test_median_one():
    assert median([8]) == 8


def test_spread_some():
    assert spread([4, 9, 2]) == 7


def test_spread_one():
    assert spread([3]) == 0


def test_running_totals_some():
    assert running_totals([1, 2, 3]) == [1, 3, 6]


def test_running_totals_falling():
    assert running_totals([5, -2]) == [5, 3]


def test_running_totals_empty():
    assert running_totals([]) == []


def test_count_above_some():
    assert count_above([1, 5, 9], 4) == 2


def test_count_above_limit():
    assert count_above([5, 5, 6], 5) == 1


def test_count_above_none():
    assert count_above([1, 2], 9) == 0


def test_scale_factor():
    assert scale([1, 2], 3, 0) == [3, 6]


def test_scale_offset():
    assert scale([1, 2], 1, 5) == [6, 7]


def test_scale_both():
    assert scale([4], 2, 3) == [11]


def test_largest_step_rising():
    assert largest_step([1, 4, 6]) == 3


def test_largest_step_falling():
    assert largest_step([9, 5, 2]) == 0


def test_largest_step_mixed():
    assert largest_step([3, 1, 8]) == 7


def test_largest_step_one():
    assert largest_step([4]) == 0


def test_trimmed_many():
    assert trimmed([4, 1, 9, 6]) == [4, 6]


def test_trimmed_three():
    assert trimmed([3, 2, 1]) == [2]


def test_trimmed_too_few():
    with pytest.raises(ValueError):
        trimmed([1, 2])
