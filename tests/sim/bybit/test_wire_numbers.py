from decimal import Decimal

import pytest

from marginwatch.sim.bybit.wire_numbers import money, percentage_change, price, rate, whole


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        (None, ""),
        ("0", "0"),
        ("-0.0", "0"),
        ("0E-8", "0"),
        ("1E+3", "1000"),
        ("-0.00148", "-0.00148"),
        ("66.4735000", "66.4735"),
        ("1E-9", "0"),
        ("-0.000000001", "0"),
        ("0.123456789", "0.12345679"),
        ("100", "100"),
    ],
)
def test_money_has_eight_decimals_and_no_exponent(amount: str | None, text: str) -> None:
    assert money(None if amount is None else Decimal(amount)) == text


def test_rates_are_cut_and_lose_trailing_zeros() -> None:
    # From a live account: 0.020026 is shown as "0.02", 0.40835 as "0.4083".
    assert rate(Decimal("0.020026")) == "0.02"
    assert rate(Decimal("0.40835")) == "0.4083"
    assert rate(None) == ""


def test_prices_keep_the_decimals_of_their_tick() -> None:
    assert price(Decimal("28224.50")) == "28224.50"
    assert price(None) == ""


def test_a_move_is_a_fraction() -> None:
    assert percentage_change(Decimal(101), Decimal(100)) == "0.010000"
    assert percentage_change(Decimal(101), Decimal(0)) == "0"


@pytest.mark.parametrize("text", ["", "-1", "1.0", "²", "١", "9" * 19, "9" * 5000, " 1"])
def test_what_is_no_plain_whole_number_is_none(text: str) -> None:
    assert whole(text) is None


def test_plain_digits_are_whole_numbers() -> None:
    assert whole("0") == 0
    assert whole("1697684980172") == 1_697_684_980_172
