"""Recorded prices as joint daily returns; coins without a record of their own take a stated proxy.

Data and origin: ``data/daily_closes.csv``, ``data/README.md``.
"""

import csv
import datetime as dt
import functools
import itertools
import math
from collections.abc import Mapping
from importlib import resources
from typing import NamedTuple

from marginwatch.sim.coins import COINS

PROXIES: dict[str, str] = {
    "ETH": "BTC",
    "SOL": "ETH",
    "XRP": "ETH",
    "DOGE": "XRP",
    "PEPE": "DOGE",
    "ADA": "ETH",
    "LINK": "ETH",
    "AVAX": "ETH",
    "LTC": "BTC",
    "BNB": "BTC",
    "SUI": "SOL",
    "ARB": "ETH",
    "OP": "ETH",
    "TRX": "BTC",
}
"""Coin → the coin it follows on days of which there is no record of it, by the ratio of their betas. A choice of ours."""

BETAS = {coin.name: coin.beta for coin in COINS}

Returns = dict[str, float]
"""Coin → log return; every coin that the exchange trades."""


class Day(NamedTuple):
    """One recorded day: log returns from the close before to its own close, proxies included."""

    date: dt.date
    returns: Returns
    own: frozenset[str]
    """Coins with a record of their own on this day."""


def read_table(name: str) -> list[dict[str, str]]:
    """Return the rows of a packaged table as texts, in its order."""
    text = (resources.files("marginwatch.sim") / "data" / name).read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))


def with_proxies(own: Mapping[str, float]) -> Returns:
    """Return a log return for every coin: its own, or that of its proxy times the ratio of their betas.

    Parameters
    ----------
    own : mapping of str to float
        Log returns of the coins with a record; BTC among them, at which every chain of proxies ends.
    """
    found = dict(own)

    def of(coin: str) -> float:
        if coin not in found:
            proxy = PROXIES[coin]
            found[coin] = of(proxy) * BETAS[coin] / BETAS[proxy]
        return found[coin]

    return {coin.name: of(coin.name) for coin in COINS}


@functools.cache
def recorded_days() -> tuple[Day, ...]:
    """Return all recorded days, oldest first; the first close has no return and makes no day."""
    rows = read_table("daily_closes.csv")
    days: list[Day] = []
    for before, row in itertools.pairwise(rows):
        own = {
            coin: math.log(float(row[coin]) / float(before[coin]))
            for coin in row
            if coin != "date" and row[coin] and before[coin]
        }
        days.append(Day(dt.date.fromisoformat(row["date"]), with_proxies(own), frozenset(own)))
    return tuple(days)
