import itertools
from decimal import Decimal

import pytest

from marginwatch.clock import ManualClock
from marginwatch.sim.exchange import Exchange

START_NS = 1_795_000_000 * 10**9


@pytest.fixture
def exchange() -> Exchange:
    return Exchange(3, ManualClock(START_NS), n_accounts=1, activity_per_s=0.0)


def usd_within(book, part: float) -> float:
    """Add up both sides within a part of the price, one by one; linear contracts."""
    middle = float(book.bids[0][0] + book.asks[0][0]) / 2
    levels = [*book.bids, *book.asks]
    return sum(float(at * size) for at, size in levels if abs(float(at) - middle) <= part * middle)


def everything(exchange: Exchange) -> list[tuple[str, str]]:
    listed = [(name, row.symbol) for name in ("linear", "inverse", "spot") for row in exchange.tickers(name)]
    return [*listed, *(("option", row.symbol) for row in exchange.tickers("option")[::25])]


def test_every_book_is_sorted_on_its_ticks_and_steps_and_begins_with_its_ticker(exchange) -> None:
    for category, symbol in everything(exchange):
        book = exchange.order_book(category, symbol, 25)
        ticker = exchange.tickers(category, symbol)[0]
        listed = exchange.instruments(category, symbol)[0]
        assert book.bids[0] == (ticker.bid_price, ticker.bid_size)
        assert book.asks[0] == (ticker.ask_price, ticker.ask_size)
        assert len(book.asks) == 25
        assert 1 <= len(book.bids) <= 25
        bids, asks = [at for at, _ in book.bids], [at for at, _ in book.asks]
        assert all(a > b for a, b in itertools.pairwise(bids)), symbol
        assert all(a < b for a, b in itertools.pairwise(asks)), symbol
        assert bids[-1] > 0
        assert not [at for at in (*bids, *asks) if at % listed.tick_size], symbol
        beyond_best = (*book.bids[1:], *book.asks[1:])
        assert all(size > 0 and not size % listed.qty_step for _, size in beyond_best), symbol


def test_depth_is_of_the_coins_order_and_thinner_elsewhere(exchange) -> None:
    usd = {
        symbol: usd_within(exchange.order_book("linear", symbol, 1000), 0.01)
        for symbol in ("BTCUSDT", "ETHUSDT", "ARBUSDT", "BTCPERP")
    }
    assert 60e6 < usd["BTCUSDT"] < 140e6
    assert usd["BTCUSDT"] > usd["ETHUSDT"] > 5 * usd["ARBUSDT"]
    assert usd["BTCPERP"] < 0.25 * usd["BTCUSDT"]


def test_books_are_thinner_in_stress(exchange) -> None:
    calm = usd_within(exchange.order_book("linear", "BTCUSDT", 500), 0.01)
    exchange.set_regime("crash")
    exchange.step()
    stressed = usd_within(exchange.order_book("linear", "BTCUSDT", 500), 0.01)
    # Volatility 2.5 instead of 0.5.
    assert stressed == pytest.approx(calm / 5, rel=0.1)


def test_a_book_is_a_matter_of_the_market_alone(exchange) -> None:
    other = Exchange(3, ManualClock(START_NS), n_accounts=1, activity_per_s=0.0)
    other.order_book("linear", "ETHUSDT", 50)
    for one in (exchange, other):
        one.advance(3.0)
    assert exchange.order_book("linear", "BTCUSDT", 200) == other.order_book("linear", "BTCUSDT", 200)
    assert (
        exchange.order_book("linear", "BTCUSDT", 50).bids
        == other.order_book("linear", "BTCUSDT", 200).bids[:50]
    )
    different = Exchange(4, ManualClock(START_NS), n_accounts=1, activity_per_s=0.0)
    assert (
        different.order_book("linear", "BTCUSDT", 50).bids
        != exchange.order_book("linear", "BTCUSDT", 50).bids
    )


def test_a_move_of_the_market_changes_a_part_of_the_levels(exchange) -> None:
    """In a calm half second most prices stay in the book; about one size in eight is another."""
    before = dict(exchange.order_book("linear", "BTCUSDT", 200).asks[1:])
    exchange.step()
    after = dict(exchange.order_book("linear", "BTCUSDT", 200).asks[1:])
    shared = before.keys() & after.keys()
    changed = [at for at in shared if before[at] != after[at]]
    assert len(shared) > 150
    assert 0.05 < len(changed) / len(shared) < 0.2


def test_depth_can_be_taken_away_from_one_book_or_from_all(exchange) -> None:
    def size(symbol: str) -> Decimal:
        return sum((size for _, size in exchange.order_book("linear", symbol, 100).bids[1:]), Decimal(0))

    full = {symbol: size(symbol) for symbol in ("BTCUSDT", "ETHUSDT")}
    exchange.set_depth(0.1, "BTCUSDT")
    assert float(size("BTCUSDT")) == pytest.approx(float(full["BTCUSDT"]) / 10, rel=0.01)
    assert size("ETHUSDT") == full["ETHUSDT"]
    exchange.set_depth(0.5)
    assert float(size("ETHUSDT")) == pytest.approx(float(full["ETHUSDT"]) / 2, rel=0.01)
    assert float(size("BTCUSDT")) == pytest.approx(float(full["BTCUSDT"]) / 10, rel=0.01)


def test_what_is_not_there_has_no_book(exchange) -> None:
    assert exchange.order_book("linear", "NOPEUSDT", 5) is None
    assert exchange.order_book("inverse", "BTCUSDT", 5) is None
    with pytest.raises(ValueError, match="1 to 1000"):
        exchange.order_book("linear", "BTCUSDT", 1001)
