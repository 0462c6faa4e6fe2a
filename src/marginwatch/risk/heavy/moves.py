"""How coins follow Bitcoin and how far Bitcoin moves in a day, and where that is known from."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from marginwatch.book.table import BoolArray, FloatArray
from marginwatch.risk.betas import Betas, exempted, pinned, prior_betas, shrunk_betas
from marginwatch.risk.history.mapping import BENCHMARK
from marginwatch.risk.history.returns import ReturnTable
from marginwatch.risk.history.volatility import decay_for, ewma_volatility
from marginwatch.risk.margin.sheet import MarginSheet
from marginwatch.risk.var.backtest import Backtest

PRIOR_DAILY_VOLATILITY = 0.035
"""Standard deviation of a day's log return of Bitcoin where nothing is known of the last weeks: that of its daily closes
2018–2025 is 3.4 %."""

RETURNS_MIN = 60
"""Fewer daily returns than this make no volatility."""

WINDOW = 90
"""Daily returns that betas rest on: the window that the prior was measured over."""

FROM_PRIOR = "prior: no history of daily closes is known"


@dataclass(slots=True, frozen=True, eq=False)
class PastReturns:
    """What is known of past prices; None where nothing is.

    Parameters
    ----------
    daily, hourly : ReturnTable or None
        Log returns over days and over hours.
    backtests : mapping of (str, float) to Backtest
        What became of past forecasts of everything over a day, by method and confidence.
    """

    daily: ReturnTable | None = None
    hourly: ReturnTable | None = None
    backtests: Mapping[tuple[str, float], Backtest] = field(default_factory=dict[tuple[str, float], Backtest])


@dataclass(slots=True, frozen=True, eq=False)
class Moves:
    """What a move of Bitcoin means for every coin of a sheet.

    Parameters
    ----------
    betas : Betas
        By coin of the sheet, shape (m,); 0 for coins that do not follow.
    daily_volatility : float
        Of Bitcoin, standard deviation of a day's log return.
    betas_source, volatility_source : str
        Where they are known from, in words.
    """

    betas: Betas
    daily_volatility: float
    betas_source: str
    volatility_source: str


def moves_of(sheet: MarginSheet, daily: ReturnTable | None) -> Moves:
    """Return betas and volatility from daily returns, or what holds before any are known.

    Parameters
    ----------
    sheet : MarginSheet
        Names the coins.
    daily : ReturnTable or None
        Daily log returns.
    """
    benchmark = None if daily is None else daily.column(BENCHMARK)
    if daily is None or benchmark is None:
        return Moves(_prior(sheet), PRIOR_DAILY_VOLATILITY, FROM_PRIOR, FROM_PRIOR)
    known = benchmark[~np.isnan(benchmark)]
    volatility, source = (
        PRIOR_DAILY_VOLATILITY,
        f"prior: {known.shape[0]} of {RETURNS_MIN} daily returns are known",
    )
    if known.shape[0] >= RETURNS_MIN:
        volatility = float(ewma_volatility(known[:, None], decay_for(daily.interval_s))[0])
        source = f"EWMA of {known.shape[0]} daily returns"
    betas = pinned(shrunk_betas(_by_coin(sheet, daily), benchmark[-WINDOW:]), _is_benchmark(sheet))
    is_crypto = ~sheet.coin_is_exempt
    n_known = int(np.count_nonzero(betas.n_returns[is_crypto]))
    words = f"{n_known} of {int(is_crypto.sum()) - 1} coins from up to {WINDOW} daily returns, shrunk; others prior"
    return Moves(exempted(betas, sheet.coin_is_exempt), volatility, words, source)


def _prior(sheet: MarginSheet) -> Betas:
    return exempted(prior_betas(_is_benchmark(sheet)), sheet.coin_is_exempt)


def _is_benchmark(sheet: MarginSheet) -> BoolArray:
    return np.array([name == BENCHMARK for name in sheet.coin_names], np.bool_)


def _by_coin(sheet: MarginSheet, daily: ReturnTable) -> FloatArray:
    """Return the last returns of each coin of the sheet, NaN where there are none."""
    place = {name: column for column, name in enumerate(daily.names)}
    rows = daily.values[-WINDOW:]
    found = np.full((rows.shape[0], len(sheet.coin_names)), np.nan)
    for coin, name in enumerate(sheet.coin_names):
        if name is not None and name in place:
            found[:, coin] = rows[:, place[name]]
    return found


def benchmark_usd(sheet: MarginSheet) -> float:
    """Return Bitcoin's price in USD, NaN if no venue of the sheet has one."""
    found = [
        float(price)
        for name, price in zip(sheet.coin_names, sheet.coin_usd, strict=True)
        if name == BENCHMARK and np.isfinite(price)
    ]
    return found[0] if found else float("nan")
