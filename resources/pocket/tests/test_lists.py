import pytest

from pocket.lists import (
    chunks,
    first,
    index_of,
    insert_sorted,
    is_sorted,
    last,
    rotate,
    unique,
    without,
)


def test_first_some():
    assert first([4, 5, 6], 0) == 4


def test_first_one():
    assert first([9], 0) == 9


def test_first_none():
    assert first([], 7) == 7


def test_last_some():
    assert last([4, 5, 6], 0) == 6


def test_last_one():
    assert last([9], 0) == 9


def test_last_none():
    assert last([], 7) == 7


def test_chunks_even():
    assert chunks([1, 2, 3, 4], 2) == [[1, 2], [3, 4]]


def test_chunks_rest():
    assert chunks([1, 2, 3], 2) == [[1, 2], [3]]


def test_chunks_singles():
    assert chunks([1, 2], 1) == [[1], [2]]


def test_chunks_wrong_size():
    with pytest.raises(ValueError):
        chunks([1, 2], 0)


def test_rotate_one():
    assert rotate([1, 2, 3], 1) == [2, 3, 1]


def test_rotate_more():
    assert rotate([1, 2, 3], 5) == [3, 1, 2]


def test_rotate_none():
    assert rotate([1, 2, 3], 0) == [1, 2, 3]


def test_rotate_empty():
    assert rotate([], 2) == []


def test_without_some():
    assert without([1, 2, 1, 3], 1) == [2, 3]


def test_without_absent():
    assert without([1, 2], 5) == [1, 2]


def test_index_of_middle():
    assert index_of(["a", "b", "c"], "b") == 1


def test_index_of_twice():
    assert index_of([7, 8, 8], 8) == 1


def test_index_of_absent():
    assert index_of([7, 8], 9) == -1


def test_index_of_empty():
    assert index_of([], 1) == -1


def test_unique_some():
    assert unique([3, 1, 3, 2, 1]) == [3, 1, 2]


def test_unique_all():
    assert unique([5, 6]) == [5, 6]


def test_unique_empty():
    assert unique([]) == []


def test_is_sorted_yes():
    assert is_sorted([1, 3, 7]) is True


def test_is_sorted_no():
    assert is_sorted([1, 5, 3]) is False


def test_is_sorted_equal():
    assert is_sorted([2, 2, 4]) is True


def test_is_sorted_empty():
    assert is_sorted([]) is True


def test_insert_sorted_middle():
    assert insert_sorted([1, 5], 3) == [1, 3, 5]


def test_insert_sorted_end():
    assert insert_sorted([1, 5], 9) == [1, 5, 9]


def test_insert_sorted_start():
    assert insert_sorted([4, 5], 2) == [2, 4, 5]


def test_insert_sorted_equal():
    assert insert_sorted([1, 2, 3], 2.0) == [1, 2, 2.0, 3]
