"""Why an account cannot be reckoned: the first thing that it lacks, as a code and the contract or coin concerned."""

import re
from collections.abc import Sequence
from enum import IntEnum
from typing import NamedTuple

import numpy as np

from marginwatch.book.accounts import MARGIN_MODES
from marginwatch.book.table import BoolArray, CodeArray, FloatArray

ISOLATED = MARGIN_MODES["isolated"]
PORTFOLIO = MARGIN_MODES["portfolio"]


class Lack(IntEnum):
    """What is lacking, most telling first: of the account, of a contract, of a coin."""

    NOTHING = 0
    NOT_HEARD = 1
    MODEL = 2
    MODE = 3
    MARK = 4
    INDEX = 5
    VOLATILITY = 6
    ENTRY = 7
    LEVERAGE = 8
    FEE = 9
    TIERS = 10
    PUT_UP = 11
    AMOUNT = 12
    COIN_PRICE = 13
    COLLATERAL = 14
    BORROW = 15
    OTHER = 16


TEXTS = {
    Lack.NOT_HEARD: "not heard yet",
    Lack.MODEL: "there is no margin model for this venue yet",
    Lack.MODE: "the venue has not said a margin mode that is known here",
    Lack.MARK: "mark price of {}",
    Lack.INDEX: "index price of {}",
    Lack.VOLATILITY: "forward or volatility of {}",
    Lack.ENTRY: "entry price in {}",
    Lack.LEVERAGE: "leverage setting in {}",
    Lack.FEE: "taker fee in {}",
    Lack.TIERS: "risk limits of {}",
    Lack.PUT_UP: "margin put up in {}",
    Lack.AMOUNT: "amount of {}",
    Lack.COIN_PRICE: "USD price of {}",
    Lack.COLLATERAL: "collateral bands of {}",
    Lack.BORROW: "borrow tiers of {}",
    Lack.OTHER: "a number that is none",
}
"""In words; ``{}`` is the contract or coin."""

OF_CONTRACT = frozenset(
    {Lack.MARK, Lack.INDEX, Lack.VOLATILITY, Lack.ENTRY, Lack.LEVERAGE, Lack.FEE, Lack.TIERS, Lack.PUT_UP}
)
"""Lacks whose subject is a contract; that of later ones is a coin, earlier ones have none."""


HAVE_MODELS = frozenset({"bybit"})
"""Exchanges whose margins can be reckoned."""

IS_KNOWN_MODE = np.array([mode in ("cross", "isolated", "portfolio") for mode in MARGIN_MODES])
"""By code of the margin mode."""


class LegsLooked(NamedTuple):
    """Legs of accounts that cannot be reckoned, shape (n,): whose, in what, and the numbers that they need."""

    account: CodeArray
    contract: CodeArray
    mode: CodeArray
    is_option: BoolArray
    mark: FloatArray
    index_price: FloatArray
    volatility: FloatArray
    entry: FloatArray
    leverage: FloatArray
    taker_fee: FloatArray
    tier_rate: FloatArray
    put_up: FloatArray


class CoinsLooked(NamedTuple):
    """Coins of accounts that cannot be reckoned, shape (h,): whose, which, and the numbers that they need.

    Whether profit makes the equity of a coin positive is not asked: what it might need counts as needed.
    """

    account: CodeArray
    coin: CodeArray
    cash: FloatArray
    usd: FloatArray
    collateral_rate: FloatArray
    borrow_rate: FloatArray
    is_collateral: BoolArray


class Lacks(NamedTuple):
    """What each account lacks, shape (k,): code of :class:`Lack`, and row of the contract or coin (0: neither)."""

    kind: CodeArray
    subject: CodeArray


def lacking(is_missing: BoolArray, of_account: CodeArray, legs: LegsLooked, coins: CoinsLooked) -> Lacks:
    """Return the first thing that each account lacks.

    Parameters
    ----------
    is_missing : ndarray of shape (k,), bool
        Which accounts lack something.
    of_account : ndarray of shape (k,), int64
        What is lacking of the account itself: 0, or ``NOT_HEARD``, ``MODEL`` or ``MODE``.
    legs, coins
        What they have; of accounts that lack nothing it need not be there.
    """
    kind = np.where(is_missing, np.int64(Lack.OTHER), np.int64(Lack.NOTHING))
    subject = np.zeros(is_missing.shape[0], np.int64)
    found = _coin_lacks(coins) + _leg_lacks(legs)
    for lack, where, account, code in sorted(found, key=lambda one: -one[0]):
        rows = np.flatnonzero(where)
        kind[account[rows]] = lack
        subject[account[rows]] = code[rows]
    is_own = of_account != Lack.NOTHING
    return Lacks(np.where(is_own, of_account, kind), np.where(is_own, 0, subject))


def _leg_lacks(legs: LegsLooked) -> list[tuple[Lack, BoolArray, CodeArray, CodeArray]]:
    is_future = ~legs.is_option
    has_margin = is_future & (legs.mode != PORTFOLIO)
    each = (
        (Lack.MARK, np.isnan(legs.mark)),
        (Lack.INDEX, np.isnan(legs.index_price) & legs.is_option),
        (Lack.VOLATILITY, np.isnan(legs.volatility) & legs.is_option & (legs.mode == PORTFOLIO)),
        (Lack.ENTRY, np.isnan(legs.entry)),
        (Lack.LEVERAGE, np.isnan(legs.leverage) & has_margin),
        (Lack.FEE, np.isnan(legs.taker_fee) & has_margin),
        (Lack.TIERS, np.isnan(legs.tier_rate) & has_margin),
        (Lack.PUT_UP, np.isnan(legs.put_up) & is_future & (legs.mode == ISOLATED)),
    )
    return [(lack, where, legs.account, legs.contract) for lack, where in each]


def _coin_lacks(coins: CoinsLooked) -> list[tuple[Lack, BoolArray, CodeArray, CodeArray]]:
    each = (
        (Lack.AMOUNT, np.isnan(coins.cash)),
        (Lack.COIN_PRICE, np.isnan(coins.usd)),
        (Lack.COLLATERAL, (coins.cash >= 0.0) & coins.is_collateral & np.isnan(coins.collateral_rate)),
        (Lack.BORROW, (coins.cash < 0.0) & np.isnan(coins.borrow_rate)),
    )
    return [(lack, where, coins.account, coins.coin) for lack, where in each]


def models_by_venue(venue_names: Sequence[str | None]) -> BoolArray:
    """Return whether there is a margin model, by code of the venue; its name begins with the exchange's."""
    return np.array([re.split("[-@]", name or "")[0] in HAVE_MODELS for name in venue_names])


def own_lacks(mode: CodeArray, is_heard: BoolArray, has_legs: BoolArray, has_model: BoolArray) -> CodeArray:
    """Return what is lacking of each account itself, shape (k,): ``NOTHING``, ``NOT_HEARD``, ``MODEL`` or ``MODE``.

    Without positions all modes come to the same, so it need not be known.
    """
    own = np.zeros(mode.shape[0], np.int64)
    own[has_legs & ~IS_KNOWN_MODE[mode]] = Lack.MODE
    own[~has_model] = Lack.MODEL
    own[~is_heard] = Lack.NOT_HEARD
    return own


def why(kind: int, subject: str | None) -> str | None:
    """Return in words what is lacking, None if nothing; ``subject`` names the contract or coin concerned."""
    return None if kind == Lack.NOTHING else TEXTS[Lack(kind)].format(subject)
