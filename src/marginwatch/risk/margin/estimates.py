"""Which accounts are estimates: whose formula the venue has not published in full, or where something is assumed."""

import math
from enum import IntEnum
from typing import NamedTuple

import numpy as np

from marginwatch.book.accounts import MARGIN_MODES
from marginwatch.book.fees import FeeSource
from marginwatch.book.table import BoolArray, CodeArray, FloatArray

CROSS = MARGIN_MODES["cross"]
PORTFOLIO = MARGIN_MODES["portfolio"]
OWN_FEE = int(FeeSource.OWN)


class Estimate(IntEnum):
    """Which part is an estimate, most telling first."""

    EXACT = 0
    PORTFOLIO = 1
    SHORT_OPTION = 2
    HEDGED = 3
    ORDERS = 4
    FEE = 5
    ORDER_MARGIN = 6
    SWITCH = 7


TEXTS: dict[int, str] = {
    Estimate.PORTFOLIO: "portfolio margin: the sizes of its shocks and contingencies are not published",
    Estimate.SHORT_OPTION: "short options: the venue's present factors are not published",
    Estimate.HEDGED: "both legs of a contract: how the hedged part is margined is not published",
    Estimate.ORDERS: "the value of open orders is not known; tiers are chosen without it",
    Estimate.FEE: "the account's own taker fee is not known; another one is assumed",
    Estimate.ORDER_MARGIN: "the venue does not state the margin of open orders; none is assumed",
    Estimate.SWITCH: "the venue does not state whether a coin is switched on as collateral; on is assumed",
}
"""In words."""


class LegSigns(NamedTuple):
    """What of legs may make an account an estimate, shape (n,): whose, sign, twins, kind, orders and where the fee is from.

    ``twins`` as in :class:`marginwatch.book.positions.PositionTable`.
    """

    account: CodeArray
    quantity: FloatArray
    twins: CodeArray
    options: CodeArray
    order_value: FloatArray
    fee_source: CodeArray


class CoinSigns(NamedTuple):
    """What of coins may, shape (h,): whose, whether in the wallet, its balance, switch (−1: unknown) and order margin."""

    account: CodeArray
    is_held: BoolArray
    wallet: FloatArray
    switch: CodeArray
    order_margin: FloatArray


def estimates(mode: CodeArray, legs: LegSigns, coins: CoinSigns) -> CodeArray:
    """Return the code of :class:`Estimate` of each account, shape (k,); ``mode`` is that of each."""
    found = np.zeros(mode.shape[0], np.int64)
    # The most telling one is written last. Mostly there is none, which one look at a column tells.
    if coins.switch.min(initial=0) < 0:
        unsaid = np.flatnonzero((coins.switch < 0) & (coins.wallet > 0.0) & coins.is_held)
        _note(found, coins.account[unsaid], mode, Estimate.SWITCH)
    if math.isnan(coins.order_margin.sum()):
        unsaid = np.flatnonzero(np.isnan(coins.order_margin) & coins.is_held)
        _note(found, coins.account[unsaid], mode, Estimate.ORDER_MARGIN)
    if legs.fee_source.max(initial=0) > OWN_FEE:
        found[legs.account[legs.fee_source > OWN_FEE]] = Estimate.FEE
    if math.isnan(legs.order_value.sum()):
        found[legs.account[np.isnan(legs.order_value)]] = Estimate.ORDERS
    if legs.twins.max(initial=0):
        _note(found, legs.account[np.flatnonzero(legs.twins)], mode, Estimate.HEDGED)
    if legs.options.shape[0]:
        short = legs.options[legs.quantity[legs.options] < 0.0]
        found[legs.account[short]] = Estimate.SHORT_OPTION
    if mode.max(initial=0) >= PORTFOLIO:
        found[mode == PORTFOLIO] = Estimate.PORTFOLIO
    return found


def _note(found: CodeArray, accounts: CodeArray, mode: CodeArray, estimate: Estimate) -> None:
    """Note a reason that is one in cross margin only."""
    found[accounts[mode[accounts] == CROSS]] = estimate
