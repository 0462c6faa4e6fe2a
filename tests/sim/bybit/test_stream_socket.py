"""Faults of single frames, as a client sees them."""

import asyncio
import functools
import json

import aiohttp
import pytest

from marginwatch.clock import ManualClock
from marginwatch.sim.bybit.damage import HUGE_BYTES
from marginwatch.sim.bybit.frames import malformed_frame, push, text_frame, truncated_frame
from marginwatch.sim.bybit.server import BybitSimServer
from marginwatch.sim.exchange import Exchange
from marginwatch.sim.faults import Faults, parse_faults


@pytest.mark.parametrize(("length", "header"), [(5, 2), (125, 2), (126, 4), (65_535, 4), (65_536, 10)])
def test_frames_announce_their_length(length: int, header: int) -> None:
    frame = text_frame(b"x" * length)
    assert (frame[0], len(frame)) == (0x81, header + length)
    announced = frame[1] if header == 2 else int.from_bytes(frame[2:header], "big")
    assert announced == length


def test_damaged_frames() -> None:
    message = push({"topic": "position"})
    assert malformed_frame(message)[1] == len(message.payload) // 2
    assert message.frame.startswith(truncated_frame(message))


async def listen(server, open_stream, trader):
    client = await open_stream(server.urls.private)
    await client.log_in(trader.key)
    await client.ask({"op": "subscribe", "args": ["execution"]})
    return client


def trade(exchange, trader, times: int) -> list[str]:
    symbol = exchange.positions(trader.uid, "linear")[0].symbol
    step = exchange.instruments("linear", symbol)[0].qty_step
    return [exchange.open_position(trader.uid, symbol, step).exec_id for _ in range(times)]


async def heard_ids(client, count: int) -> list[str]:
    return [(await client.hear())["data"][0]["execId"] for _ in range(count)]


async def test_without_faults_everything_comes_once_and_in_order(
    server, open_stream, exchange, trader
) -> None:
    client = await listen(server, open_stream, trader)
    sent = trade(exchange, trader, 50)
    assert await heard_ids(client, 50) == sent
    assert await client.hears_nothing()


async def test_delay_keeps_the_order(open_stream, exchange, trader) -> None:
    async with BybitSimServer(exchange, Faults(parse_faults("delay=1ms..40ms"), seed=3)) as slow:
        client = await listen(slow, open_stream, trader)
        sent = trade(exchange, trader, 30)
        assert await heard_ids(client, 30) == sent


async def test_dropped_frames_never_come(open_stream, exchange, trader) -> None:
    async with BybitSimServer(exchange, Faults(parse_faults("drop=1"))) as bad:
        client = await listen(bad, open_stream, trader)
        trade(exchange, trader, 5)
        assert await client.hears_nothing()
        bad.faults.stop()
        sent = trade(exchange, trader, 1)
        assert await heard_ids(client, 1) == sent


async def test_duplicates_come_twice(open_stream, exchange, trader) -> None:
    async with BybitSimServer(exchange, Faults(parse_faults("duplicate=1"))) as bad:
        client = await listen(bad, open_stream, trader)
        first, second = trade(exchange, trader, 2)
        assert await heard_ids(client, 4) == [first, first, second, second]


async def test_reordered_frames_are_overtaken_and_none_is_lost(open_stream, exchange, trader) -> None:
    async with BybitSimServer(exchange, Faults(parse_faults("reorder=0.3"), seed=2)) as bad:
        client = await listen(bad, open_stream, trader)
        sent = trade(exchange, trader, 30)
        heard = await heard_ids(client, 30)
        assert heard != sent
        assert sorted(heard) == sorted(sent)


async def test_malformed_text_leaves_the_socket_alive(open_stream, exchange, trader) -> None:
    async with BybitSimServer(exchange, Faults(parse_faults("malformed=1"))) as bad:
        client = await listen(bad, open_stream, trader)
        trade(exchange, trader, 1)
        message = await client.socket.receive(timeout=20)
        assert message.type is aiohttp.WSMsgType.TEXT
        with pytest.raises(json.JSONDecodeError):
            json.loads(message.data)
        assert (await client.ask({"op": "ping"}))["op"] == "pong"


