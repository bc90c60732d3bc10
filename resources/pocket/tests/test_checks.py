from pocket.checks import (
    all_same,
    is_email,
    is_isbn_length,
    is_pin,
    is_strong,
    is_triangle,
    is_username,
    may_ride,
)


def test_is_pin_good():
    assert is_pin("0427") is True


def test_is_pin_length():
    assert is_pin("427") is False
    assert is_pin("04271") is False


def test_is_pin_letters():
    assert is_pin("04a7") is False


def test_is_username_good():
    assert is_username("anna7") is True


def test_is_username_short():
    assert is_username("ann") is True
    assert is_username("an") is False


def test_is_username_long():
    assert is_username("abcdefghijkl") is True
    assert is_username("abcdefghijklm") is False


def test_is_username_digit():
    assert is_username("7anna") is False


def test_is_username_symbol():
    assert is_username("an-na") is False


def test_is_strong_good():
    assert is_strong("Passw0rdX") is True


def test_is_strong_length():
    assert is_strong("Passw0rd") is True
    assert is_strong("Passw0r") is False


def test_is_strong_no_digit():
    assert is_strong("Password") is False


def test_is_strong_no_capital():
    assert is_strong("passw0rd") is False


def test_is_email_good():
    assert is_email("ann@home.org") is True


def test_is_email_no_at():
    assert is_email("ann.home.org") is False


def test_is_email_two_at():
    assert is_email("a@b@home.org") is False


def test_is_email_no_name():
    assert is_email("@home.org") is False


def test_is_email_no_dot():
    assert is_email("ann@home") is False


def test_is_triangle_good():
    assert is_triangle(3, 4, 5) is True
    assert is_triangle(2, 2, 3) is True


def test_is_triangle_flat():
    assert is_triangle(1, 2, 3) is False
    assert is_triangle(3, 1, 2) is False


def test_is_triangle_flat_middle():
    assert is_triangle(1, 3, 2) is False


def test_is_triangle_open():
    assert is_triangle(1, 9, 2) is False
    assert is_triangle(9, 1, 2) is False


def test_may_ride_old():
    assert may_ride(150, 15, False) is True
    assert may_ride(120, 10, False) is True


def test_may_ride_small():
    assert may_ride(119, 15, True) is False


def test_may_ride_child():
    assert may_ride(130, 9, False) is False


def test_may_ride_with_adult():
    assert may_ride(130, 9, True) is True


def test_all_same_yes():
    assert all_same([4, 4, 4]) is True


def test_all_same_no():
    assert all_same([4, 4, 5]) is False


def test_all_same_empty():
    assert all_same([]) is True


def test_is_isbn_length_ten():
    assert is_isbn_length("3-16-148410-0") is True


def test_is_isbn_length_thirteen():
    assert is_isbn_length("978-3-16-148410-0") is True


def test_is_isbn_length_other():
    assert is_isbn_length("12345") is False
    assert is_isbn_length("123-456-789-012") is False
