"""Helpers for lists; the lists that come in are never changed."""

from itertools import pairwise


def first(items, default):
    """Return the first item, or default if there is none."""
    if len(items) == 0:
        return default
    return items[0]


def last(items, default):
    """Return the last item, or default if there is none."""
    if items:
        return items[-1]
    return default


def chunks(items, size):
    """Split items into lists of size items; the last may be shorter."""
    if size < 1:
        raise ValueError("size is below 1")
    return [items[i : i + size] for i in range(0, len(items), size)]


def rotate(items, steps):
    """Move the first steps items to the end."""
    if not items:
        return []
    steps = steps % len(items)
    return items[steps:] + items[:steps]


def without(items, unwanted):
    """Return the items that are not equal to unwanted."""
    return [item for item in items if item != unwanted]


def index_of(items, wanted):
    """Return the position of the first wanted item, -1 if absent."""
    for position, item in enumerate(items):
        if item == wanted:
            return position
    return -1


def unique(items):
    """Return every item once, in the order of first appearance."""
    seen = []
    for item in items:
        if item not in seen:
            seen.append(item)
    return seen


def is_sorted(items):
    """Tell whether no item is smaller than the one before it."""
    for left, right in pairwise(items):
        if left > right:
            return False
    return True


def insert_sorted(items, new):
    """Put new into a sorted list, before the first larger item."""
    for place, item in enumerate(items):
        if item > new:
            return items[:place] + [new] + items[place:]
    return items + [new]
