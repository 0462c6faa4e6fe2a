"""Public prices: only what is held, snapshots before deltas, REST where a socket is silent."""

from collections.abc import Callable

import pytest

from marginwatch.collect.settings import CollectSettings
from marginwatch.errors import ConnectivityError
from marginwatch.model.account import AccountSpec
from marginwatch.model.balance import Balance
from marginwatch.model.events import MarksUpdate
from marginwatch.model.position import Position
from marginwatch.model.price import Mark
from marginwatch.venues.bybit.stream import BybitStream

Spec = Callable[..., AccountSpec]


def hold(desk, name: str, *symbols: str, category: str = "linear") -> None:
    resolve = desk.venue.catalog.resolve
    desk.venue.account(name).positions = tuple(
        Position(instrument=resolve(category, symbol), position_side="net", quantity="1")
        for symbol in symbols
    )


def ticker(symbol: str, kind: str, price: str) -> dict[str, object]:
    """Return a ticker push; shape of the reference's live capture of 2026-09."""
    data = {"symbol": symbol, "markPrice": price}
    return {"topic": f"tickers.{symbol}", "type": kind, "data": data, "cs": 814547789569, "ts": 1790134712383}


def subscribed(desk, category: str) -> set[str]:
    held: set[str] = set()
    for peer in desk.wire.public(category):
        for message in peer.said if peer.is_open else ():
            if message["op"] == "subscribe":
                held |= set(message["args"])
            elif message["op"] == "unsubscribe":
                held -= set(message["args"])
    return held


def heard(desk, symbol: str) -> list[str | None]:
    return [
        mark.mark_price
        for event in desk.of(MarksUpdate)
        for mark in event.marks
        if mark.instrument.venue_symbol == symbol
    ]


async def test_nothing_is_followed_while_nothing_is_held(desk, make_spec: Spec) -> None:
    await desk.start(make_spec("a"))
    await desk.clock.advance(20)
    assert len(desk.wire.peers) == len(desk.wire.private) == 1
    assert desk.venue.marks_asked == []


async def test_one_socket_a_category_follows_what_all_accounts_hold_and_the_conversions(
    desk, make_spec: Spec
) -> None:
    hold(desk, "a", "ETHUSDT", "SOLUSDT")
    hold(desk, "b", "ETHUSDT")
    desk.venue.account("b").balances = (
        Balance(asset="XRP", equity="5"),
        Balance(asset="DOGE", wallet_balance="0", equity="0.00"),
        Balance(asset="USDT", equity="100"),
    )
    await desk.start(make_spec("a"), make_spec("b"))
    await desk.clock.advance(5)
    assert subscribed(desk, "linear") == {
        f"tickers.{s}" for s in ("ETHUSDT", "SOLUSDT", "BTCUSDT", "BTCPERP")
    }
    assert subscribed(desk, "inverse") == {"tickers.BTCUSD"}
    assert subscribed(desk, "spot") == {"tickers.XRPUSDT"}
    assert [len(desk.wire.public(name)) for name in ("linear", "inverse", "spot", "option")] == [1, 1, 1, 0]


async def test_rest_brings_the_first_prices_and_only_those_wanted(desk, make_spec: Spec) -> None:
    resolve = desk.venue.catalog.resolve
    desk.venue.marks["linear"] = tuple(
        Mark(instrument=resolve("linear", symbol), mark_price="10") for symbol in ("ETHUSDT", "XRPUSDT")
    )
    hold(desk, "a", "ETHUSDT")
    desk.wire.is_down = True
    await desk.start(make_spec("a"))
    await desk.clock.advance(4)
    assert heard(desk, "ETHUSDT") == ["10"]
    assert heard(desk, "XRPUSDT") == []


@pytest.mark.parametrize("ahead_s", [60, -60])
async def test_the_times_of_prices_follow_our_clock_where_the_clocks_differ(
    desk, make_spec: Spec, monkeypatch: pytest.MonkeyPatch, ahead_s: int
) -> None:
    ahead_ns = ahead_s * 1_000_000_000
    monkeypatch.setattr(desk.venue, "venue_now_ns", lambda: desk.clock.now_ns() + ahead_ns)
    hold(desk, "a", "SOLUSDT")
    instrument = desk.venue.catalog.resolve("linear", "SOLUSDT")
    made_ns = desk.venue.venue_now_ns()
    desk.venue.marks["linear"] = (Mark(instrument=instrument, mark_price="150", ts_venue_ns=made_ns),)
    await desk.start(make_spec("a"))
    await desk.clock.advance(3)
    [first, *_] = [mark for event in desk.of(MarksUpdate) for mark in event.marks]
    assert first.ts_venue_ns == made_ns - ahead_ns


async def test_a_delta_before_its_snapshot_is_dropped_and_the_topic_asked_for_anew(
    desk, make_spec: Spec
) -> None:
    hold(desk, "a", "ETHUSDT")
    await desk.start(make_spec("a"))
    await desk.clock.advance(4)
    peer = desk.wire.public("linear")[0]
    for _ in range(3):
        peer.push(ticker("ETHUSDT", "delta", "11"))
    assert heard(desk, "ETHUSDT") == []
    asked = [m for m in peer.said if m["args" if "args" in m else "op"] == ["tickers.ETHUSDT"]]
    assert [message["op"] for message in asked] == ["unsubscribe", "subscribe"]
    peer.push(ticker("ETHUSDT", "snapshot", "12"))
    peer.push(ticker("ETHUSDT", "delta", "13"))
    assert heard(desk, "ETHUSDT") == ["12", "13"]


