"""The stream over real sockets, with a client library that is not ours."""

import asyncio
import base64
import contextlib
import json
import socket
from collections.abc import AsyncGenerator
from types import SimpleNamespace
from typing import Any

import pytest
import pytest_asyncio
import websockets
from benchmarks.bench_frame import filled_book, perpetual
from tests.web.stream.likeness import assert_accounts, assert_positions
from tests.web.stream.replica import Replica

from marginwatch.engine.engine import Engine
from marginwatch.model.events import MarksUpdate
from marginwatch.model.price import Mark
from marginwatch.model.secret import Secret
from marginwatch.risk.frame import Frame
from marginwatch.web import patience
from marginwatch.web.app import create_app
from marginwatch.web.server import WebServer
from marginwatch.web.stream import hub as hub_module
from marginwatch.web.stream.hub import CLIENTS_MAX, EACH_ADDRESS_MAX, StreamHub
from marginwatch.web.stream.protocol import BUFFER_BYTES_MAX, StreamProtocol

N_CONTRACTS = 20
TOKEN = {"Authorization": "Bearer t0ken"}


class Desk:
    """Fifty accounts with twenty positions each, whose prices move with every frame."""

    def __init__(self) -> None:
        book, self.clock = filled_book(50, 20, N_CONTRACTS)
        self.engine = Engine(book, self.clock)
        self.n_moves = 0
        self.has_failed = False
        self.move()

    def move(self) -> Frame:
        self.n_moves += 1
        marks = [
            Mark(
                instrument=perpetual(f"C{number}", "USDT"),
                mark_price=str(10 + number + self.n_moves / 1000),
                index_price="10",
            )
            for number in range(N_CONTRACTS)
        ]
        self.clock._elapsed_ns += 100_000_000
        self.engine.sink(MarksUpdate(tuple(marks), self.clock.now_ns()))
        return self.engine.run_frame()

    def latest_frame(self) -> Frame | None:
        if self.has_failed:
            self.has_failed = False
            raise ZeroDivisionError("a defect")
        return self.engine.frame

    def is_alive(self) -> bool:
        return True

    def gather_book(self) -> Any:
        raise NotImplementedError


@pytest_asyncio.fixture
async def service() -> AsyncGenerator[SimpleNamespace, None]:
    """A served desk: ``connect()`` and ``hub``."""
    desk = Desk()
    gate = create_app(desk, Secret("t0ken"))
    hub: StreamHub = gate._app.state["stream"]
    server = WebServer(gate, port=0)
    await server.start()
    url = server.url.replace("http", "ws") + "/api/v1/stream"

    def connect(**options: Any) -> Any:
        return websockets.connect(url, **({"additional_headers": TOKEN, "max_size": None} | options))

    yield SimpleNamespace(desk=desk, hub=hub, server=server, connect=connect, url=url)
    await server.stop()


async def say(client: Any, *topics: str) -> None:
    await client.send(json.dumps({"subscribe": topics}))


async def receive(client: Any, wanted: Any) -> Any:
    """Return the next message that is wanted: ``bytes``, or a key of a text."""
    async with asyncio.timeout(20):
        while True:
            message = await client.recv()
            if isinstance(message, bytes):
                if wanted is bytes:
                    return message
            elif wanted in (found := json.loads(message)):
                return found


async def follow(client: Any, replicas: dict[str, Replica], frame: Frame) -> None:
    """Apply messages until every replica shows a frame."""
    while any(replica.at_ns != frame.at_ns for replica in replicas.values()):
        message = await receive(client, bytes)
        length = int.from_bytes(message[:4], "little")
        replicas[json.loads(message[4 : 4 + length])["topic"]].apply(message)


async def test_tables_and_documents_of_a_client_follow_the_frames(service: SimpleNamespace) -> None:
    replicas = {"accounts": Replica(), "positions": Replica()}
    async with service.connect() as client, service.connect() as reader:
        assert (await receive(client, "beat"))["beat"]["is_alive"]
        await say(client, "accounts", "positions")
        await say(reader, "summary")
        assert (await receive(reader, "document"))["topic"] == "summary"
        for _ in range(4):
            frame = service.desk.move()
            await follow(client, replicas, frame)
            assert_accounts(replicas["accounts"].rows(), frame)
            assert_positions(replicas["positions"].rows(), frame)
        assert (await receive(reader, "document"))["sequence"] == 2


