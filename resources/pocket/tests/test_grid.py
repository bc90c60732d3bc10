from pocket.grid import (
    border_sum,
    count_in_grid,
    diagonal,
    filled,
    get_column,
    in_grid,
    neighbours,
    transpose,
    walk_distance,
)


def test_in_grid_inside():
    assert in_grid(1, 2, 3, 4) is True


def test_in_grid_corners():
    assert in_grid(0, 0, 3, 4) is True
    assert in_grid(2, 3, 3, 4) is True


def test_in_grid_below():
    assert in_grid(3, 0, 3, 4) is False


def test_in_grid_right():
    assert in_grid(0, 4, 3, 4) is False


def test_in_grid_negative():
    assert in_grid(-1, 0, 3, 4) is False
    assert in_grid(0, -1, 3, 4) is False


def test_get_column_first():
    assert get_column([[1, 2], [3, 4]], 0) == [1, 3]


def test_get_column_last():
    assert get_column([[1, 2], [3, 4]], 1) == [2, 4]


def test_transpose_square():
    assert transpose([[1, 2], [3, 4]]) == [[1, 3], [2, 4]]


def test_transpose_row():
    assert transpose([[1, 2, 3]]) == [[1], [2], [3]]


def test_walk_distance_straight():
    assert walk_distance(0, 0, 0, 4) == 4
    assert walk_distance(1, 2, 6, 2) == 5


def test_walk_distance_corner():
    assert walk_distance(1, 1, 3, 4) == 5


def test_walk_distance_back():
    assert walk_distance(5, 5, 2, 1) == 7


def test_diagonal_two():
    assert diagonal([[1, 2], [3, 4]]) == [1, 4]


def test_diagonal_three():
    assert diagonal([[1, 0, 0], [0, 2, 0], [0, 0, 3]]) == [1, 2, 3]


def test_filled_wide():
    assert filled(1, 3, 0) == [[0, 0, 0]]


def test_filled_high():
    assert filled(2, 1, 7) == [[7], [7]]


def test_neighbours_order():
    assert neighbours(5, 2) == [(4, 2), (6, 2), (5, 1), (5, 3)]


def test_neighbours_above():
    assert neighbours(4, 4)[0] == (3, 4)


def test_neighbours_below():
    assert neighbours(4, 4)[1] == (5, 4)


def test_neighbours_left():
    assert neighbours(4, 4)[2] == (4, 3)


def test_neighbours_right():
    assert neighbours(4, 4)[3] == (4, 5)


def test_count_in_grid_some():
    assert count_in_grid([[1, 2], [2, 2]], 2) == 3


def test_count_in_grid_none():
    assert count_in_grid([[1, 2], [2, 2]], 9) == 0


def test_border_sum_two_rows():
    assert border_sum([[1, 2], [3, 4]]) == 10


def test_border_sum_three_rows():
    assert border_sum([[1, 1], [9, 9], [2, 2]]) == 6


def test_border_sum_one_row():
    assert border_sum([[4, 5]]) == 9
