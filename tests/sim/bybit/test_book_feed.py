"""Order books on the wire: what a client puts together out of snapshots and deltas is the book, and nothing is missed."""

from decimal import Decimal
from typing import Any

import pytest

from marginwatch.clock import ManualClock
from marginwatch.sim.bybit.book_feed import BookFeed
from marginwatch.sim.bybit.server import BybitSimServer
from marginwatch.sim.exchange import Exchange


class Reader:
    """Keeps a book as the document tells clients to."""

    def __init__(self) -> None:
        self.sides: dict[str, dict[str, str]] = {}
        self.number = 0

    def take(self, message: dict[str, Any]) -> None:
        data = message["data"]
        if message["type"] == "snapshot":
            self.sides = {side: dict(map(tuple, data[side])) for side in "ba"}
        else:
            assert data["u"] == self.number + 1
            for side in "ba":
                for level, size in data[side]:
                    if size == "0":
                        del self.sides[side][level]
                    else:
                        self.sides[side][level] = size
        self.number = data["u"]

    def levels(self, side: str) -> list[tuple[Decimal, Decimal]]:
        rows = [(Decimal(level), Decimal(size)) for level, size in self.sides[side].items()]
        return sorted(rows, reverse=side == "b")


def is_book(reader: Reader, exchange: Exchange, category: str, symbol: str, depth: int) -> bool:
    book = exchange.order_book(category, symbol, depth)
    return (tuple(reader.levels("b")), tuple(reader.levels("a"))) == (book.bids, book.asks)


@pytest.mark.parametrize(
    ("category", "symbol", "depth"),
    [
        ("linear", "BTCUSDT", 50),
        ("inverse", "ETHUSD", 200),
        ("spot", "BTCUSDT", 1000),
        ("linear", "1000PEPEUSDT", 1),
    ],
)
def test_a_client_that_follows_the_rules_has_the_book(exchange, category, symbol, depth) -> None:
    server = BybitSimServer(exchange, clock=ManualClock())
    feed, reader, topic = BookFeed(server.front, category), Reader(), f"orderbook.{depth}.{symbol}"
    assert feed.knows(topic)
    feed.open(topic)
    reader.take(feed.first(topic))
    assert is_book(reader, exchange, category, symbol, depth)
    kinds = set()
    for number in range(40):
        if number == 20:
            exchange.shock(-0.05)
        exchange.step()
        for told, message in feed.news(0.1 * number):
            assert told == topic
            kinds.add(message["type"])
            reader.take(message)
        assert is_book(reader, exchange, category, symbol, depth)
    assert kinds == {"snapshot" if depth == 1 else "delta"}


def test_deltas_hold_only_what_changed(exchange) -> None:
    feed = BookFeed(BybitSimServer(exchange).front, "linear")
    feed.open("orderbook.200.BTCUSDT")
    before = feed.first("orderbook.200.BTCUSDT")["data"]
    exchange.step()
    [(_, message)] = feed.news(0.0)
    old = {(side, level): size for side in "ba" for level, size in before[side]}
    changes = [((side, level), size) for side in "ba" for level, size in message["data"][side]]
    assert 0 < len(changes) < 200
    assert all(old.get(place, "0") != size for place, size in changes)
    assert not list(feed.news(0.1)), "nothing moved, so nothing is sent"


def test_the_best_level_alone_is_repeated_after_three_quiet_seconds(exchange) -> None:
    feed = BookFeed(BybitSimServer(exchange, clock=ManualClock()).front, "linear")
    for depth in (1, 50):
        feed.open(f"orderbook.{depth}.BTCUSDT")
    number = feed.first("orderbook.1.BTCUSDT")["data"]["u"]
    assert not list(feed.news(2.9))
    [(topic, message)] = feed.news(3.0)
    assert (topic, message["type"], message["data"]["u"]) == ("orderbook.1.BTCUSDT", "snapshot", number)
    assert not list(feed.news(5.9))
    assert len(list(feed.news(6.0))) == 1


def test_which_depths_there_are(exchange) -> None:
    front = BybitSimServer(exchange).front
    option = exchange.tickers("option")[0].symbol
    wanted = {
        "linear": ("BTCUSDT", {"1", "50", "200", "1000"}),
        "spot": ("BTCUSDT", {"1", "50", "200", "1000"}),
        "option": (option, {"25", "100"}),
    }
    for channel, (symbol, depths) in wanted.items():
        feed = BookFeed(front, channel)
        known = {
            depth
            for depth in ("1", "25", "50", "100", "200", "500", "1000", "x", "")
            if feed.knows(f"orderbook.{depth}.{symbol}")
        }
        assert known == depths
        assert not feed.knows("orderbook.50.NOPE")
        assert not feed.knows("orderbook.50")


async def test_stream_and_rest_tell_the_same_book_with_the_same_number(
    server, exchange, rest, open_stream
) -> None:
    client = await open_stream(server.urls.public["linear"])
    assert (await client.ask({"op": "subscribe", "args": ["orderbook.200.BTCUSDT"]}))["success"] is True
    reader = Reader()
    first = await client.hear()
    assert first.keys() == {"topic", "type", "ts", "data", "cts"}
    assert first["data"].keys() == {"s", "b", "a", "u", "seq"}
    reader.take(first)
    for _ in range(3):
        exchange.step()
        early = (await rest.get("/v5/market/orderbook", "category=linear&symbol=BTCUSDT&limit=200"))["result"]
        server.publish_tickers()
        reader.take(await client.hear())
        late = (await rest.get("/v5/market/orderbook", "category=linear&symbol=BTCUSDT&limit=200"))["result"]
        assert early["u"] == late["u"] == reader.number
        assert dict(late["b"]) == reader.sides["b"]
        assert dict(late["a"]) == reader.sides["a"]


async def test_rest_alone_counts_what_it_saw(exchange, rest) -> None:
    async def number() -> int:
        return (await rest.get("/v5/market/orderbook", "category=inverse&symbol=BTCUSD"))["result"]["u"]

    first = await number()
    assert await number() == first
    exchange.advance(5.0)
    assert await number() == first + 1


async def test_levels_by_default_and_at_most(exchange, rest) -> None:
    option = exchange.tickers("option")[0].symbol
    for category, symbol, default, largest in (
        ("linear", "BTCUSDT", 25, 500),
        ("spot", "BTCUSDT", 1, 200),
        ("option", option, 1, 25),
    ):
        query = f"category={category}&symbol={symbol}"
        book = (await rest.get("/v5/market/orderbook", query))["result"]
        assert (len(book["b"]), len(book["a"])) == (default, default)
        assert ("seq" in book) is (category != "option")
        deep = (await rest.get("/v5/market/orderbook", f"{query}&limit=9999"))["result"]
        assert len(deep["a"]) == largest
        ticker = exchange.tickers(category, symbol)[0]
        assert [Decimal(text) for text in book["b"][0]] == [ticker.bid_price, ticker.bid_size]
    wrong = await rest.get("/v5/market/orderbook", "category=linear&symbol=NOPE")
    assert wrong["retCode"] == 10001
