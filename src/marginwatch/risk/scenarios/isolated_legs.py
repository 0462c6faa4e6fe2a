"""Isolated positions in a scenario: which are liquidated, what that costs beyond their marks, and how near the others are."""

from typing import NamedTuple

import numpy as np

from marginwatch.book.accounts import MARGIN_MODES
from marginwatch.book.table import BoolArray, CodeArray, FloatArray
from marginwatch.risk.answers import AnswerArray
from marginwatch.risk.margin.figures import LegMargins
from marginwatch.risk.margin.models import isolated_room
from marginwatch.risk.margin.part import Part, part_of
from marginwatch.risk.margin.prices import Prices
from marginwatch.risk.margin.sheet import MarginSheet
from marginwatch.risk.measures.margin import largest_in_group, usage
from marginwatch.risk.workspace import Workspace

ISOLATED = MARGIN_MODES["isolated"]


class IsolatedStress(NamedTuple):
    """Isolated legs in a scenario, shape (p,).

    Parameters
    ----------
    is_taken : ndarray of bool
        Liquidated: nothing is left of what it may lose.
    extra_pnl : ndarray of float64
        What liquidation changes beyond the profit at mark, settlement coin: a leg that is taken has lost its margin.
    usage, usage_answer : ndarray of float64 and uint8
        Margin required ÷ (margin put up + profit).
    """

    is_taken: BoolArray
    extra_pnl: FloatArray
    usage: FloatArray
    usage_answer: AnswerArray


class IsolatedLegs:
    """The isolated legs of a sheet, as a sheet of their own for as many scenarios as there are.

    Parameters
    ----------
    sheet : MarginSheet
        The whole.
    now : LegMargins
        Figures of its legs at present prices: the margin that is put up does not change with the market.
    """

    def __init__(self, sheet: MarginSheet, now: LegMargins) -> None:
        self.legs: CodeArray = np.flatnonzero(sheet.mode[sheet.leg_account] == ISOLATED)
        self._part: Part = part_of(sheet, np.flatnonzero(sheet.mode == ISOLATED), has_names=False)
        self._put_up: FloatArray = now.initial_margin[self.legs]
        self._work = Workspace()

    def stressed(self, prices: Prices, figures: LegMargins) -> IsolatedStress:
        """Return the legs in a market.

        Parameters
        ----------
        prices : Prices
            Of the whole sheet.
        figures : LegMargins
            Of the whole sheet in that market.
        """
        legs, part = self.legs, self._part
        own = Prices(
            prices.leg_mark[part.legs],
            prices.leg_underlying[part.legs],
            prices.holding_usd[part.holdings],
            prices.volatility_shift,
            prices.seconds_later,
        )
        room = isolated_room(part.sheet, own, self._work)
        pnl = figures.unrealized_pnl[legs]
        is_taken = room <= 0.0
        ratio, answers = usage(figures.maintenance_margin[legs], figures.initial_margin[legs] + pnl)
        return IsolatedStress(is_taken, np.where(is_taken, -self._put_up - pnl, 0.0), ratio, answers)


def largest_usage(
    sheet: MarginSheet, legs: CodeArray, stressed: IsolatedStress
) -> tuple[FloatArray, AnswerArray]:
    """Return the largest usage of the isolated legs of each account with its answer, shape (k,)."""
    return largest_in_group(sheet.leg_account[legs], stressed.usage, stressed.usage_answer, sheet.n_accounts)
