import asyncio
from collections.abc import AsyncIterator

import aiohttp
import pytest

from marginwatch.app.connections import open_http


@pytest.fixture
async def host() -> AsyncIterator[tuple[str, list[bytes]]]:
    """A host that answers the first request of a connection and hangs up on the second, as after a ban or a restart."""
    heard: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        if await reader.read(1):
            heard.append(await reader.readuntil(b"\r\n\r\n"))
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", heard


async def test_a_call_that_meets_a_dead_connection_is_not_sent_again_uncounted(host) -> None:
    url, heard = host
    async with open_http() as http:
        async with http.get(url) as reply:
            assert await reply.text() == "ok"
        with pytest.raises(aiohttp.ServerDisconnectedError):
            await http.get(url)
    assert len(heard) == 2