async def test_a_topic_can_be_asked_for_again_and_may_be_a_part(service: SimpleNamespace) -> None:
    async with service.connect() as client:
        await say(client, "positions?account=a7", "accounts?desk=desk-1")
        whole = {one["topic"]: one for one in [await head(client), await head(client)]}
        assert whole["positions?account=a7"]["n_rows"] == 20
        assert whole["accounts?desk=desk-1"]["n_rows"] == len([one for one in range(50) if one % 7 == 1])
        service.desk.move()
        assert [(await head(client))["base"] for _ in range(2)] == [1, 1]
        await client.send('{"resync": "positions?account=a7"}')
        again = await head(client)
        assert (again["topic"], again["base"], again["n_rows"]) == ("positions?account=a7", None, 20)


async def head(client: Any) -> dict[str, Any]:
    message = await receive(client, bytes)
    return json.loads(message[4 : 4 + int.from_bytes(message[:4], "little")])


async def test_nonsense_is_answered_and_the_stream_goes_on(service: SimpleNamespace) -> None:
    async with service.connect() as client:
        await client.send(b"\x00\xff")
        assert (await receive(client, "error"))["error"] == "send text, not bytes"
        await client.send("{")
        assert (await receive(client, "error"))["topic"] is None
        await say(client, "bogus", "accounts")
        assert (await receive(client, "error"))["topic"] == "bogus"
        await receive(client, bytes)


async def test_a_message_that_is_too_long_closes_this_client_alone(service: SimpleNamespace) -> None:
    async with service.connect() as client, service.connect() as other:
        await say(other, "accounts")
        await client.send("x" * 5_000)
        with pytest.raises(websockets.ConnectionClosedError) as closed:
            await receive(client, "error")
        assert closed.value.rcvd.code == 1009
        await receive(other, bytes)


async def test_nobody_listens_without_the_token_or_from_another_page(service: SimpleNamespace) -> None:
    for headers in ({}, {"Authorization": "Bearer wrong"}, {"Origin": "http://elsewhere.example"} | TOKEN):
        with pytest.raises(websockets.InvalidStatus) as refused:
            await service.connect(additional_headers=headers)
        assert refused.value.response.status_code == 403
    assert service.hub.n_clients == 0


async def test_the_client_after_the_last_is_sent_away(
    service: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub_module, "EACH_ADDRESS_MAX", CLIENTS_MAX + 1)
    clients = [await service.connect() for _ in range(CLIENTS_MAX)]
    for client in clients:
        await receive(client, "beat")
    late = await service.connect()
    with pytest.raises(websockets.ConnectionClosedError) as closed:
        await receive(late, "beat")
    assert closed.value.rcvd.code == 1013
    await clients.pop().close()
    async with service.connect() as another:
        await receive(another, "beat")
    for client in clients:
        await client.close()


async def test_programs_of_one_address_leave_some_for_the_others(service: SimpleNamespace) -> None:
    clients = [await service.connect() for _ in range(EACH_ADDRESS_MAX)]
    for client in clients:
        await receive(client, "beat")
    late = await service.connect()
    with pytest.raises(websockets.ConnectionClosedError) as closed:
        await receive(late, "beat")
    assert closed.value.rcvd.code == 1013
    assert closed.value.rcvd.reason == "too many streams: programs of this address have 56 already; close one"
    for client in clients:
        await client.close()


async def test_when_the_server_stops_clients_are_told_even_if_one_does_not_read(
    service: SimpleNamespace,
) -> None:
    client, stuck = await service.connect(), await deaf(service)
    await receive(client, "beat")
    await asyncio.wait_for(service.server.stop(), 10)
    with pytest.raises(websockets.ConnectionClosedError) as closed:
        await receive(client, bytes)
    assert closed.value.rcvd.code == 1012
    stuck.close()


async def test_a_defect_sends_clients_away_and_those_that_come_back_are_served(
    service: SimpleNamespace,
) -> None:
    async with service.connect() as client:
        await receive(client, "beat")
        service.desk.has_failed = True
        with pytest.raises(websockets.ConnectionClosedError) as closed:
            await receive(client, "what never comes")
        assert closed.value.rcvd.code == 1011
    async with service.connect() as client:
        await say(client, "accounts")
        await receive(client, bytes)


PING, PART, BEGINNING = b"\x89\x80\0\0\0\0", b"\0\x80\0\0\0\0", b"\x01\x80\0\0\0\0"


