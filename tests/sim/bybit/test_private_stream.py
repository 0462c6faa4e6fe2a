"""Conversations on the private stream."""

import asyncio
import time
from decimal import Decimal

import aiohttp
import pytest

from marginwatch.clock import ManualClock
from marginwatch.sim.bybit.limits import RateLimits
from marginwatch.sim.bybit.server import BybitSimServer
from marginwatch.sim.exchange import Exchange
from marginwatch.sim.faults import Faults, parse_faults


async def test_log_in_answers_and_echoes_the_request(server, open_stream, trader) -> None:
    client = await open_stream(server.urls.private)
    answer = await client.log_in(trader.key)
    assert answer.pop("conn_id")
    assert answer == {"success": True, "ret_msg": "", "op": "auth", "req_id": "log-in"}


async def test_log_in_takes_expires_as_text_too(server, open_stream, trader) -> None:
    client = await open_stream(server.urls.private)
    expires = str(time.time_ns() // 1_000_000 + 10_000)
    assert (await client.log_in(trader.key, expires=expires))["success"] is True


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"expires": 1}, "Params Error"),
        ({"expires": "soon"}, "Params Error"),
        ({"secret": "wrong"}, "error sign!"),
    ],
)
async def test_a_bad_log_in_is_refused(server, open_stream, trader, changes, said) -> None:
    client = await open_stream(server.urls.private)
    answer = await client.log_in(trader.key, **changes)
    assert (answer["success"], answer["op"]) == (False, "auth")
    assert answer["ret_msg"].startswith(said)
    answer = await client.ask({"op": "subscribe", "args": ["position"]})
    assert (answer["success"], answer["ret_msg"]) == (False, "Request not authorized")


async def test_an_unknown_key_is_refused(server, open_stream, trader) -> None:
    server.key_rules.revoked.add(trader.key.api_key)
    client = await open_stream(server.urls.private)
    assert (await client.log_in(trader.key))["ret_msg"] == "API key is invalid."


async def test_log_in_and_subscription_may_come_back_to_back(server, open_stream, trader) -> None:
    client = await open_stream(server.urls.private)
    first = asyncio.create_task(client.log_in(trader.key))
    await asyncio.sleep(0)
    await client.say({"op": "subscribe", "req_id": "second", "args": ["position", "wallet"]})
    assert (await first)["op"] == "auth"
    assert (await client.hear())["req_id"] == "second"


async def test_no_snapshot_follows_a_subscription(private) -> None:
    answer = await private.ask(
        {"op": "subscribe", "req_id": 7, "args": ["position", "wallet", "order", "execution"]}
    )
    assert (answer["success"], answer["req_id"]) == (True, 7)
    assert await private.hears_nothing()


async def test_topics_that_do_not_exist_or_repeat(private, server) -> None:
    answer = await private.ask({"op": "subscribe", "req_id": "a", "args": ["positions"]})
    assert (answer["success"], answer["ret_msg"]) == (False, "error:handler not found,topic:positions")
    await private.ask({"op": "subscribe", "args": ["position"]})
    answer = await private.ask({"op": "subscribe", "req_id": "b", "args": ["position"]})
    assert (answer["success"], answer["ret_msg"]) == (False, "error:already subscribed,topic:position")
    answer = await private.ask({"op": "subscribe", "args": ["order", "order.linear"]})
    assert answer["success"] is False
    assert (await private.ask({"op": "subscribe", "args": ["order.linear", "order.inverse"]}))[
        "success"
    ] is True
    assert server.front.counts["dcp"] == 0
    await private.ask({"op": "subscribe", "args": ["dcp.future"]})
    assert server.front.counts["dcp"] == 1


async def test_ping_has_the_private_shape(private) -> None:
    answer = await private.ask({"op": "ping", "req_id": "test"})
    assert (answer["op"], answer["req_id"]) == ("pong", "test")
    assert answer["args"][0].isdecimal()
    assert "success" not in answer
    await private.socket.ping()
    assert "req_id" not in await private.ask({"op": "ping"})


