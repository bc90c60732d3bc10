"""Helpers for words and sentences."""


def acronym(phrase):
    """Return the first letters of the words as capitals."""
    letters = [word[0] for word in phrase.split()]
    return "".join(letters).upper()


def longest_word(sentence):
    """Return the longest word; of equally long words the first."""
    best = ""
    for word in sentence.split():
        if len(word) > len(best):
            best = word
    return best


def plural(word, count):
    """Return count and word, with an s unless count is 1."""
    if count == 1:
        return f"1 {word}"
    return f"{count} {word}s"


def is_palindrome(word):
    """Tell whether word reads the same backwards; case is ignored."""
    letters = word.lower()
    return letters == letters[::-1]


def join_words(words):
    """Join words with commas, and the last one with 'and'."""
    if not words:
        return ""
    if len(words) == 1:
        return words[0]
    return ", ".join(words[:-1]) + " and " + words[-1]


def count_word(sentence, word):
    """Count how often word stands in sentence; case is ignored."""
    found = 0
    for candidate in sentence.lower().split():
        if candidate == word.lower():
            found += 1
    return found


def swap_ends(sentence):
    """Exchange the first and the last word."""
    words = sentence.split()
    if len(words) < 2:
        return sentence
    words[0], words[-1] = words[-1], words[0]
    return " ".join(words)
