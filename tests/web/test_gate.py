import asyncio
from types import SimpleNamespace
from typing import Any, cast

import aiohttp
import pytest
from tests.web.conftest import Picture

from marginwatch.model.secret import Secret
from marginwatch.web import gate
from marginwatch.web.access.access import Access
from marginwatch.web.app import create_app

PATHS = ["/api/v1/accounts", "/api/v1/openapi.json", "/readyz", "/nowhere", "/healthz/x", "//healthz"]


@pytest.mark.parametrize("token", [None, "", "t0ke", "t0kenn", "T0KEN"])
async def test_without_the_token_everything_is_refused_alike(
    service: SimpleNamespace, token: str | None
) -> None:
    for path in PATHS:
        reply = await service.get(path, token=token)
        assert reply.status == 401
        assert reply.headers["Content-Type"].startswith("text/plain")
        assert reply.headers["WWW-Authenticate"].startswith("Bearer")
        assert b"Authorization: Bearer" in reply.body
        assert b"t0ken" not in reply.body


async def test_other_schemes_and_doubled_headers_are_refused(service: SimpleNamespace) -> None:
    assert (await service.get("/readyz", token=None, Authorization="Basic t0ken")).status == 401
    assert (await service.get("/readyz", token=None, Authorization="t0ken")).status == 401
    url = service.server.url + "/api/v1/summary"
    both = [("Authorization", "Bearer t0ken"), ("Authorization", "Bearer t0ken")]
    async with service.http.get(url, headers=both) as reply:
        assert reply.status == 401


@pytest.mark.parametrize(
    ("path", "token"), [("/api/v1/summary", "t0ken"), ("/healthz", None), ("/readyz", None), ("/x", "t0ken")]
)
async def test_every_reply_forbids_loading_and_keeping(
    service: SimpleNamespace, path: str, token: str | None
) -> None:
    headers = (await service.get(path, token=token)).headers
    assert headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Cache-Control"] == "no-store"
    assert "Server" not in headers


async def test_a_socket_is_not_opened_for_nobody(service: SimpleNamespace) -> None:
    for path in ("/api/v1/accounts", "/api/v1/stream", "/", "/healthz", "/nowhere"):
        with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
            await service.http.ws_connect(service.server.url + path)
        assert caught.value.status == 403
        assert caught.value.headers is not None
        assert caught.value.headers["Content-Security-Policy"].startswith("default-src 'none'")


def test_an_empty_token_is_refused() -> None:
    with pytest.raises(ValueError, match="empty"):
        create_app(Picture(None), Secret(""))


SIGN_IN_HALF = b"POST /api/v1/session HTTP/1.1\r\nHost: x\r\nContent-Length: 40\r\n\r\n{"


async def half_sign_ins(service: SimpleNamespace, count: int) -> list[Any]:
    """Return connections that each have sent half of a password."""
    host, port = service.server.url.removeprefix("http://").split(":")
    holding = [await asyncio.open_connection(host, int(port)) for _ in range(count)]
    for _, writer in holding:
        writer.write(SIGN_IN_HALF)
        await writer.drain()
    return holding


async def sign_in(service: SimpleNamespace, password: str) -> int:
    body = {"password": password}
    async with service.http.post(service.server.url + "/api/v1/session", json=body) as reply:
        return reply.status


async def test_halves_of_passwords_lock_out_nobody_who_sends_a_whole_one(
    service: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gate, "STRANGERS_MAX", 3)
    monkeypatch.setattr(gate, "STRANGERS_BODIES_MAX", 5)
    monkeypatch.setattr(gate, "STRANGERS_BODY_TIMEOUT_S", 60.0)
    holding = await half_sign_ins(service, 9)
    async with asyncio.timeout(10):
        # The four that were waited for longest make room.
        for reader, _ in holding[:4]:
            assert (await reader.readline()).startswith(b"HTTP/1.1 413")
        for _ in range(12):
            assert await sign_in(service, "t0ken") == 200
        assert (await service.get("/api/v1/summary", token=None)).status == 401
    for _, writer in holding:
        writer.close()