@pytest.mark.parametrize(
    ("first", "frame"),
    [(b"", PING), (BEGINNING, PART), (b"", b"\x82\x80\0\0\0\0")],
    ids=["ping", "part", "bytes"],
)
async def test_whoever_says_too_much_is_sent_away_before_much_of_it_is_looked_at(
    service: SimpleNamespace, first: bytes, frame: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked_at = 0
    for name in ("handle_ping", "handle_cont", "handle_bytes"):
        before = getattr(StreamProtocol, name)

        def counted(self: StreamProtocol, *event: Any, before: Any = before) -> None:
            nonlocal looked_at
            looked_at += 1
            before(self, *event)

        monkeypatch.setattr(StreamProtocol, name, counted)
    async with service.connect() as quiet:
        own, loop = await connected(service), asyncio.get_running_loop()
        with contextlib.suppress(ConnectionError):
            await loop.sock_sendall(own, first + frame * 20_000)
        async with asyncio.timeout(20):
            while service.hub.n_clients > 1:
                await asyncio.sleep(0.01)
        assert 0 < looked_at < 1_000
        await receive(quiet, "beat")
    own.close()


async def test_text_that_is_none_ends_this_client_and_fills_no_log(
    service: SimpleNamespace, caplog: pytest.LogCaptureFixture
) -> None:
    async with service.connect() as quiet:
        own, loop = await connected(service), asyncio.get_running_loop()
        await loop.sock_sendall(own, b"\x81\x82\0\0\0\0\xff\xfe")
        async with asyncio.timeout(20):
            while service.hub.n_clients > 1:
                await asyncio.sleep(0.01)
        await receive(quiet, "beat")
    assert not caplog.records
    own.close()


async def deaf(service: SimpleNamespace) -> socket.socket:
    """Return a connection that subscribes and never reads."""
    own = await connected(service)
    text = json.dumps({"subscribe": ["positions", "accounts"]}).encode()
    # A frame of text from a client, masked with zeros.
    await asyncio.get_running_loop().sock_sendall(own, bytes([0x81, 0x80 | len(text)]) + b"\0\0\0\0" + text)
    return own


async def connected(service: SimpleNamespace) -> socket.socket:
    """Return a connection that says what it likes."""
    host, port = service.url.removeprefix("ws://").partition("/")[0].split(":")
    own = socket.socket()
    own.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
    own.setblocking(False)
    loop = asyncio.get_running_loop()
    await loop.sock_connect(own, (host, int(port)))
    key = base64.b64encode(b"0123456789abcdef").decode()
    request = (
        f"GET /api/v1/stream HTTP/1.1\r\nHost: {host}:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\nAuthorization: Bearer t0ken\r\n\r\n"
    )
    await loop.sock_sendall(own, request.encode())
    while b"\r\n\r\n" not in await loop.sock_recv(own, 1_024):
        pass
    return own


async def test_whoever_never_reads_costs_one_message_and_nobody_else_notices(
    service: SimpleNamespace,
) -> None:
    stuck, replica = await deaf(service), Replica()
    async with service.connect() as client:
        await say(client, "positions")
        longest = 0
        while service.hub.n_dropped < 40:
            frame = service.desk.move()
            await follow(client, {"positions": replica}, frame)
            waiting = [
                one.transport.get_write_buffer_size()
                for one in service.server._server.server_state.connections
                if isinstance(one, StreamProtocol)
            ]
            longest = max(longest, *waiting)
        assert_positions(replica.rows(), frame)
        whole = max(len(feed.message(None) or b"") for feed in service.hub._tables.values())
        assert 0 < longest <= BUFFER_BYTES_MAX + whole
    stuck.close()


async def test_a_stream_owes_no_request_and_outlives_the_patience_for_one(
    service: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patience, "REQUEST_TIMEOUT_S", 0.2)
    async with service.connect() as client:
        # The first comes at once, the others a second apart.
        for _ in range(2):
            await receive(client, "beat")


async def test_a_client_that_answers_no_ping_is_dropped_with_all_that_waits_for_it(
    service: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = service.server._server.config
    monkeypatch.setattr(config, "ws_ping_interval", 0.1)
    monkeypatch.setattr(config, "ws_ping_timeout", 0.1)
    stuck = await deaf(service)
    async with asyncio.timeout(20):
        while not service.hub.n_clients:
            await asyncio.sleep(0.01)
        while service.hub.n_clients:
            await asyncio.sleep(0.01)
    assert not service.server._server.server_state.connections
    stuck.close()
