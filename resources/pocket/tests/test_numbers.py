import pytest

from pocket.numbers import (
    clamp,
    digit_sum,
    distance,
    divides,
    factorial,
    is_between,
    percent,
    sign,
)


def test_clamp_inside():
    assert clamp(7, 5, 10) == 7


def test_clamp_below():
    assert clamp(3, 5, 10) == 5
    assert clamp(-4, 0, 9) == 0


def test_clamp_above():
    assert clamp(12, 5, 10) == 10
    assert clamp(99, 0, 9) == 9


def test_is_between_inside():
    assert is_between(5, 1, 10) is True


def test_is_between_limits():
    assert is_between(1, 1, 10) is True
    assert is_between(10, 1, 10) is True


def test_is_between_outside():
    assert is_between(0, 1, 10) is False
    assert is_between(11, 1, 10) is False


def test_is_between_one_number():
    assert is_between(4, 4, 4) is True


def test_is_between_wrong_limits():
    with pytest.raises(ValueError):
        is_between(5, 10, 1)


def test_sign_positive():
    assert sign(8) == 1
    assert sign(1) == 1


def test_sign_negative():
    assert sign(-8) == -1
    assert sign(-1) == -1


def test_sign_zero():
    assert sign(0) == 0


def test_distance_falling():
    assert distance(9, 4) == 5


def test_distance_rising():
    assert distance(4, 9) == 5
    assert distance(-2, 3) == 5


def test_distance_same():
    assert distance(6, 6) == 0


def test_digit_sum_one_digit():
    assert digit_sum(7) == 7


def test_digit_sum_many_digits():
    assert digit_sum(123) == 6
    assert digit_sum(9999) == 36


def test_digit_sum_negative():
    assert digit_sum(-45) == 9


def test_digit_sum_zero():
    assert digit_sum(0) == 0


def test_percent_half():
    assert percent(5, 10) == 50
    assert percent(1, 4) == 25


def test_percent_whole():
    assert percent(7, 7) == 100


def test_percent_of_zero():
    assert percent(5, 0) == 0


def test_percent_small_whole():
    assert percent(1, 1) == 100


def test_factorial_small():
    assert factorial(3) == 6
    assert factorial(5) == 120


def test_factorial_zero():
    assert factorial(0) == 1


def test_factorial_two():
    assert factorial(2) == 2
    assert factorial(1) == 1


def test_divides_yes():
    assert divides(3, 12) is True
    assert divides(5, 5) is True


def test_divides_no():
    assert divides(3, 13) is False
    assert divides(12, 3) is False


def test_divides_by_zero():
    assert divides(0, 4) is False


def test_divides_zero():
    assert divides(4, 0) is True
