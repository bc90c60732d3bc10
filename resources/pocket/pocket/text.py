"""Helpers for strings."""


def shorten(text, width):
    """Cut text to width characters, the last three being dots."""
    if len(text) <= width:
        return text
    return text[: width - 3] + "..."


def indent(text, spaces):
    """Put spaces in front of every line that is not empty."""
    lines = []
    for line in text.split("\n"):
        lines.append(" " * spaces + line if line else line)
    return "\n".join(lines)


def count_vowels(text):
    """Count the letters a, e, i, o, u, small or capital."""
    count = 0
    for letter in text.lower():
        if letter in "aeiou":
            count += 1
    return count


def drop_prefix(text, prefix):
    """Remove prefix from the start of text, if it is there."""
    if text.startswith(prefix):
        return text[len(prefix) :]
    return text


def drop_suffix(text, suffix):
    """Remove suffix from the end of text, if it is there."""
    if suffix and text.endswith(suffix):
        return text[: -len(suffix)]
    return text


def surround(text, left, right):
    """Put left before text and right after it."""
    return left + text + right


def is_blank(text):
    """Tell whether text is empty or only white space."""
    return not text.strip()


def common_prefix(first, second):
    """Return the longest start that both texts share."""
    length = 0
    for a, b in zip(first, second):
        if a != b:
            break
        length += 1
    return first[:length]
