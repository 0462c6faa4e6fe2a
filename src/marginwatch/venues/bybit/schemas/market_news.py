"""Wire shapes of public topics beside tickers.

Documents: v5/websocket/public/orderbook, all-liquidation, insurance-pool, adl-alert (2026-07).
"""

import msgspec


class WireBook(msgspec.Struct, gc=False):
    """Levels as price and size; in a delta those that changed, size 0 for those that are gone. ``u`` grows by 1."""

    s: str
    b: list[tuple[str, str]]
    a: list[tuple[str, str]]
    u: int


class WireBookFrame(msgspec.Struct, gc=False):
    """A push of ``orderbook``."""

    topic: str
    type: str
    data: WireBook
    ts: int | str | None = None


class WireLiquidation(msgspec.Struct, gc=False):
    """One liquidation: ``S`` is Buy where a long was liquidated, ``p`` the bankruptcy price."""

    s: str
    side: str = msgspec.field(name="S")
    v: str
    p: str
    at: int | str | None = msgspec.field(name="T", default=None)


class WireLiquidationFrame(msgspec.Struct):
    """A push of ``allLiquidation``."""

    topic: str
    data: list[WireLiquidation]


class WirePool(msgspec.Struct, rename="camel"):
    """One insurance pool; ``symbols`` is a list with commas."""

    coin: str
    symbols: str
    balance: str
    update_time: int | str | None = None


class WirePoolFrame(msgspec.Struct):
    """A push of ``insurance``."""

    topic: str
    data: list[WirePool]


class WireAlert(msgspec.Struct):
    """One alert; its figures are JSON numbers, or texts in other places of the documents."""

    c: str
    s: str
    b: float | str
    i_pr: float | str | None = None
    pr: float | str | None = None
    adl_tt: float | str | None = None
    adl_sr: float | str | None = None


class WireAlertFrame(msgspec.Struct):
    """A push of ``adlAlert``."""

    topic: str
    data: list[WireAlert]
