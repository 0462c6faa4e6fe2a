"""Bybit, unified account, portfolio margin: the worst loss of each coin's book under shocks, plus contingencies.

The venue publishes the shocks of prices and the kinds of contingencies, but neither their sizes nor the shocks of
volatility. So this is an estimate: its level is calibrated to the venue's last figure, and its shape decides between.
"""

from typing import NamedTuple

import numpy as np

from marginwatch.book.table import BoolArray, CodeArray, FloatArray
from marginwatch.risk.margin.black76 import normal_cdf, option_price
from marginwatch.risk.margin.options import OptionTerms
from marginwatch.risk.measures.exposure import grouped

PRICE_SHOCKS = tuple(step / 50.0 for step in range(-5, 6))
"""−10 % to +10 % in steps of 2 %."""

VOLATILITY_FACTORS = (0.75, 1.0, 1.25)
"""Multiples of implied volatility; the venue's differ by coin and are not published."""

INITIAL_FACTOR = 1.2
"""Initial ÷ maintenance margin, as in the documented example."""

CONTINGENCY = 0.005
"""Part of the value of futures, short options, and what is matched across settlement coins or expiries; our choice."""

VEGA_POINTS = 0.01
"""Change of volatility that the vega contingency is for, annual fraction; our choice."""


class Groups(NamedTuple):
    """A partition of legs: ``code`` of shape (p,) counts the groups, ``parent`` of shape (n_groups,) says of which book."""

    code: CodeArray
    parent: CodeArray


class PortfolioLegs(NamedTuple):
    """Legs in portfolio margin, shape (p,); all of one account and underlying coin are a *book*.

    Parameters
    ----------
    rows, account_rows : ndarray of int64
        Rows among all legs, shape (p,); the account of each book, shape (b,).
    book : ndarray of shape (p,), int64
        Book of each leg.
    by_settle, by_expiry : Groups
        Legs of one book and settlement coin, or expiry.
    size : ndarray of shape (p,), float64
        Signed: base units, of inverse contracts quote units.
    is_inverse : ndarray of shape (p,), bool
        Settled in the base coin.
    options : ndarray of int64
        Which of the p are options.
    """

    rows: CodeArray
    account_rows: CodeArray
    book: CodeArray
    by_settle: Groups
    by_expiry: Groups
    size: FloatArray
    is_inverse: BoolArray
    options: CodeArray


def portfolio_legs(
    rows: CodeArray,
    account: CodeArray,
    coin: CodeArray,
    settle: CodeArray,
    expiry: CodeArray,
    size: FloatArray,
    is_inverse: BoolArray,
    is_option: BoolArray,
) -> PortfolioLegs:
    """Return the books of some legs; ``account``, ``coin``, ``settle`` and ``expiry`` are codes of each of them."""
    book, first = _grouped_by(account, coin)
    return PortfolioLegs(
        rows,
        account[first],
        book,
        _groups(book, settle),
        _groups(book, expiry),
        size,
        is_inverse,
        np.flatnonzero(is_option),
    )


def _grouped_by(first: CodeArray, second: CodeArray) -> tuple[CodeArray, CodeArray]:
    """Return a number for each distinct pair of codes ≥ 0, and where each is met first."""
    key = first * (int(second.max(initial=0)) + 1) + second
    _, where, code = np.unique(key, return_index=True, return_inverse=True)
    return code, where


def _groups(book: CodeArray, key: CodeArray) -> Groups:
    # Expiries are nanoseconds; numbered first, so that a pair of codes stays small.
    _, number = np.unique(key, return_inverse=True)
    code, first = _grouped_by(book, number)
    return Groups(code, book[first])


