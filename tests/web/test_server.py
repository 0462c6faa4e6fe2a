import asyncio
import signal
from types import SimpleNamespace

import aiohttp
import pytest

from marginwatch.errors import ConfigError
from marginwatch.model.secret import Secret
from marginwatch.web.app import create_app
from marginwatch.web.server import WebServer


async def test_a_port_in_use_is_a_clear_error(service: SimpleNamespace) -> None:
    port = int(service.server.url.rpartition(":")[2])
    second = WebServer(create_app(service.picture, Secret("x")), port=port)
    with pytest.raises(ConfigError, match=f"cannot listen on 127.0.0.1:{port}.*name another port"):
        await second.start()
    await second.stop()
    assert (await service.get("/healthz")).status == 200


async def test_a_host_that_is_none_is_a_clear_error(service: SimpleNamespace) -> None:
    with pytest.raises(ConfigError, match="cannot use 'no host'"):
        await WebServer(create_app(service.picture, Secret("x")), host="no host", port=0).start()


async def test_it_stops_cleanly_with_an_open_connection_and_leaves_our_signals_alone(
    service: SimpleNamespace,
) -> None:
    before = signal.getsignal(signal.SIGTERM)
    server = WebServer(create_app(service.picture, Secret("x")), port=0)
    await server.start()
    assert signal.getsignal(signal.SIGTERM) is before
    async with aiohttp.ClientSession() as http:
        async with http.get(server.url + "/healthz") as reply:
            assert reply.status == 200
        await asyncio.wait_for(server.stop(), 10)
        with pytest.raises(aiohttp.ClientConnectionError):
            await http.get(server.url + "/healthz")
    await server.stop()


async def test_without_history_its_routes_say_so(service: SimpleNamespace) -> None:
    server = WebServer(create_app(service.picture, Secret("x")), port=0)
    await server.start()
    url, headers = server.url + "/api/v1/breaks", {"Authorization": "Bearer x"}
    async with service.http.get(url, headers=headers) as reply:
        assert (reply.status, await reply.text()) == (404, "404: this service keeps no history\n")
    await server.stop()
