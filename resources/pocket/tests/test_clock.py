from pocket.clock import (
    add_hours,
    format_duration,
    is_valid_time,
    minutes_between,
    part_of_day,
    to_seconds,
    twelve_hours,
)


def test_to_seconds_hours():
    assert to_seconds(2, 0, 0) == 7200


def test_to_seconds_minutes():
    assert to_seconds(0, 3, 0) == 180


def test_to_seconds_all():
    assert to_seconds(1, 1, 1) == 3661


def test_format_duration_short():
    assert format_duration(5) == "0:05"


def test_format_duration_long():
    assert format_duration(125) == "2:05"


def test_format_duration_minute():
    assert format_duration(60) == "1:00"


def test_is_valid_time_inside():
    assert is_valid_time(12, 30) is True


def test_is_valid_time_limits():
    assert is_valid_time(0, 0) is True
    assert is_valid_time(23, 59) is True


def test_is_valid_time_bad_hour():
    assert is_valid_time(24, 0) is False
    assert is_valid_time(-1, 0) is False


def test_is_valid_time_bad_minute():
    assert is_valid_time(8, 60) is False
    assert is_valid_time(8, -5) is False


def test_minutes_between_same_day():
    assert minutes_between(60, 90) == 30


def test_minutes_between_midnight():
    assert minutes_between(1430, 20) == 30


def test_minutes_between_same():
    assert minutes_between(600, 600) == 0


def test_part_of_day_night():
    assert part_of_day(5) == "night"
    assert part_of_day(0) == "night"


def test_part_of_day_morning():
    assert part_of_day(6) == "morning"
    assert part_of_day(11) == "morning"


def test_part_of_day_day():
    assert part_of_day(12) == "day"
    assert part_of_day(17) == "day"


def test_part_of_day_evening():
    assert part_of_day(18) == "evening"
    assert part_of_day(23) == "evening"


def test_twelve_hours_morning():
    assert twelve_hours(9) == "9 am"
    assert twelve_hours(11) == "11 am"


def test_twelve_hours_afternoon():
    assert twelve_hours(15) == "3 pm"


def test_twelve_hours_midnight():
    assert twelve_hours(0) == "12 am"


def test_twelve_hours_noon():
    assert twelve_hours(12) == "12 pm"


def test_add_hours_same_day():
    assert add_hours(8, 5) == 13


def test_add_hours_next_day():
    assert add_hours(22, 4) == 2


def test_add_hours_midnight():
    assert add_hours(20, 4) == 0
