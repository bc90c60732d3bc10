from pocket.words import (
    acronym,
    count_word,
    is_palindrome,
    join_words,
    longest_word,
    plural,
    swap_ends,
)


def test_acronym_small():
    assert acronym("as soon as possible") == "ASAP"


def test_acronym_capitals():
    assert acronym("Very Important Person") == "VIP"


def test_acronym_empty():
    assert acronym("") == ""


def test_longest_word_middle():
    assert longest_word("a small dog") == "small"


def test_longest_word_tie():
    assert longest_word("red car") == "red"


def test_longest_word_empty():
    assert longest_word("") == ""


def test_plural_many():
    assert plural("cat", 3) == "3 cats"


def test_plural_one():
    assert plural("cat", 1) == "1 cat"


def test_plural_none():
    assert plural("cat", 0) == "0 cats"


def test_is_palindrome_yes():
    assert is_palindrome("level") is True


def test_is_palindrome_no():
    assert is_palindrome("house") is False
    assert is_palindrome("leve") is False


def test_is_palindrome_case():
    assert is_palindrome("Anna") is True


def test_join_words_three():
    assert join_words(["red", "green", "blue"]) == "red, green and blue"


def test_join_words_two():
    assert join_words(["salt", "pepper"]) == "salt and pepper"


def test_join_words_one():
    assert join_words(["salt"]) == "salt"


def test_join_words_none():
    assert join_words([]) == ""


def test_count_word_twice():
    assert count_word("the cat and the dog", "the") == 2


def test_count_word_case():
    assert count_word("No means no", "NO") == 2


def test_count_word_absent():
    assert count_word("hello there", "bye") == 0


def test_swap_ends_three():
    assert swap_ends("one two three") == "three two one"


def test_swap_ends_two():
    assert swap_ends("left right") == "right left"


def test_swap_ends_one():
    assert swap_ends("alone") == "alone"


def test_swap_ends_four():
    assert swap_ends("a b c d") == "d b c a"
