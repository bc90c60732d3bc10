"""Helpers for single numbers."""


def clamp(value, low, high):
    """Return value, but at least low and at most high."""
    if value < low:
        return low
    if value > high:
        return high
    return value


def is_between(value, low, high):
    """Tell whether value lies from low to high, both included."""
    if low > high:
        raise ValueError("low is above high")
    return value >= low and value <= high


def sign(number):
    """Return 1 for a positive number, -1 for a negative one, 0 for zero."""
    if number > 0:
        return 1
    if number < 0:
        return -1
    return 0


def distance(first, second):
    """Return how far two numbers are apart, never negative."""
    gap = first - second
    if gap < 0:
        return -gap
    return gap


def digit_sum(number):
    """Return the sum of the decimal digits; the sign is ignored."""
    total = 0
    for digit in str(abs(number)):
        total += int(digit)
    return total


def percent(part, whole):
    """Return part as a percentage of whole; 0 if whole is zero."""
    if whole == 0:
        return 0
    return 100 * part / whole


def factorial(number):
    """Return 1 * 2 * ... * number; the factorial of 0 is 1."""
    product = 1
    for factor in range(2, number + 1):
        product *= factor
    return product


def divides(divisor, number):
    """Tell whether number is a multiple of divisor; zero divides nothing."""
    if divisor == 0:
        return False
    return number % divisor == 0
