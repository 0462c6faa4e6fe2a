"""Exact numbers as the texts that Bybit sends.

None, *not applicable*, is ``""``. Money keeps at most 8 decimals and no trailing zeros; a rate is cut (not rounded)
to 4 decimals, so ``0.020026`` reads ``"0.02"``; a price keeps the decimals of its tick.
"""

from decimal import ROUND_DOWN, Decimal

LONGEST_WHOLE = 18
"""Digits of the longest whole number that is read: more than any time or count has, and it fits into 64 bits."""

_FOUR = Decimal("0.0001")
_ZERO = Decimal(0)


def money(amount: Decimal | None) -> str:
    """Return an amount with at most 8 decimals, no trailing zeros and never an exponent."""
    if amount is None:
        return ""
    text = format(amount, "f")
    whole, point, decimals = text.partition(".")
    if len(decimals) > 8:
        text = format(amount, ".8f")
        whole, point, decimals = text.partition(".")
    if point:
        decimals = decimals.rstrip("0")
        text = f"{whole}.{decimals}" if decimals else whole
    return "0" if text == "-0" else text


def price(value: Decimal | None) -> str:
    """Return a price with the decimals it has."""
    return "" if value is None else format(value, "f")


def rate(fraction: Decimal | None) -> str:
    """Return an account rate: cut to 4 decimals, trailing zeros dropped."""
    return "" if fraction is None else money(fraction.quantize(_FOUR, rounding=ROUND_DOWN))


def percentage_change(now: Decimal, before: Decimal) -> str:
    """Return the move from ``before`` to ``now`` as a fraction of 6 decimals; ``"0"`` where there is no before."""
    return format((now - before) / before, ".6f") if before > _ZERO else "0"


def whole(text: str) -> int | None:
    """Return the whole number that a client wrote in plain digits; None for anything else, and for too many digits."""
    is_plain = text.isascii() and text.isdecimal() and len(text) <= LONGEST_WHOLE
    return int(text) if is_plain else None
