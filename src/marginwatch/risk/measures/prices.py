"""USD prices of coins, from the venues' own indexes; no stablecoin is taken for a dollar."""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import numpy as np

from marginwatch.book.assets import AssetTable
from marginwatch.book.instruments import InstrumentTable
from marginwatch.book.table import BoolArray, CodeArray, FloatArray
from marginwatch.risk.settings import RiskSettings

NS = 1_000_000_000


class Ages(NamedTuple):
    """Which contracts' prices may be used.

    Parameters
    ----------
    is_known, is_stale : ndarray of shape (n_instruments,), bool
        Young enough to be used at all; old enough to be marked. Row 0 is neither.
    """

    is_known: BoolArray
    is_stale: BoolArray


class AssetPrices(NamedTuple):
    """USD prices.

    Parameters
    ----------
    usd : ndarray of shape (n_assets,), float64
        USD for one unit, NaN where unknown. Row 0 is NaN.
    is_stale : ndarray of shape (n_assets,), bool
        The price is used but old.
    is_cash : ndarray of shape (n_assets,), bool
        Held as money: no part of any exposure.
    coin : ndarray of shape (n_assets,), int64
        Code of the coin's name, the same at all venues.
    """

    usd: FloatArray
    is_stale: BoolArray
    is_cash: BoolArray
    coin: CodeArray


def price_ages(instruments: InstrumentTable, now_ns: int, settings: RiskSettings) -> Ages:
    """Return which contracts' prices are known and which of them are stale at ``now_ns``."""
    heard_ns = instruments.heard_ns[: instruments.size]
    is_known = heard_ns >= now_ns - int(settings.price_unknown_after_s * NS)
    is_known[0] = False
    is_stale = is_known & (heard_ns < now_ns - int(settings.price_stale_after_s * NS))
    return Ages(is_known, is_stale)


class _Best:
    """The best price so far: the first one known, unless a later one is fresh where it is stale.

    ``heard_ns`` is when each was heard, kept only for whoever asks: a frame does not.
    """

    def __init__(self, length: int, *, is_timed: bool = False) -> None:
        self.usd = np.full(length, np.nan)
        self.is_stale = np.zeros(length, np.bool_)
        self.heard_ns: CodeArray | None = np.zeros(length, np.int64) if is_timed else None

    def offer(self, usd: FloatArray, is_stale: BoolArray, heard_ns: Callable[[], CodeArray]) -> None:
        better = ~np.isnan(usd) & (np.isnan(self.usd) | (self.is_stale & ~is_stale))
        np.copyto(self.usd, usd, where=better)
        np.copyto(self.is_stale, is_stale, where=better)
        if self.heard_ns is not None:
            np.copyto(self.heard_ns, heard_ns(), where=better)

    def copy(self) -> "_Best":
        other = _Best(0)
        other.usd, other.is_stale = self.usd.copy(), self.is_stale.copy()
        other.heard_ns = None if self.heard_ns is None else self.heard_ns.copy()
        return other


def usd_prices(
    assets: AssetTable, instruments: InstrumentTable, ages: Ages, now_ns: int, settings: RiskSettings
) -> AssetPrices:
    """Return the USD price of every coin at every venue.

    In order of trust: the venue's own USD price (stated as such, or its spot index); for a quote coin Q the index of
    the inverse BTC perpetual ÷ the index of the BTC perpetual in Q; the index of the coin's perpetual × the USD price
    of its quote coin; the index of its inverse perpetual; the wallet's valuation ÷ equity. A fresh price wins over a
    stale one of higher trust. USD itself is 1.

    References
    ----------
    Bybit help center, Glossary UTA (2026-03-13): USD index of a coin = its USDT index × (BTCUSD index ÷ BTCUSDT index).
    """
    best = _best(assets, instruments, ages, now_ns, settings, is_timed=False)
    return AssetPrices(best.usd, best.is_stale, assets.is_cash[: assets.size], assets.coin[: assets.size])


def usd_heard_ns(
    assets: AssetTable, instruments: InstrumentTable, now_ns: int, settings: RiskSettings
) -> CodeArray:
    """Return when the price that :func:`usd_prices` takes of each coin was heard; of a product the older of the two.

    Returns
    -------
    ndarray of shape (n_assets,), int64
        UTC nanoseconds; 0 where there is no price, ``now_ns`` for USD itself.
    """
    ages = price_ages(instruments, now_ns, settings)
    best = _best(assets, instruments, ages, now_ns, settings, is_timed=True)
    heard_ns = np.zeros(assets.size, np.int64) if best.heard_ns is None else best.heard_ns
    return np.where(np.isnan(best.usd), 0, heard_ns)


def _best(
    assets: AssetTable,
    instruments: InstrumentTable,
    ages: Ages,
    now_ns: int,
    settings: RiskSettings,
    *,
    is_timed: bool,
) -> _Best:
    n, heard_ns = assets.size, instruments.heard_ns
    index = np.where(ages.is_known, instruments.index_price[: instruments.size], np.nan)
    spot = np.where(ages.is_known, instruments.usd_index_price[: instruments.size], np.nan)
    best = _Best(n, is_timed=is_timed)
    is_usd = assets.is_usd[:n]
    best.offer(np.where(is_usd, 1.0, np.nan), np.zeros(n, np.bool_), lambda: np.full(n, now_ns))
    stated_at_ns, implied_at_ns = assets.stated_at_ns[:n], assets.implied_at_ns[:n]
    stated = _aged(assets.stated_price[:n], stated_at_ns, now_ns, settings)
    best.offer(*stated, lambda: stated_at_ns)
    by_spot = assets.spot_instrument[:n]
    best.offer(spot[by_spot], ages.is_stale[by_spot], lambda: heard_ns[by_spot])
    over, under = assets.ratio_over[:n], assets.ratio_under[:n]
    best.offer(
        index[over] / index[under],
        ages.is_stale[over] | ages.is_stale[under],
        lambda: np.minimum(heard_ns[over], heard_ns[under]),
    )
    implied = _aged(
        assets.implied_price[:n], implied_at_ns, now_ns, settings, settings.implied_unknown_after_s
    )
    quotes = best.copy()
    quotes.offer(*implied, lambda: implied_at_ns)
    for code, scale, quote in (
        (assets.usdt_instrument[:n], assets.usdt_scale[:n], assets.usdt_asset[:n]),
        (assets.usdc_instrument[:n], assets.usdc_scale[:n], assets.usdc_asset[:n]),
    ):
        best.offer(
            index[code] * scale * quotes.usd[quote],
            ages.is_stale[code] | quotes.is_stale[quote],
            partial(_older, heard_ns[code], quotes, quote),
        )
    by_inverse = assets.inverse_instrument[:n]
    best.offer(index[by_inverse], ages.is_stale[by_inverse], lambda: heard_ns[by_inverse])
    best.offer(*implied, lambda: implied_at_ns)
    return best


def _older(heard_ns: CodeArray, quotes: _Best, quote: CodeArray) -> CodeArray:
    return heard_ns if quotes.heard_ns is None else np.minimum(heard_ns, quotes.heard_ns[quote])


def _aged(
    price: FloatArray,
    at_ns: CodeArray,
    now_ns: int,
    settings: RiskSettings,
    unknown_after_s: float | None = None,
) -> tuple[FloatArray, BoolArray]:
    limit_s = settings.price_unknown_after_s if unknown_after_s is None else unknown_after_s
    known = np.where(at_ns >= now_ns - int(limit_s * NS), price, np.nan)
    return known, at_ns < now_ns - int(settings.price_stale_after_s * NS)
