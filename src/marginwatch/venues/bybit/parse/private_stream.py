"""Frames of an account's private socket. A frame is taken whole or not at all."""

from collections.abc import Callable
from typing import NamedTuple, Protocol, TypeVar

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
from marginwatch.venues.bybit.parse.text import TS_MS_MAX, is_whole
from marginwatch.venues.bybit.parse.topic import topic_of
from marginwatch.venues.bybit.parse.wallet import account_of, balance_of
from marginwatch.venues.bybit.schemas.activity import WireExecutionFrame, WireGreeksFrame, WireOrderFrame
from marginwatch.venues.bybit.schemas.position import WirePositionFrame
from marginwatch.venues.bybit.schemas.wallet import WireWalletFrame

_positions = msgspec.json.Decoder(WirePositionFrame)


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


class _At(NamedTuple):
    """Whose frame it is, and when it was made and heard."""

    topic: str
    category: str | None
    account_id: AccountId
    catalog: InstrumentCatalog
    made_at_ns: int
    ts_received_ns: int


class _Frame(Protocol):
    """What all frames have."""

    creation_time: int | str


Frame = TypeVar("Frame", bound=_Frame)
_Reader = Callable[[bytes, str, str | None, AccountId, InstrumentCatalog, int], Event]


def _reader(shape: type[Frame], build: Callable[[Frame, _At], Event]) -> _Reader:
    """Return a reader of frames of one shape; positions, which are most of the traffic, have one written out."""
    decode = msgspec.json.Decoder(shape).decode

    def read(
        frame: bytes,
        topic: str,
        category: str | None,
        account_id: AccountId,
        catalog: InstrumentCatalog,
        ts_received_ns: int,
    ) -> Event:
        try:
            wire = decode(frame)
        except UNDECODABLE as error:
            raise ProtocolError(describe(error), endpoint=topic) from None
        made_at_ns = _made_at_ns(wire.creation_time, topic)
        try:
            return build(wire, _At(topic, category, account_id, catalog, made_at_ns, ts_received_ns))
        except ProtocolError as error:
            raise _named(error, topic) from None

    return read


def _balances(wire: WireWalletFrame, at: _At) -> BalancesUpdate:
    rows = wire.data
    if not rows:
        raise ProtocolError("the push holds no account")
    wallet = rows[0] if len(rows) == 1 else next((r for r in rows if r.account_type == "UNIFIED"), rows[0])
    account = account_of(wallet, at.made_at_ns)
    balances = tuple([balance_of(coin) for coin in wallet.coin])
    return BalancesUpdate(at.account_id, account, balances, at.made_at_ns, at.ts_received_ns)


def _fills(wire: WireExecutionFrame, at: _At) -> FillsUpdate:
    is_fast = at.topic.startswith("execution.fast")
    fills = tuple([fill_of(row, at.category, at.catalog, is_fast=is_fast) for row in wire.data])
    return FillsUpdate(at.account_id, fills, at.made_at_ns, at.ts_received_ns)


def _orders(wire: WireOrderFrame, at: _At) -> OrdersUpdate:
    orders = tuple([order_of(row, at.category, at.catalog) for row in wire.data])
    return OrdersUpdate(at.account_id, orders, at.made_at_ns, at.ts_received_ns)


def _greeks(wire: WireGreeksFrame, at: _At) -> GreeksUpdate:
    greeks = tuple([greeks_of(row) for row in wire.data])
    return GreeksUpdate(at.account_id, greeks, at.made_at_ns, at.ts_received_ns)


_READERS: dict[str, _Reader] = {
    "position": _read_positions,
    "wallet": _reader(WireWalletFrame, _balances),
    "execution": _reader(WireExecutionFrame, _fills),
    "order": _reader(WireOrderFrame, _orders),
    "greeks": _reader(WireGreeksFrame, _greeks),
}
"""First word of a topic → its reader."""


def _made_at_ns(creation_time: int | str, topic: str) -> int:
    milliseconds = creation_time
    if isinstance(milliseconds, str):
        milliseconds = int(milliseconds) if is_whole(milliseconds) else 0
    if not 0 < milliseconds <= TS_MS_MAX:
        raise ProtocolError(f"creationTime {creation_time!r:.40} is not a time", endpoint=topic)
    return milliseconds * 1_000_000


def _named(error: ProtocolError, topic: str) -> ProtocolError:
    return ProtocolError(error.message, endpoint=topic)
