"""Depth and early warnings: sockets of their own, what is followed and nothing else, people told on change."""

from collections.abc import Callable

from marginwatch.collect import market
from marginwatch.collect.settings import CollectSettings
from marginwatch.model.account import AccountSpec
from marginwatch.model.events import AdlAlertsUpdate, DepthsUpdate, InsurancePoolsUpdate, LiquidationsSeen
from marginwatch.model.position import Position

Spec = Callable[..., AccountSpec]
GROUPS = {"insurance.USDT", "adlAlert.USDT", "insurance.USDC", "adlAlert.USDC"}


def hold(desk, name: str, *symbols: str) -> None:
    resolve = desk.venue.catalog.resolve
    desk.venue.account(name).positions = tuple(
        Position(instrument=resolve("linear", symbol), position_side="net", quantity="1")
        for symbol in symbols
    )


def book(symbol: str, kind: str, number: int, bids: list[list[str]]) -> dict[str, object]:
    data = {"s": symbol, "b": bids, "a": [["11", "1"]], "u": number, "seq": 5}
    return {"topic": f"orderbook.50.{symbol}", "type": kind, "ts": 1790134716101, "data": data}


def alert(symbol: str, balance: float) -> dict[str, object]:
    row = {
        "c": "USDT",
        "s": symbol,
        "b": balance,
        "mb": "",
        "i_pr": -0.3,
        "pr": -0.1,
        "adl_tt": 1,
        "adl_sr": -0.25,
    }
    return {"topic": "adlAlert.USDT", "type": "snapshot", "ts": 1, "data": [row]}


def followed(peer) -> set[str]:
    held: set[str] = set()
    for message in peer.said:
        if message["op"] == "subscribe":
            held |= set(message["args"])
        elif message["op"] == "unsubscribe":
            held -= set(message["args"])
    return held


def market_peer(desk):
    """Return the socket of the linear category that carries no tickers."""
    (found,) = [
        peer
        for peer in desk.wire.public("linear")
        if peer.is_open and any(topic.startswith("orderbook.") for topic in followed(peer))
    ]
    return found


async def start(desk, make_spec: Spec, *symbols: str):
    desk.settings = CollectSettings()
    hold(desk, "a", *symbols)
    await desk.start(make_spec("a"))
    await desk.clock.advance(5)
    return market_peer(desk)


async def test_what_is_held_is_followed_on_a_socket_of_its_own(desk, make_spec: Spec) -> None:
    peer = await start(desk, make_spec, "ETHUSDT")
    symbols = ("ETHUSDT", "BTCUSDT", "BTCPERP")
    expected = {f"{word}.{symbol}" for word in ("orderbook.50", "allLiquidation") for symbol in symbols}
    assert followed(peer) == expected | GROUPS
    assert not any(topic.startswith("tickers") for topic in followed(peer))
    assert len(desk.wire.public("linear")) == 2


async def test_it_can_be_switched_off(desk, make_spec: Spec) -> None:
    hold(desk, "a", "ETHUSDT")
    await desk.start(make_spec("a"))
    await desk.clock.advance(5)
    assert len(desk.wire.public("linear")) == 1


async def test_order_books_are_told_once_a_second_while_they_change(desk, make_spec: Spec) -> None:
    peer = await start(desk, make_spec, "ETHUSDT")
    peer.push(book("ETHUSDT", "snapshot", 7, [["10", "1"]]))
    for number in range(8, 12):
        peer.push(book("ETHUSDT", "delta", number, [["9", str(number)]]))
    assert desk.of(DepthsUpdate) == []
    await desk.clock.advance(3)
    (update,) = desk.of(DepthsUpdate)
    (depth,) = update.depths
    assert depth.bids == (("10", "1"), ("9", "11"))
    assert depth.instrument.venue_symbol == "ETHUSDT"


async def test_a_lost_push_or_a_missing_snapshot_is_asked_for_anew(desk, make_spec: Spec) -> None:
    peer = await start(desk, make_spec, "ETHUSDT")
    said = len(peer.said)
    peer.push(book("ETHUSDT", "delta", 7, [["10", "1"]]))
    assert [message["op"] for message in peer.said[said:]] == ["unsubscribe", "subscribe"]
    peer.push(book("ETHUSDT", "snapshot", 7, [["10", "1"]]))
    await desk.clock.advance(10)
    said = len(peer.said)
    peer.push(book("ETHUSDT", "delta", 9, [["10", "5"]]))
    asked = [message for message in peer.said[said:] if message["op"] == "subscribe"]
    assert [message["args"] for message in asked] == [["orderbook.50.ETHUSDT"]]
    peer.push(book("ETHUSDT", "snapshot", 10, [["10", "6"]]))
    await desk.clock.advance(2)
    assert desk.of(DepthsUpdate)[-1].depths[0].bids == (("10", "6"),)


