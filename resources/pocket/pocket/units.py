"""Helpers that convert and label measures."""


def to_celsius(fahrenheit):
    """Convert degrees Fahrenheit to Celsius."""
    return (fahrenheit - 32) * 5 / 9


def to_fahrenheit(celsius):
    """Convert degrees Celsius to Fahrenheit."""
    return celsius * 9 / 5 + 32


def to_inches(feet, inches):
    """Return a length in inches; a foot has 12."""
    return feet * 12 + inches


def size_label(number):
    """Write bytes as B below 1000, as kB below a million, else as MB."""
    if number < 1000:
        return f"{number} B"
    if number < 1000000:
        return f"{number // 1000} kB"
    return f"{number // 1000000} MB"


def speed(kilometres, minutes):
    """Return kilometres per hour."""
    hours = minutes / 60
    return kilometres / hours


def water_state(celsius):
    """Name the state: ice up to 0 degrees, steam from 100, else liquid."""
    if celsius <= 0:
        return "ice"
    if celsius >= 100:
        return "steam"
    return "liquid"


def boxes_needed(things, per_box):
    """Return how many boxes hold all things; the last may be part full."""
    boxes = things // per_box
    if things % per_box > 0:
        boxes += 1
    return boxes


def area(width, height, border):
    """Return the area inside a border on all four sides."""
    inner_width = width - 2 * border
    inner_height = height - 2 * border
    return inner_width * inner_height
