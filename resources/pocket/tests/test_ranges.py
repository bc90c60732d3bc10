import pytest

from pocket.ranges import (
    covers,
    intersection,
    overlap,
    position,
    size,
    span,
    split_at,
    widen,
    wrap,
)


def test_size_some():
    assert size(3, 7) == 5


def test_size_one():
    assert size(4, 4) == 1


def test_size_empty():
    assert size(5, 2) == 0


def test_overlap_yes():
    assert overlap(1, 5, 3, 9) is True


def test_overlap_touching():
    assert overlap(1, 5, 5, 9) is True
    assert overlap(5, 9, 1, 5) is True


def test_overlap_no():
    assert overlap(1, 4, 6, 9) is False
    assert overlap(6, 9, 1, 4) is False


def test_covers_inside():
    assert covers(1, 9, 3, 5) is True


def test_covers_same():
    assert covers(2, 6, 2, 6) is True


def test_covers_left():
    assert covers(3, 9, 1, 5) is False


def test_covers_right():
    assert covers(1, 5, 3, 9) is False


def test_intersection_some():
    assert intersection(1, 5, 3, 9) == (3, 5)


def test_intersection_one():
    assert intersection(1, 5, 5, 9) == (5, 5)


def test_intersection_none():
    assert intersection(1, 4, 6, 9) is None


def test_span_apart():
    assert span(1, 3, 7, 9) == (1, 9)


def test_span_reversed():
    assert span(7, 9, 1, 3) == (1, 9)


def test_widen_some():
    assert widen(4, 6, 2) == (2, 8)


def test_widen_none():
    assert widen(4, 6, 0) == (4, 6)


def test_position_before():
    assert position(1, 3, 8) == "before"


def test_position_inside():
    assert position(3, 3, 8) == "inside"
    assert position(8, 3, 8) == "inside"


def test_position_after():
    assert position(9, 3, 8) == "after"


def test_wrap_inside():
    assert wrap(4, 1, 6) == 4


def test_wrap_above():
    assert wrap(7, 1, 6) == 1
    assert wrap(14, 10, 12) == 11


def test_wrap_below():
    assert wrap(0, 1, 6) == 6


def test_split_at_middle():
    assert split_at(1, 9, 5) == ((1, 4), (5, 9))


def test_split_at_end():
    assert split_at(1, 9, 9) == ((1, 8), (9, 9))


def test_split_at_start():
    with pytest.raises(ValueError):
        split_at(3, 9, 3)
    with pytest.raises(ValueError):
        split_at(3, 9, 10)
