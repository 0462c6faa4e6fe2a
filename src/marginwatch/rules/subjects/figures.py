"""Numbers as texts with their units, for messages."""

import math

from marginwatch.risk.answers import Answer


def percent(value: float) -> str | None:
    """Return a fraction in percent, with as many digits as tell something; None for NaN."""
    if not math.isfinite(value):
        return None
    shown = value * 100.0
    return f"{shown:.1f} %" if abs(shown) < 100.0 else f"{shown:,.0f} %"


def usd(value: float) -> str | None:
    """Return an amount in USD, with cents below a thousand; None for NaN."""
    if not math.isfinite(value):
        return None
    return f"{value:,.0f} USD" if abs(value) >= 1_000.0 else f"{value:,.2f} USD"


def times(value: float) -> str | None:
    """Return a multiple; None for NaN."""
    return f"{value:.1f} ×" if math.isfinite(value) else None


def number(value: float) -> str | None:
    """Return a plain number without needless digits; None for NaN."""
    return f"{value:,.8g}" if math.isfinite(value) else None


def answered(value: str | None, answer: int) -> str | None:
    """Return a figure, or in words that there is none; None where it is missing or makes no sense."""
    if answer == Answer.NONE_IN_RANGE:
        return "none in range"
    return value if answer == Answer.NUMBER else None


def present(**figures: str | None) -> dict[str, str]:
    """Return the figures that are there."""
    return {name: text for name, text in figures.items() if text is not None}


def tag_list(tags: tuple[str, ...]) -> str:
    """Return tags as the label has them: ``,a,b,``; empty without any."""
    return f",{','.join(tags)}," if tags else ""
