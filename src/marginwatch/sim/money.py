"""Exact money: where a number is rounded to what the ledger keeps, and how a computed one becomes exact text."""

from decimal import ROUND_HALF_EVEN, Context, Decimal

ZERO = Decimal(0)
CENT = Decimal("0.00000001")
"""Smallest amount a wallet holds: 8 decimals, as the exchange reports balances."""
GRAIN = Decimal("0.000000000001")
"""Smallest step of an entry value or an entry price: finer than a wallet, so that averages do not drift."""

EXACT = Context(prec=60, rounding=ROUND_HALF_EVEN)
"""Wide enough that sums and products of ledger amounts never lose a digit."""


def to_cents(amount: Decimal) -> Decimal:
    """Return ``amount`` rounded half-even to the 8 decimals of a wallet; zero is plain ``0``."""
    return EXACT.quantize(amount, CENT) or ZERO


def to_grain(amount: Decimal) -> Decimal:
    """Return ``amount`` rounded half-even to 12 decimals; zero is plain ``0``."""
    return EXACT.quantize(amount, GRAIN) or ZERO


def from_float(value: float, decimals: int = 8) -> Decimal:
    """Return a computed figure as exact text of ``decimals`` places.

    Raises
    ------
    ValueError
        If ``value`` is NaN or infinite: such a figure must be None in a row, never a number.
    """
    if value - value != 0.0:
        raise ValueError(f"value must be finite, got {value}")
    return Decimal(f"{value:.{decimals}f}") or ZERO


def to_step(value: float, step: Decimal) -> Decimal:
    """Return ``value`` rounded to the nearest multiple of ``step`` (a tick size or a quantity step)."""
    return EXACT.multiply(Decimal(round(value / float(step))), step)
