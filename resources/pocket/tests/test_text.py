from pocket.text import (
    common_prefix,
    count_vowels,
    drop_prefix,
    drop_suffix,
    indent,
    is_blank,
    shorten,
    surround,
)


def test_shorten_long():
    assert shorten("a long story", 9) == "a long..."
    assert shorten("abcdefgh", 5) == "ab..."


def test_shorten_short():
    assert shorten("hello", 9) == "hello"


def test_shorten_exact():
    assert shorten("story", 5) == "story"


def test_indent_one_line():
    assert indent("go", 2) == "  go"


def test_indent_two_lines():
    assert indent("a\nb", 1) == " a\n b"


def test_indent_empty_line():
    assert indent("a\n\nb", 1) == " a\n\n b"


def test_count_vowels_some():
    assert count_vowels("banana") == 3
    assert count_vowels("queue") == 4


def test_count_vowels_none():
    assert count_vowels("rhythm") == 0


def test_count_vowels_capitals():
    assert count_vowels("APPLE") == 2


def test_drop_prefix_there():
    assert drop_prefix("unhappy", "un") == "happy"


def test_drop_prefix_absent():
    assert drop_prefix("happy", "un") == "happy"


def test_drop_prefix_at_end():
    assert drop_prefix("fun", "un") == "fun"


def test_drop_suffix_there():
    assert drop_suffix("photo.jpg", ".jpg") == "photo"


def test_drop_suffix_absent():
    assert drop_suffix("photo.png", ".jpg") == "photo.png"


def test_drop_suffix_at_start():
    assert drop_suffix("inbox", "in") == "inbox"


def test_drop_suffix_empty():
    assert drop_suffix("photo", "") == "photo"


def test_surround_brackets():
    assert surround("x", "(", ")") == "(x)"


def test_surround_words():
    assert surround("big", "very ", " house") == "very big house"


def test_is_blank_empty():
    assert is_blank("") is True


def test_is_blank_spaces():
    assert is_blank("  \t") is True


def test_is_blank_text():
    assert is_blank(" a ") is False


def test_common_prefix_some():
    assert common_prefix("flower", "flow") == "flow"
    assert common_prefix("tree", "trap") == "tr"


def test_common_prefix_none():
    assert common_prefix("cat", "dog") == ""


def test_common_prefix_same():
    assert common_prefix("sun", "sun") == "sun"
