"""The margin modes an account can be in, by the exchange's names for them."""

from marginwatch.sim.isolated import IsolatedMargin
from marginwatch.sim.margin import CrossMargin, MarginMode
from marginwatch.sim.portfolio import PortfolioMargin

MODES: dict[str, MarginMode] = {
    mode.name: mode for mode in (CrossMargin(), IsolatedMargin(), PortfolioMargin())
}
"""Margin modes that can be simulated."""


def mode_named(name: str) -> MarginMode:
    """Return a margin mode.

    Raises
    ------
    ValueError
        If there is no mode of that name; the message lists them.
    """
    if name not in MODES:
        raise ValueError(f"margin_mode must be one of {', '.join(MODES)}, got {name!r}")
    return MODES[name]
