"""Which accounts are estimates: whose formula the venue has not published in full, or where something is assumed."""

from enum import IntEnum

import numpy as np

from marginwatch.book.accounts import MARGIN_MODES
from marginwatch.book.fees import FeeSource
from marginwatch.book.leg_facts import CoinFacts, LegFacts
from marginwatch.book.table import BoolArray, CodeArray
from marginwatch.risk.margin.picking import Picked

CROSS = MARGIN_MODES["cross"]
PORTFOLIO = MARGIN_MODES["portfolio"]


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


TEXTS = {
    Estimate.PORTFOLIO: "portfolio margin: the sizes of its shocks and contingencies are not published",
    Estimate.SHORT_OPTION: "short options: the venue's present factors are not published",
    Estimate.HEDGED: "both legs of a contract: how the hedged part is margined is not published",
    Estimate.ORDERS: "the value of open orders is not known; tiers are chosen without it",
    Estimate.FEE: "the account's own taker fee is not known; another one is assumed",
    Estimate.ORDER_MARGIN: "the venue does not state the margin of open orders; none is assumed",
    Estimate.SWITCH: "the venue does not state whether a coin is switched on as collateral; on is assumed",
}
"""In words."""


def estimates(mode: CodeArray, legs: Picked, is_option: BoolArray, facts: LegFacts) -> CodeArray:
    """Return for each account the code of :class:`Estimate` that its mode and legs are reason for, shape (k,).

    Legs of one account, contract and settlement coin stand side by side; ``is_option`` is by contract.
    """
    found = np.zeros(mode.shape[0], np.int64)
    account, contract = legs.leg_account, legs.leg_contract
    is_option = is_option[contract]
    has_margin = ~is_option & (mode[account] != PORTFOLIO)
    is_neighbor = (account[1:] == account[:-1]) & (contract[1:] == contract[:-1])
    source = facts.fee_source[legs.leg_row]
    is_assumed = (source != FeeSource.OWN) & (source != FeeSource.UNKNOWN)
    # The most telling one is written last.
    found[account[is_assumed & has_margin]] = Estimate.FEE
    found[account[np.isnan(facts.order_value[legs.leg_row]) & has_margin]] = Estimate.ORDERS
    hedged = account[1:][is_neighbor & has_margin[1:]]
    found[hedged[mode[hedged] == CROSS]] = Estimate.HEDGED
    found[account[is_option & (legs.quantity < 0.0)]] = Estimate.SHORT_OPTION
    found[mode == PORTFOLIO] = Estimate.PORTFOLIO
    return found


def assumed_of_coins(mode: CodeArray, legs: Picked, facts: CoinFacts, is_there: BoolArray) -> CodeArray:
    """Return for each account the code of :class:`Estimate` that its coins are reason for, shape (k,).

    ``is_there`` tells of each holding of the book whether the coin is in the wallet: of others the venue says nothing.
    """
    found = np.zeros(mode.shape[0], np.int64)
    rows, account = legs.holding_row, legs.holding_account
    is_cross = (mode[account] == CROSS) & is_there[rows]
    is_unsaid = (facts.is_collateral[rows] < 0) & (facts.wallet_balance[rows] > 0.0)
    found[account[is_unsaid & is_cross]] = Estimate.SWITCH
    has_legs = np.zeros(mode.shape[0], np.bool_)
    has_legs[legs.leg_account] = True
    found[account[np.isnan(facts.order_initial_margin[rows]) & is_cross & has_legs[account]]] = (
        Estimate.ORDER_MARGIN
    )
    return found
