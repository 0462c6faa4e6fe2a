import pytest

from marginwatch.sim.bybit.control import Control


@pytest.fixture
async def ask(server, http):
    control = Control(server, "token")
    await control.start()

    async def post(path, body):
        async with http.post(
            control.url + path, json=body, headers={"Authorization": "Bearer token"}
        ) as reply:
            return reply.status, await reply.json()

    yield post
    await control.stop()


async def test_other_programs_move_the_market(ask, exchange) -> None:
    before = float(exchange.tickers("linear", "ETHUSDT")[0].index_price)
    assert (await ask("/shock", {"move": -0.1, "coin": "ETH"}))[0] == 200
    assert float(exchange.tickers("linear", "ETHUSDT")[0].index_price) == pytest.approx(
        0.9 * before, rel=1e-3
    )
    assert await ask("/peg", {"coin": "USDT", "price": "0.95"}) == (200, {"coin": "USDT", "price": "0.95"})
    assert await ask("/regime", {"regime": "stressed"}) == (200, {"regime": "stressed"})
    full = exchange.order_book("linear", "BTCUSDT", 50).asks[20][1]
    assert (await ask("/depth", {"factor": 0.1, "symbol": "BTCUSDT"}))[0] == 200
    assert float(exchange.order_book("linear", "BTCUSDT", 50).asks[20][1]) == pytest.approx(
        float(full) / 10, rel=0.05
    )
    exchange.advance(40.0)
    usdt = exchange.tickers("spot", "BTCUSDT")[0]
    assert float(usdt.usd_index / usdt.last_price) == pytest.approx(0.95, abs=0.005)
    assert await ask("/regime", {"regime": None}) == (200, {"regime": None})
    assert await ask("/peg", {"coin": "USDT", "price": None}) == (200, {"coin": "USDT", "price": None})


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/shock", {"move": -2}),
        ("/shock", {"move": 0.1, "coin": "NOPE"}),
        ("/regime", {"regime": "doom"}),
        ("/peg", {"coin": "USDT", "price": "none"}),
        ("/depth", {"factor": 1, "symbol": "NOPE"}),
    ],
)
async def test_what_cannot_be_done_is_said(ask, exchange, path, body) -> None:
    version = exchange.market_version
    status, answer = await ask(path, body)
    assert (status, list(answer)) == (400, ["error"])
    assert exchange.market_version == version
