from decimal import Decimal

import pytest

from marginwatch.sim.money import from_float, to_cents, to_grain, to_step


def test_amounts_round_half_even_to_eight_decimals() -> None:
    assert to_cents(Decimal("0.123456785")) == Decimal("0.12345678")
    assert to_cents(Decimal("0.123456775")) == Decimal("0.12345678")
    assert to_grain(Decimal("1.0000000000005")) == Decimal("1.000000000000")


def test_zero_is_written_plainly() -> None:
    assert str(to_cents(Decimal("-0.000000001"))) == "0"
    assert str(from_float(-0.0)) == "0"


def test_wide_sums_lose_nothing() -> None:
    assert to_cents(Decimal("123456789012345678901234.00000001")) == Decimal(
        "123456789012345678901234.00000001"
    )


def test_steps() -> None:
    assert to_step(100.04, Decimal("0.10")) == Decimal("100.00")
    assert to_step(-7.6, Decimal(5)) == Decimal(-10)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_no_row_can_hold_a_number_that_is_none(value: float) -> None:
    with pytest.raises(ValueError, match="finite"):
        from_float(value)
