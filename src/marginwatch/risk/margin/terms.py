"""Contracts and coins as margins need them: the book's facts in the form of formulas, made anew only when they change."""

from typing import NamedTuple

import numpy as np

from marginwatch.book.assets import CASH_ASSETS, AssetTable
from marginwatch.book.columns import Columns
from marginwatch.book.instruments import InstrumentTable
from marginwatch.book.table import BoolArray, CodeArray, FloatArray
from marginwatch.book.tiers import BorrowSteps, CollateralBands
from marginwatch.model.ids import Asset, InstrumentId
from marginwatch.risk.margin.accounts import CoinRules
from marginwatch.risk.margin.steps import Tiers, tiers_of

FIAT = frozenset((
    "AED", "ARS", "AUD", "BRL", "CAD", "CHF", "CLP", "COP", "CZK", "EUR", "GBP", "HKD", "HUF", "IDR", "INR", "JPY", "KRW", "KZT",
    "MXN", "MYR", "NGN", "NOK", "NZD", "PEN", "PHP", "PLN", "RON", "RUB", "SEK", "SGD", "THB", "TRY", "TWD", "UAH", "USD", "VND",
    "ZAR",
))  # fmt: skip
"""Money of states: no crypto shock reaches it."""

NOT_CRYPTO = frozenset((
    "XAU", "XAUT", "PAXG", "XAG", "XPT", "XPD", "WTI", "BRENT", "NATGAS", "SPX", "NDX", "SPY", "QQQ", "AAPL", "AMZN", "AMD",
    "COIN", "CRCL", "GOOGL", "HOOD", "INTC", "META", "MSFT", "MSTR", "NFLX", "NVDA", "ORCL", "PLTR", "TSLA", "TSM",
))  # fmt: skip
"""Underlyings that are no crypto coin: metals, oil, indexes and shares, as tokens or contracts."""


def last_step_open(limit: FloatArray, n_steps: CodeArray) -> FloatArray:
    """Return limits of which the last one told is infinite: its step holds for everything above it, too."""
    opened = limit.copy()
    told = np.flatnonzero(n_steps > 0)
    opened[told, n_steps[told] - 1] = np.inf
    return opened


def unknown_first(values: FloatArray, n_steps: CodeArray, is_needed: BoolArray | None = None) -> FloatArray:
    """Return a copy with NaN in the first step of every table that is not known."""
    marked = values.copy()
    is_unknown = n_steps == 0
    marked[is_unknown if is_needed is None else is_unknown & is_needed, 0] = np.nan
    return marked


def contract_tiers(instruments: InstrumentTable) -> Tiers:
    """Return the risk limits by row of the instrument table; options have none, which counts as 0 %, not as missing."""
    n, told = instruments.size, instruments.risk_limits
    steps = told.n_steps[:n]
    has_tiers = ~instruments.is_option[:n]
    return tiers_of(
        last_step_open(told.array("limit")[:n], steps),
        unknown_first(told.array("maintenance_margin_rate")[:n], steps, has_tiers),
        # Copies, as the others are: a sheet stays as it is when the venue changes its table.
        told.array("maintenance_deduction")[:n].copy(),
        told.array("max_leverage")[:n].copy(),
    )


def coin_rules(collateral: CollateralBands, borrow: BorrowSteps, n_coins: int) -> CoinRules:
    """Return what coins count and debts need, by row of the asset table; NaN in the first step where it is not known.

    Bands that leave a gap or overlap cannot be reckoned with and count as not known.
    """
    bands, steps = collateral.n_steps[:n_coins], borrow.n_steps[:n_coins]
    begin, end = collateral.array("quantity_from")[:n_coins], collateral.array("quantity_to")[:n_coins]
    places: CodeArray = np.arange(1, int(end.shape[1]))
    joins: BoolArray = (begin[:, 1:] == end[:, :-1]) | (places[None, :] >= bands[:, None])
    is_whole: BoolArray = joins.all(axis=1) & ((begin[:, 0] == 0.0) | (bands == 0))
    rate = unknown_first(collateral.array("collateral_rate")[:n_coins], np.where(is_whole, bands, 0))
    # Beyond the last band nothing counts: its rate is 0, and so is that of the padding, whose end is infinite.
    if rate.shape[1] and np.isfinite(end[:, -1]).any():
        rate = np.concatenate((rate, np.zeros((n_coins, 1))), axis=1)
        end = np.concatenate((end, np.full((n_coins, 1), np.inf)), axis=1)
    return CoinRules(
        collateral_limit=end.copy(),
        collateral_rate=rate,
        borrow_limit=last_step_open(borrow.array("limit")[:n_coins], steps),
        borrow_initial_rate=unknown_first(borrow.array("initial_margin_rate")[:n_coins], steps),
        borrow_maintenance_rate=unknown_first(borrow.array("maintenance_margin_rate")[:n_coins], steps),
    )


def is_cash(name: Asset) -> bool:
    """Return whether a coin is a stablecoin or money of a state: what others are paid in, and no bet."""
    return name in CASH_ASSETS or name in FIAT


def exempt_coins(assets: AssetTable) -> BoolArray:
    """Return which coins no crypto shock reaches, by row of the asset table."""
    named = np.array([asset in FIAT or asset in NOT_CRYPTO for _, asset in assets.names])
    return named | assets.is_cash[: assets.size] | assets.is_usd[: assets.size]


class Terms(NamedTuple):
    """Facts of contracts and coins, and of which state of the book they are."""

    version: tuple[int, ...]
    tiers: Tiers
    rules: CoinRules
    is_exempt: BoolArray
    contract_names: tuple[InstrumentId | None, ...]


class TermsKeeper:
    """Makes :class:`Terms` anew only when a fact changed or a contract or coin came."""

    def __init__(self) -> None:
        self._last: Terms | None = None

    def terms(self, columns: Columns) -> Terms:
        """Return the terms of now; the book's facts must be in step with its tables."""
        instruments, assets, facts = columns.instruments, columns.assets, columns.facts
        version = (
            instruments.size,
            instruments.risk_limits.version,
            assets.size,
            facts.collateral.version,
            facts.borrow.version,
        )
        if self._last is None or self._last.version != version:
            self._last = Terms(
                version,
                contract_tiers(instruments),
                coin_rules(facts.collateral, facts.borrow, assets.size),
                exempt_coins(assets),
                tuple(None if one is None else one.instrument_id for one in instruments.instruments),
            )
        return self._last
