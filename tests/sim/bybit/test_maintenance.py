import pytest

from marginwatch.clock import ManualClock
from marginwatch.sim.bybit.maintenance import TOPIC, StatusFeed, announced
from marginwatch.sim.bybit.server import BybitSimServer

WORK = {"id": "1", "title": "upgrade", "state": "scheduled", "begin": "1000", "end": "2000"}


@pytest.mark.parametrize(
    ("now_ms", "state"),
    [(0, "scheduled"), (999, "scheduled"), (1000, "ongoing"), (1999, "ongoing"), (2000, "completed")],
)
def test_states_go_on_with_time(now_ms, state) -> None:
    assert announced([WORK], now_ms) == [{**WORK, "state": state}]


@pytest.mark.parametrize(
    "row",
    [
        {**WORK, "state": "canceled"},
        {**WORK, "state": "completed", "begin": "5000", "end": "6000"},
        {**WORK, "begin": "soon"},
        {"id": "2", "title": "no times", "state": "ongoing"},
        {"id": "3"},
    ],
)
def test_rows_that_time_does_not_change(row) -> None:
    assert announced([row], 3000) == [row]


async def test_only_news_are_told(exchange) -> None:
    clock = ManualClock(1_000_000 * 10**6)
    front = BybitSimServer(exchange, clock=clock).front
    feed = StatusFeed(front, "misc/status")
    old = {**WORK, "id": "old", "state": "canceled"}
    front.announcements.append(old)
    feed.open(TOPIC)
    assert not list(feed.news(0.0))
    begin = front.now_ms() + 5000
    front.announcements.append({**WORK, "begin": str(begin), "end": str(begin + 5000)})
    states = []
    for _ in range(15):
        for topic, message in feed.news(0.0):
            assert (topic, message.keys()) == (TOPIC, {"topic", "ts", "data"})
            states += [(row["id"], row["state"], (message["ts"] - begin) // 1000) for row in message["data"]]
        await clock.advance(1.0)
    assert states == [("1", "scheduled", -5), ("1", "ongoing", 0), ("1", "completed", 5)]


async def test_the_status_socket(server, open_stream, rest) -> None:
    client = await open_stream(server.urls.status)
    refused = await client.ask({"op": "subscribe", "args": ["tickers.BTCUSDT"]})
    assert refused["ret_msg"] == "error:handler not found,topic:tickers.BTCUSDT"
    assert (await client.ask({"op": "subscribe", "args": ["system.status"]}))["success"] is True
    assert await client.hears_nothing()
    server.front.announcements.append({**WORK, "id": "x"})
    message = await client.hear()
    assert (message["topic"], message["data"]) == (TOPIC, [{**WORK, "id": "x", "state": "completed"}])
    by_state = [
        (await rest.get("/v5/system/status", f"state={state}"))["result"]["list"]
        for state in ("ongoing", "completed")
    ]
    assert [len(rows) for rows in by_state] == [0, 1]
    elsewhere = await open_stream(server.urls.public["linear"])
    assert (await elsewhere.ask({"op": "subscribe", "args": ["system.status"]}))["success"] is False
