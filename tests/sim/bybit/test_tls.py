"""HTTPS and WSS with the certificate made at start: clients that trust it come in, others do not."""

import ssl

import aiohttp
import pytest

from marginwatch.sim.bybit.server import BybitSimServer


@pytest.fixture
async def secure(exchange):
    async with BybitSimServer(exchange, with_tls=True) as server:
        yield server


async def test_a_client_that_trusts_it_comes_in(secure, rest, http, trader, open_stream) -> None:
    assert secure.urls.rest.startswith("https://127.0.0.1:")
    assert secure.urls.private.startswith("wss://127.0.0.1:")
    trusting = ssl.create_default_context(cadata=secure.certificate)
    async with http.get(secure.urls.rest + "/v5/market/time", ssl=trusting) as reply:
        assert (await reply.json())["retCode"] == 0
    client = await open_stream(secure.urls.private, ssl=trusting)
    assert (await client.log_in(trader.key))["success"] is True
    await client.ask({"op": "subscribe", "args": ["execution"]})
    symbol = secure.exchange.positions(trader.uid, "linear")[0].symbol
    step = secure.exchange.instruments("linear", symbol)[0].qty_step
    done = secure.exchange.open_position(trader.uid, symbol, step)
    assert (await client.hear())["data"][0]["execId"] == done.exec_id
    assert secure.cut_account(trader.uid) == 1
    await client.socket.receive(timeout=20)
    assert client.socket.close_code == aiohttp.WSCloseCode.ABNORMAL_CLOSURE


async def test_a_client_that_does_not_stays_out(secure, http) -> None:
    with pytest.raises(aiohttp.ClientConnectorCertificateError):
        await http.get(secure.urls.rest + "/v5/market/time")
    with pytest.raises(aiohttp.ClientError):
        await http.get(secure.urls.rest.replace("https", "http") + "/v5/market/time")


async def test_each_start_makes_its_own_certificate_and_shows_no_key(exchange, secure) -> None:
    other = BybitSimServer(exchange, with_tls=True)
    assert other.certificate != secure.certificate
    assert "PRIVATE" not in secure.certificate
    assert BybitSimServer(exchange).certificate is None
