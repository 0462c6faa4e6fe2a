from collections.abc import Callable
from decimal import Decimal

import pytest

from marginwatch.sim.exchange import Exchange
from marginwatch.sim.rows import Change


def kinds(heard: list[Change]) -> list[str]:
    found = [change.kind for change in heard if change.uid]
    heard.clear()
    return found


def test_every_order_action_pushes_a_position_that_did_not_change(
    quiet: Exchange, funded: Callable[..., str]
) -> None:
    uid = funded()
    quiet.open_position(uid, "BTCUSDT", "0.010")
    (before,) = quiet.positions(uid, "linear")
    heard: list[Change] = []
    quiet.subscribe(heard.append)
    order = quiet.place_order(uid, "BTCUSDT", "0.010", "60000.00")
    assert heard[1].positions == (before,)
    assert kinds(heard) == ["order", "position", "wallet"]
    quiet.amend_order(uid, order.order_id, "59000.00")
    assert kinds(heard) == ["order", "position", "wallet"]
    quiet.cancel_order(uid, order.order_id)
    assert kinds(heard) == ["order", "position", "wallet"]
    with pytest.raises(KeyError):
        quiet.cancel_order(uid, order.order_id)


def test_orders_tie_up_margin_and_give_it_back(quiet: Exchange, funded: Callable[..., str]) -> None:
    uid = funded("10000")
    free = quiet.wallet(uid).totals.total_available_balance
    order = quiet.place_order(uid, "BTCUSDT", "0.100", "60000.00")
    (coin,) = (row for row in quiet.wallet(uid).coins if row.coin == "USDT")
    assert coin.order_initial_margin is not None
    assert 600 < coin.order_initial_margin < 607
    tied = quiet.wallet(uid).totals.total_available_balance
    assert free is not None
    assert tied is not None
    assert tied < free - 599
    quiet.cancel_order(uid, order.order_id)
    assert quiet.wallet(uid).totals.total_available_balance == free


def test_an_order_that_only_reduces_ties_up_nothing(quiet: Exchange, funded: Callable[..., str]) -> None:
    uid = funded("10000")
    quiet.open_position(uid, "BTCUSDT", "0.100")
    heard: list[Change] = []
    quiet.subscribe(heard.append)
    quiet.place_order(uid, "BTCUSDT", "-0.100", "120000.00")
    assert quiet.wallet(uid).coins[0].order_initial_margin == 0
    assert kinds(heard) == ["order", "position"]


def test_of_two_sides_the_dearer_one_counts(quiet: Exchange, funded: Callable[..., str]) -> None:
    uid = funded("100000")
    quiet.place_order(uid, "BTCUSDT", "0.100", "60000.00")
    one_side = quiet.wallet(uid).coins[0].order_initial_margin
    quiet.place_order(uid, "BTCUSDT", "-0.010", "120000.00")
    assert quiet.wallet(uid).coins[0].order_initial_margin == one_side


def test_the_mark_fills_an_order_at_its_price_as_maker(quiet: Exchange, funded: Callable[..., str]) -> None:
    uid = funded("100000")
    order = quiet.place_order(uid, "BTCUSDT", "0.100", "80000.00")
    quiet.set_price("BTCUSDT", "80000.10")
    assert quiet.orders(uid, "linear") == (order,)
    heard: list[Change] = []
    quiet.subscribe(heard.append)
    quiet.set_price("BTCUSDT", "79990.00")
    assert kinds(heard) == ["order", "execution", "position", "wallet"]
    assert quiet.orders(uid, "linear") == ()
    (fill,) = quiet.executions(uid, "linear")
    assert (fill.order_id, fill.price, fill.is_maker) == (order.order_id, Decimal("80000.00"), True)
    assert fill.fee == Decimal(8000) * Decimal("0.0002")


def test_orders_that_cannot_be_traded_are_refused(quiet: Exchange, funded: Callable[..., str]) -> None:
    uid = funded()
    with pytest.raises(ValueError, match="not 0"):
        quiet.place_order(uid, "BTCUSDT", "0", "60000.00")
    with pytest.raises(ValueError, match="positive"):
        quiet.place_order(uid, "BTCUSDT", "0.001", "NaN")
    assert quiet.orders(uid, "linear") == ()
