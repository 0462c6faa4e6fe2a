"""Who the accounts are: names, desks, deposits and books that a trader would recognize."""

from dataclasses import dataclass
from typing import Literal

Style = Literal["maker", "holder", "swing", "idle"]
"""maker: quotes and turns inventory over; holder: keeps its book; swing: flips, closes and reopens; idle: hardly acts."""


@dataclass(frozen=True, slots=True)
class Plan:
    """One account: ``deposits`` in coins, ``book`` in signed USD by symbol; ``{quarter}`` stands for the dated contract."""

    name: str
    desk: str
    style: Style
    deposits: tuple[tuple[str, str], ...]
    book: tuple[tuple[str, float], ...]
    leverage: int = 10
    is_hedge_mode: bool = False
    funding_wallet: tuple[tuple[str, str], ...] = ()


PLANS: tuple[Plan, ...] = (
    Plan(
        "treasury",
        "treasury",
        "idle",
        (("USDT", "2400000"), ("USDC", "1100000"), ("BTC", "18")),
        (("BTCUSD", -150_000.0),),
        funding_wallet=(("USDT", "750000"), ("BTC", "4.5")),
    ),
    Plan(
        "dir-momentum",
        "directional",
        "holder",
        (("USDT", "420000"),),
        (("BTCUSDT", 2_600_000.0), ("SOLUSDT", 900_000.0), ("ETHUSDT", 1_000_000.0)),
        leverage=25,
    ),
    Plan(
        "mm-btc-1",
        "market-making",
        "maker",
        (("USDT", "900000"), ("USDC", "400000")),
        (("BTCUSDT", 850_000.0), ("BTCPERP", -780_000.0)),
        leverage=20,
    ),
    Plan(
        "mm-eth-1",
        "market-making",
        "maker",
        (("USDT", "600000"), ("USDC", "250000")),
        (("ETHUSDT", -520_000.0), ("ETHPERP", 480_000.0)),
        leverage=20,
    ),
    Plan(
        "mm-alts-1",
        "market-making",
        "maker",
        (("USDT", "450000"),),
        (
            ("SOLUSDT", 210_000.0),
            ("XRPUSDT", -180_000.0),
            ("DOGEUSDT", 95_000.0),
            ("1000PEPEUSDT", -60_000.0),
            ("ADAUSDT", 70_000.0),
            ("LINKUSDT", -88_000.0),
            ("SUIUSDT", 54_000.0),
        ),
    ),
    Plan(
        "mm-alts-2",
        "market-making",
        "maker",
        (("USDT", "380000"),),
        (("AVAXUSDT", 80_000.0), ("LTCUSDT", -75_000.0), ("BNBUSDT", 120_000.0), ("ARBUSDT", -42_000.0)),
        is_hedge_mode=True,
    ),
    Plan(
        "basis-btc",
        "basis",
        "holder",
        (("BTC", "32"), ("USDT", "150000")),
        (("BTCUSD", -1_100_000.0), ("BTCUSD{quarter}", -1_400_000.0)),
        leverage=5,
    ),
    Plan(
        "basis-eth",
        "basis",
        "holder",
        (("ETH", "620"), ("USDT", "-90000")),
        (("ETHUSD", -820_000.0), ("ETHUSD{quarter}", -760_000.0)),
        leverage=5,
    ),
    Plan(
        "perp-arb-long",
        "arbitrage",
        "holder",
        (("USDT", "980000"),),
        (("BTCUSDT", 1_500_000.0), ("ETHUSDT", 900_000.0)),
        leverage=15,
    ),
    Plan(
        "perp-arb-short",
        "arbitrage",
        "holder",
        (("USDC", "610000"),),
        (("BTCPERP", -1_500_000.0), ("ETHPERP", -900_000.0)),
        leverage=15,
    ),
    Plan(
        "dir-macro",
        "directional",
        "swing",
        (("USDT", "700000"), ("BTC", "3")),
        (("BTCUSDT", -620_000.0), ("XRPUSDT", 240_000.0), ("DOGEUSDT", -150_000.0)),
        is_hedge_mode=True,
    ),
    Plan(
        "options-hedge",
        "options-hedge",
        "swing",
        (("USDC", "480000"), ("ETH", "60")),
        (("ETHUSDT", -310_000.0), ("BTCUSDT-{quarter_day}", 260_000.0), ("SOLPERP", 95_000.0)),
    ),
)
"""The twelve accounts of a demonstration. The first is the master; the second is the one that will not survive a crash."""

STYLES_OF_CROWD: tuple[tuple[str, Style], ...] = (
    ("market-making", "maker"),
    ("basis", "holder"),
    ("market-making", "maker"),
    ("directional", "swing"),
)
"""Desk and style of the accounts beyond the named ones, in turn."""
