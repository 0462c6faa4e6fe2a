"""The exchange's board: which contracts and spot pairs are listed on a given day."""

import calendar
import datetime as dt
from dataclasses import replace
from decimal import Decimal

from marginwatch.sim import tiers
from marginwatch.sim.instruments import Contract, SpotPair

DATED_AHEAD_DAYS = 60
_MONTH_CODES = {3: "H", 6: "M", 9: "U", 12: "Z"}

# coin, coins per quote, tick, quantity step, largest order, leverage, first tier limit in USD (0: the recorded table)
_USDT_PERPETUALS: tuple[tuple[str, int, str, str, int, int, int], ...] = (
    ("BTC", 1, "0.10", "0.001", 1190, 100, 0),
    ("ETH", 1, "0.01", "0.01", 7240, 100, 900_000),
    ("SOL", 1, "0.010", "0.1", 79_770, 100, 200_000),
    ("XRP", 1, "0.0001", "0.1", 2_000_000, 75, 200_000),
    ("DOGE", 1, "0.00001", "1", 20_000_000, 75, 200_000),
    ("PEPE", 1000, "0.0000001", "100", 500_000_000, 50, 50_000),
    ("ADA", 1, "0.0001", "1", 6_000_000, 75, 200_000),
    ("LINK", 1, "0.001", "0.1", 300_000, 75, 200_000),
    ("AVAX", 1, "0.001", "0.1", 200_000, 75, 200_000),
    ("LTC", 1, "0.01", "0.1", 50_000, 75, 200_000),
    ("BNB", 1, "0.10", "0.01", 10_000, 75, 200_000),
    ("SUI", 1, "0.0001", "10", 3_000_000, 75, 100_000),
    ("ARB", 1, "0.0001", "0.1", 5_000_000, 50, 50_000),
    ("OP", 1, "0.0001", "0.1", 5_000_000, 50, 50_000),
    ("TRX", 1, "0.00001", "1", 30_000_000, 75, 100_000),
)
_USDC_PERPETUALS = (("BTC", "0.10", "0.001"), ("ETH", "0.01", "0.01"), ("SOL", "0.010", "0.1"))
# coin, tick, leverage, first tier limit in coin
_INVERSE = (
    ("BTC", "0.50", 100, 150),
    ("ETH", "0.05", 100, 1_500),
    ("SOL", "0.005", 50, 10_000),
    ("XRP", "0.0001", 50, 500_000),
)
_DATED_INVERSE = 2
_SPOT = (
    ("BTC", "0.01"),
    ("ETH", "0.01"),
    ("SOL", "0.01"),
    ("XRP", "0.0001"),
    ("BNB", "0.1"),
    ("USDC", "0.0001"),
)


def quarterly_delivery(now_ms: int) -> dt.datetime:
    """Return the first quarterly delivery (last Friday of Mar, Jun, Sep, Dec, 08:00 UTC) 60 or more days ahead."""
    soonest = dt.datetime.fromtimestamp(now_ms / 1000, dt.UTC) + dt.timedelta(days=DATED_AHEAD_DAYS)
    year, month = soonest.year, (soonest.month + 2) // 3 * 3
    while True:
        last = dt.datetime(year, month, calendar.monthrange(year, month)[1], 8, tzinfo=dt.UTC)
        friday = last - dt.timedelta(days=(last.weekday() - calendar.FRIDAY) % 7)
        if friday >= soonest:
            return friday
        year, month = (year, month + 3) if month < 12 else (year + 1, 3)


def contracts(now_ms: int) -> tuple[Contract, ...]:
    """Return the listed derivative contracts, in listing order, numbered from 1."""
    delivery = quarterly_delivery(now_ms)
    listed = [*_usdt_perpetuals(), *_usdc_perpetuals(), *_inverse_perpetuals(), *_dated(delivery)]
    return tuple(replace(contract, symbol_id=number) for number, contract in enumerate(listed, 1))


def spot_pairs() -> tuple[SpotPair, ...]:
    """Return the listed spot pairs against USDT: those that value collateral."""
    return tuple(
        SpotPair(f"{base}USDT", 1000 + number, base, "USDT", Decimal(tick))
        for number, (base, tick) in enumerate(_SPOT)
    )


def _usdt_perpetuals() -> list[Contract]:
    return [
        Contract(
            symbol=f"{factor if factor > 1 else ''}{coin}USDT",
            symbol_id=0,
            category="linear",
            contract_type="LinearPerpetual",
            base=f"{factor if factor > 1 else ''}{coin}",
            quote="USDT",
            settle="USDT",
            tick=Decimal(tick),
            step=Decimal(step),
            max_qty=Decimal(max_qty),
            max_leverage=Decimal(leverage),
            tiers=tiers.synthetic(Decimal(limit), leverage) if limit else tiers.recorded_btcusdt(),
            coin=coin,
            coin_factor=factor,
        )
        for coin, factor, tick, step, max_qty, leverage, limit in _USDT_PERPETUALS
    ]


def _usdc_perpetuals() -> list[Contract]:
    return [
        Contract(
            symbol=f"{coin}PERP",
            symbol_id=0,
            category="linear",
            contract_type="LinearPerpetual",
            base=coin,
            quote="USDC",
            settle="USDC",
            tick=Decimal(tick),
            step=Decimal(step),
            max_qty=Decimal(5000),
            max_leverage=Decimal(100),
            tiers=tiers.synthetic(Decimal(1_000_000), 125 if coin == "BTC" else 100),
            coin=coin,
        )
        for coin, tick, step in _USDC_PERPETUALS
    ]


def _inverse_perpetuals() -> list[Contract]:
    return [
        Contract(
            symbol=f"{coin}USD",
            symbol_id=0,
            category="inverse",
            contract_type="InversePerpetual",
            base=coin,
            quote="USD",
            settle=coin,
            tick=Decimal(tick),
            step=Decimal(1),
            max_qty=Decimal(25_000_000),
            max_leverage=Decimal(leverage),
            tiers=tiers.synthetic(Decimal(limit), leverage),
            coin=coin,
        )
        for coin, tick, leverage, limit in _INVERSE
    ]


def _dated(delivery: dt.datetime) -> list[Contract]:
    day = delivery.strftime("%d%b%y").upper().lstrip("0")
    code = f"{_MONTH_CODES[delivery.month]}{delivery:%y}"
    delivery_ms = int(delivery.timestamp() * 1000)
    inverse = [
        replace(
            contract,
            symbol=f"{contract.symbol}{code}",
            contract_type="InverseFutures",
            delivery_ms=delivery_ms,
        )
        for contract in _inverse_perpetuals()[:_DATED_INVERSE]
    ]
    usdt, usdc = _usdt_perpetuals()[0], _usdc_perpetuals()[0]
    linear = [
        replace(usdt, symbol=f"BTCUSDT-{day}", contract_type="LinearFutures", delivery_ms=delivery_ms),
        replace(usdc, symbol=f"BTC-{day}", contract_type="LinearFutures", delivery_ms=delivery_ms),
    ]
    return [*inverse, *linear]
