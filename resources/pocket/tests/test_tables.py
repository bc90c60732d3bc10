from pocket.tables import (
    by_length,
    count_each,
    invert,
    key_of_largest,
    merge,
    omit,
    pick,
    subtract,
    total_value,
)


def test_merge_apart():
    assert merge({"a": 1}, {"b": 2}) == {"a": 1, "b": 2}


def test_merge_shared():
    assert merge({"a": 1}, {"a": 9}) == {"a": 9}


def test_invert_one():
    assert invert({"a": 1}) == {1: "a"}


def test_invert_two():
    assert invert({"x": "y", "p": "q"}) == {"y": "x", "q": "p"}


def test_count_each_some():
    assert count_each(["a", "b", "a"]) == {"a": 2, "b": 1}


def test_count_each_empty():
    assert count_each([]) == {}


def test_pick_some():
    assert pick({"a": 1, "b": 2}, ["b"]) == {"b": 2}


def test_pick_missing():
    assert pick({"a": 1}, ["a", "z"]) == {"a": 1}


def test_omit_some():
    assert omit({"a": 1, "b": 2}, ["a"]) == {"b": 2}


def test_omit_nothing():
    assert omit({"a": 1}, []) == {"a": 1}


def test_key_of_largest_some():
    assert key_of_largest({"a": 2, "b": 7, "c": 5}) == "b"


def test_key_of_largest_tie():
    assert key_of_largest({"a": 4, "b": 4}) == "a"


def test_key_of_largest_empty():
    assert key_of_largest({}) is None


def test_by_length_two_groups():
    assert by_length(["to", "cat", "is"]) == {2: ["to", "is"], 3: ["cat"]}


def test_by_length_empty():
    assert by_length([]) == {}


def test_subtract_some():
    assert subtract({"pen": 5}, {"pen": 2}) == {"pen": 3}


def test_subtract_all():
    assert subtract({"pen": 2}, {"pen": 9}) == {"pen": 0}


def test_subtract_unsold():
    assert subtract({"ink": 4}, {}) == {"ink": 4}


def test_total_value_one():
    assert total_value({"pen": 3}, {"pen": 5}) == 15


def test_total_value_two():
    assert total_value({"pen": 2, "ink": 1}, {"pen": 5, "ink": 8}) == 18


def test_total_value_missing():
    assert total_value({"cup": 4}, {}) == 0
