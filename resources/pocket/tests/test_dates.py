from pocket.dates import (
    age,
    century,
    days_in_month,
    format_date,
    is_leap_year,
    is_weekend,
    next_month,
    quarter,
    season,
)


def test_is_leap_year_fourth():
    assert is_leap_year(2024) is True


def test_is_leap_year_common():
    assert is_leap_year(2023) is False


def test_is_leap_year_century():
    assert is_leap_year(1900) is False
    assert is_leap_year(2100) is False


def test_is_leap_year_fourth_century():
    assert is_leap_year(2000) is True


def test_days_in_month_long():
    assert days_in_month(1, False) == 31
    assert days_in_month(12, False) == 31


def test_days_in_month_short():
    assert days_in_month(4, False) == 30
    assert days_in_month(11, True) == 30


def test_days_in_month_february():
    assert days_in_month(2, False) == 28


def test_days_in_month_leap():
    assert days_in_month(2, True) == 29


def test_quarter_first():
    assert quarter(1) == 1
    assert quarter(3) == 1


def test_quarter_second():
    assert quarter(4) == 2
    assert quarter(6) == 2


def test_quarter_last():
    assert quarter(10) == 4
    assert quarter(12) == 4


def test_is_weekend_yes():
    assert is_weekend(7) is True


def test_is_weekend_saturday():
    assert is_weekend(6) is True


def test_is_weekend_no():
    assert is_weekend(5) is False
    assert is_weekend(1) is False


def test_next_month_plain():
    assert next_month(2024, 5) == (2024, 6)


def test_next_month_november():
    assert next_month(2024, 11) == (2024, 12)


def test_next_month_december():
    assert next_month(2024, 12) == (2025, 1)


def test_format_date_short():
    assert format_date(2024, 3, 5) == "2024-03-05"


def test_format_date_long():
    assert format_date(2024, 11, 30) == "2024-11-30"


def test_season_winter():
    assert season(12) == "winter"
    assert season(2) == "winter"


def test_season_spring():
    assert season(3) == "spring"
    assert season(5) == "spring"


def test_season_summer():
    assert season(6) == "summer"
    assert season(8) == "summer"


def test_season_autumn():
    assert season(9) == "autumn"
    assert season(11) == "autumn"


def test_age_after():
    assert age(1990, 2024, True) == 34


def test_age_before():
    assert age(1990, 2024, False) == 33


def test_century_end():
    assert century(1900) == 19


def test_century_start():
    assert century(1901) == 20
    assert century(1) == 1
