"""The stream itself: full position rows in the shape Bybit sends, deterministic from the plan.

The shape (keys, their order, empty strings, number formats) is that of a position push captured live for a short
ETHUSDT position in one-way cross mode, November 2025. Only the numbers vary.
"""

import random
from collections.abc import Iterator

from benchmarks.wire.plan import Plan

BASES = [
    "BTC",
    "ETH",
    "SOL",
    "XRP",
    "DOGE",
    "ADA",
    "AVAX",
    "LINK",
    "DOT",
    "LTC",
    "BCH",
    "UNI",
    "ATOM",
    "ETC",
    "FIL",
    "APT",
    "ARB",
    "OP",
    "SUI",
    "NEAR",
    "INJ",
    "TIA",
    "SEI",
    "STX",
    "IMX",
    "AAVE",
    "MKR",
    "LDO",
    "CRV",
    "SNX",
    "COMP",
    "YFI",
    "SUSHI",
    "BAL",
    "RUNE",
    "GRT",
    "FTM",
    "ALGO",
    "VET",
    "HBAR",
    "ICP",
    "EGLD",
    "XTZ",
    "EOS",
    "FLOW",
    "SAND",
    "MANA",
    "AXS",
    "GALA",
    "CHZ",
    "ENJ",
    "APE",
    "DYDX",
    "GMX",
    "BLUR",
    "MASK",
    "WLD",
    "PYTH",
    "JTO",
    "JUP",
    "WIF",
    "BOME",
    "ENA",
    "ETHFI",
    "ONDO",
    "PENDLE",
    "STRK",
    "ZK",
    "ZRO",
    "IO",
    "NOT",
    "TON",
    "TRX",
    "BNB",
    "XLM",
    "XMR",
    "DASH",
    "ZEC",
    "NEO",
    "QTUM",
    "IOTA",
    "KSM",
    "WAVES",
    "ZIL",
    "ONE",
    "KAVA",
    "CELO",
    "ROSE",
    "SKL",
    "ANKR",
    "STORJ",
    "OCEAN",
    "FET",
    "AGIX",
    "RNDR",
    "THETA",
    "HNT",
    "AR",
    "MINA",
    "LRC",
]
SYMBOLS = tuple(f"{base}USDT" for base in BASES)
POSITIONS_PER_ACCOUNT = 20
FIRST_SEQUENCE = 325_852_190_774
BREACH_USD = 6_000_000.0
"""Size of a position that puts its account into danger; others have less than a hundredth."""
FALLING = tuple(f"FALL{number}USDT" for number in range(40))
"""Contracts whose prices halve, one after the other, where a plan says so; account *i* holds contract *i* of them."""
FALLING_PRICE = 100.0

_TICKER = (
    '{"topic":"tickers.%s","type":"snapshot","data":{"symbol":"%s","tickDirection":"ZeroPlusTick",'
    '"price24hPcnt":"-0.009772","lastPrice":"%s","markPrice":"%s","indexPrice":"%s","openInterest":"58117.022",'
    '"nextFundingTime":"","fundingRate":"0.0001","bid1Price":"%s","bid1Size":"3.783","ask1Price":"%s",'
    '"ask1Size":"16.278"},"cs":%d,"ts":%d}'
)

_FRAME = (
    '{"id":"1003076014fb7eedb-c7e6-45d6-a8c1-%012x","topic":"position","creationTime":%d,"data":[{'
    '"positionIdx":0,"tradeMode":0,"riskId":11,"riskLimitValue":"900000","symbol":"%s","side":"%s","size":"%s",'
    '"entryPrice":"%s","sessionAvgPrice":"","leverage":"30","positionValue":"%s","positionBalance":"0",'
    '"markPrice":"%s","positionIM":"%s","positionMM":"%s","positionIMByMp":"%s","positionMMByMp":"%s",'
    '"takeProfit":"0","stopLoss":"0","trailingStop":"0","unrealisedPnl":"%s","cumRealisedPnl":"-25.06579337",'
    '"curRealisedPnl":"%s","createdTime":"1730805600084","updatedTime":"%d","tpslMode":"Full","liqPrice":"%s",'
    '"bustPrice":"","category":"linear","positionStatus":"Normal","adlRankIndicator":2,"autoAddMargin":0,'
    '"leverageSysUpdatedTime":"","mmrSysUpdatedTime":"","seq":%d,"isReduceOnly":false}]}'
)


def base_price(symbol_number: int) -> float:
    """Return the price around which a contract trades, USDT: from some ten thousands down to cents."""
    return 90_000.0 * 0.87**symbol_number + 0.05


def symbol_number_of(account_number: int, slot: int) -> int:
    """Return which contract an account holds in one of its slots.

    Slots 0 … 19 of one account are different contracts, and each contract is held by a fifth of the accounts.
    """
    return (account_number + 5 * slot) % len(SYMBOLS)


def frames(plan: Plan) -> Iterator[bytes]:
    """Yield the frames of a plan in the order in which they are sent.

    The contract of frame ``i`` depends on ``i`` alone, so that all plans with one ``epoch_ms`` send the same bytes, and
    is one that account ``i % 1000`` holds. Sequence numbers only grow.
    """
    randomness = random.Random(20251103)
    number = 0
    while number < plan.total:
        slot = number // 1000 % POSITIONS_PER_ACCOUNT
        usd = BREACH_USD if is_breach(number, plan) else None
        yield render(
            number, symbol_number_of(number % 1000, slot), plan.epoch_ms + number // 5, randomness, usd
        )
        number += 1


def is_breach(number: int, plan: Plan) -> bool:
    """Return whether a frame is about a position that puts its account into danger.

    None within the last seconds, for a message that nobody waits for any more; none of an account with a falling contract.
    """
    if not plan.breach_every or number % plan.breach_every or number % 1000 < len(FALLING):
        return False
    return plan.warm <= number < plan.total - plan.rate // 10


def ticker(symbol: str, price: float, stamp_ms: int) -> bytes:
    """Return a frame of the public stream with the prices of one contract."""
    text = f"{price:.6g}"
    return (_TICKER % (symbol, symbol, text, text, text, text, text, stamp_ms, stamp_ms)).encode()


def render(
    number: int, symbol_number: int, stamp_ms: int, randomness: random.Random, usd: float | None = None
) -> bytes:
    """Return one frame: an open position whose numbers fit together at the venue's own rules of thumb.

    ``usd`` is its size; by chance if None.
    """
    entry = base_price(symbol_number) * (1 + 0.01 * (randomness.random() - 0.5))
    mark = entry * (1 + 0.002 * (randomness.random() - 0.5))
    is_long = randomness.random() < 0.5
    chance_usd = randomness.uniform(200.0, 20_000.0)
    size = round((chance_usd if usd is None else usd) / entry, 3)
    sign = 1.0 if is_long else -1.0
    initial = f"{size * mark / 30 * 1.001:.8f}"
    maintenance = f"{size * mark * 0.0055:.8f}"
    return (
        _FRAME
        % (
            number,
            stamp_ms,
            SYMBOLS[symbol_number],
            "Buy" if is_long else "Sell",
            f"{size:.3f}",
            f"{entry:.6g}",
            f"{size * entry:.6f}",
            f"{mark:.6g}",
            initial,
            maintenance,
            initial,
            maintenance,
            f"{sign * size * (mark - entry):.8f}",
            f"{randomness.uniform(-20.0, 20.0):.8f}",
            stamp_ms - 2,
            f"{entry * (1 - sign * 0.6):.8f}",
            FIRST_SEQUENCE + number,
        )
    ).encode()