async def test_nonsense_is_answered_and_the_socket_lives(private) -> None:
    assert (await private.ask({"op": "nope"}))["ret_msg"] == "error:invalid op"
    assert (await private.ask("{not json"))["ret_msg"].startswith("Failed to decode incoming data:")
    assert (await private.ask("[1]"))["success"] is False
    assert (await private.ask({"op": "ping"}))["op"] == "pong"


async def collect(client, count: int) -> list[dict]:
    return [await client.hear() for _ in range(count)]


async def test_a_trade_is_pushed_to_its_account_alone(private, server, exchange, trader, open_stream) -> None:
    other = next(account for account in exchange.accounts() if account.uid != trader.uid)
    exchange.deposit(trader.uid, "ETH", 3)
    stranger = await open_stream(server.urls.private)
    await stranger.log_in(other.key)
    for client in (stranger, private):
        await client.ask({"op": "subscribe", "args": ["position", "wallet", "execution"]})
    symbol = exchange.positions(trader.uid, "linear")[0].symbol
    step = next(row.qty_step for row in exchange.instruments("linear") if row.symbol == symbol)
    exchange.open_position(trader.uid, symbol, step)
    heard = {}
    while heard.keys() != {"position", "wallet", "execution"}:
        message = await private.hear()
        assert message["id"]
        assert isinstance(message["creationTime"], int)
        heard[message["topic"]] = message["data"]
    true = exchange.positions(trader.uid, "linear", symbol=symbol)
    pushed = {(row["positionIdx"], row["side"], Decimal(row["size"])) for row in heard["position"]}
    assert pushed <= {(row.position_idx, row.side, row.size) for row in true}
    assert heard["execution"][0]["execType"] == "Trade"
    assert Decimal(heard["execution"][0]["execQty"]) == step
    assert len(exchange.wallet(trader.uid).coins) == 2
    assert [coin["coin"] for coin in heard["wallet"][0]["coin"]] == ["USDT"]
    assert await stranger.hears_nothing()


async def test_categorised_topics_carry_their_category_only(private, exchange, trader) -> None:
    await private.ask({"op": "subscribe", "args": ["position.inverse", "execution.linear"]})
    symbol = exchange.positions(trader.uid, "linear")[0].symbol
    step = next(row.qty_step for row in exchange.instruments("linear") if row.symbol == symbol)
    exchange.open_position(trader.uid, symbol, step)
    assert (await private.hear())["topic"] == "execution.linear"
    assert await private.hears_nothing()


async def test_an_order_makes_a_position_push_although_nothing_changed(private, exchange, trader) -> None:
    await private.ask({"op": "subscribe", "args": ["position", "order"]})
    row = exchange.positions(trader.uid, "linear")[0]
    step = next(i for i in exchange.instruments("linear") if i.symbol == row.symbol).qty_step
    order = exchange.place_order(trader.uid, row.symbol, step, (row.mark_price / 2).quantize(row.mark_price))
    heard = {message["topic"]: message["data"][0] for message in await collect(private, 2)}
    assert heard["order"]["orderId"] == order.order_id
    assert Decimal(heard["position"]["size"]) == row.size


async def test_a_frozen_private_stream_still_answers_pings(private, server, exchange, trader) -> None:
    await private.ask({"op": "subscribe", "args": ["position", "wallet", "execution"]})
    server.freeze_private(is_frozen=True)
    symbol = exchange.positions(trader.uid, "linear")[0].symbol
    step = next(row.qty_step for row in exchange.instruments("linear") if row.symbol == symbol)
    exchange.open_position(trader.uid, symbol, step)
    assert (await private.ask({"op": "ping"}))["op"] == "pong"
    assert await private.hears_nothing()


async def test_a_cut_account_sees_1006(private, server, trader) -> None:
    assert server.cut_account(trader.uid) == 1
    await asyncio.wait_for(private.socket.receive(), 20.0)
    assert private.socket.close_code == aiohttp.WSCloseCode.ABNORMAL_CLOSURE
    while server.sockets():  # the server keeps a count, not an event
        await asyncio.sleep(0.01)
    assert server.private.of_account(trader.uid) == ()


