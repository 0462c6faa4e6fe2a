"""Depth as values that an order eats through, and the latest liquidations, pools and alerts."""

import math

import pytest

from marginwatch.book.market_state import LIQUIDATIONS_KEPT
from marginwatch.errors import ProtocolError
from marginwatch.model.events import AdlAlertsUpdate, DepthsUpdate, InsurancePoolsUpdate, LiquidationsSeen
from marginwatch.model.market import AdlAlert, Depth, InsurancePool, Liquidation


def test_levels_add_up_to_what_an_order_must_be_worth(book, make):
    linear, inverse = make.contract(multiplier="2"), make.contract("BTCUSD", multiplier="1")
    bids, asks = (("10", "1"), ("9", "2")), (("11", "1"),)
    at_ns = make.T0
    book.apply(
        DepthsUpdate((Depth(linear, bids, asks, at_ns), Depth(inverse, bids, asks, at_ns + 5)), at_ns + 1)
    )
    market, find = book.columns.market, book.columns.instruments.find
    row = find(linear.instrument_id)
    assert list(market.bids.array("price")[row]) == [10.0, 9.0]
    assert list(market.bids.array("value")[row]) == [20.0, 56.0]
    assert list(market.asks.array("value")[row]) == [22.0]
    other = find(inverse.instrument_id)
    assert list(market.bids.array("value")[other]) == [1.0, 3.0]
    assert (market.depth_ns[row], market.depth_ns[other]) == (at_ns, at_ns + 1)
    book.apply(DepthsUpdate((Depth(linear, (("8", "1"),), ()),), 9))
    assert (market.bids.n_steps[row], market.asks.n_steps[row]) == (1, 0)
    assert math.isnan(market.bids.array("price")[row][1])
    assert market.bids.array("value")[row][1] == math.inf


def test_a_level_that_is_no_number_leaves_the_book_as_it_was(book, make):
    book.apply(DepthsUpdate((Depth(make.contract(), (("8", "1"),), ()),), 9))
    with pytest.raises(ProtocolError, match="order books"):
        book.apply(DepthsUpdate((Depth(make.contract(), (("x", "1"),), ()),), 9))
    row = book.columns.instruments.find(make.contract().instrument_id)
    assert book.columns.market.bids.array("price")[row][0] == 8.0


def test_liquidations_are_bounded_and_pools_and_alerts_replaced(book, make):
    def seen(number):
        return Liquidation(
            instrument=make.contract(), position_side="long", quantity=str(number), bankruptcy_price="5"
        )

    for start in range(0, LIQUIDATIONS_KEPT + 100, 100):
        book.apply(LiquidationsSeen(tuple(seen(start + n) for n in range(100)), 1))
    market = book.columns.market
    assert len(market.liquidations) == LIQUIDATIONS_KEPT
    assert market.liquidations[-1].quantity == str(LIQUIDATIONS_KEPT + 99)
    for balance in ("5", "4"):
        pool = InsurancePool(asset="USDT", venue_symbols=("A", "B"), balance=balance)
        book.apply(InsurancePoolsUpdate("bybit", (pool,), 1))
        book.apply(AdlAlertsUpdate("bybit", (AdlAlert(asset="USDT", venue_symbol="A", balance=balance),), 1))
    assert [pool.balance for pool in market.pools.values()] == ["4"]
    assert market.alerts["bybit", "A"].balance == "4"
