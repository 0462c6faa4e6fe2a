"""WebSocket text frames, made once and written to many sockets.

A frame goes straight to the transport: through the library each send would cost a task switch and a new header, and
a damaged frame could not be sent at all. Reference: RFC 6455, section 5.2 (server frames are not masked).
"""

import random
import struct
from typing import NamedTuple

import msgspec

from marginwatch.sim.bybit.damage import mistyped, padded

_ENCODER = msgspec.json.Encoder()
_FINAL_TEXT = 0x81

PIECES = 6


class Push(NamedTuple):
    """One message: its JSON text and the finished frame."""

    payload: bytes
    frame: bytes


def push(message: object) -> Push:
    """Return a message ready for any number of sockets."""
    payload = _ENCODER.encode(message)
    return Push(payload, text_frame(payload))


def text_frame(payload: bytes) -> bytes:
    """Return an unmasked, final text frame around UTF-8 bytes."""
    length = len(payload)
    if length < 126:
        header = struct.pack("!BB", _FINAL_TEXT, length)
    elif length < 65_536:
        header = struct.pack("!BBH", _FINAL_TEXT, 126, length)
    else:
        header = struct.pack("!BBQ", _FINAL_TEXT, 127, length)
    return header + payload


def malformed_frame(message: Push) -> bytes:
    """Return a correct frame around text that stops in the middle."""
    return text_frame(message.payload[: len(message.payload) // 2])


def truncated_frame(message: Push) -> bytes:
    """Return a frame that announces more bytes than it brings."""
    return message.frame[: len(message.frame) // 2]


def huge_frame(message: Push) -> bytes:
    """Return a frame whose object has one more field, of 4 MiB."""
    return text_frame(padded(message.payload))


def mistyped_frame(message: Push, dice: random.Random) -> bytes:
    """Return a correct frame in which one value has another JSON type."""
    return text_frame(mistyped(message.payload, dice))


def pieces(frame: bytes) -> list[bytes]:
    """Return a frame cut into a few pieces, none of them empty."""
    length = max(1, -(-len(frame) // PIECES))
    return [frame[start : start + length] for start in range(0, len(frame), length)]
