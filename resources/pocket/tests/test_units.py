from pocket.units import (
    area,
    boxes_needed,
    size_label,
    speed,
    to_celsius,
    to_fahrenheit,
    to_inches,
    water_state,
)


def test_to_celsius_freezing():
    assert to_celsius(32) == 0


def test_to_celsius_boiling():
    assert to_celsius(212) == 100


def test_to_fahrenheit_freezing():
    assert to_fahrenheit(0) == 32


def test_to_fahrenheit_boiling():
    assert to_fahrenheit(100) == 212


def test_to_inches_feet():
    assert to_inches(5, 0) == 60


def test_to_inches_both():
    assert to_inches(2, 3) == 27


def test_size_label_bytes():
    assert size_label(999) == "999 B"


def test_size_label_kilo():
    assert size_label(1000) == "1 kB"
    assert size_label(52300) == "52 kB"


def test_size_label_mega():
    assert size_label(1000000) == "1 MB"
    assert size_label(7500000) == "7 MB"


def test_speed_hour():
    assert speed(50, 60) == 50


def test_speed_half_hour():
    assert speed(20, 30) == 40


def test_water_state_cold():
    assert water_state(-5) == "ice"
    assert water_state(0) == "ice"


def test_water_state_warm():
    assert water_state(20) == "liquid"
    assert water_state(1) == "liquid"


def test_water_state_hot():
    assert water_state(100) == "steam"
    assert water_state(130) == "steam"


def test_boxes_needed_full():
    assert boxes_needed(12, 4) == 3


def test_boxes_needed_rest():
    assert boxes_needed(13, 4) == 4


def test_boxes_needed_one():
    assert boxes_needed(1, 10) == 1


def test_area_no_border():
    assert area(6, 4, 0) == 24


def test_area_border():
    assert area(6, 5, 1) == 12


def test_area_wide():
    assert area(10, 5, 2) == 6
