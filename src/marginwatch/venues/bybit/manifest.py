"""Hosts and limits of Bybit V5, for configuration and rate budgets.

Sources: documentation of Bybit V5 as of 2026-07-24 (pages "guide", "websocket/wss-authentication", "rate-limit",
"demo"). Hosts are configuration: an institution may have private gateways with the same paths.
"""

from types import MappingProxyType
from typing import Final

from marginwatch.model.account import Endpoints
from marginwatch.model.venue_facts import FeeRate
from marginwatch.venues.base import EndpointLimit, VenueManifest

PUBLIC_CATEGORIES: Final = ("linear", "inverse", "option", "spot")
"""Each has a socket of its own (docs: v5/ws/connect)."""

FLOOD_WAIT_S: Final = 600.0
"""An address over the limit gets HTTP 403 for at least 10 minutes (docs: v5/rate-limit, "IP Limit")."""

ARGS_CHARACTERS_MAX: Final = 21_000
"""Length of all topics of one public connection (docs: v5/ws/connect, "Public channel - Args limits")."""

OPTION_TOPICS_MAX: Final = 2_000
"""Topics of one option connection (same place)."""

SPOT_TOPICS_PER_REQUEST: Final = 10
"""Topics of one subscribe request on a spot connection (same place)."""


STANDARD_FEES: Final = MappingProxyType(
    {
        category: (FeeRate(venue_symbol=None, base_asset=None, taker_fee_rate=taker, maker_fee_rate=maker),)
        for category, taker, maker in (
            ("linear", "0.00055", "0.0002"),
            ("inverse", "0.00055", "0.0002"),
            ("option", "0.0003", "0.0002"),
        )
    }
)
"""Published rates of accounts without a VIP level, before taxes (help center, Trading Fee Structure, 2025). Demo accounts
cannot ask for their own (docs: v5/demo)."""


def _endpoints(rest: str, stream: str, *, public_stream: str | None = None) -> Endpoints:
    public = public_stream or stream
    return Endpoints(
        rest=f"https://{rest}",
        private=f"wss://{stream}/v5/private",
        public={category: f"wss://{public}/v5/public/{category}" for category in PUBLIC_CATEGORIES},
    )


_ENVIRONMENTS: Final = {
    "live": _endpoints("api.bybit.com", "stream.bybit.com"),
    "live-bytick": _endpoints("api.bytick.com", "stream.bybit.com"),
    "testnet": _endpoints("api-testnet.bybit.com", "stream-testnet.bybit.com"),
    # Demo trading follows the prices of the live market (docs: v5/demo).
    "demo": _endpoints("api-demo.bybit.com", "stream-demo.bybit.com", public_stream="stream.bybit.com"),
    "tr": _endpoints("api.bybit.tr", "stream.bybit.tr"),
    "kz": _endpoints("api.bybit.kz", "stream.bybit.kz"),
    "ge": _endpoints("api.bybitgeorgia.ge", "stream.bybitgeorgia.ge"),
    "id": _endpoints("api.bybit.id", "stream.bybit.id"),
    "jp": _endpoints("api.manepa.jp", "stream.manepa.jp"),
    "jp-testnet": _endpoints("api-testnet.manepa.jp", "stream.manepa.jp"),
    # The documents name no private stream for these three; `urls` in the configuration overrides this guess.
    "eu": _endpoints("api.bybit.eu", "stream.bybit.eu"),
    "nl": _endpoints("api.bybit.nl", "stream.bybit.com"),
    "ae": _endpoints("api.bybit.ae", "stream.bybit.com"),
}

_CALLS_PER_SECOND: Final = {
    "/v5/position/list": 50,
    "/v5/position/closed-pnl": 50,
    "/v5/account/wallet-balance": 50,
    "/v5/account/info": 50,
    "/v5/account/collateral-info": 50,
    "/v5/account/borrow-history": 50,
    "/v5/account/withdrawal": 50,
    "/v5/account/transaction-log": 25,
    "/v5/account/fee-rate": 5,
    "/v5/account/option-asset-info": 50,
    "/v5/execution/list": 50,
    "/v5/order/realtime": 50,
    "/v5/user/query-api": 10,
    "/v5/user/query-sub-members": 10,
    "/v5/user/submembers": 5,
    "/v5/user/sub-apikeys": 10,
    "/v5/user/get-member-type": 10,
    "/v5/asset/coin-greeks": 50,
    "/v5/asset/portfolio-margin": 50,
    "/v5/asset/asset-overview": 50,
    "/v5/asset/transfer/query-account-coins-balance": 5,
    "/v5/asset/settlement-record": 50,
    "/v5/asset/delivery-record": 50,
}
"""Per UID and second (docs: v5/rate-limit, "API Rate Limit Table"). Market data counts against the address only."""

MANIFEST: Final = VenueManifest(
    exchange="bybit",
    environments=MappingProxyType(_ENVIRONMENTS),
    ip_limit=EndpointLimit(calls=600, per_s=5.0, scope="ip"),
    connect_limit=EndpointLimit(calls=500, per_s=300.0, scope="ip"),
    endpoint_limits=MappingProxyType(
        {path: EndpointLimit(calls=calls, per_s=1.0) for path, calls in _CALLS_PER_SECOND.items()}
    ),
    documents="https://bybit-exchange.github.io/docs/v5, state of 2026-07-24",
)
"""What configuration and budgets need to know of Bybit."""
