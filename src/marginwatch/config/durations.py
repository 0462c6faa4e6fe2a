"""Durations as people write them: ``30s``, ``5m``, ``1h30m``, ``2d``."""

import re

UNITS_S = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3_600.0, "d": 86_400.0, "w": 604_800.0}

DURATION_MAX_S = 3_650 * UNITS_S["d"]
"""Ten years: moments so far away can still be written in nanoseconds, and a rule that waits longer never fires."""

LENGTH_MAX = 32

_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d|w)")


def seconds_of(text: str) -> float:
    """Return the seconds of a duration.

    Raises
    ------
    ValueError
        If it is none, with what one looks like, or longer than anybody means.
    """
    parts = list(_PART.finditer(text)) if len(text) <= LENGTH_MAX else []
    if not parts or "".join(part.group() for part in parts) != text:
        raise ValueError(f"{text[:LENGTH_MAX]!r} is no duration; write one such as 30s, 5m, 1h30m or 2d")
    seconds = sum(float(part.group(1)) * UNITS_S[part.group(2)] for part in parts)
    if seconds > DURATION_MAX_S:
        raise ValueError(
            f"{text!r} is longer than ten years; write at most {DURATION_MAX_S / UNITS_S['d']:g}d"
        )
    return seconds
