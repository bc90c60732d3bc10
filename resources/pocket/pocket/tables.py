"""Helpers for dictionaries; the ones that come in are never changed."""


def merge(base, extra):
    """Join two tables; where both have a key, extra wins."""
    return {**base, **extra}


def invert(table):
    """Exchange keys and values."""
    return {value: key for key, value in table.items()}


def count_each(items):
    """Return how often each item occurs."""
    counts = {}
    for item in items:
        counts[item] = counts.get(item, 0) + 1
    return counts


def pick(table, keys):
    """Keep only the given keys; missing ones are ignored."""
    return {key: table[key] for key in keys if key in table}


def omit(table, keys):
    """Keep everything but the given keys."""
    return {key: table[key] for key in table if key not in keys}


def key_of_largest(table):
    """Return the key with the largest value; of equal ones the first."""
    winner = None
    for key, value in table.items():
        if winner is None or value > table[winner]:
            winner = key
    return winner


def by_length(words):
    """Group words by their length."""
    groups = {}
    for word in words:
        groups.setdefault(len(word), []).append(word)
    return groups


def subtract(stock, sold):
    """Take sold amounts from stock; nothing falls below 0."""
    left = {}
    for name, amount in stock.items():
        left[name] = max(amount - sold.get(name, 0), 0)
    return left


def total_value(amounts, prices):
    """Add amount times price over all names; a missing price is 0."""
    value = 0
    for name, amount in amounts.items():
        value += amount * prices.get(name, 0)
    return value
