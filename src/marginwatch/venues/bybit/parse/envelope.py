"""The outside of every REST reply: return code, message, result, server time."""

from typing import TypeVar

import msgspec

from marginwatch.errors import ProtocolError
from marginwatch.venues.bybit.parse.text import is_whole, time_ns_or_none
from marginwatch.venues.bybit.schemas.envelope import WireEnvelope

UNDECODABLE = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
"""All that msgspec raises on bytes that are not what they should be: syntax, types, UTF-8, depth."""

T = TypeVar("T")

_envelopes = msgspec.json.Decoder(WireEnvelope)


class Envelope(msgspec.Struct, frozen=True):
    """One REST reply, opened.

    Parameters
    ----------
    ret_code : int
        0 is success; nothing else tells it (the message varies).
    message : str
        The venue's words.
    result : msgspec.Raw
        Still encoded; handed to the parser of its endpoint.
    time_ns : int or None
        Server time of the reply, UTC nanoseconds; some endpoints send none.
    """

    ret_code: int
    message: str
    result: msgspec.Raw
    time_ns: int | None


def decode_with(decoder: msgspec.json.Decoder[T], body: bytes | msgspec.Raw, what: str) -> T:
    """Return ``body`` decoded; whatever is wrong with it becomes one kind of error.

    Raises
    ------
    ProtocolError
        If the bytes are not JSON of the expected shape; ``what`` and the path inside it are named.
    """
    try:
        return decoder.decode(body)
    except UNDECODABLE as error:
        raise ProtocolError(describe(error), endpoint=what) from None


def describe(error: BaseException) -> str:
    """Return what was wrong with undecodable bytes, in one line without their content."""
    if isinstance(error, UnicodeDecodeError):
        return f"invalid UTF-8 at byte {error.start}"
    if isinstance(error, RecursionError):
        return "nested too deeply"
    return str(error).splitlines()[0] if str(error) else type(error).__name__


def open_envelope(body: bytes, *, endpoint: str) -> Envelope:
    """Return the parts of a REST reply.

    Parameters
    ----------
    body : bytes
        As on the wire.
    endpoint : str
        Path that was called, for the error.

    Raises
    ------
    ProtocolError
        If it does not decode or has no return code.
    """
    wire = decode_with(_envelopes, body, endpoint)
    code = wire.ret_code if wire.ret_code is not None else wire.ret_code_v2
    if code is None:
        raise ProtocolError("the reply has no retCode", endpoint=endpoint)
    if isinstance(code, str) and not is_whole(code):
        raise ProtocolError(f"retCode {code!r:.40} is not a number", endpoint=endpoint)
    ret_code = int(code)
    message = wire.ret_msg if wire.ret_msg is not None else wire.ret_msg_v2
    return Envelope(ret_code, message or "", wire.result, time_ns_or_none(wire.time, "time"))
