"""One recorded payload of Bybit to our model, offline: replies, frames, sequences of frames, and lone rows.

It runs the same parsers as the live program, so a file that puzzles somebody is answered with what the program itself
makes of it.
"""

from collections.abc import Mapping
from typing import Any, Final, cast

import msgspec

from marginwatch.errors import ConfigError, MarginwatchError, ProtocolError, RejectedError
from marginwatch.model.events import (
    BalancesUpdate,
    Event,
    FillsUpdate,
    GreeksUpdate,
    MarksUpdate,
    OrdersUpdate,
    PositionsUpdate,
)
from marginwatch.model.ids import AccountId, VenueId
from marginwatch.model.price import Mark
from marginwatch.venues.bybit.catalog import InstrumentCatalog
from marginwatch.venues.bybit.decode_rest import read_result
from marginwatch.venues.bybit.errors import error_for, error_for_auth_refusal
from marginwatch.venues.bybit.manifest import MANIFEST
from marginwatch.venues.bybit.parse.control import parse_control
from marginwatch.venues.bybit.parse.envelope import UNDECODABLE, Envelope, describe, open_envelope
from marginwatch.venues.bybit.parse.instruments import parse_instruments
from marginwatch.venues.bybit.parse.private_stream import parse_private_frame
from marginwatch.venues.bybit.parse.public_stream import parse_public_frame
from marginwatch.venues.bybit.parse.tickers import merge
from marginwatch.venues.bybit.payload_kinds import check_kind, has_failed, kind_of
from marginwatch.venues.decoded import Decoded, other_view

_NOBODY: Final = AccountId("")
"""A file belongs to no configured account."""

_ROWS_OF_FRAMES: Final = {
    "ws position": "rest position",
    "ws wallet": "rest wallet-balance",
    "ws execution": "rest execution",
    "ws order": "rest open-orders",
    "ws greeks": "rest coin-greeks",
    "ws tickers": "rest tickers",
    "ws tickers sequence": "rest tickers",
}
"""Rows taken out of their frame read like those of the REST list."""

_raw_lists = msgspec.json.Decoder(list[msgspec.Raw])


def decode_payload(body: bytes, kind: str | None = None, instruments: bytes | None = None) -> Decoded:
    """Return all that a payload holds.

    Parameters
    ----------
    body : bytes
        One reply, frame or row, or a list of frames or of rows, as on the wire.
    kind : str or None
        One of ``payload_kinds.KINDS``; None finds it out from the shape.
    instruments : bytes or None
        A reply of ``/v5/market/instruments-info`` whose contracts are used. Without it, contracts are what their
        symbols say.

    Raises
    ------
    ProtocolError
        If the payload cannot be read: says what and where.
    ConfigError
        If ``kind`` is unknown or ``instruments`` is not such a reply.
    """
    check_kind(kind)
    catalog = InstrumentCatalog(VenueId(MANIFEST.exchange))
    if instruments is not None:
        _learn(catalog, instruments)
    payload = _structure_of(body)
    found = kind or kind_of(payload)
    if isinstance(payload, Mapping):
        fields = cast("Mapping[str, Any]", payload)
        if "topic" in fields:
            return _decode_frames([body], kind, catalog)
        return _decode_object(body, fields, found, catalog)
    if isinstance(payload, list):
        first = cast("list[object]", payload)[0] if payload else None
        if isinstance(first, Mapping) and "topic" in first:
            return _decode_frames([bytes(raw) for raw in _raw_lists.decode(body)], kind, catalog)
        rows = msgspec.Raw(b'{"list":' + body + b"}")
        return _decode_result(Envelope(0, "", rows, None), found, catalog)
    raise ProtocolError("the payload is neither an object nor a list")


def _learn(catalog: InstrumentCatalog, instruments: bytes) -> None:
    try:
        envelope = open_envelope(instruments, endpoint="--instruments")
        page = parse_instruments(envelope.result, catalog)
    except ProtocolError as error:
        raise ConfigError(
            f"--instruments: not a reply of /v5/market/instruments-info: {error.message}"
        ) from None
    if page.failures:
        raise ConfigError(f"--instruments: {page.failures[0].message}")
    catalog.learn(page.rows)


