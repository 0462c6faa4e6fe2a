"""Coins with short histories borrow the rows they lack from a stated proxy, and everybody is told who borrowed what.

Without this a scenario of 2022 would leave every coin listed in 2024 where it is, and its risk would look small.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

import numpy as np

from marginwatch.book.table import BoolArray, CodeArray, FloatArray
from marginwatch.risk.betas import shrunk_betas
from marginwatch.risk.history.returns import ReturnTable

BENCHMARK = "BTC"

ROWS_A_SPARED = 100
"""Of so many rows the oldest one may be left out, so that a coin lacks none: histories that are read an interval apart begin
an interval apart."""

NAMED_PROXIES: Final = MappingProxyType(
    {
        "WBTC": "BTC",
        "CBBTC": "BTC",
        "STETH": "ETH",
        "WSTETH": "ETH",
        "WEETH": "ETH",
        "CMETH": "ETH",
        "METH": "ETH",
        "BBSOL": "SOL",
        "JITOSOL": "SOL",
    }
)
"""Wrapped and staked coins move with the coin inside, one for one."""


class Source(StrEnum):
    """Where the rows of a coin come from."""

    OWN = "own"  # all of them its own
    BETA = "beta"  # missing ones are beta × the benchmark's
    NAMED = "named"  # missing ones are the named coin's
    EXEMPT = "exempt"  # missing ones are 0: cash


@dataclass(slots=True, frozen=True)
class CoinSource:
    """Where the returns of one coin come from.

    Parameters
    ----------
    name : str
        The coin.
    source : Source
        Its own, or whose.
    proxy : str or None
        The coin it borrows from.
    beta : float
        Factor on the proxy's log returns; 1 for a named proxy, 0 if exempt.
    n_own, n_borrowed : int
        Rows of its own, and others.
    """

    name: str
    source: Source
    proxy: str | None
    beta: float
    n_own: int
    n_borrowed: int


@dataclass(slots=True, frozen=True, eq=False)
class History:
    """Log returns without holes: every coin has every row.

    Parameters
    ----------
    names : tuple of str
        The coins, shape (n_coins,).
    interval_s : int
        What a return spans, seconds.
    times_s : ndarray of shape (n_times,), int64
        Ends of the intervals, UTC seconds, ascending. Holes are possible where the benchmark itself has one.
    values : ndarray of shape (n_times, n_coins), float64
        Log returns, never NaN.
    sources : tuple of CoinSource
        For each coin.
    """

    names: tuple[str, ...]
    interval_s: int
    times_s: CodeArray
    values: FloatArray
    sources: tuple[CoinSource, ...]

    @property
    def borrowers(self) -> tuple[CoinSource, ...]:
        """The coins that lack rows of their own, to be listed beside every number made from this."""
        return tuple(one for one in self.sources if one.n_borrowed)


def complete_history(
    returns: ReturnTable,
    names: Sequence[str],
    *,
    rows_max: int,
    exempt: Collection[str] = (),
    proxies: Mapping[str, str] = NAMED_PROXIES,
    benchmark: str = BENCHMARK,
) -> History:
    """Return the newest rows for all coins, missing ones filled from proxies.

    The rows are those in which the benchmark has a return, but for what comes to the coins at different moments: the
    newest row waits for whoever had a return in the row before, and of a hundred rows the oldest is left out where
    that is all that a coin lacks. A coin's own returns stay; the rows that it lacks are those
    of its named proxy, one for one, or beta × the benchmark's, with the shrunk beta of :mod:`marginwatch.risk.betas`
    (the prior alone for a coin without history). What is borrowed by beta has no movement of its own, so that the
    volatility of such a coin is understated where its correlation with the benchmark is low.

    Parameters
    ----------
    returns : ReturnTable
        What is known; coins beyond ``names`` are left out.
    names : sequence of str
        The coins wanted, without repetition.
    rows_max : int
        Newest rows kept.
    exempt : collection of str
        Cash: rows that it lacks are 0.
    proxies : mapping of str to str
        Named proxies; one that has no row where it is needed is filled by the benchmark first.
    benchmark : str, default="BTC"
        Whose rows make the table.

    Raises
    ------
    ValueError
        If the benchmark has no return at all: then nothing can be said of any coin.
    """
    base = returns.column(benchmark)
    usable = np.flatnonzero(~np.isnan(base)) if base is not None else np.zeros(0, np.int64)
    if base is None or not usable.shape[0]:
        raise ValueError(
            f"no history of {benchmark}: closes of it are needed before any risk can be measured"
        )
    usable = _of_all(returns, names, usable, rows_max)
    base = base[usable]
    columns: list[FloatArray] = []
    sources: list[CoinSource] = []
    for name in names:
        column, source = _filled(returns, name, usable, base, {} if name in exempt else proxies, benchmark)
        if name in exempt and source.n_borrowed:
            column, source = _still(returns, source, usable)
        columns.append(column)
        sources.append(source)
    values = np.column_stack(columns) if columns else np.zeros((usable.shape[0], 0))
    return History(tuple(names), returns.interval_s, returns.times_s[usable], values, tuple(sources))


def _of_all(returns: ReturnTable, names: Sequence[str], usable: CodeArray, rows_max: int) -> CodeArray:
    """Return the newest rows, without those at the ends that have not come to all of the coins yet, or never do."""
    columns = np.isin(returns.names, names)
    known: BoolArray = ~np.isnan(returns.values[np.ix_(usable, columns)])
    # Just once: whoever has none in the row before either is not traded any more.
    if usable.shape[0] > 1 and (known[-2] & ~known[-1]).any():
        usable, known = usable[:-1], known[:-1]
    usable, known = usable[-rows_max:], known[-rows_max:]
    n_lacking: CodeArray = known.argmax(axis=0)[known.any(axis=0)]
    return usable[n_lacking[n_lacking <= usable.shape[0] // ROWS_A_SPARED].max(initial=0) :]


def _filled(
    returns: ReturnTable,
    name: str,
    usable: CodeArray,
    base: FloatArray,
    proxies: Mapping[str, str],
    benchmark: str,
) -> tuple[FloatArray, CoinSource]:
    found = returns.column(name)
    if found is None:
        found = np.full(returns.times_s.shape[0], np.nan)
    own: FloatArray = found[usable]
    missing: BoolArray = np.isnan(own)
    n_missing = int(missing.sum())
    n_own = own.shape[0] - n_missing
    if not n_missing:
        return own, CoinSource(name, Source.OWN, None, 1.0, n_own, 0)
    proxy = proxies.get(name)
    if proxy is not None and proxy != name:
        # A proxy of a proxy is not followed: the benchmark fills what the named coin lacks.
        lent, _ = _filled(returns, proxy, usable, base, {}, benchmark)
        beta, source = 1.0, Source.NAMED
    else:
        proxy, lent, source = benchmark, base, Source.BETA
        beta = float(shrunk_betas(own[:, None], base).value[0])
    return np.where(missing, beta * lent, own), CoinSource(name, source, proxy, beta, n_own, n_missing)


def _still(returns: ReturnTable, source: CoinSource, usable: CodeArray) -> tuple[FloatArray, CoinSource]:
    """Return the coin's own returns, and 0 where it has none."""
    own = returns.column(source.name)
    if own is None:
        own = np.full(returns.times_s.shape[0], np.nan)
    mine: FloatArray = own[usable]
    column = np.where(np.isnan(mine), 0.0, mine)
    return column, CoinSource(source.name, Source.EXEMPT, None, 0.0, source.n_own, source.n_borrowed)
