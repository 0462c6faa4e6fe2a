"""Damaged JSON: one field too large, one value of the wrong type."""

import random
from typing import Any

import msgspec

HUGE_BYTES = 4 * 1024 * 1024

_OTHERS: tuple[Any, ...] = (None, True, -7, 0.5, "x", [], {}, [[]])
_DEEPER = 0.9
"""How often a damage goes into an object or a list instead of replacing it as a whole."""


def padded(payload: bytes) -> bytes:
    """Return a JSON object with one more field, of 4 MiB."""
    return b'{"padding":"' + b"x" * HUGE_BYTES + b'",' + payload[1:]


def mistyped(payload: bytes, dice: random.Random) -> bytes:
    """Return a JSON object in which one value, at a random place, has another type."""
    message: Any = msgspec.json.decode(payload)
    place, keys = message, _keys(message)
    while True:
        key = dice.choice(keys)
        value: Any = place[key]
        below = _keys(value)
        if not below or dice.random() > _DEEPER:
            break
        place, keys = value, below
    place[key] = dice.choice([other for other in _OTHERS if type(other) is not type(value)])
    return msgspec.json.encode(message)


def _keys(value: Any) -> list[Any]:
    """Return where a value can be entered: names or places, nothing for a plain or an empty one."""
    if isinstance(value, dict):
        return list(value)  # pyright: ignore[reportUnknownArgumentType]  # any JSON object
    return list(range(len(value))) if isinstance(value, list) else []  # pyright: ignore[reportUnknownArgumentType]  # any JSON list
