"""Coins: how they move with the market, and what they count as collateral or cost to borrow.

Betas, volatilities and starting prices are round figures of their order of magnitude; ratios and borrow tiers are
synthetic (the exchange's change often and are read from it by whoever needs the real ones).
"""

from dataclasses import dataclass
from decimal import Decimal

from marginwatch.sim.rows import BorrowTier, CollateralBand


@dataclass(frozen=True, slots=True)
class Coin:
    """One coin: USD price at the start, beta to the common factor, own annual volatility (fraction)."""

    name: str
    start_usd: float
    beta: float
    own_volatility: float


COINS: tuple[Coin, ...] = (
    Coin("BTC", 86_500.0, 1.0, 0.10),
    Coin("ETH", 2_850.0, 1.2, 0.25),
    Coin("SOL", 131.0, 1.4, 0.40),
    Coin("XRP", 1.98, 1.2, 0.40),
    Coin("DOGE", 0.1425, 1.5, 0.50),
    Coin("PEPE", 0.0000044, 1.8, 0.70),
    Coin("ADA", 0.428, 1.3, 0.45),
    Coin("LINK", 12.45, 1.3, 0.40),
    Coin("AVAX", 13.6, 1.4, 0.45),
    Coin("LTC", 84.2, 1.1, 0.35),
    Coin("BNB", 838.0, 0.9, 0.25),
    Coin("SUI", 1.41, 1.6, 0.60),
    Coin("ARB", 0.204, 1.5, 0.55),
    Coin("OP", 0.318, 1.5, 0.55),
    Coin("TRX", 0.277, 0.5, 0.25),
)

STABLECOINS = ("USDT", "USDC")

HOURLY_BORROW_RATE = Decimal("0.00000147")
"""Interest an hour on what is owed, of any coin; a documented example."""

# coin → (upper quantity of the band or None, ratio), synthetic
_BANDS: dict[str, tuple[tuple[str | None, str], ...]] = {
    "USDT": ((None, "1"),),
    "USDC": ((None, "1"),),
    "BTC": (("50", "0.98"), ("250", "0.95"), (None, "0.9")),
    "ETH": (("1000", "0.97"), ("5000", "0.92"), (None, "0.85")),
    "SOL": (("10000", "0.9"), (None, "0.8")),
    "XRP": (("500000", "0.85"), (None, "0.7")),
    "BNB": (("1000", "0.9"), (None, "0.8")),
}


def collateral_bands(coin: str | None = None) -> tuple[CollateralBand, ...]:
    """Return the collateral ratios by quantity of ``coin`` (all coins if None), ascending; empty if it has none."""
    rows: list[CollateralBand] = []
    for name, bands in _BANDS.items():
        lower = Decimal(0)
        for upper, ratio in bands:
            limit = None if upper is None else Decimal(upper)
            if coin in (None, name):
                rows.append(CollateralBand(coin=name, min_qty=lower, max_qty=limit, ratio=Decimal(ratio)))
            lower = limit or lower
    return tuple(rows)


def borrow_tiers(coin: str | None = None) -> tuple[BorrowTier, ...]:
    """Return the borrow tiers of ``coin`` (all coins if None), lowest first."""
    return tuple(
        BorrowTier(
            coin=name,
            tier=tier,
            limit=Decimal(limit),
            initial_margin_rate=Decimal(initial),
            maintenance_margin_rate=Decimal(maintenance),
            max_leverage=Decimal(leverage),
        )
        for name in _BANDS
        if coin in (None, name)
        for tier, limit, initial, maintenance, leverage in (
            (1, 1_000_000 if name in STABLECOINS else 50, "0.1", "0.04", "10"),
            (2, 5_000_000 if name in STABLECOINS else 500, "0.2", "0.08", "5"),
        )
    )


_BAND_FLOATS: dict[str, tuple[tuple[float, float], ...]] = {
    name: tuple((float(upper) if upper else float("inf"), float(ratio)) for upper, ratio in bands)
    for name, bands in _BANDS.items()
}


def is_collateral_coin(coin: str) -> bool:
    """Return whether the exchange takes a coin as collateral at all."""
    return coin in _BANDS


def collateral_ratio(coin: str, quantity: float) -> float:
    """Return the part of ``quantity`` that counts as collateral, band by band.

    A quantity of 0 or less counts in full (a debt is a debt); a coin without bands counts nothing.

    References
    ----------
    Bybit help centre, Collateral Value Ratios (2025-09-18): tiered by quantity, positive balances only.
    """
    if quantity <= 0.0:
        return 1.0
    if coin in STABLECOINS:
        return 1.0
    counted = lower = 0.0
    for upper, ratio in _BAND_FLOATS.get(coin, ()):
        counted += (min(quantity, upper) - lower) * ratio
        if quantity <= upper:
            break
        lower = upper
    return counted / quantity


def borrow_rates(coin: str, quantity: float) -> tuple[float, float]:
    """Return the initial and maintenance margin rate of what is borrowed of ``coin``."""
    limit = 1_000_000.0 if coin in STABLECOINS else 50.0
    return (0.1, 0.04) if quantity <= limit else (0.2, 0.08)
