"""Insurance pools pay for what is worth less than its take-over, and grow by what is worth more."""

from collections.abc import Callable
from decimal import Decimal

import pytest

from marginwatch.sim.exchange import Exchange


def pool(exchange: Exchange) -> Decimal:
    return exchange._world.house.pool_left("USDT")


def alone(exchange: Exchange, size: str) -> str:
    uid = exchange.open_account("alone", margin_mode="ISOLATED_MARGIN").uid
    exchange.deposit(uid, "USDT", "20000")
    exchange.set_price("SOLUSDT", "130.000")
    exchange.open_position(uid, "SOLUSDT", size)
    return uid


@pytest.mark.parametrize("size", ["100", "-100"])
def test_a_take_over_before_bankruptcy_feeds_the_pool(quiet: Exchange, size: str) -> None:
    """Leverage 10, rate 0.5 %: taken over at the bust price (117 or 143), half a percent of the value from the mark."""
    uid, before = alone(quiet, size), pool(quiet)
    price = Decimal("117.5") if size == "100" else Decimal("142.3")
    quiet.set_price("SOLUSDT", price)
    (taken,) = (row for row in quiet.executions(uid, "linear") if row.kind == "BustTrade")
    assert pool(quiet) - before == 100 * abs(taken.price - price) > 40
    quiet.check_books()


def test_a_gap_beyond_bankruptcy_costs_the_pool(quiet: Exchange) -> None:
    uid, before = alone(quiet, "100"), pool(quiet)
    quiet.set_price("SOLUSDT", "110.000")
    taken = next(row for row in quiet.executions(uid, "linear") if row.kind == "BustTrade")
    assert before - pool(quiet) == 100 * (taken.price - 110) > 600
    quiet.check_books()


def test_what_maintenance_margin_is_left_of_a_cross_account_goes_there(
    quiet: Exchange, funded: Callable[..., str]
) -> None:
    uid, before = funded("10000"), pool(quiet)
    quiet.set_price("BTCUSDT", "80000.00")
    quiet.open_position(uid, "BTCUSDT", "1.000", "80000.00")
    quiet.set_price("BTCUSDT", "70400.00")
    taken = next(row for row in quiet.executions(uid, "linear") if row.kind == "BustTrade")
    assert pool(quiet) - before == 70_400 - taken.price > 100
    quiet.check_books()


def test_who_takes_it_from_an_empty_pool_keeps_what_it_is_worth(
    quiet: Exchange, funded: Callable[..., str]
) -> None:
    loser, winner = funded("10000"), funded("100000")
    quiet.set_price("BTCUSDT", "80000.00")
    quiet.open_position(loser, "BTCUSDT", "1.000", "80000.00")
    quiet.open_position(winner, "BTCUSDT", "-0.400", "80000.00")
    quiet.set_insurance_pool("USDT", "0")
    quiet.set_price("BTCUSDT", "70400.00")
    taken = next(row for row in quiet.executions(loser, "linear") if row.kind == "BustTrade")
    assert quiet.positions(winner, "linear") == ()
    assert pool(quiet) == Decimal("0.6") * (70_400 - taken.price)
    quiet.check_books()