async def test_a_truncated_frame_ends_the_socket(open_stream, exchange, trader) -> None:
    async with BybitSimServer(exchange, Faults(parse_faults("truncate=1"))) as bad:
        client = await listen(bad, open_stream, trader)
        trade(exchange, trader, 1)
        message = await asyncio.wait_for(client.socket.receive(), 20.0)
        assert message.type is not aiohttp.WSMsgType.TEXT
        assert client.socket.closed


async def test_a_client_that_does_not_read_is_cut(server, open_stream, trader) -> None:
    client = await listen(server, open_stream, trader)
    (connection,) = server.private.of_account(trader.uid)
    client.socket._response.connection.transport.pause_reading()
    large = push({"topic": "execution", "data": "x" * 1_000_000})
    for _ in range(60):
        connection.socket.push(large)
    for _ in range(200):
        if not server.sockets():
            break
        await asyncio.sleep(0.01)
    assert server.sockets() == 0


async def test_a_value_of_another_type_leaves_the_socket_alive(open_stream, exchange, trader) -> None:
    async with BybitSimServer(exchange, Faults(parse_faults("wrong_types=1"), seed=1)) as bad:
        client = await listen(bad, open_stream, trader)
        trade(exchange, trader, 20)
        heard = [await client.hear() for _ in range(20)]
        bad.faults.stop()
        trade(exchange, trader, 1)
        fine = await client.hear()
        kinds = {name: type(value) for name, value in fine["data"][0].items()}
        assert not any(
            isinstance(message.get("data"), list)
            and message["data"]
            and isinstance(message["data"][0], dict)
            and {name: type(value) for name, value in message["data"][0].items()} == kinds
            and {name: type(value) for name, value in message.items()}
            == {name: type(value) for name, value in fine.items()}
            for message in heard
        )


async def test_a_huge_frame_is_a_good_one(open_stream, exchange, trader) -> None:
    async with BybitSimServer(exchange, Faults(parse_faults("huge=1"))) as bad:
        client = await listen(bad, functools.partial(open_stream, max_msg_size=0), trader)
        sent = trade(exchange, trader, 2)
        heard = [await client.hear() for _ in sent]
        assert [message["data"][0]["execId"] for message in heard] == sent
        assert len(heard[0]["padding"]) == HUGE_BYTES


async def test_a_frame_in_pieces_arrives_whole_and_in_order(open_stream, exchange, trader) -> None:
    async with BybitSimServer(exchange, Faults(parse_faults("trickle=0.3"), seed=5)) as bad:
        client = await listen(bad, open_stream, trader)
        sent = trade(exchange, trader, 12)
        assert await heard_ids(client, 12) == sent


async def test_a_slow_reader_answers_late_but_pushes_in_time(open_stream, trader) -> None:
    clock = ManualClock()
    exchange = Exchange(7, clock, n_accounts=1, activity_per_s=0.0)
    async with BybitSimServer(exchange, Faults(), clock=clock) as bad:
        client = await open_stream(bad.urls.private)
        bad.faults.plan = parse_faults("slow_reader=4s")
        await client.say({"op": "ping"})
        assert await client.hears_nothing()
        await clock.advance(4.0)
        assert (await client.hear())["op"] == "pong"


async def test_sockets_and_log_ins_are_refused_by_chance(exchange, open_stream, trader) -> None:
    async with BybitSimServer(exchange, Faults(parse_faults("refuse_socket=1"))) as bad:
        with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
            await open_stream(bad.urls.private)
        assert caught.value.status == 503
        bad.faults.plan = parse_faults("refuse_login=1")
        client = await open_stream(bad.urls.private)
        assert (await client.log_in(trader.key))["success"] is False
        bad.faults.plan = parse_faults("")
        assert (await client.log_in(trader.key))["success"] is True


async def test_a_new_plan_reaches_the_sockets_that_are_open_already(server, open_stream, trader) -> None:
    cut, spared = await listen(server, open_stream, trader), await listen(server, open_stream, trader)
    server.faults.plan = parse_faults("disconnect=1ms")
    assert (await asyncio.wait_for(cut.socket.receive(), 20.0)).type is not aiohttp.WSMsgType.TEXT
    assert (await asyncio.wait_for(spared.socket.receive(), 20.0)).type is not aiohttp.WSMsgType.TEXT
    server.faults.plan = parse_faults("disconnect=1s")  # its seed ends the next socket after 0.8 s
    living = await listen(server, open_stream, trader)
    server.faults.plan = parse_faults("")
    assert await living.hears_nothing(1.2), "its end was called off with the plan"
