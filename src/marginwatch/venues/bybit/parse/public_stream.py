"""Frames of the public sockets. A frame is taken whole or not at all."""

import msgspec

from marginwatch.errors import ProtocolError
from marginwatch.model.events import MarksUpdate
from marginwatch.venues.bybit.catalog import InstrumentCatalog
from marginwatch.venues.bybit.parse.control import StreamControl, parse_control
from marginwatch.venues.bybit.parse.envelope import UNDECODABLE, describe
from marginwatch.venues.bybit.parse.text import count_or_none, time_ns_or_none
from marginwatch.venues.bybit.parse.tickers import instrument_of, mark_of
from marginwatch.venues.bybit.parse.topic import topic_of
from marginwatch.venues.bybit.schemas.market import WireTickerFrame

_MARK = b'"topic":"tickers.'
_IS_SNAPSHOT = {"snapshot": True, "delta": False}
_tickers = msgspec.json.Decoder(WireTickerFrame)


def parse_public_frame(
    frame: bytes, category: str | None, catalog: InstrumentCatalog, ts_received_ns: int
) -> MarksUpdate | StreamControl:
    """Return the prices that a public frame carries, or the answer that it is.

    Parameters
    ----------
    frame : bytes
        As on the wire.
    category : str or None
        Of the socket: the frame does not say. None only for files, where the symbol has to tell.
    catalog : InstrumentCatalog
        Contracts.
    ts_received_ns : int
        When it was heard, UTC nanoseconds.

    Raises
    ------
    ProtocolError
        If anything in it cannot be read, naming topic and field; or if the topic is not ``tickers``.
    """
    if _MARK not in frame:
        topic = topic_of(frame)
        if topic is None:
            return parse_control(frame)
        if not topic.startswith("tickers."):
            raise ProtocolError(
                f"topic {topic[:60]!r} is not a public topic that we subscribe", endpoint=topic[:60]
            )
    try:
        wire = _tickers.decode(frame)
    except UNDECODABLE as error:
        raise ProtocolError(describe(error), endpoint="tickers") from None
    row = wire.data
    try:
        mark = mark_of(
            row,
            instrument_of(row, category, catalog),
            _IS_SNAPSHOT[wire.type],
            count_or_none(wire.cs, "cs"),
            time_ns_or_none(wire.ts, "ts"),
        )
    except KeyError:
        raise ProtocolError(
            f"type {wire.type[:40]!r} is neither snapshot nor delta", endpoint=wire.topic[:60]
        ) from None
    except ProtocolError as error:
        raise ProtocolError(error.message, endpoint=wire.topic[:60]) from None
    return MarksUpdate((mark,), ts_received_ns)
