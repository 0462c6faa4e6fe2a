"""Numbers as texts for people: thin spaces between thousands, a true minus, ``—`` for what is missing."""

MISSING = "—"
THIN_SPACE = "\u2009"
USAGE_SHOWN_MAX = 10.0


def grouped(value: float | None, decimals: int = 0) -> str:
    """Return a number with thin spaces between its thousands, as ``−1 234 567``; ``—`` if None."""
    if value is None:
        return MISSING
    text = f"{value:,.{decimals}f}".replace(",", THIN_SPACE)
    # A rounded nothing has no side.
    return text.removeprefix("-") if not text.strip(f"-0.{THIN_SPACE}") else text.replace("-", "−")


def percent(value: float | None, decimals: int = 1) -> str:
    """Return a fraction as per cent; ``—`` if None."""
    return MISSING if value is None else f"{grouped(value * 100, decimals)} %"


def margin_usage(value: float | None) -> str:
    """Return a margin usage; above 1,000 % only that, for it says no more than that nothing is left."""
    return (
        f"over {percent(USAGE_SHOWN_MAX, 0)}"
        if value is not None and value > USAGE_SHOWN_MAX
        else percent(value)
    )


def price(value: float | None) -> str:
    """Return a price with as many decimals as its size asks for; ``—`` if None."""
    if value is None:
        return MISSING
    size = abs(value)
    decimals = 2 if size >= 100 else 4 if size >= 1 else 8
    return grouped(value, decimals)


def decimal(text: str | None) -> str:
    """Return the venue's own decimal text with thin spaces between its thousands; ``—`` if None."""
    if text is None:
        return MISSING
    whole, point, rest = text.removeprefix("-").partition(".")
    if not whole.isdigit():
        return text
    return ("−" if text.startswith("-") else "") + f"{int(whole):,}".replace(",", THIN_SPACE) + point + rest


def distance(value: float | None, reason: str | None) -> str:
    """Return a distance to liquidation; ``none`` where nothing liquidates, ``—`` where it is not known."""
    if value is None:
        return "none" if reason == "none_in_range" else MISSING
    return percent(value)


def age(seconds: float | None) -> str:
    """Return an age in its largest sensible unit; ``—`` if it is not known."""
    if seconds is None:
        return MISSING
    for limit, unit, length in ((120.0, "s", 1.0), (7_200.0, "min", 60.0), (172_800.0, "h", 3_600.0)):
        if seconds < limit:
            return f"{seconds / length:.0f} {unit}"
    return f"{seconds / 86_400.0:.0f} d"


def or_missing(text: str | None) -> str:
    """Return the text, or ``—``."""
    return text or MISSING
