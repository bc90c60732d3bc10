"""Helpers for ranges, given by a start and an end, both included."""


def size(start, end):
    """Return how many whole numbers lie in the range."""
    if end < start:
        return 0
    return end - start + 1


def overlap(start, end, other_start, other_end):
    """Tell whether two ranges share a number."""
    return start <= other_end and other_start <= end


def covers(start, end, other_start, other_end):
    """Tell whether the first range holds the whole second one."""
    if other_start < start:
        return False
    return other_end <= end


def intersection(start, end, other_start, other_end):
    """Return the shared range, or None if there is none."""
    low = max(start, other_start)
    high = min(end, other_end)
    if low > high:
        return None
    return low, high


def span(start, end, other_start, other_end):
    """Return the smallest range that holds both."""
    return min(start, other_start), max(end, other_end)


def widen(start, end, margin):
    """Move both ends outwards by margin."""
    return start - margin, end + margin


def position(value, start, end):
    """Return 'before', 'inside' or 'after'; both ends are inside."""
    if value < start:
        return "before"
    if value > end:
        return "after"
    return "inside"


def wrap(value, start, end):
    """Bring a value back into the range by going round in circles."""
    width = end - start + 1
    return start + (value - start) % width


def split_at(start, end, cut):
    """Split a range in two; cut is the first number of the second."""
    if cut <= start or cut > end:
        raise ValueError("cut is outside")
    return (start, cut - 1), (cut, end)