def _structure_of(body: bytes) -> object:
    try:
        return msgspec.json.decode(body)
    except UNDECODABLE as error:
        raise ProtocolError(f"not JSON: {describe(error)}") from None


def _decode_object(body: bytes, payload: Mapping[str, Any], kind: str, catalog: InstrumentCatalog) -> Decoded:
    if has_failed(payload):
        return _decode_refusal(body, payload)
    if kind in ("error", "ws error"):
        raise ProtocolError("the payload is no error: neither a retCode other than 0 nor success false in it")
    if kind == "ws control":
        return Decoded(other=[other_view(kind, parse_control(body), answer=parse_control(body).kind)])
    if "result" in payload and any(name in payload for name in ("retCode", "ret_code", "retMsg")):
        envelope = open_envelope(body, endpoint=kind)
    elif isinstance(payload.get("list"), list) or ("symbol" not in payload and kind in _BARE_RESULTS):
        envelope = Envelope(0, "", msgspec.Raw(body), None)
    else:
        envelope = Envelope(0, "", msgspec.Raw(b'{"list":[' + body + b"]}"), None)
    return _decode_result(envelope, kind, catalog)


_BARE_RESULTS: Final = frozenset(
    {"rest account-info", "rest option-asset-info", "rest query-api", "rest sub-members"}
)
"""Kinds whose ``result`` is an object of its own, not a list."""


def _decode_result(envelope: Envelope, kind: str, catalog: InstrumentCatalog) -> Decoded:
    decoded = Decoded()
    read_result(_ROWS_OF_FRAMES.get(kind, kind), envelope, catalog, decoded)
    return decoded


def _decode_refusal(body: bytes, payload: Mapping[str, Any]) -> Decoded:
    if "op" not in payload and "success" not in payload:
        envelope = open_envelope(body, endpoint="reply")
        if envelope.ret_code == 0:
            raise ProtocolError("retCode is a strange spelling of 0; a reply of Bybit has the number")
        return Decoded(error=error_for(envelope.ret_code, envelope.message))
    control = parse_control(body)
    if control.is_success:
        return Decoded(other=[other_view("ws control", control, answer=control.kind)])
    error: MarginwatchError
    if control.kind == "auth":
        error = error_for_auth_refusal(control.code, control.message)
    elif control.code:
        error = error_for(control.code, control.message)
    else:
        error = RejectedError(control.message or "refused without a reason")
    return Decoded(error=error)


def _decode_frames(frames: list[bytes], kind: str | None, catalog: InstrumentCatalog) -> Decoded:
    decoded = Decoded()
    state: dict[str, Mark] = {}
    for number, frame in enumerate(frames):
        payload = _structure_of(frame)
        found = kind_of(payload)
        if kind is not None and kind.removesuffix(" sequence") != found:
            raise ProtocolError(f"message {number}: the topic is that of {found!r}, not of {kind!r}")
        if found == "ws tickers":
            _add_marks(frame, catalog, state, decoded)
        else:
            answer = parse_private_frame(frame, _NOBODY, catalog, 0)
            if isinstance(answer, tuple):
                for event in answer:
                    _add_event(event, decoded)
    return decoded


def _add_marks(frame: bytes, catalog: InstrumentCatalog, state: dict[str, Mark], decoded: Decoded) -> None:
    update = parse_public_frame(frame, None, catalog, 0)
    if not isinstance(update, MarksUpdate):
        return
    for mark in update.marks:
        known = state.get(mark.instrument.instrument_id)
        merged = mark if known is None else merge(known, mark)
        state[mark.instrument.instrument_id] = merged
        decoded.marks.append(merged)


def _add_event(event: Event, decoded: Decoded) -> None:
    if isinstance(event, PositionsUpdate):
        decoded.positions.extend(event.positions)
    elif isinstance(event, BalancesUpdate):
        decoded.account = event.account
        decoded.balances.extend(event.balances)
    elif isinstance(event, FillsUpdate):
        decoded.fills.extend(event.fills)
    elif isinstance(event, OrdersUpdate):
        decoded.other.extend(other_view("ws order", order) for order in event.orders)
    elif isinstance(event, GreeksUpdate):
        decoded.other.extend(other_view("ws greeks", greeks, asset=asset) for asset, greeks in event.greeks)
