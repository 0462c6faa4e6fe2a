from marginwatch.sim.bybit.feed import Beat
from marginwatch.sim.bybit.server import BybitSimServer
from marginwatch.sim.depth import Depth


def test_a_beat_comes_at_most_once_in_its_time() -> None:
    beat = Beat(0.5)
    assert [beat.is_due(now_s) for now_s in (0.0, 0.4, 0.5, 0.9, 3.0, 3.4, 3.5)] == [
        True,
        False,
        True,
        False,
        True,
        False,
        True,
    ]


async def test_no_book_is_made_while_nobody_listens(exchange, monkeypatch, open_stream) -> None:
    made: list[str] = []
    real = Depth.book

    def counting(self, ticker, *rest):
        made.append(ticker.symbol)
        return real(self, ticker, *rest)

    monkeypatch.setattr(Depth, "book", counting)
    async with BybitSimServer(exchange) as server:
        client = await open_stream(server.urls.public["linear"])
        await client.ask({"op": "subscribe", "args": ["tickers.BTCUSDT"]})
        exchange.advance(3.0)
        server.publish_tickers()
        assert not made
        await client.say({"op": "subscribe", "args": ["orderbook.50.ETHUSDT"]})
        while (await client.hear()).get("topic") != "orderbook.50.ETHUSDT":
            pass
        made.clear()
        exchange.step()
        server.publish_tickers()
        server.publish_tickers()
    assert made == ["ETHUSDT"], "once for a move of the market"