async def test_too_many_new_sockets_are_refused(exchange, open_stream) -> None:
    async with BybitSimServer(exchange, limits=RateLimits(sockets=2)) as strict:
        for _ in range(2):
            await open_stream(strict.urls.private)
        with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
            await open_stream(strict.urls.private)
        assert caught.value.status == 403


async def test_idle_sockets_are_cut_after_ten_minutes_or_as_asked(open_stream) -> None:
    clock = ManualClock()
    exchange = Exchange(7, clock, n_accounts=1, activity_per_s=0.0)
    async with BybitSimServer(exchange, clock=clock) as slow:
        patient = await open_stream(slow.urls.private)
        hasty = await open_stream(slow.urls.private + "?max_active_time=1m")
        await clock.advance(90.0)
        await asyncio.wait_for(hasty.socket.receive(), 20.0)
        assert hasty.socket.closed
        assert (await patient.ask({"op": "ping"}))["op"] == "pong"
        await clock.advance(570.0)
        assert (await patient.ask({"op": "ping"}))["op"] == "pong"
        await clock.advance(660.0)
        await asyncio.wait_for(patient.socket.receive(), 20.0)
        assert patient.socket.close_code == aiohttp.WSCloseCode.ABNORMAL_CLOSURE


async def test_a_half_open_socket_says_nothing_and_stays(exchange, open_stream, trader) -> None:
    async with BybitSimServer(exchange, Faults(parse_faults("half_open=50ms"), seed=1)) as bad:
        client = await open_stream(bad.urls.private)
        while not all(one.socket.is_mute for one in bad.private.connections):  # as above
            await asyncio.sleep(0.02)
        await client.say({"op": "ping"})
        assert await client.hears_nothing()
        assert bad.sockets() == 1
        assert not client.socket.closed


async def test_disconnects_come_and_can_be_stopped(exchange, open_stream) -> None:
    async with BybitSimServer(exchange, Faults(parse_faults("disconnect=30ms"), seed=1)) as bad:
        client = await open_stream(bad.urls.private)
        await asyncio.wait_for(client.socket.receive(), 20.0)
        assert client.socket.close_code == aiohttp.WSCloseCode.ABNORMAL_CLOSURE
        bad.faults.stop()
        steady = await open_stream(bad.urls.private)
        await asyncio.sleep(0.3)
        assert (await steady.ask({"op": "ping"}))["op"] == "pong"


async def test_a_proper_close_brings_a_close_frame(exchange, open_stream) -> None:
    async with BybitSimServer(exchange, Faults(parse_faults("close=30ms"), seed=1)) as bad:
        client = await open_stream(bad.urls.private)
        message = await asyncio.wait_for(client.socket.receive(), 20.0)
        assert message.type is aiohttp.WSMsgType.CLOSE
        assert client.socket.close_code == aiohttp.WSCloseCode.OK


async def test_no_text_ends_a_socket_that_could_be_answered(private) -> None:
    nested = await private.ask("[" * 100_000)
    assert nested["ret_msg"].startswith("Failed to decode incoming data:[[")
    endless = await private.ask({"op": "auth", "args": ["key", "9" * 5000, "sign"]})
    assert endless["ret_msg"] == "Params Error"
    assert (await private.ask({"op": "ping"}))["op"] == "pong"


async def test_a_banned_address_gets_no_socket_either(server, open_stream, rest) -> None:
    await rest.raw("/v5/market/time")
    server.limits.ban_all(server.front.clock.monotonic_s())
    for url in (server.urls.private, server.urls.public["linear"]):
        with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
            await open_stream(url)
        assert caught.value.status == 403
    server.limits.lift_bans()
    assert (await (await open_stream(server.urls.private)).ask({"op": "ping"}))["op"] == "pong"
