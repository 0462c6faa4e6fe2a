"""Every endpoint and every topic that is served is held against a message of Bybit's, in both directions.

``test_shapes.py`` compares each recorded message with ours in the same state. Here the simulator's own tables say what is
served: whatever has no message to be held against fails, unless it is stated why there is none; and a key that none of
Bybit's messages of that kind has is taken for invented, unless it is stated where it is documented.
"""

from typing import Any

import pytest
from served_samples import ALLOWED, ENVELOPES, NOT_THERE, PRIVATE, PUBLIC, REST, TRIMMED, Sample, fields
from wire_shapes import PAYLOADS, differences, places, recorded

from marginwatch.sim.bybit import topics
from marginwatch.sim.bybit.gate import ROUTES
from marginwatch.sim.bybit.server import BybitSimServer


def strange(ours: Any, sample: Sample) -> list[str]:
    """Return fields of ours that no message of that kind has, and stated ones that ours does not have either."""
    known = places([recorded(name) for name in sample.files]) | (frozenset() if sample.files else ENVELOPES)
    # A push has the fields of a row of REST, one level higher.
    known |= {name.replace("result.list.", "data.") for name in known}
    rows = {name: name.rpartition(".")[2] for name in places(ours) - known}
    invented = sorted(name for name, last in rows.items() if last not in sample.newer)
    return invented + sorted(f"not {name}" for name in sample.newer - set(rows.values()))


@pytest.fixture
def guest(exchange):
    """An account in cross margin that has some of everything; one in portfolio margin and one with isolated positions."""
    for name, mode in (("stressed", "PORTFOLIO_MARGIN"), ("alone", "ISOLATED_MARGIN")):
        other = exchange.open_account(name, margin_mode=mode)
        exchange.deposit(other.uid, "USDT", "50000")
        exchange.open_position(other.uid, "BTCUSDT", "0.1")
    exchange.open_position(exchange.accounts()[-2].uid, exchange.instruments("option")[-1].symbol, "-0.1")
    info = exchange.open_account("guest")
    uid = info.uid
    for coin, amount in (("USDT", "500000"), ("USDC", "500000"), ("BTC", "2")):
        exchange.deposit(uid, coin, amount)
    exchange.move_funding(uid, "USDT", "-1000")
    first = min(row.delivery_ms for row in exchange.instruments("option"))
    board = [row for row in exchange.instruments("option") if row.base_coin == "BTC"]
    expiring = next(row for row in board if row.delivery_ms == first)
    staying = next(row for row in board if row.delivery_ms > first)
    for symbol in ("BTCUSDT", "BTCPERP", expiring.symbol, staying.symbol):
        exchange.open_position(uid, symbol, "0.2")
    exchange.open_position(uid, "BTCUSD", "300")
    exchange.open_position(uid, "BTCUSDT", "-0.1")
    exchange.step((first - exchange.now_ms()) / 1000.0 + 1.0)
    exchange.place_order(uid, "ETHUSDT", "1", "100")
    price = exchange.tickers("spot", "BTCUSDT")[0].last_price
    exchange.place_spot_order(uid, "BTCUSDT", "0.1", price + 1000)
    exchange.place_spot_order(uid, "BTCUSDT", "0.1", price - 1000)
    return info


def announced_maintenance(number: int) -> dict[str, Any]:
    return {**recorded("rest_system_status_docs")["result"]["list"][0], "id": str(number)}


def allowed(name: str) -> set[str]:
    return {text.replace("_", " ") for text in ALLOWED.get(name, ())}


def test_every_endpoint_has_a_sample() -> None:
    assert {sample.how.partition("?")[0] for sample in REST.values()} == ROUTES.keys()


def test_every_topic_has_a_sample(server: BybitSimServer) -> None:
    assert PRIVATE.keys() == topics.ALL_IN_ONE
    assert {topics.family_of(topic) for topic in topics.CATEGORISED} <= PRIVATE.keys()
    streams = {**server.public, "misc/status": server.status}
    served = {f"{channel} {family}" for channel, stream in streams.items() for family in stream.families}
    assert served == PUBLIC.keys() | NOT_THERE.keys()


def test_every_message_of_bybit_is_of_a_kind() -> None:
    refusals = {"error_10002_recv_window", "error_10006_too_many_visits", "ws_subscription_failure"}
    samples = (*REST.values(), *PRIVATE.values(), *PUBLIC.values())
    assert {name for sample in samples for name in sample.files} | refusals == {
        file.stem for file in PAYLOADS.glob("*.json")
    }
    for sample in samples:
        assert bool(sample.files) != bool(sample.why)


