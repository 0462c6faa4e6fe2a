"""Wire shapes of public data.

Documents: v5/market/tickers, v5/websocket/public/ticker, v5/market/instrument, v5/market/risk-limit,
v5/system-status, v5/market/time.
"""

import msgspec


class WireTicker(msgspec.Struct, rename="camel", gc=False):
    """Prices of one contract; in a delta only what changed.

    Options say ``bid1Price`` and ``markIv`` in REST, ``bidPrice`` and ``markPriceIv`` on the stream.
    """

    symbol: str
    mark_price: str | None = None
    index_price: str | None = None
    last_price: str | None = None
    bid1_price: str | None = None
    bid_price: str | None = None
    ask1_price: str | None = None
    ask_price: str | None = None
    underlying_price: str | None = None
    usd_index_price: str | None = None
    mark_iv: str | None = None
    mark_price_iv: str | None = None
    delta: str | None = None
    gamma: str | None = None
    vega: str | None = None
    theta: str | None = None
    funding_rate: str | None = None
    next_funding_time: str | int | None = None
    open_interest: str | None = None


class WireTickerFrame(msgspec.Struct, gc=False):
    """A push of the ``tickers`` topic: a snapshot, or a delta that leaves the rest as it was."""

    topic: str
    type: str
    data: WireTicker
    ts: int | str
    cs: int | str | None = None


class WireLotSizeFilter(msgspec.Struct, rename="camel", gc=False):
    """Quantity steps; spot says ``basePrecision``."""

    qty_step: str | None = None
    base_precision: str | None = None


class WirePriceFilter(msgspec.Struct, rename="camel", gc=False):
    """Price steps."""

    tick_size: str | None = None


class WireInstrument(msgspec.Struct, rename="camel", gc=False):
    """A contract. Options name no ``contractType``, spot pairs no settlement coin; ``deliveryTime`` is ``"0"`` on perpetuals."""

    symbol: str
    base_coin: str
    quote_coin: str
    settle_coin: str | None = None
    contract_type: str | None = None
    options_type: str | None = None
    status: str | None = None
    delivery_time: str | int | None = None
    price_filter: WirePriceFilter | None = None
    lot_size_filter: WireLotSizeFilter | None = None
    funding_interval: int | str | None = None


class WireRiskLimit(msgspec.Struct, rename="camel", gc=False):
    """One tier. Documented as numbers, sent as texts, so both are taken (floats arrive as their own text)."""

    symbol: str
    risk_limit_value: object
    maintenance_margin: object
    initial_margin: object = None
    max_leverage: object = None
    mm_deduction: object = None


class WireRiskLimitV2(msgspec.Struct, gc=False):
    """One tier of the retired ``/v2/public/risk-limit/list``, percent."""

    symbol: str
    limit: object
    maintain_margin: object
    starting_margin: object = None
    max_leverage: object = None


class WireMaintenance(msgspec.Struct, rename="camel", gc=False):
    """One announced interruption (docs: v5/system-status)."""

    id: str
    title: str
    state: str
    begin: str | int | None = None
    end: str | int | None = None
    href: str | None = None
    service_types: list[int] | None = None


class WireServerTime(msgspec.Struct, rename="camel", gc=False):
    """The server's clock (docs: v5/market/time)."""

    time_second: str | None = None
    time_nano: str | None = None
