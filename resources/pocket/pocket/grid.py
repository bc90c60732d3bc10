"""Helpers for tables: a grid is a list of rows of equal length."""


def in_grid(row, column, height, width):
    """Tell whether a place, counted from 0, lies inside."""
    if row < 0 or column < 0:
        return False
    return row < height and column < width


def get_column(grid, column):
    """Return one column as a list."""
    return [row[column] for row in grid]


def transpose(grid):
    """Turn rows into columns."""
    return [list(column) for column in zip(*grid)]


def walk_distance(row, column, to_row, to_column):
    """Return the steps between two places, along rows and columns."""
    down = abs(row - to_row)
    across = abs(column - to_column)
    return down + across


def diagonal(grid):
    """Return the values from top left to bottom right."""
    values = []
    for index in range(len(grid)):
        values.append(grid[index][index])
    return values


def filled(height, width, value):
    """Return a grid of height rows and width columns."""
    return [[value] * width for _ in range(height)]


def neighbours(row, column):
    """Return the places above, below, left and right, in this order."""
    above = (row - 1, column)
    below = (row + 1, column)
    left = (row, column - 1)
    right = (row, column + 1)
    return [above, below, left, right]


def count_in_grid(grid, wanted):
    """Count the cells that are equal to wanted."""
    cells = 0
    for row in grid:
        cells += row.count(wanted)
    return cells


def border_sum(grid):
    """Return the sum of the first row and the last row."""
    if len(grid) == 1:
        return sum(grid[0])
    return sum(grid[0]) + sum(grid[-1])
