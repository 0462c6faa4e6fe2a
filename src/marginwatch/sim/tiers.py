"""Margin tiers of a contract: the larger the position, the more of it must be kept as margin.

The recorded table of BTCUSDT ships as package data with its origin; every other table is synthetic and says so.
"""

import itertools
import json
from bisect import bisect_left
from dataclasses import dataclass
from decimal import Decimal
from importlib import resources

from marginwatch.sim.money import ZERO


@dataclass(frozen=True, slots=True)
class Tier:
    """One band: position values up to ``limit`` (USD, or base coin for inverse contracts)."""

    limit: Decimal
    max_leverage: Decimal
    maintenance_rate: Decimal
    deduction: Decimal


class TierTable:
    """The tiers of one contract in ascending order.

    Parameters
    ----------
    tiers : tuple of Tier
        Ascending limits; the last one also holds for anything above it.
    origin : str
        Where the numbers come from; ``synthetic`` in it means: made up for the simulation.

    Raises
    ------
    ValueError
        If there is no tier, limits do not ascend, or a deduction breaks the rule that keeps the margin continuous.
    """

    def __init__(self, tiers: tuple[Tier, ...], origin: str) -> None:
        if not tiers:
            raise ValueError("tiers must hold at least one tier")
        for lower, upper in itertools.pairwise(tiers):
            if upper.limit <= lower.limit:
                raise ValueError(f"tier limits must ascend, got {lower.limit} then {upper.limit}")
            if upper.deduction != next_deduction(lower, upper.maintenance_rate):
                raise ValueError(f"deduction {upper.deduction} of tier up to {upper.limit} breaks continuity")
        self._take(tiers, origin)

    def replace(self, other: "TierTable") -> None:
        """Take over another table's tiers: an announced change reaches whoever holds this table."""
        self._take(other.tiers, other.origin)

    def _take(self, tiers: tuple[Tier, ...], origin: str) -> None:
        self.tiers = tiers
        self.origin = origin
        self._limits = [float(tier.limit) for tier in tiers]
        self._rates = [float(tier.maintenance_rate) for tier in tiers]
        self._deductions = [float(tier.deduction) for tier in tiers]
        self._leverages = [float(tier.max_leverage) for tier in tiers]

    def index(self, value: float) -> int:
        """Return the tier number (from 0) of a position value; a value on a limit still belongs below it."""
        return min(bisect_left(self._limits, value), len(self._limits) - 1)

    def band(self, total_value: float) -> tuple[float, float, float]:
        """Return rate, deduction and highest leverage of the tier that a value of position and orders is in."""
        tier = self.index(total_value)
        return self._rates[tier], self._deductions[tier], self._leverages[tier]

    def terms(self, total_value: float) -> tuple[float, float]:
        """Return maintenance rate net of the deduction, and highest leverage, at a value of position and orders.

        The tier is that of position and orders together, and the deduction is shared out by value: rate − D ÷ value
        times the position's own value is its share of what both would need. At 0 the first tier holds.

        References
        ----------
        Bybit help centre, New Margin Calculation (2025-09-02): value × rate − deduction, tier by position plus
        orders. How the deduction is shared with orders is not published; sharing by value is our reading.
        """
        if total_value <= self._limits[0]:
            return self._rates[0], self._leverages[0]
        tier = self.index(total_value)
        return self._rates[tier] - self._deductions[tier] / total_value, self._leverages[tier]


def next_deduction(lower: Tier, rate: Decimal) -> Decimal:
    """Return the deduction of the tier above ``lower``: limit × (rate − lower rate) + lower deduction."""
    return lower.limit * (rate - lower.maintenance_rate) + lower.deduction


def recorded_btcusdt() -> TierTable:
    """Return the published BTCUSDT tiers (package data with its origin)."""
    text = resources.files("marginwatch.sim").joinpath("data/bybit_btcusdt_tiers.json").read_text()
    data = json.loads(text)
    tiers = tuple(Tier(*(Decimal(cell) for cell in row)) for row in data["tiers"])
    return TierTable(tiers, data["origin"])


def synthetic(first_limit: Decimal, max_leverage: int) -> TierTable:
    """Return a made-up table: each tier doubles the limit, lowers leverage and keeps the margin continuous.

    Parameters
    ----------
    first_limit : Decimal
        Position value of tier 1, USD (base coin for inverse).
    max_leverage : int
        Leverage of tier 1; its maintenance rate is half of 1/leverage.
    """
    rate = Decimal(1) / (2 * max_leverage)
    tiers = [Tier(first_limit, Decimal(max_leverage), rate, ZERO)]
    for step in range(1, 8):
        rate = (Decimal(1) / (2 * max_leverage) * (1 + step)).quantize(Decimal("0.0001"))
        leverage = (1 / (2 * rate)).quantize(Decimal("0.01"))
        deduction = next_deduction(tiers[-1], rate)
        tiers.append(Tier(first_limit * 2**step, leverage, rate, deduction))
    return TierTable(tuple(tiers), "synthetic")


def scaled(table: TierTable, factor: Decimal) -> TierTable:
    """Return a table with all maintenance rates times ``factor`` and deductions that keep the margin continuous.

    Highest leverages are lowered where a position at them would have less than its maintenance margin.
    """
    made: list[Tier] = []
    for tier in table.tiers:
        rate = tier.maintenance_rate * factor
        deduction = next_deduction(made[-1], rate) if made else ZERO
        leverage = min(tier.max_leverage, (1 / (2 * rate)).quantize(Decimal("0.01")))
        made.append(Tier(tier.limit, leverage, rate, deduction))
    return TierTable(tuple(made), f"{table.origin}, rates times {factor}")
