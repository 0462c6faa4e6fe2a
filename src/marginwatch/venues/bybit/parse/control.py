"""Replies to auth, subscribe and ping, in the four shapes of the private and public sockets."""

from typing import Literal

import msgspec

from marginwatch.errors import ProtocolError
from marginwatch.venues.bybit.parse.envelope import decode_with
from marginwatch.venues.bybit.parse.text import count_or_none
from marginwatch.venues.bybit.schemas.envelope import WireControl, WireTopicLists

ControlKind = Literal["auth", "subscribe", "pong", "error", "other"]

_controls = msgspec.json.Decoder(WireControl)
_topic_lists = msgspec.json.Decoder(WireTopicLists)

_ALREADY_SUBSCRIBED = "already subscribed"


class StreamControl(msgspec.Struct, frozen=True):
    """A frame that carries no data.

    Parameters
    ----------
    kind : {'auth', 'subscribe', 'pong', 'error', 'other'}
        What it answers; ``error`` where it fails without saying what.
    is_success : bool
        Whether it was granted; a repeated subscription counts as granted.
    code : int or None
        The venue's code, where it sends one.
    message : str
        The venue's words.
    req_id : str or None
        Echo of the request's id.
    already_subscribed : bool
        The topic had been subscribed before: harmless.
    """

    kind: ControlKind
    is_success: bool
    code: int | None
    message: str
    req_id: str | None
    already_subscribed: bool = False


def parse_control(frame: bytes) -> StreamControl:
    """Return a frame without a topic as what it answers.

    Raises
    ------
    ProtocolError
        If it is not such a frame: not JSON, or neither operation, success nor code in it.
    """
    wire = decode_with(_controls, frame, "stream control")
    message = wire.ret_msg or wire.ret_msg_camel or ""
    code = count_or_none(wire.ret_code if wire.ret_code is not None else wire.ret_code_snake, "retCode")
    if wire.op is None and wire.type is None and wire.success is None and code is None:
        raise ProtocolError("stream control: the frame has neither topic, op, success nor retCode")
    failed_topics = _failed_topics(wire)
    if failed_topics:
        message = message or f"refused topics: {', '.join(failed_topics)[:300]}"
    already = _ALREADY_SUBSCRIBED in message
    is_success = already or (wire.success is not False and code in (None, 0) and not failed_topics)
    req_id = wire.req_id if wire.req_id is not None else wire.req_id_camel
    return StreamControl(
        kind=_kind_of(wire, message, is_success),
        is_success=is_success,
        code=code,
        message=message,
        req_id=None if req_id in (None, "") else str(req_id),
        already_subscribed=already,
    )


def _kind_of(wire: WireControl, message: str, is_success: bool) -> ControlKind:
    if wire.op == "auth":
        return "auth"
    if wire.op == "subscribe" or wire.type == "COMMAND_RESP":
        return "subscribe"
    # Linear, inverse and spot sockets answer a ping with op "ping" and the message "pong".
    if wire.op == "pong" or (wire.op == "ping" and is_success) or message == "pong":
        return "pong"
    return "other" if is_success else "error"


def _failed_topics(wire: WireControl) -> list[str]:
    if wire.type != "COMMAND_RESP":
        return []
    return decode_with(_topic_lists, wire.data, "stream control, data").fail_topics or []
