"""Who may listen to the stream, and for how long, over real sockets."""

import asyncio
from typing import Any

import aiohttp
import pytest
from tests.web.access.conftest import OPERATOR, TOKEN, VIEWER, Door

from marginwatch.web.stream import hub

STREAM = "/api/v1/stream"


async def status_of(door: Door, **headers: str) -> int:
    """Return how a handshake is answered: 101 or the refusal."""
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    try:
        async with door.http.ws_connect(door.url + STREAM, headers=sent) as socket:
            beat = await socket.receive_json(timeout=10)
            assert "beat" in beat
            return 101
    except aiohttp.WSServerHandshakeError as error:
        return error.status


async def test_on_this_machine_our_page_listens_and_no_other(door: Door) -> None:
    await door.start()
    assert await status_of(door) == 101
    assert await status_of(door, Origin=door.url) == 101
    # Behind a proxy that ends TLS the page is https, but whoever comes through one must sign in.
    assert await status_of(door, Origin=f"https://{door.host}") == 101
    for origin in (
        "https://evil.example",
        "null",
        "http://localhost:1",
        "http://127.0.0.1",
        f"{door.url}.evil.example",
    ):
        assert await status_of(door, Origin=origin) == 403, origin
        assert await status_of(door, Origin=origin, Authorization=f"Bearer {TOKEN}") == 403, origin
    assert await status_of(door, Host="evil.example", Origin="http://evil.example") == 403
    assert await status_of(door, X_Forwarded_For="10.0.0.1") == 403


@pytest.mark.usefixtures("passwords_of_both")
async def test_where_people_sign_in_a_session_or_the_token_opens_it(door: Door) -> None:
    await door.start()
    assert await status_of(door, Origin=door.url) == 403
    for password in (VIEWER, OPERATOR):
        cookie = (await door.signed_in(password)).cookie
        assert await status_of(door, Origin=door.url, Cookie=cookie) == 101
        assert await status_of(door, Origin="https://evil.example", Cookie=cookie) == 403
    assert await status_of(door, Authorization=f"Bearer {TOKEN}") == 101
    assert await status_of(door, Authorization="Bearer wrong") == 403
    name = door.access.cookie_name
    assert await status_of(door, Cookie=f"{name}=made-up") == 403


async def ended(socket: aiohttp.ClientWebSocketResponse) -> int | None:
    """Read to the end; return the code of the close."""
    async with asyncio.timeout(10):
        while not socket.closed:
            message: Any = await socket.receive()
            if message.type in (aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSED):
                break
    return socket.close_code


@pytest.mark.usefixtures("passwords_of_both")
async def test_a_session_that_ends_takes_its_streams_along_and_no_others(door: Door) -> None:
    await door.start()
    leaves, changed, stays = [await door.signed_in(one) for one in (VIEWER, OPERATOR, VIEWER)]
    sockets = [
        await door.http.ws_connect(door.url + STREAM, headers={"Origin": door.url, "Cookie": one.cookie})
        for one in (leaves, changed, stays)
    ]
    await leaves.change("DELETE", "/api/v1/session")
    door.set("operator", "a new one, long enough")
    assert await ended(sockets[0]) == 1008
    assert await ended(sockets[1]) == 1008
    assert "beat" in await sockets[2].receive_json(timeout=10)
    assert not sockets[2].closed
    await sockets[2].close()


async def test_the_first_password_ends_what_was_open_to_everybody(door: Door) -> None:
    await door.start()
    socket = await door.http.ws_connect(door.url + STREAM, headers={"Origin": door.url})
    door.set("viewer", VIEWER)
    assert await ended(socket) == 1008


@pytest.mark.usefixtures("passwords_of_both")
async def test_one_session_and_all_viewers_leave_streams_for_the_others(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub, "EACH_SESSION_MAX", 2)
    monkeypatch.setattr(hub, "VIEWERS_MAX", 3)
    await door.start()
    viewer, same, operator = [await door.signed_in(one) for one in (VIEWER, VIEWER, OPERATOR)]

    async def listen(cookie: str) -> Any:
        headers = {"Origin": door.url, "Cookie": cookie}
        socket = await door.http.ws_connect(door.url + STREAM, headers=headers)
        first = await socket.receive(timeout=10)
        return socket if first.type is aiohttp.WSMsgType.TEXT else (socket.close_code, first.extra)

    open_ones = [await listen(viewer.cookie) for _ in range(2)]
    assert await listen(viewer.cookie) == (1013, "too many streams: you have 2 already; close one")
    open_ones.append(await listen(same.cookie))
    assert await listen(same.cookie) == (1013, "too many streams: viewers have 3 already; close one")
    open_ones.append(await listen(operator.cookie))
    for socket in open_ones:
        assert not socket.closed
        await socket.close()
