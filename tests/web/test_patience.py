"""Connections that owe a request, in every way they can, over real sockets."""

import asyncio
import contextlib
from types import SimpleNamespace

import aiohttp
import pytest

from marginwatch.web import patience

Stream = tuple[asyncio.StreamReader, asyncio.StreamWriter]

HALF_A_HEAD = b"GET /api/v1/accounts HTTP/1.1\r\nHost: x\r\nX-Slow: "
HEAD_OF_A_BODY = b"POST /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n"
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