def stress_margins(
    legs: PortfolioLegs,
    options: OptionTerms | None,
    mark: FloatArray,
    index: FloatArray,
    settle_usd: FloatArray,
    n_accounts: int,
) -> FloatArray:
    """Return the maintenance margin of each account's books before calibration, USD.

    Per book, the largest loss over the grid of price and volatility shocks, plus :data:`CONTINGENCY` of gross futures, of
    short options, of what is matched across settlement coins and across expiries, and vega × :data:`VEGA_POINTS`.

    Parameters
    ----------
    legs : PortfolioLegs
        p legs.
    options : OptionTerms or None
        Those of them that are options, in the market; None without any.
    mark, index, settle_usd : ndarray of shape (p,), float64
        Quote currency; index of an option's underlying; USD for one unit of the settlement coin.
    n_accounts : int
        k.

    Returns
    -------
    ndarray of shape (k,), float64
        ≥ 0; NaN where a price is missing.

    References
    ----------
    Bybit help center, Introduction to Portfolio Margin (2024-09); V5 documentation, asset/portfolio-margin (2026-07).
    """
    n_books = legs.account_rows.shape[0]
    delta = np.where(legs.is_inverse, legs.size, legs.size * mark * settle_usd)
    # The quote coin of an inverse contract is USD, so it is worth its size whatever the coin does; a missing mark is one.
    delta[legs.is_inverse & np.isnan(mark)] = np.nan
    gross = np.abs(delta)
    contingency, linear = np.zeros(n_books), delta
    if options is not None:
        linear = delta.copy()
        linear[legs.options] = gross[legs.options] = 0.0
    book_delta = grouped(legs.book, linear, n_books)
    if options is None:
        worst = np.abs(book_delta) * PRICE_SHOCKS[-1]
    else:
        worst, contingency, option_delta = _option_books(legs, options, index, settle_usd, book_delta)
        delta = delta.copy()
        delta[legs.options] = option_delta
    contingency = contingency + CONTINGENCY * grouped(legs.book, gross, n_books)
    for groups in (legs.by_settle, legs.by_expiry):
        contingency += CONTINGENCY * _matched(groups, delta, n_books)
    return grouped(legs.account_rows, worst + contingency, n_accounts)


def _option_books(
    legs: PortfolioLegs,
    options: OptionTerms,
    index: FloatArray,
    settle_usd: FloatArray,
    book_delta: FloatArray,
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return worst loss and contingencies of each book, and the USD delta of each option."""
    rows, n_books = legs.options, book_delta.shape[0]
    book, size, usd = legs.book[rows], legs.size[rows], settle_usd[rows]
    worth = size * usd
    base = option_price(options.forward, options.strike, options.volatility, options.years, options.is_call)
    least = np.zeros(n_books)
    for factor in VOLATILITY_FACTORS:
        volatility = options.volatility * factor
        for shock in PRICE_SHOCKS:
            moved = option_price(
                options.forward * (1.0 + shock), options.strike, volatility, options.years, options.is_call
            )
            gain = grouped(book, worth * (moved - base), n_books)
            np.minimum(least, gain + book_delta * shock, out=least)
    up, vega = _sensitivities(options)
    delta = worth * index[rows] * np.where(options.is_call, up, up - 1.0)
    short = np.maximum(-size, 0.0) * usd * index[rows]
    contingency = CONTINGENCY * grouped(book, short, n_books)
    contingency += VEGA_POINTS * np.abs(grouped(book, worth * vega, n_books))
    return -least, contingency, delta


def _sensitivities(options: OptionTerms) -> tuple[FloatArray, FloatArray]:
    """Return the delta of a call and the vega of one option."""
    deviation = np.maximum(options.volatility * np.sqrt(options.years), 1e-9)
    up = np.log(options.forward / options.strike) / deviation + 0.5 * deviation
    density = np.exp(-0.5 * up * up) / np.sqrt(2.0 * np.pi)
    return normal_cdf(up), options.forward * density * np.sqrt(options.years)


def _matched(groups: Groups, delta: FloatArray, n_books: int) -> FloatArray:
    """Return how much long exposure stands against short exposure between the groups of each book, USD."""
    net = grouped(groups.code, delta, groups.parent.shape[0])
    longs = grouped(groups.parent, np.maximum(net, 0.0), n_books)
    shorts = grouped(groups.parent, np.maximum(-net, 0.0), n_books)
    return np.minimum(longs, shorts)
