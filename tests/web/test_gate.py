from types import SimpleNamespace

import aiohttp
import pytest
from tests.web.conftest import Picture

from marginwatch.model.secret import Secret
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
