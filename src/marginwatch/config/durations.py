"""Durations as people write them: ``30s``, ``5m``, ``1h30m``, ``2d``."""

import re

UNITS_S = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3_600.0, "d": 86_400.0, "w": 604_800.0}

_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d|w)")


def seconds_of(text: str) -> float:
    """Return the seconds of a duration.

    Raises
    ------
    ValueError
        If it is none, with what one looks like.
    """
    parts = list(_PART.finditer(text))
    if not parts or "".join(part.group() for part in parts) != text:
        raise ValueError(f"{text!r} is no duration; write one such as 30s, 5m, 1h30m or 2d")
    return sum(float(part.group(1)) * UNITS_S[part.group(2)] for part in parts)
