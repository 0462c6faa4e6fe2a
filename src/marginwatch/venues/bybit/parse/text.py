"""The venue's own texts: what means *none*, what is a number, and what is a moment.

Bybit writes amounts as JSON strings and leaves them ``""`` where they do not apply; ``"0"`` and prices made of nines
stand for *none* in some fields. Texts are kept exactly as sent; they are only proved to be decimals, so that nobody
downstream meets one that is not.

A decimal text is ASCII digits with an optional minus before and an optional fraction and exponent behind, nothing else, at
most ``DECIMAL_CHARS_MAX`` characters, and small enough for a float64; ``.005`` is one, for rates have been seen so.
Python's own ``float`` takes much more: ``1_000``, ``+5``, spaces, digits of other scripts. A whole number given as text
is ASCII digits with an optional minus.
"""

import math
import re
from collections.abc import Iterable

import msgspec

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


DECIMAL_CHARS_MAX = 100
"""Longest decimal text; the longest real ones are below 40."""

_DECIMAL = re.compile(r"-?(?:\d+(?:\.\d+)?|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)
_decode_numbers = msgspec.json.Decoder(list[float]).decode


def prove_numbers(texts: Iterable[str | None]) -> list[float]:
    """Return the values of the texts that say something, in their order; raise unless every one is a decimal.

    One pass of the JSON decoder over all of them costs less than ``float`` for each, and takes no more than it should;
    what it does not take is looked at one by one, for it does not know ``.005``.

    Raises
    ------
    ValueError
        If one is not a decimal text; which one is not said.
    """
    given = [*filter(None, texts)]
    joined = ",".join(given)
    # White space between numbers is all that the decoder would overlook; a comma inside a text changes their count.
    if " " in joined or "\n" in joined or "\t" in joined or "\r" in joined:
        raise ValueError("white space in a number")
    if len(joined) > DECIMAL_CHARS_MAX and max(map(len, given)) > DECIMAL_CHARS_MAX:
        raise ValueError("a number of too many digits")
    try:
        numbers = _decode_numbers(f"[{joined}]")
    except msgspec.DecodeError:
        return [_decimal(text) for text in given]
    if len(numbers) != len(given):
        raise ValueError("a comma in a number")
    return numbers


def _decimal(text: str) -> float:
    if _DECIMAL.fullmatch(text) is None:
        raise ValueError("not a decimal number")
    value = float(text)
    if not math.isfinite(value):
        raise ValueError("a number beyond float64")
    return value


def number_or_none(text: str | None, field: str) -> DecimalText | None:
    """Return a decimal text, None where nothing was said.

    Raises
    ------
    ProtocolError
        If it is not a decimal; names the field.
    """
    if text in NONE or text is None:
        return None
    try:
        prove_numbers((text,))
    except ValueError:
        raise ProtocolError(f"{field}: {text[:40]!r} is not a decimal number") from None
    return text


def is_whole(text: str) -> bool:
    """Return whether a text is a whole number: ASCII digits, an optional minus, no more than a decimal may have."""
    digits = text.removeprefix("-")
    return len(text) <= DECIMAL_CHARS_MAX and digits.isascii() and digits.isdigit()


def count_or_none(value: int | str | None, field: str) -> int | None:
    """Return a whole number given as number or text; None where nothing was said.

    Raises
    ------
    ProtocolError
        If it is not a whole number of 64 bits; names the field.
    """
    if value is None or value == "":
        return None
    if isinstance(value, str) and not is_whole(value):
        raise ProtocolError(f"{field}: {value[:40]!r} is not a whole number")
    count = int(value)
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
