import pytest

from pocket.money import (
    add_tax,
    change,
    cheapest,
    discount,
    format_price,
    savings,
    shipping,
    split_bill,
)


def test_add_tax_whole():
    assert add_tax(1000, 20) == 1200


def test_add_tax_rounded():
    assert add_tax(99, 10) == 108


def test_add_tax_none():
    assert add_tax(500, 0) == 500


def test_discount_some():
    assert discount(1000, 25) == 750


def test_discount_all():
    assert discount(800, 100) == 0


def test_discount_too_much():
    with pytest.raises(ValueError):
        discount(800, 101)


def test_split_bill_even():
    assert split_bill(90, 3) == [30, 30, 30]


def test_split_bill_uneven():
    assert split_bill(100, 3) == [34, 33, 33]


def test_split_bill_two_extra():
    assert split_bill(11, 3) == [4, 4, 3]


def test_change_some():
    assert change(350, 500) == 150


def test_change_exact():
    assert change(200, 200) == 0


def test_change_too_little():
    with pytest.raises(ValueError):
        change(500, 499)


def test_format_price_dollars():
    assert format_price(500) == "$5.00"


def test_format_price_cents():
    assert format_price(1207) == "$12.07"


def test_shipping_below():
    assert shipping(1900, 2000, 350) == 350


def test_shipping_limit():
    assert shipping(2000, 2000, 350) == 0


def test_shipping_above():
    assert shipping(9000, 2000, 350) == 0


def test_cheapest_some():
    assert cheapest([40, 25, 90], 50) == 25


def test_cheapest_exact():
    assert cheapest([50, 70], 50) == 50


def test_cheapest_none():
    assert cheapest([80, 70], 50) is None


def test_savings_year():
    assert savings(100, 12, 50) == 1250


def test_savings_none():
    assert savings(100, 0, 50) == 50


def test_savings_from_zero():
    assert savings(20, 5, 0) == 100
