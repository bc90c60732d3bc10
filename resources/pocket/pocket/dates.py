"""Helpers for calendar dates; months and days count from 1."""


def is_leap_year(year):
    """Tell whether year has a 29 February (Gregorian calendar)."""
    if year % 400 == 0:
        return True
    if year % 100 == 0:
        return False
    return year % 4 == 0


def days_in_month(month, leap):
    """Return the number of days of a month; leap tells a leap year."""
    if month == 2:
        return 29 if leap else 28
    if month in (4, 6, 9, 11):
        return 30
    return 31


def quarter(month):
    """Return the quarter of a month: 1 for January to March, up to 4."""
    return (month - 1) // 3 + 1


def is_weekend(weekday):
    """Tell whether a weekday, Monday being 1, is Saturday or Sunday."""
    return weekday >= 6


def next_month(year, month):
    """Return the year and month that follow."""
    if month == 12:
        return year + 1, 1
    return year, month + 1


def format_date(year, month, day):
    """Write a date as year-month-day with leading zeros."""
    return f"{year:04}-{month:02}-{day:02}"


def season(month):
    """Name the northern season: spring is March to May, and so on."""
    if month < 3 or month == 12:
        return "winter"
    if month < 6:
        return "spring"
    if month < 9:
        return "summer"
    return "autumn"


def age(born_year, year, had_birthday):
    """Return the age in years; one less before this year's birthday."""
    years = year - born_year
    if not had_birthday:
        years -= 1
    return years


def century(year):
    """Return the century of a year: 1900 is in the 19th, 1901 in the 20th."""
    return (year + 99) // 100
