"""Helpers that judge whether an input is acceptable."""


def is_pin(text):
    """Accept exactly four digits."""
    return len(text) == 4 and text.isdigit()


def is_username(name):
    """Accept 3 to 12 letters or digits, the first being a letter."""
    if len(name) < 3 or len(name) > 12:
        return False
    return name.isalnum() and name[0].isalpha()


def is_strong(password):
    """Ask for 8 characters or more, with a digit and a capital."""
    if len(password) < 8:
        return False
    has_digit = any(letter.isdigit() for letter in password)
    has_capital = any(letter.isupper() for letter in password)
    return has_digit and has_capital


def is_email(address):
    """Accept one @ with a name before it and a dot in the rest."""
    if address.count("@") != 1:
        return False
    name, domain = address.split("@")
    return len(name) > 0 and "." in domain


def is_triangle(a, b, c):
    """Tell whether three lengths form a triangle with some area."""
    if a + b <= c:
        return False
    if b + c <= a:
        return False
    return a + c > b


def may_ride(height, age, with_adult):
    """Ask for 120 cm; below 10 years an adult is needed too."""
    if height < 120:
        return False
    if age < 10:
        return with_adult
    return True


def all_same(values):
    """Tell whether all values are equal; an empty list counts as yes."""
    return all(value == values[0] for value in values)


def is_isbn_length(code):
    """Accept 10 or 13 characters once the dashes are removed."""
    size = len(code.replace("-", ""))
    return size == 10 or size == 13