async def test_who_reads_no_refusal_is_in_nobodys_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gate, "STRANGERS_BODIES_MAX", 1)
    app = create_app(Picture(None), Secret("t0ken"))
    go_on, statuses = asyncio.Event(), list[int]()

    def asks(body: bytes, until: asyncio.Event | None) -> asyncio.Task[None]:
        async def receive() -> Any:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: Any) -> None:
            if message["type"] == "http.response.start":
                statuses.append(message["status"])
                if until is not None:
                    await until.wait()

        scope: Any = {
            "type": "http",
            "method": "POST",
            "path": "/api/v1/session",
            "raw_path": b"/api/v1/session",
            "root_path": "",
            "query_string": b"",
            "headers": [(b"host", b"127.0.0.1"), (b"content-type", b"application/json")],
            "client": ("127.0.0.1", 1),
            "server": ("127.0.0.1", 80),
            "scheme": "http",
            "extensions": {},
            "state": {},
        }
        return asyncio.create_task(cast("Any", app(scope, receive, send)))

    reads_nothing = asks(b"\xff", go_on)
    async with asyncio.timeout(5):
        while not statuses:
            await asyncio.sleep(0)
        await asks(b'{"password": "t0ken"}', None)
        go_on.set()
        await reads_nothing
    assert statuses == [400, 200]


async def test_a_body_that_says_it_is_too_long_is_not_read(service: SimpleNamespace) -> None:
    host, port = service.server.url.removeprefix("http://").split(":")
    for authorization in (b"", b"Authorization: Bearer t0ken\r\n"):
        reader, writer = await asyncio.open_connection(host, int(port))
        head = b"POST /api/v1/session HTTP/1.1\r\nHost: x\r\n" + authorization
        writer.write(head + b"Content-Length: 1000000\r\n\r\n{")
        async with asyncio.timeout(1.5):
            assert (await reader.readline()).startswith(b"HTTP/1.1 413")
        writer.close()


async def test_strangers_who_wait_take_no_place_of_those_who_are_let_in(
    service: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gate, "STRANGERS_MAX", 3)
    go_on = asyncio.Event()

    async def waits(self: Any, typed: Any, address: str, headers: Any) -> None:
        del self, typed, address, headers
        await go_on.wait()

    monkeypatch.setattr(Access, "sign_in", waits)
    waiting = [asyncio.create_task(sign_in(service, "x")) for _ in range(3)]
    async with asyncio.timeout(10):
        while (reply := await service.get("/api/v1/summary", token=None)).status != 503:
            await asyncio.sleep(0.01)
        assert reply.headers["Retry-After"] == "1"
        assert (await service.get("/api/v1/summary")).status == 200
        assert (await service.get("/healthz", token=None)).status == 200
        go_on.set()
        assert await asyncio.gather(*waiting) == [401] * 3
        assert (await service.get("/api/v1/summary", token=None)).status == 401


async def test_a_password_that_never_comes_is_not_waited_for(
    service: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gate, "STRANGERS_BODY_TIMEOUT_S", 0.2)
    host, port = service.server.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(SIGN_IN_HALF)
    async with asyncio.timeout(10):
        assert (await reader.readline()).startswith(b"HTTP/1.1 413")
    writer.close()


@pytest.mark.parametrize("authorization", [b"", b"Authorization: Bearer t0ken\r\n"])
async def test_a_body_that_is_no_text_is_refused_and_is_no_defect_of_ours(
    service: SimpleNamespace, authorization: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    host, port = service.server.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    body = b'{"password": "\xff"}'
    head = b"POST /api/v1/session HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n" + authorization
    writer.write(head + b"Content-Length: %d\r\n\r\n" % len(body) + body)
    async with asyncio.timeout(10):
        assert (await reader.readline()).startswith(b"HTTP/1.1 400")
    writer.close()
    assert "request failed" not in "".join(capsys.readouterr())


async def test_a_body_that_never_comes_is_not_waited_for_whoever_sends_it(
    service: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gate, "BODY_TIMEOUT_S", 0.2)
    host, port = service.server.url.removeprefix("http://").split(":")
    for path in (b"/api/v1/whatif", b"/api/v1/silences"):
        head = b"POST " + path + b" HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer t0ken\r\n"
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(head + b"Content-Type: application/json\r\nContent-Length: 40\r\n\r\n{")
        async with asyncio.timeout(10):
            assert (await reader.readline()).startswith(b"HTTP/1.1 413")
        writer.close()


@pytest.mark.parametrize("host", [b"", b"Host: a\r\nHost: b\r\n"])
async def test_a_request_for_no_name_or_for_two_is_none(service: SimpleNamespace, host: bytes) -> None:
    address, port = service.server.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(address, int(port))
    writer.write(b"GET /api/v1/summary HTTP/1.1\r\n" + host + b"\r\n")
    async with asyncio.timeout(10):
        assert (await reader.readline()).startswith((b"HTTP/1.1 400", b"HTTP/1.1 401"))
    writer.close()
