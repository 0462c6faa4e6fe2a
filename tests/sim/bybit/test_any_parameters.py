"""Whatever a client asks, the answer is a reply, never a failure of the server."""

import itertools

import pytest

from marginwatch.sim.bybit.gate import ROUTES

JUNK = ("", "x", "-1", "0", "99999999999999999999", "%00", "%2C", "a,b", "BTCUSDT", "USDT", "UNIFIED", "FUND")
ENDLESS = "9" * 4400
"""More digits than a number may have: ``int`` refuses them."""
NAMES = {
    "category": ("linear", "inverse", "option", "spot", "junk"),
    "accountType": JUNK,
    "coin": JUNK,
    "coinName": JUNK,
    "currency": JUNK,
    "symbol": JUNK,
    "settleCoin": JUNK,
    "baseCoin": JUNK,
    "limit": JUNK,
    "cursor": JUNK,
    "nextCursor": JUNK,
    "pageSize": JUNK,
    "startTime": JUNK,
    "endTime": JUNK,
    "interval": JUNK,
    "memberId": JUNK,
}


@pytest.mark.parametrize("path", sorted(ROUTES))
async def test_every_parameter_is_answered(rest, server, exchange, path) -> None:
    server.limits.lift_bans()
    master = next(account for account in exchange.accounts() if account.key.is_master)
    queries = [f"{name}={value}" for name, values in NAMES.items() for value in values]
    queries += [
        f"category={one}&{two}"
        for one, two in itertools.product(("linear", "inverse", "option"), queries[5:])
    ]
    queries += [f"accountType={kind}&{rest_of}" for kind in ("UNIFIED", "FUND") for rest_of in queries[:60]]
    queries += [
        f"category=linear&{name}={ENDLESS}" for name in ("limit", "pageSize", "cursor", "startTime", "start")
    ]
    for query in queries:
        # The limits are not what is tried here, so every call finds fresh windows.
        server.limits.by_address.clear()
        server.limits.by_endpoint.clear()
        status, _, text = await rest.raw(path, query, rest.headers(master.key, query))
        assert (status, text[:11]) == (200, '{"retCode":'), query
