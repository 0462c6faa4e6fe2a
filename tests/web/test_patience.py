"""Connections that owe a request, in every way they can, over real sockets."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from types import SimpleNamespace

import aiohttp
import pytest
import pytest_asyncio

from marginwatch.model.secret import Secret
from marginwatch.web import patience
from marginwatch.web.access.access import Access
from marginwatch.web.gate import SECURITY_HEADERS, Gate
from marginwatch.web.pages import Pages
from marginwatch.web.server import WebServer

Stream = tuple[asyncio.StreamReader, asyncio.StreamWriter]

HALF_A_HEAD = b"GET /api/v1/accounts HTTP/1.1\r\nHost: x\r\nX-Slow: "
HEAD_OF_A_BODY = b"POST /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n"
UPGRADE = (
    b"Host: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
)
NO_STREAMS = (
    b"POST /x HTTP/1.1\r\n" + UPGRADE + b"Content-Length: 3\r\n\r\n",
    b"GET /x HTTP/1.1\r\n" + UPGRADE + b"Transfer-Encoding: chunked\r\n\r\n",
    b"GET /" + b"x" * 9_000 + b" HTTP/1.1\r\n" + UPGRADE + b"\r\n",
    b"GET /x HTTP/1.1\r\n" + UPGRADE + b"\r\n",
)
REFUSED_AND_KEPT = b"GET /api/v1/accounts HTTP/1.1\r\nHost: x\r\n\r\n"


async def connect(service: SimpleNamespace, first: bytes) -> Stream:
    host, port = service.server.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(first)
    await writer.drain()
    return reader, writer


async def hang_up(streams: list[Stream]) -> None:
    for _, writer in streams:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()


@pytest.mark.parametrize("first", [b"", HALF_A_HEAD, HEAD_OF_A_BODY, REFUSED_AND_KEPT])
async def test_four_hundred_that_owe_a_request_lock_nobody_out(
    service: SimpleNamespace, first: bytes
) -> None:
    streams = [await connect(service, first) for _ in range(400)]
    async with aiohttp.ClientSession(headers={"Authorization": "Bearer t0ken"}) as http:
        for path in ("/healthz", "/api/v1/accounts"):
            async with http.get(service.server.url + path) as reply:
                assert reply.status == 200
    await hang_up(streams)


@pytest.mark.parametrize("first", NO_STREAMS, ids=["body", "chunks", "long", "refused"])
async def test_what_asks_for_a_stream_in_vain_is_answered_and_forgotten(
    service: SimpleNamespace, first: bytes
) -> None:
    streams = [await connect(service, first) for _ in range(5)]
    async with asyncio.timeout(20):
        for reader, _ in streams:
            assert (await reader.readline()).startswith(b"HTTP/1.1 4")
            await reader.read()
    async with aiohttp.request("GET", service.server.url + "/healthz") as reply:
        assert reply.status == 200
    await hang_up(streams)


@pytest.mark.parametrize("first", [b"", HALF_A_HEAD, HEAD_OF_A_BODY])
async def test_a_dribbled_request_ends_however_steadily_it_comes(
    service: SimpleNamespace, first: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patience, "REQUEST_TIMEOUT_S", 0.3)
    reader, writer = await connect(service, first)

    async def dribble() -> None:
        while first:
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(0.02)

    dribbling = asyncio.create_task(dribble())
    async with asyncio.timeout(10):
        with contextlib.suppress(ConnectionError):
            while await reader.read(1_000):
                pass
    dribbling.cancel()
    await asyncio.gather(dribbling, return_exceptions=True)
    await hang_up([(reader, writer)])


@pytest.mark.parametrize(
    "sent",
    [
        b"no request at all\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET /api/v1/accounts HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n",
    ],
)
async def test_what_is_no_request_is_refused_like_all_else_and_fills_no_log(
    service: SimpleNamespace, caplog: pytest.LogCaptureFixture, sent: bytes
) -> None:
    reader, writer = await connect(service, sent)
    async with asyncio.timeout(10):
        head, _, body = (await reader.read()).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 400")
    assert b"content-security-policy: default-src 'none'" in head
    assert body.startswith(b"400: ")
    assert not caplog.records
    await hang_up([(reader, writer)])


async def test_who_is_one_too_many_is_refused_like_all_else(service: SimpleNamespace) -> None:
    service.server._server.config.limit_concurrency = 3
    held = [await connect(service, HALF_A_HEAD) for _ in range(2)]
    reader, writer = await connect(service, b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
    async with asyncio.timeout(10):
        head, _, body = (await reader.read()).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 503")
    assert b"content-security-policy: default-src 'none'" in head
    assert b"retry-after: 1" in head
    assert body == b"503: too many connections; try again\n"
    await hang_up([*held, (reader, writer)])
    service.server._server.config.limit_concurrency = 300
    async with aiohttp.request("GET", service.server.url + "/healthz") as reply:
        assert reply.status == 200


@pytest.mark.parametrize(
    "more",
    [b"", b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: short\r\n", b"Sec-WebSocket-Version: 7\r\n"],
)
async def test_a_handshake_that_is_none_is_refused_like_all_else(
    service: SimpleNamespace, more: bytes
) -> None:
    asked = b"GET /api/v1/stream HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    reader, writer = await connect(service, asked + more + b"\r\n")
    async with asyncio.timeout(10):
        head = (await reader.read()).partition(b"\r\n\r\n")[0].lower()
    assert head.startswith(b"http/1.1 4")
    for name, value in SECURITY_HEADERS:
        assert head.count(name + b": " + value) == 1
    await hang_up([(reader, writer)])


async def test_nonsense_in_the_middle_of_a_request_ends_the_connection(
    service: SimpleNamespace, caplog: pytest.LogCaptureFixture
) -> None:
    head = b"POST /api/v1/session HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    for rest in (b"zz\r\n", b"5\r\nhelloXX"):
        reader, writer = await connect(service, head)
        await asyncio.sleep(0.05)
        writer.write(rest)
        async with asyncio.timeout(10):
            with contextlib.suppress(ConnectionError):
                await reader.read()
        await hang_up([(reader, writer)])
    assert not caplog.records


async def test_the_one_that_waits_longest_makes_room(
    service: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patience, "WAITING_MAX", 2)
    streams = [await connect(service, HALF_A_HEAD) for _ in range(3)]
    async with asyncio.timeout(10):
        with contextlib.suppress(ConnectionError):
            assert await streams[0][0].read(1) == b""
    for reader, writer in streams[1:]:
        writer.write(b"1\r\n\r\n")
        async with asyncio.timeout(10):
            assert (await reader.readline()).startswith(b"HTTP/1.1 401")
    await hang_up(streams)


async def test_a_connection_serves_one_request_after_the_other(service: SimpleNamespace) -> None:
    reader, writer = await connect(service, b"")
    for _ in range(3):
        writer.write(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        async with asyncio.timeout(10):
            head = await reader.readuntil(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 200")
            assert await reader.readexactly(6) == b"alive\n"
    await hang_up([(reader, writer)])


LONG = 24 * 1024 * 1024
"""More than the system itself keeps between two programs."""
ASK = b"GET /assets/long.js HTTP/1.1\r\nHost: x\r\n\r\n"


@pytest_asyncio.fixture
async def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[SimpleNamespace]:
    """A service with a long file for everybody."""
    monkeypatch.setattr(patience, "REQUEST_TIMEOUT_S", 0.1)
    monkeypatch.setattr(patience, "READING_TIMEOUT_S", 0.8)
    (tmp_path / "assets").mkdir()
    (tmp_path / "assets" / "long.js").write_bytes(b"x" * LONG)

    async def no_route(scope: object, receive: object, send: object) -> None:
        raise AssertionError("only files are asked for")

    server = WebServer(Gate(no_route, Access(Secret("t0ken")), Pages(tmp_path)), port=0)
    await server.start()
    yield SimpleNamespace(server=server)
    await server.stop()


@pytest.mark.parametrize("asked", [ASK, ASK + ASK])
async def test_an_answer_that_nobody_reads_is_not_kept(site: SimpleNamespace, asked: bytes) -> None:
    reader, writer = await connect(site, asked)
    # The stream's own limit stops it from reading on; the service sees a caller who takes nothing.
    async with asyncio.timeout(30):
        while site.server._server.server_state.connections:
            await asyncio.sleep(0.05)
    received = 0
    with contextlib.suppress(ConnectionError):
        while chunk := await reader.read(1 << 20):
            received += len(chunk)
    assert received < LONG
    await hang_up([(reader, writer)])


async def test_what_nobody_reads_is_bounded_for_all_together(
    site: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patience, "READING_TIMEOUT_S", 60.0)
    monkeypatch.setattr(patience, "UNREAD_BYTES_MAX", 2 * LONG)
    streams = [await connect(site, ASK) for _ in range(6)]
    state = site.server._server.server_state
    async with asyncio.timeout(20):
        while state.total_requests < 6 or len(state.connections) > 3:
            await asyncio.sleep(0.01)
    assert 1 <= len(state.connections) <= 3
    waiting = sum(one.transport.get_write_buffer_size() for one in state.connections)
    assert LONG / 2 < waiting <= 2 * LONG
    await hang_up(streams)


async def test_who_reads_slowly_but_steadily_gets_all_of_it(site: SimpleNamespace) -> None:
    reader, writer = await connect(site, ASK)
    received = 0
    async with asyncio.timeout(60):
        await reader.readuntil(b"\r\n\r\n")
        while received < LONG:
            received += len(await reader.readexactly(min(1 << 20, LONG - received)))
            await asyncio.sleep(0.06)
    assert received == LONG
    await hang_up([(reader, writer)])