async def test_behind_a_ticker_that_could_not_be_read_a_delta_does_not_make_the_old_mark_look_young(
    desk, make_spec: Spec
) -> None:
    hold(desk, "a", "ETHUSDT", "SOLUSDT")
    await desk.start(make_spec("a"))
    await desk.clock.advance(4)
    peer = desk.wire.public("linear")[0]
    for symbol in ("ETHUSDT", "SOLUSDT"):
        peer.push(ticker(symbol, "snapshot", "12"))
    before = len(peer.said)
    peer.push(ticker("ETHUSDT", "delta", "not a price"))
    peer.push(ticker("ETHUSDT", "delta", "14"))
    peer.push(ticker("SOLUSDT", "delta", "15"))
    assert heard(desk, "ETHUSDT") == ["12"]
    assert heard(desk, "SOLUSDT") == ["12", "15"], "the others go on"
    assert [(m["op"], m["args"]) for m in peer.said[before:]] == [
        ("unsubscribe", ["tickers.ETHUSDT"]),
        ("subscribe", ["tickers.ETHUSDT"]),
    ]
    peer.push(ticker("ETHUSDT", "snapshot", "16"))
    assert heard(desk, "ETHUSDT") == ["12", "16"]


async def test_a_replaced_socket_needs_its_snapshots_anew(desk, make_spec: Spec) -> None:
    hold(desk, "a", "ETHUSDT")
    await desk.start(make_spec("a"))
    await desk.clock.advance(4)
    desk.wire.public("linear")[0].push(ticker("ETHUSDT", "snapshot", "12"))
    desk.wire.public("linear")[0].cut()
    await desk.clock.advance(5)
    second = desk.wire.public("linear")[1]
    assert {t for topics in second.topics for t in topics} >= {"tickers.ETHUSDT", "tickers.BTCUSDT"}
    second.push(ticker("ETHUSDT", "delta", "13"))
    assert heard(desk, "ETHUSDT") == ["12"]


async def test_a_silent_ticker_is_asked_for_by_rest_and_a_talking_one_is_not(desk, make_spec: Spec) -> None:
    hold(desk, "a", "ETHUSDT")
    await desk.start(make_spec("a"))
    await desk.clock.advance(4)
    everything = ("ETHUSDT", "BTCUSDT", "BTCPERP")
    for _ in range(10):
        for symbol in everything:
            desk.wire.public("linear")[0].push(ticker(symbol, "snapshot", "12"))
        await desk.clock.advance(2)
    talking = [at for at, category in desk.venue.marks_asked if category == "linear"]
    assert all(at < 8 for at in talking)
    desk.wire.public("linear")[0].is_mute = True
    await desk.clock.advance(20)
    silent = [at for at, category in desk.venue.marks_asked if category == "linear" and at > 24]
    assert 2 <= len(silent) <= 4


async def test_a_contract_nobody_holds_any_more_is_given_back_late(desk, make_spec: Spec) -> None:
    desk.settings = CollectSettings(depth=False, price_keep_s=120.0)
    hold(desk, "a", "ETHUSDT", "SOLUSDT")
    await desk.start(make_spec("a"))
    await desk.clock.advance(5)
    hold(desk, "a", "ETHUSDT")
    await desk.clock.advance(100)
    assert "tickers.SOLUSDT" in subscribed(desk, "linear")
    await desk.clock.advance(200)
    assert subscribed(desk, "linear") == {f"tickers.{s}" for s in ("ETHUSDT", "BTCUSDT", "BTCPERP")}
    hold(desk, "a")
    await desk.clock.advance(300)
    assert subscribed(desk, "linear") == set()


async def test_a_refused_topic_does_not_cost_the_others(desk, make_spec: Spec) -> None:
    def answers(peer, message) -> None:
        if message["op"] == "subscribe" and "tickers.FAKEUSDT" in message["args"]:
            words = "error:handler not found,topic:tickers.FAKEUSDT"
            peer.push({"success": False, "ret_msg": words, "op": "subscribe"})
        else:
            peer.push({"success": True, "ret_msg": "", "op": message["op"]})

    desk.wire.answers = answers
    hold(desk, "a", "FAKEUSDT", "ETHUSDT")
    await desk.start(make_spec("a"))
    await desk.clock.advance(5)
    peer = desk.wire.public("linear")[0]
    assert "tickers.FAKEUSDT" not in peer.topics[-1]
    assert {"tickers.ETHUSDT", "tickers.BTCUSDT"} <= set(peer.topics[-1])
    assert len(peer.topics) <= 3


async def test_a_lost_rest_side_does_not_stop_the_feed(desk, make_spec: Spec) -> None:
    hold(desk, "a", "ETHUSDT")
    desk.venue.marks_error = ConnectivityError("HTTP 502")
    await desk.start(make_spec("a"))
    await desk.clock.advance(10)
    desk.venue.marks_error = None
    desk.venue.marks["linear"] = (
        Mark(instrument=desk.venue.catalog.resolve("linear", "ETHUSDT"), mark_price="10"),
    )
    await desk.clock.advance(10)
    assert "10" in heard(desk, "ETHUSDT")
    desk.wire.public("linear")[0].push(b"{")
    assert desk.quarantined[0].account_id is None


async def test_of_the_sockets_for_prices_too_only_a_share_is_used(desk, make_spec: Spec, monkeypatch) -> None:
    # One topic fills a socket, so three held contracts and two conversions would take five of them.
    monkeypatch.setattr(BybitStream, "fits_public", lambda *_: False)
    desk.settings = CollectSettings(depth=False, public_sockets_max=10, share_of_limit=0.3)
    hold(desk, "a", "ETHUSDT", "SOLUSDT", "XRPUSDT")
    await desk.start(make_spec("a"))
    await desk.clock.advance(20)
    assert len(desk.wire.public("linear")) == 3
