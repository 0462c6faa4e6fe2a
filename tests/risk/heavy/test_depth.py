"""What it takes to move a coin by 1 %, from order books."""

import pytest

from marginwatch.model.events import DepthsUpdate
from marginwatch.model.market import Depth
from marginwatch.risk.heavy.depth import usd_per_percent


def tell(world, instrument, bids, asks):
    world.book.apply(DepthsUpdate((Depth(instrument=instrument, bids=bids, asks=asks),), world.now))


def test_the_thinner_side_within_one_percent_counts(world, parts):
    bids = (("100", "5"), ("99.5", "5"), ("98", "1000"))
    asks = (("100", "5"), ("100.9", "2"), ("102", "1000"))
    tell(world, parts.BTCUSDT, bids, asks)
    assert usd_per_percent(world.book.columns) == {"BTC": pytest.approx(500 + 201.8)}


def test_a_book_that_ends_before_is_carried_on_and_one_too_short_says_nothing(world, parts):
    short = (("100", "1"), ("99.5", "1"))
    tell(world, parts.BTCUSDT, short, (("100", "1000"), ("101", "1000"), ("103", "1")))
    assert usd_per_percent(world.book.columns)["BTC"] == pytest.approx(199.5 * 2)
    tell(world, parts.ETHUSDT, (("100", "1"), ("99.999", "1")), (("100", "1"), ("100.001", "1")))
    assert "ETH" not in usd_per_percent(world.book.columns)


def test_all_contracts_of_a_coin_together(world, parts):
    levels = (("100", "10"), ("99", "10"), ("90", "1")), (("100", "10"), ("101", "10"), ("110", "1"))
    tell(world, parts.BTCUSDT, *levels)
    one = usd_per_percent(world.book.columns)["BTC"]
    tell(world, parts.BTCPERP, *levels)
    assert usd_per_percent(world.book.columns)["BTC"] == pytest.approx(2 * one)
