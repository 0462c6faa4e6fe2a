"""Deleveraging starts when the pool is spent, takes from the winners in front, and at the price of the take-over."""

from collections.abc import Callable
from decimal import Decimal

import pytest

from marginwatch.sim.exchange import Exchange


@pytest.fixture
def sides(quiet: Exchange, funded: Callable[..., str]) -> tuple[str, str, str]:
    """A long near ruin and two shorts against it, the second one with the higher leverage."""
    loser, calm, bold = funded("900"), funded("100000"), funded("100000")
    quiet.set_price("SOLUSDT", "130.000")
    quiet.set_leverage(bold, "SOLUSDT", "50")
    quiet.open_position(loser, "SOLUSDT", "60")
    quiet.open_position(calm, "SOLUSDT", "-50")
    quiet.open_position(bold, "SOLUSDT", "-40")
    quiet.place_order(bold, "SOLUSDT", "-1", "200.000")
    return loser, calm, bold


def sizes(exchange: Exchange, uids: tuple[str, ...]) -> list[Decimal]:
    return [sum((row.size for row in exchange.positions(uid, "linear")), Decimal(0)) for uid in uids]


def test_a_full_pool_carries_what_is_taken_over(quiet: Exchange, sides: tuple[str, str, str]) -> None:
    quiet.set_price("SOLUSDT", "110.000")
    assert sizes(quiet, sides) == [0, 50, 40]
    quiet.check_books()


def test_an_empty_pool_takes_from_the_highest_leveraged_profit_first(
    quiet: Exchange, sides: tuple[str, str, str]
) -> None:
    loser, calm, bold = sides
    quiet.set_insurance_pool("USDT", "0")
    quiet.set_price("SOLUSDT", "110.000")
    assert sizes(quiet, sides) == [0, 30, 0]
    taken = quiet.executions(loser, "linear")[0]
    for uid in (calm, bold):
        row = quiet.executions(uid, "linear")[0]
        assert (row.kind, row.create_type) == ("AdlTrade", "CreateByAdl_PassThrough")
        assert row.price == taken.price
    assert quiet.orders(bold, "linear") == ()
    quiet.check_books()


def test_those_who_lose_are_left_alone(quiet: Exchange, sides: tuple[str, str, str], funded) -> None:
    other = funded("100000")
    quiet.set_insurance_pool("USDT", "0")
    quiet.open_position(other, "SOLUSDT", "-500", "90.000")
    quiet.set_price("SOLUSDT", "110.000")
    assert sizes(quiet, (other,)) == [500]


def test_isolated_take_overs_are_paid_by_the_pool(quiet: Exchange) -> None:
    uid = quiet.open_account("alone", margin_mode="ISOLATED_MARGIN").uid
    quiet.deposit(uid, "USDT", "5000")
    quiet.set_price("SOLUSDT", "130.000")
    quiet.open_position(uid, "SOLUSDT", "100")
    winner = quiet.open_account("winner").uid
    quiet.deposit(winner, "USDT", "100000")
    quiet.open_position(winner, "SOLUSDT", "-300")
    quiet.set_insurance_pool("USDT", "1")
    quiet.set_price("SOLUSDT", "100.000")
    # The pool paid the gap between bust price and mark, is empty by that, and the winner is closed for it.
    assert sizes(quiet, (uid, winner)) == [0, 200]
    quiet.check_books()
