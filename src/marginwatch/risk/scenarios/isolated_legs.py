"""Isolated positions in a scenario: which are liquidated, what that costs beyond their marks, and how near the others are."""

from typing import NamedTuple

import numpy as np

from marginwatch.book.accounts import MARGIN_MODES
from marginwatch.book.table import CodeArray, FloatArray
from marginwatch.risk.margin.figures import LegMargins
from marginwatch.risk.margin.models import isolated_room_surcharge
from marginwatch.risk.margin.prices import Prices
from marginwatch.risk.margin.sheet import MarginSheet
from marginwatch.risk.measures.margin import USAGE_MAX, usage
from marginwatch.risk.scenarios.market import gathered
from marginwatch.risk.workspace import Workspace

ISOLATED = MARGIN_MODES["isolated"]


class IsolatedStress(NamedTuple):
    """Isolated legs in a scenario.

    Parameters
    ----------
    taken : ndarray of shape (p,), int64
        Rows of the sheet: legs that are liquidated, for nothing is left of what they may lose.
    extra_usd : ndarray of shape (p,), float64
        What liquidation changes beyond the profit at mark, USD: a leg that is taken has lost its margin.
    accounts : ndarray of shape (q,), int64
        Accounts with such legs, ascending.
    usage : ndarray of shape (q,), float64
        The largest margin required ÷ (margin put up + profit) of each one's legs; NaN where one is not known.
    """

    taken: CodeArray
    extra_usd: FloatArray
    accounts: CodeArray
    usage: FloatArray


class IsolatedLegs:
    """The isolated legs of a sheet.

    Parameters
    ----------
    sheet : MarginSheet
        The whole.
    now : LegMargins
        Figures of its legs at present prices: the margin that is put up does not change with the market.
    prices : Prices
        Those.

    Attributes
    ----------
    legs : ndarray of shape (i,), int64
        Their rows.
    gone : IsolatedStress
        The present: what is beyond its limit already has lost its margin before anything happens.
    """

    def __init__(self, sheet: MarginSheet, now: LegMargins, prices: Prices) -> None:
        self._settle_holding: CodeArray = sheet.leg_settle_holding
        self.legs: CodeArray = np.flatnonzero(sheet.mode[sheet.leg_account] == ISOLATED)
        self._put_up: FloatArray = now.initial_margin[self.legs]
        self._surcharge = isolated_room_surcharge(sheet, self.legs)
        account = sheet.leg_account[self.legs]
        self._work = Workspace()
        self._first = np.flatnonzero(np.diff(account, prepend=-1))
        self._accounts = account[self._first]
        self.gone = self.stressed(now, prices)

    def stressed(self, figures: LegMargins, prices: Prices) -> IsolatedStress:
        """Return the legs in a market; ``figures`` are those of all legs of the sheet in it, at its ``prices``."""
        legs, work = self.legs, self._work
        pnl = gathered("pnl", figures.unrealized_pnl, legs, work)
        needed = gathered("needed", figures.maintenance_margin, legs, work)
        left = gathered("left", figures.initial_margin, legs, work)
        left += pnl
        # Those with something left are the many, and have the plain ratio.
        spent = np.flatnonzero(~(left > 0.0))
        each = np.divide(needed, left, out=work.array("usage", legs.shape[0]), where=left != 0.0)
        np.minimum(each, USAGE_MAX, out=each)
        each[spent] = usage(needed[spent], left[spent])[0]
        left += self._surcharge
        taken = np.flatnonzero(left <= needed)
        largest = np.maximum.reduceat(each, self._first) if legs.shape[0] else np.zeros(0)
        extra = -self._put_up[taken] - pnl[taken]
        usd = prices.holding_usd[self._settle_holding[legs[taken]]]
        return IsolatedStress(legs[taken], extra * usd, self._accounts, largest)