async def test_many_books_take_turns(desk, make_spec: Spec, monkeypatch) -> None:
    monkeypatch.setattr(market, "TOLD_A_BEAT", 1)
    peer = await start(desk, make_spec, "ETHUSDT", "SOLUSDT")
    for number in range(1, 5):
        for symbol in ("ETHUSDT", "SOLUSDT"):
            peer.push(book(symbol, "snapshot", number, [["10", str(number)]]))
        await desk.clock.advance(1)
    told = [depth.instrument.venue_symbol for update in desk.of(DepthsUpdate) for depth in update.depths]
    assert sorted(told[:2]) == sorted(told[2:4]) == ["ETHUSDT", "SOLUSDT"]


async def test_liquidations_and_pools_of_what_is_followed_are_passed_on(desk, make_spec: Spec) -> None:
    peer = await start(desk, make_spec, "ETHUSDT")
    row = {"T": 5, "s": "ETHUSDT", "S": "Buy", "v": "20", "p": "9"}
    peer.push({"topic": "allLiquidation.ETHUSDT", "type": "snapshot", "ts": 6, "data": [row]})
    (seen,) = desk.of(LiquidationsSeen)
    assert seen.liquidations[0].position_side == "long"
    pools = [
        {"coin": "USDT", "symbols": symbols, "balance": "5", "updateTime": "9"}
        for symbols in ("ETHUSDT,XUSDT", "YUSDT")
    ]
    peer.push({"topic": "insurance.USDT", "type": "snapshot", "ts": 6, "data": pools})
    (update,) = desk.of(InsurancePoolsUpdate)
    assert [pool.venue_symbols for pool in update.pools] == [("ETHUSDT", "XUSDT")]


async def test_people_hear_when_a_held_contract_begins_and_ends_to_be_deleveraged(
    desk, make_spec: Spec
) -> None:
    peer = await start(desk, make_spec, "ETHUSDT")
    for balance in (50.0, 50.0, 0.0, 0.0, -1.0, 50.0):
        peer.push(alert("ETHUSDT", balance))
    peer.push(alert("DOGEUSDT", 0.0))
    notices = [(one.kind, "ETHUSDT" in one.message) for one in desk.notices if one.kind.startswith("adl")]
    assert notices == [("adl_begun", True), ("adl_ended", True)]
    assert [update.alerts[0].balance for update in desk.of(AdlAlertsUpdate)] == [
        "50.0",
        "0.0",
        "-1.0",
        "50.0",
    ]


async def test_frames_that_cannot_be_read_are_kept_aside(desk, make_spec: Spec) -> None:
    peer = await start(desk, make_spec, "ETHUSDT")
    peer.push(b'{"topic":"orderbook.50.ETHUSDT","type":"delta","data":{}}')
    assert len(desk.quarantined) == 1
    assert desk.of(DepthsUpdate) == []


async def test_a_new_socket_begins_with_a_snapshot_again(desk, make_spec: Spec) -> None:
    peer = await start(desk, make_spec, "ETHUSDT")
    peer.push(book("ETHUSDT", "snapshot", 7, [["10", "1"]]))
    peer.cut()
    await desk.clock.advance(10)
    new = market_peer(desk)
    assert new is not peer
    said = len(new.said)
    new.push(book("ETHUSDT", "delta", 8, [["10", "2"]]))
    assert [message["op"] for message in new.said[said:]] == ["unsubscribe", "subscribe"]


async def test_more_contracts_than_are_followed_are_said(desk, make_spec: Spec, monkeypatch) -> None:
    monkeypatch.setattr(market, "CONTRACTS_MAX", 1)
    desk.settings = CollectSettings()
    hold(desk, "a", "ETHUSDT", "SOLUSDT")
    await desk.start(make_spec("a"))
    await desk.clock.advance(5)
    peers = [
        topic
        for category in ("linear", "inverse")
        for peer in desk.wire.public(category)
        for topic in followed(peer)
        if topic.startswith("orderbook.")
    ]
    assert len(peers) == 1