async def test_every_endpoint_says_what_bybit_says_and_nothing_else(rest, server, exchange, guest) -> None:
    server.front.announcements.append(announced_maintenance(len(server.front.announcements)))
    problems: dict[str, list[str]] = {}
    for kind, sample in REST.items():
        path, _, query = sample.how.partition("?")
        key = next(one.key for one in exchange.accounts() if one.name == sample.who)
        ours = await rest.get(path, query, key if ROUTES[path].is_private else None)
        assert ours["retCode"] == 0, (kind, ours)
        if found := strange(ours, sample):
            problems[kind] = found
        for name in TRIMMED.intersection(sample.files):
            if lost := differences(recorded(name), ours) - allowed(name):
                problems[f"{kind}, {name}"] = sorted(lost)
    assert not problems, "\n".join(f"{kind}: {found}" for kind, found in problems.items())


async def heard(client: Any, wanted: set[str]) -> dict[str, list[Any]]:
    """Return all messages until there was one of each topic."""
    found: dict[str, list[Any]] = {}
    while missing := wanted - found.keys():
        try:
            message = await client.hear()
        except TimeoutError:
            raise AssertionError(f"nothing heard of {sorted(missing)}") from None
        if "topic" in message:
            found.setdefault(message["topic"], []).append(message)
    return found


async def test_every_push_says_what_bybit_says_and_nothing_else(server, exchange, guest, open_stream) -> None:
    client = await open_stream(server.urls.private)
    await client.log_in(guest.key)
    await client.ask({"op": "subscribe", "args": sorted(topics.ALL_IN_ONE)})
    option = exchange.instruments("option")[0].symbol
    for symbol in (option, "BTCUSD", "BTCPERP"):
        exchange.open_position(guest.uid, symbol, "1")
    order = exchange.place_order(guest.uid, "ETHUSDT", "1", "99")
    exchange.fill_order(guest.uid, order.order_id, "0.5")
    price = exchange.tickers("spot", "BTCUSDT")[0].last_price
    exchange.place_spot_order(guest.uid, "BTCUSDT", "0.1", price + 1000)
    assert_same(await heard(client, set(topics.ALL_IN_ONE)), PRIVATE)


def assert_same(messages: dict[str, list[Any]], samples: dict[str, Sample]) -> None:
    problems: dict[str, list[str]] = {}
    for kind, sample in samples.items():
        if found := strange(messages[kind], sample):
            problems[kind] = found
        for name in TRIMMED.intersection(sample.files):
            theirs = recorded(name)
            # A row of REST is a row of the push.
            theirs = {"data": theirs["result"]["list"]} if name.startswith("rest_") else theirs
            lost = min((differences(theirs, one) for one in messages[kind]), key=len)
            if lost := lost - allowed(name):
                problems[f"{kind}, {name}"] = sorted(lost)
    assert not problems, "\n".join(f"{kind}: {found}" for kind, found in problems.items())


async def test_every_public_topic_says_what_bybit_says_and_nothing_else(
    server, exchange, guest, open_stream
) -> None:
    option = exchange.instruments("option")[0].symbol
    messages: dict[str, list[Any]] = {}
    for channel in (*server.public, "misc/status"):
        kinds = {kind: sample for kind, sample in PUBLIC.items() if kind.split()[0] == channel}
        wanted = {sample.how.replace("OPTION", option): kind for kind, sample in kinds.items()}
        client = await open_stream(
            server.urls.status if channel == "misc/status" else server.urls.public[channel]
        )
        await client.ask({"op": "subscribe", "args": list(wanted)})
        move_everything(server, exchange, guest.uid, option)
        found = await heard(client, set(wanted))
        messages |= {wanted[topic]: rows for topic, rows in found.items()}
    assert_same(messages, PUBLIC)


def move_everything(server: BybitSimServer, exchange: Any, uid: str, option: str) -> None:
    """Trade on every channel, announce maintenance, and let the market jump so far that many are liquidated."""
    for symbol in ("BTCUSDT", "BTCUSD", option):
        exchange.open_position(uid, symbol, "1")
    price = exchange.tickers("spot", "BTCUSDT")[0].last_price
    exchange.place_spot_order(uid, "BTCUSDT", "0.01", price + 1000)
    server.front.announcements.append(announced_maintenance(len(server.front.announcements)))
    mark = exchange.tickers("linear", "BTCUSDT")[0].mark_price
    exchange.set_price("BTCUSDT", round(mark * 7 / 10))
    server.publish_tickers()


@pytest.mark.parametrize("kind", sorted(NOT_THERE))
async def test_what_a_channel_does_not_have_is_refused(server, open_stream, kind) -> None:
    client = await open_stream(server.urls.public[kind.split()[0]])
    answer = await client.ask({"op": "subscribe", "args": [NOT_THERE[kind]]})
    assert answer["success"] is False


def test_an_invented_field_is_found() -> None:
    sample = Sample("", ("rest_time_docs",), fields("colour"))
    ours = recorded("rest_time_docs")
    assert strange({**ours, "colour": 1}, sample) == []
    assert strange({**ours, "result": {**ours["result"], "timeWarp": "1"}}, sample) == [
        "result.timeWarp",
        "not colour",
    ]
