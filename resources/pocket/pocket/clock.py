"""Helpers for times of day and durations."""


def to_seconds(hours, minutes, seconds):
    """Return a duration in seconds."""
    return hours * 3600 + minutes * 60 + seconds


def format_duration(seconds):
    """Write seconds as minutes:seconds, the seconds with two digits."""
    minutes = seconds // 60
    rest = seconds % 60
    return f"{minutes}:{rest:02}"


def is_valid_time(hour, minute):
    """Tell whether it is a time of day: 0:00 up to 23:59."""
    if hour < 0 or hour > 23:
        return False
    return 0 <= minute < 60


def minutes_between(start, end):
    """Return the minutes from start to end, over midnight if end is earlier."""
    if end < start:
        end += 1440
    return end - start


def part_of_day(hour):
    """Name the part: night before 6, morning before 12, day before 18."""
    if hour < 6:
        return "night"
    if hour < 12:
        return "morning"
    if hour < 18:
        return "day"
    return "evening"


def twelve_hours(hour):
    """Write a full hour from 0 to 23 with am or pm; 0 is 12 am."""
    half = "am" if hour < 12 else "pm"
    shown = hour % 12
    if shown == 0:
        shown = 12
    return f"{shown} {half}"


def add_hours(hour, more):
    """Return the hour of the day, 0 to 23, more hours later."""
    return (hour + more) % 24
