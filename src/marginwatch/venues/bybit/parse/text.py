"""The venue's own texts: what means *none*, what is a number, and what is a moment.

Bybit writes amounts as JSON strings and leaves them ``""`` where they do not apply; ``"0"`` and prices made of nines
stand for *none* in some fields. Texts are kept exactly as sent; they are only proved to be finite numbers, so that
nobody downstream meets one that is not.
"""

from collections.abc import Iterable
from math import isfinite

from marginwatch.errors import ProtocolError
from marginwatch.model.ids import DecimalText

NONE = frozenset({"", None})
"""Not said (V5 introduction: an empty string is *not applicable*, which is not 0)."""

ZEROS = frozenset({"0", *("0." + "0" * places for places in range(25))})
"""Spellings of zero, for the fields where zero stands for *none*."""

NONE_OR_ZERO = NONE | ZEROS

NO_PRICE = NONE_OR_ZERO | frozenset(
    "9" * digits + (f".{fraction * places}" if places else "")
    for digits in range(6, 13)
    for fraction in "09"
    for places in range(11)
)
"""Also the sentinel prices ``999999`` and ``999999.00``: out of reach, hence none."""

TS_MS_MAX = 9_223_372_036_854
"""Largest millisecond whose nanoseconds fit into 64 bits."""

INT64_MAX = 9_223_372_036_854_775_807


def prove_numbers(texts: Iterable[str | None]) -> None:
    """Raise unless every text that says something is a finite number.

    Raises
    ------
    ValueError
        If one is not a number; its value is in the message, its place is not.
    """
    total = sum(map(float, filter(None, texts)))
    if not isfinite(total):
        raise ValueError("a number is not finite or far too large")


def number_or_none(text: str | None, field: str) -> DecimalText | None:
    """Return the text of a finite number, None where nothing was said.

    Raises
    ------
    ProtocolError
        If it is not a number; names the field.
    """
    if text in NONE or text is None:
        return None
    try:
        prove_numbers((text,))
    except ValueError:
        raise ProtocolError(f"{field}: {text[:40]!r} is not a finite number") from None
    return text


def count_or_none(value: int | str | None, field: str) -> int | None:
    """Return a whole number given as number or text; None where nothing was said.

    Raises
    ------
    ProtocolError
        If it is not a whole number of 64 bits; names the field.
    """
    if value is None or value == "":
        return None
    try:
        count = int(value)
    except ValueError:
        raise ProtocolError(f"{field}: {str(value)[:40]!r} is not a whole number") from None
    if not -INT64_MAX <= count <= INT64_MAX:
        raise ProtocolError(f"{field}: {str(value)[:40]} does not fit into 64 bits")
    return count


def sequence_or_none(value: int | str | None) -> int | None:
    """Return the cross sequence; ``-1`` (never traded) and nothing are None."""
    sequence = count_or_none(value, "seq")
    return None if sequence is None or sequence < 0 else sequence


def time_ns_or_none(value: int | str | None, field: str) -> int | None:
    """Return UTC nanoseconds of a millisecond time given as number or text; None for nothing and for 0.

    Raises
    ------
    ProtocolError
        If it is not a time; names the field.
    """
    if value is None or value in ("", "0", 0):
        return None
    milliseconds = count_or_none(value, field)
    if milliseconds is None or not 0 <= milliseconds <= TS_MS_MAX:
        raise ProtocolError(f"{field}: {str(value)[:40]!r} is not a time in milliseconds")
    return milliseconds * 1_000_000 or None
