"""What coins did on recorded days of crisis: the close before the first day, and what they fell to on the last.

Daily data of Binance spot pairs against USDT, UTC days, as published by several public data repositories and checked against
each other. What they fell to is the *low* of the last day for BTC, ETH and SOL, whose lows are recorded, and the *close* of
that day for the others. A coin that is not in a row of a day was not listed yet.
"""

import functools
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from marginwatch.model.ids import Asset


@dataclass(slots=True, frozen=True)
class RecordedDays:
    """One crisis.

    Parameters
    ----------
    first, last : str
        UTC days, both included, ISO 8601.
    what : str
        What happened.
    """

    first: str
    last: str
    what: str


DAYS: Final = MappingProxyType(
    {
        "2020-03-12": RecordedDays("2020-03-12", "2020-03-12", "the sell-off of the pandemic"),
        "2021-05-19": RecordedDays("2021-05-19", "2021-05-19", "leverage unwound in a day"),
        "2022-05": RecordedDays("2022-05-09", "2022-05-12", "the collapse of Terra"),
        "2022-06": RecordedDays("2022-06-11", "2022-06-18", "lenders and a large fund failed"),
        "2022-11": RecordedDays("2022-11-08", "2022-11-09", "the collapse of FTX"),
        "2024-08-05": RecordedDays("2024-08-05", "2024-08-05", "carry trades in yen unwound"),
        "2025-10-10": RecordedDays("2025-10-10", "2025-10-10", "the largest liquidations on record"),
    }
)
"""Name → crisis. Over several days the prices are those before the first and on the last, on which Bitcoin was lowest."""

HAVE_LOWS: Final = frozenset({"BTC", "ETH", "SOL"})
"""Coins whose second price is a low."""

PRICES: Final = """
2020-03-12  BTC      7934.52        4410
2020-03-12  ETH       194.61       101.2
2020-03-12  BNB      16.5705      9.2566
2020-03-12  XRP      0.20813     0.13549
2020-03-12  ADA      0.03969     0.02329
2020-03-12  DOGE   0.0021716   0.0015996
2020-03-12  LTC        48.53       29.83
2020-03-12  LINK      3.8169      1.9931
2021-05-19  BTC     42849.78       30000
2021-05-19  ETH      3375.07        1888
2021-05-19  SOL       55.977        26.5
2021-05-19  BNB       507.88       334.8
2021-05-19  XRP       1.5889      1.0568
2021-05-19  ADA       2.0036      1.4663
2021-05-19  DOGE     0.47574     0.32945
2021-05-19  LTC       293.98      185.93
2021-05-19  LINK      42.566      26.227
2021-05-19  AVAX      36.875      23.052
2021-05-19  SHIB   0.0000156  0.00000907
2021-05-19  PAXG     1879.42     1867.63
2022-05     BTC      34038.4       26700
2022-05     ETH      2519.71        1800
2022-05     SOL        75.38       37.37
2022-05     BNB        355.9         269
2022-05     XRP       0.5662      0.3856
2022-05     ADA       0.7403      0.4733
2022-05     DOGE      0.1241      0.0826
2022-05     LTC         93.9        64.5
2022-05     LINK          10        6.56
2022-05     AVAX       51.62       30.32
2022-05     SHIB  0.00001843  0.00001084
2022-05     PAXG        1885        1836
2022-06     BTC     29091.88       17622
2022-06     ETH      1662.91      881.56
2022-06     SOL        37.17       27.15
2022-06     BNB        286.4         197
2022-06     XRP       0.3815      0.3075
2022-06     ADA       0.5744      0.4549
2022-06     DOGE     0.07539      0.0529
2022-06     LTC         56.7       47.18
2022-06     LINK        8.04        5.92
2022-06     AVAX       22.08       14.83
2022-06     SHIB  0.00001013  0.00000771
2022-06     PAXG        1872        1826
2022-11     BTC     20591.13       15588
2022-11     ETH       1568.1     1073.53
2022-11     SOL        29.62       12.37
2022-11     BNB          337       267.3
2022-11     XRP       0.4648      0.3331
2022-11     ADA       0.4041      0.3175
2022-11     DOGE     0.11123      0.0745
2022-11     LTC        67.42       50.68
2022-11     LINK       8.956       6.231
2022-11     AVAX       18.08       12.91
2022-11     SHIB  0.00001179  0.00000874
2022-11     PAXG        1666        1697
2024-08-05  BTC        58161       49000
2024-08-05  ETH      2688.92        2111
2024-08-05  SOL       138.33         110
2024-08-05  BNB        496.9       464.2
2024-08-05  XRP       0.5228      0.4889
2024-08-05  ADA       0.3442      0.3119
2024-08-05  DOGE     0.10375     0.09436
2024-08-05  LTC        62.46       56.08
2024-08-05  LINK       10.88        9.49
2024-08-05  AVAX       21.25       19.54
2024-08-05  SHIB  0.00001334  0.00001323
2024-08-05  PEPE   0.0000081  0.00000704
2024-08-05  PAXG        2452        2395
2025-10-10  BTC     121662.4      102000
2025-10-10  ETH      4368.09        3435
2025-10-10  SOL       220.93      168.79
2025-10-10  BNB      1255.35     1102.47
2025-10-10  XRP       2.8021      2.3704
2025-10-10  ADA       0.8152      0.6353
2025-10-10  DOGE     0.24849     0.19349
2025-10-10  LTC        125.9       96.88
2025-10-10  LINK       21.99       17.31
2025-10-10  AVAX       28.38       20.68
2025-10-10  SHIB  0.00001201  0.00000974
2025-10-10  PEPE  0.00000925  0.00000671
2025-10-10  PAXG     4000.27     3983.01
"""
"""Days, coin, close before, low or close reached; USDT."""


@functools.cache
def recorded_moves(name: str) -> MappingProxyType[Asset, float]:
    """Return the relative move of each coin recorded on some days, fraction.

    Raises
    ------
    KeyError
        If there are no such days.
    """
    if name not in DAYS:
        raise KeyError(name)
    rows = (line.split() for line in PRICES.strip().splitlines())
    return MappingProxyType(
        {coin: float(reached) / float(before) - 1.0 for days, coin, before, reached in rows if days == name}
    )
