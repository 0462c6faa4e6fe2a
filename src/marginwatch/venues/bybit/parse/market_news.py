"""Frames of public topics beside tickers: order books, liquidations, insurance pools, alerts. Taken whole or not at all."""

from typing import Final

import msgspec

from marginwatch.errors import ProtocolError
from marginwatch.model.events import AdlAlertsUpdate, InsurancePoolsUpdate, LiquidationsSeen
from marginwatch.model.ids import VenueId
from marginwatch.model.market import AdlAlert, BookChange, InsurancePool, Liquidation
from marginwatch.venues.bybit.catalog import InstrumentCatalog
from marginwatch.venues.bybit.parse.control import StreamControl, parse_control
from marginwatch.venues.bybit.parse.envelope import UNDECODABLE, describe
from marginwatch.venues.bybit.parse.text import number_or_none, prove_numbers, time_ns_or_none
from marginwatch.venues.bybit.parse.topic import topic_of
from marginwatch.venues.bybit.schemas.market_news import (
    WireAlertFrame,
    WireBookFrame,
    WireLiquidationFrame,
    WirePoolFrame,
)

_IS_SNAPSHOT: Final = {"snapshot": True, "delta": False}
_LIQUIDATED: Final = {"Buy": "long", "Sell": "short"}
_books = msgspec.json.Decoder(WireBookFrame)
_liquidations = msgspec.json.Decoder(WireLiquidationFrame)
_pools = msgspec.json.Decoder(WirePoolFrame)
_alerts = msgspec.json.Decoder(WireAlertFrame)


MarketNews = BookChange | LiquidationsSeen | InsurancePoolsUpdate | AdlAlertsUpdate


def parse_market_frame(
    frame: bytes, category: str, venue: VenueId, catalog: InstrumentCatalog, ts_received_ns: int
) -> MarketNews | StreamControl:
    """Return what a public frame says of depth, liquidations, insurance or deleveraging, or the answer that it is.

    Parameters
    ----------
    frame : bytes
        As on the wire.
    category : str
        Of the socket.
    venue : VenueId
        Whose socket it is.
    catalog : InstrumentCatalog
        Contracts.
    ts_received_ns : int
        When it was heard, UTC nanoseconds.

    Raises
    ------
    ProtocolError
        If anything in it cannot be read, naming topic and field; or if the topic is none of these.
    """
    topic = topic_of(frame)
    if topic is None:
        return parse_control(frame)
    word = topic.partition(".")[0]
    try:
        if word == "orderbook":
            return _book(_books.decode(frame), category, catalog)
        if word == "allLiquidation":
            return _liquidated(_liquidations.decode(frame), category, catalog, ts_received_ns)
        if word == "insurance":
            return _insured(_pools.decode(frame), venue, ts_received_ns)
        if word == "adlAlert":
            return _alerted(_alerts.decode(frame), venue, ts_received_ns)
    except UNDECODABLE as error:
        raise ProtocolError(describe(error), endpoint=topic[:60]) from None
    except ProtocolError as error:
        raise ProtocolError(error.message, endpoint=topic[:60]) from None
    except ValueError as error:
        raise ProtocolError(str(error), endpoint=topic[:60]) from None
    raise ProtocolError(f"topic {topic[:60]!r} is not a public topic that we subscribe", endpoint=topic[:60])


def _book(wire: WireBookFrame, category: str, catalog: InstrumentCatalog) -> BookChange:
    is_snapshot = _IS_SNAPSHOT.get(wire.type)
    if is_snapshot is None:
        raise ProtocolError(f"type {wire.type[:40]!r} is neither snapshot nor delta")
    data = wire.data
    numbers = prove_numbers([text for side in (data.b, data.a) for level in side for text in level])
    if len(numbers) != 2 * (len(data.b) + len(data.a)) or min(numbers, default=0.0) < 0.0:
        raise ProtocolError("a level is empty or negative")
    return BookChange(
        wire.topic,
        catalog.resolve(category, data.s),
        is_snapshot,
        data.u,
        tuple(data.b),
        tuple(data.a),
        time_ns_or_none(wire.ts, "ts"),
    )


def _liquidated(
    wire: WireLiquidationFrame, category: str, catalog: InstrumentCatalog, ts_received_ns: int
) -> LiquidationsSeen:
    found: list[Liquidation] = []
    for row in wire.data:
        side = _LIQUIDATED.get(row.side)
        if side is None:
            raise ProtocolError(f"{row.s[:40]}: S {row.side[:20]!r} is neither Buy nor Sell")
        if len(prove_numbers((row.v, row.p))) != 2:
            raise ProtocolError(f"{row.s[:40]}: v or p is empty")
        found.append(
            Liquidation(
                instrument=catalog.resolve(category, row.s),
                position_side="long" if side == "long" else "short",
                quantity=row.v,
                bankruptcy_price=row.p,
                ts_venue_ns=time_ns_or_none(row.at, "T"),
            )
        )
    return LiquidationsSeen(tuple(found), ts_received_ns)


def _insured(wire: WirePoolFrame, venue: VenueId, ts_received_ns: int) -> InsurancePoolsUpdate:
    pools: list[InsurancePool] = []
    for row in wire.data:
        balance = number_or_none(row.balance, f"balance of {row.coin[:20]}")
        if balance is None:
            raise ProtocolError(f"balance of {row.coin[:20]}: empty")
        symbols = tuple(symbol.strip() for symbol in row.symbols.split(",") if symbol.strip())
        at_ns = time_ns_or_none(row.update_time, "updateTime")
        pools.append(InsurancePool(asset=row.coin, venue_symbols=symbols, balance=balance, ts_venue_ns=at_ns))
    return InsurancePoolsUpdate(venue, tuple(pools), ts_received_ns)


def _alerted(wire: WireAlertFrame, venue: VenueId, ts_received_ns: int) -> AdlAlertsUpdate:
    alerts: list[AdlAlert] = []
    for row in wire.data:
        balance = _text(row.b, "b")
        if balance is None:
            raise ProtocolError(f"{row.s[:40]}: b is empty")
        alerts.append(
            AdlAlert(
                asset=row.c,
                venue_symbol=row.s,
                balance=balance,
                pnl_ratio=_text(row.pr, "pr"),
                starts_below=_text(row.i_pr, "i_pr"),
                stops_above=_text(row.adl_sr, "adl_sr"),
                starts_from_balance=_text(row.adl_tt, "adl_tt"),
            )
        )
    return AdlAlertsUpdate(venue, tuple(alerts), ts_received_ns)


def _text(value: float | str | None, field: str) -> str | None:
    return number_or_none(value if isinstance(value, str) or value is None else repr(value), field)
