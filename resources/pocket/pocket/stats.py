"""Helpers for lists of numbers."""

from itertools import pairwise


def mean(values):
    """Return the mean; an empty list is a ValueError."""
    if len(values) == 0:
        raise ValueError("no values")
    return sum(values) / len(values)


def median(values):
    """Return the middle value, or the mean of the two in the middle."""
    ordered = sorted(values)
    middle = len(ordered) // 2
    if len(ordered) % 2 == 1:
        return ordered[middle]
    return (ordered[middle - 1] + ordered[middle]) / 2


def spread(values):
    """Return the largest value minus the smallest."""
    return max(values) - min(values)


def running_totals(values):
    """Return the sum of the values up to each position."""
    totals = []
    current = 0
    for value in values:
        current += value
        totals.append(current)
    return totals


def count_above(values, limit):
    """Count the values greater than limit; limit itself is not counted."""
    above = 0
    for value in values:
        if value > limit:
            above += 1
    return above


def scale(values, factor, offset):
    """Multiply every value by factor, then add offset."""
    return [value * factor + offset for value in values]


def largest_step(values):
    """Return the greatest rise from one value to the next, at least 0."""
    largest = 0
    for before, after in pairwise(values):
        largest = max(largest, after - before)
    return largest


def trimmed(values):
    """Return the values in order, without the smallest and the largest."""
    if len(values) < 3:
        raise ValueError("fewer than 3 values")
    return sorted(values)[1:-1]
