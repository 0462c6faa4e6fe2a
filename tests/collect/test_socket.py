"""Both libraries against a real server on loopback."""

import asyncio
import gc
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
import websockets
from websockets.asyncio.server import ServerConnection, serve

from marginwatch.collect.socket import MESSAGE_BYTES_MAX, Connector, connector_for
from marginwatch.errors import ConnectivityError


class Ear:
    def __init__(self) -> None:
        self.messages: list[bytes] = []
        self.n_alive = 0
        self.closed: list[str] = []
        self.news = asyncio.Event()

    def on_message(self, payload: bytes) -> None:
        self.messages.append(payload)
        self.news.set()

    def on_alive(self) -> None:
        self.n_alive += 1
        self.news.set()

    def on_closed(self, reason: str) -> None:
        self.closed.append(reason)
        self.news.set()

    async def hear(self) -> None:
        async with asyncio.timeout(20):
            await self.news.wait()
        self.news.clear()


@asynccontextmanager
async def server(talk: Callable[[ServerConnection], Awaitable[None]]) -> AsyncIterator[str]:
    async with serve(talk, "127.0.0.1", 0, ping_interval=None) as listening:
        port = listening.sockets[0].getsockname()[1]
        yield f"ws://127.0.0.1:{port}/v5/private"


@pytest.fixture(params=["picows", "websockets"])
def connect(request: pytest.FixtureRequest) -> Connector:
    return connector_for(request.param)


async def test_messages_go_both_ways_whole(connect: Connector) -> None:
    async def talk(connection: ServerConnection) -> None:
        said = await connection.recv()
        await connection.send(f"echo {said}")
        await connection.send(["in ", "three ", "parts"])
        await connection.wait_closed()

    async with server(talk) as url:
        ear = Ear()
        socket = await connect(url, ear, 5.0)
        socket.send(b'{"op":"ping"}')
        while len(ear.messages) < 2:
            await ear.hear()
        assert ear.messages == [b'echo {"op":"ping"}', b"in three parts"]
        socket.close()


async def test_the_end_is_told_once_with_its_reason(connect: Connector) -> None:
    async def talk(connection: ServerConnection) -> None:
        await connection.close(1012, "restart")

    async with server(talk) as url:
        ear = Ear()
        await connect(url, ear, 5.0)
        await ear.hear()
        assert len(ear.closed) == 1
        assert "1012" in ear.closed[0]
        assert "restart" in ear.closed[0]


async def test_an_abrupt_end_is_told_too(connect: Connector) -> None:
    async def talk(connection: ServerConnection) -> None:
        connection.transport.abort()

    async with server(talk) as url:
        ear = Ear()
        await connect(url, ear, 5.0)
        await ear.hear()
        assert ear.closed == ["the connection ended without a closing frame"]


async def test_a_message_beyond_all_bounds_ends_the_socket_and_is_not_heard_in_pieces(
    connect: Connector,
) -> None:
    async def talk(connection: ServerConnection) -> None:
        await connection.send("x" * (MESSAGE_BYTES_MAX + 1))
        await connection.wait_closed()

    unheard: list[dict[str, object]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: unheard.append(context))
    async with server(talk) as url:
        ear = Ear()
        await connect(url, ear, 5.0)
        while not ear.closed:
            await ear.hear()
        assert len(ear.closed) == 1
        assert not ear.messages
        assert not ear.n_alive
    await asyncio.sleep(0)
    gc.collect()
    assert not unheard


async def test_after_our_own_close_nothing_more_is_heard(connect: Connector) -> None:
    gone = asyncio.Event()

    async def talk(connection: ServerConnection) -> None:
        try:
            await connection.recv()
        except websockets.ConnectionClosed:
            gone.set()

    async with server(talk) as url:
        ear = Ear()
        socket = await connect(url, ear, 5.0)
        socket.close()
        socket.close()
        socket.send(b"too late")
        async with asyncio.timeout(20):
            await gone.wait()
        assert not ear.closed
        assert not ear.messages


async def test_nobody_listening_is_a_connectivity_error(connect: Connector) -> None:
    async with server(lambda connection: connection.wait_closed()) as url:
        pass
    with pytest.raises(ConnectivityError, match="could not be opened"):
        await connect(url, Ear(), 2.0)


async def test_a_server_that_never_answers_is_given_up(connect: Connector) -> None:
    held: list[object] = []  # a writer that nobody holds is closed
    listening = await asyncio.start_server(lambda *ends: held.append(ends), "127.0.0.1", 0)
    port = listening.sockets[0].getsockname()[1]
    with pytest.raises(ConnectivityError):
        await connect(f"ws://127.0.0.1:{port}/", Ear(), 0.2)
    assert held
    listening.close()


async def test_a_server_that_hangs_up_before_it_answers_is_no_socket(connect: Connector) -> None:
    listening = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0)
    port = listening.sockets[0].getsockname()[1]
    with pytest.raises(ConnectivityError):
        await connect(f"ws://127.0.0.1:{port}/", Ear(), 5.0)
    listening.close()


def test_an_unknown_library_is_named() -> None:
    with pytest.raises(ValueError, match="'curl'"):
        connector_for("curl")
