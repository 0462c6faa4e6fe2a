"""Frames of an account's private socket. A frame is taken whole or not at all."""

from typing import TypeVar

import msgspec

from marginwatch.errors import ProtocolError
from marginwatch.model.events import (
    BalancesUpdate,
    Event,
    FillsUpdate,
    GreeksUpdate,
    OrdersUpdate,
    PositionsUpdate,
)
from marginwatch.model.ids import AccountId
from marginwatch.venues.bybit.catalog import InstrumentCatalog
from marginwatch.venues.bybit.contract_names import CATEGORIES
from marginwatch.venues.bybit.parse.control import StreamControl, parse_control
from marginwatch.venues.bybit.parse.envelope import UNDECODABLE, describe
from marginwatch.venues.bybit.parse.fills import fill_of
from marginwatch.venues.bybit.parse.greeks import greeks_of
from marginwatch.venues.bybit.parse.orders import order_of
from marginwatch.venues.bybit.parse.positions import position_of
from marginwatch.venues.bybit.parse.text import TS_MS_MAX
from marginwatch.venues.bybit.parse.topic import topic_of
from marginwatch.venues.bybit.parse.wallet import account_of, balance_of
from marginwatch.venues.bybit.schemas.activity import WireExecutionFrame, WireGreeksFrame, WireOrderFrame
from marginwatch.venues.bybit.schemas.position import WirePositionFrame
from marginwatch.venues.bybit.schemas.wallet import WireWalletFrame

Frame = TypeVar("Frame")

_positions = msgspec.json.Decoder(WirePositionFrame)
_wallets = msgspec.json.Decoder(WireWalletFrame)
_executions = msgspec.json.Decoder(WireExecutionFrame)
_orders = msgspec.json.Decoder(WireOrderFrame)
_greeks = msgspec.json.Decoder(WireGreeksFrame)


def parse_private_frame(
    frame: bytes, account_id: AccountId, catalog: InstrumentCatalog, ts_received_ns: int
) -> tuple[Event, ...] | StreamControl:
    """Return the updates that a private frame carries, or the answer that it is.

    Topics are told by their first word, so all-in-one (``position``) and categorised ones (``position.linear``) are
    the same.

    Parameters
    ----------
    frame : bytes
        As on the wire.
    account_id : AccountId
        Whose socket it came from.
    catalog : InstrumentCatalog
        Contracts.
    ts_received_ns : int
        When it was heard, UTC nanoseconds.

    Raises
    ------
    ProtocolError
        If anything in it cannot be read, naming topic, row and field; or if the topic is unknown.
    """
    topic = topic_of(frame)
    if topic is None:
        return parse_control(frame)
    reader = _READERS.get(topic)
    if reader is not None:
        return (reader(frame, topic, None, account_id, catalog, ts_received_ns),)
    word, _, rest = topic.partition(".")
    reader = _READERS.get(word)
    if reader is None:
        raise ProtocolError(
            f"topic {topic[:60]!r} is not a private topic that we subscribe", endpoint=topic[:60]
        )
    category = rest.rpartition(".")[2]
    said = category if category in CATEGORIES else None
    return (reader(frame, topic, said, account_id, catalog, ts_received_ns),)


def _read_positions(
    frame: bytes,
    topic: str,
    category: str | None,
    account_id: AccountId,
    catalog: InstrumentCatalog,
    ts_received_ns: int,
) -> PositionsUpdate:
    try:
        wire = _positions.decode(frame)
    except UNDECODABLE as error:
        raise ProtocolError(describe(error), endpoint=topic) from None
    rows = wire.data
    try:
        if len(rows) == 1:
            positions = (position_of(rows[0], category, catalog),)
        else:
            positions = tuple([position_of(row, category, catalog) for row in rows])
    except ProtocolError as error:
        raise _named(error, topic) from None
    return PositionsUpdate(account_id, positions, _made_at_ns(wire.creation_time, topic), ts_received_ns)


def _read_wallet(
    frame: bytes,
    topic: str,
    category: str | None,  # noqa: ARG001  # all readers are called alike
    account_id: AccountId,
    catalog: InstrumentCatalog,  # noqa: ARG001  # as above
    ts_received_ns: int,
) -> BalancesUpdate:
    wire = _decode(_wallets, frame, topic)
    made_at_ns = _made_at_ns(wire.creation_time, topic)
    rows = wire.data
    if not rows:
        raise ProtocolError("the push holds no account", endpoint=topic)
    wallet = rows[0] if len(rows) == 1 else next((r for r in rows if r.account_type == "UNIFIED"), rows[0])
    try:
        account = account_of(wallet, made_at_ns)
        balances = tuple([balance_of(coin) for coin in wallet.coin])
    except ProtocolError as error:
        raise _named(error, topic) from None
    return BalancesUpdate(account_id, account, balances, made_at_ns, ts_received_ns)


def _read_fills(
    frame: bytes,
    topic: str,
    category: str | None,
    account_id: AccountId,
    catalog: InstrumentCatalog,
    ts_received_ns: int,
) -> FillsUpdate:
    wire = _decode(_executions, frame, topic)
    is_fast = topic.startswith("execution.fast")
    try:
        fills = tuple([fill_of(row, category, catalog, is_fast=is_fast) for row in wire.data])
    except ProtocolError as error:
        raise _named(error, topic) from None
    return FillsUpdate(account_id, fills, _made_at_ns(wire.creation_time, topic), ts_received_ns)


def _read_orders(
    frame: bytes,
    topic: str,
    category: str | None,
    account_id: AccountId,
    catalog: InstrumentCatalog,
    ts_received_ns: int,
) -> OrdersUpdate:
    wire = _decode(_orders, frame, topic)
    try:
        orders = tuple([order_of(row, category, catalog) for row in wire.data])
    except ProtocolError as error:
        raise _named(error, topic) from None
    return OrdersUpdate(account_id, orders, _made_at_ns(wire.creation_time, topic), ts_received_ns)


def _read_greeks(
    frame: bytes,
    topic: str,
    category: str | None,  # noqa: ARG001  # all readers are called alike
    account_id: AccountId,
    catalog: InstrumentCatalog,  # noqa: ARG001  # as above
    ts_received_ns: int,
) -> GreeksUpdate:
    wire = _decode(_greeks, frame, topic)
    try:
        greeks = tuple([greeks_of(row) for row in wire.data])
    except ProtocolError as error:
        raise _named(error, topic) from None
    return GreeksUpdate(account_id, greeks, _made_at_ns(wire.creation_time, topic), ts_received_ns)


_READERS = {
    "position": _read_positions,
    "wallet": _read_wallet,
    "execution": _read_fills,
    "order": _read_orders,
    "greeks": _read_greeks,
}


def _decode(decoder: msgspec.json.Decoder[Frame], frame: bytes, topic: str) -> Frame:
    try:
        return decoder.decode(frame)
    except UNDECODABLE as error:
        raise ProtocolError(describe(error), endpoint=topic) from None


def _made_at_ns(creation_time: int | str, topic: str) -> int:
    try:
        milliseconds = int(creation_time)
    except ValueError:
        milliseconds = 0
    if not 0 < milliseconds <= TS_MS_MAX:
        raise ProtocolError(f"creationTime {creation_time!r:.40} is not a time", endpoint=topic)
    return milliseconds * 1_000_000


def _named(error: ProtocolError, topic: str) -> ProtocolError:
    return ProtocolError(error.message, endpoint=topic)
