"""From accounts to desks and to everything: sums that leave missing accounts out and count them."""

import numpy as np

from marginwatch.book.table import BoolArray, CodeArray, FloatArray
from marginwatch.risk.answers import Answer, AnswerArray
from marginwatch.risk.margin.sheet import MarginSheet
from marginwatch.risk.measures.exposure import counted
from marginwatch.risk.measures.margin import usage
from marginwatch.risk.scenarios.results import AccountStress, GroupStress

N_SUMS = 8
PNL, EQUITY, MAINTENANCE, ADJUSTED, N_LEFT_OUT, N_LIQUIDATED, N_LEGS, N_USAGE_MISSING = range(N_SUMS)


class GroupSums:
    """The tables of a run by desk, filled scenario by scenario.

    Parameters
    ----------
    sheet : MarginSheet
        Whose desk each account is.
    is_counted : ndarray of shape (k,), bool
        Accounts that may count; others are left out as missing ones are.
    n_scenarios : int
        Rows of the tables.
    """

    def __init__(self, sheet: MarginSheet, is_counted: BoolArray, n_scenarios: int) -> None:
        self._desk: CodeArray = sheet.desk
        self._n_desks = len(sheet.desk_names)
        self._is_counted = is_counted
        self._n_accounts = counted(self._desk, self._n_desks)
        order: CodeArray = np.argsort(self._desk, kind="stable")
        ordered = self._desk[order]
        is_in_order = bool((np.diff(self._desk) >= 0).all())
        self._order: CodeArray | slice = slice(None) if is_in_order else order
        self._first = np.flatnonzero(np.diff(ordered, prepend=-1))
        self._met = ordered[self._first]
        self._sums = np.zeros((N_SUMS, n_scenarios, self._n_desks))
        self._worst = np.full((n_scenarios, self._n_desks), -np.inf)

    def take(
        self, place: int, accounts: AccountStress, maintenance: FloatArray, adjusted: FloatArray
    ) -> None:
        """Sum one scenario.

        Parameters
        ----------
        place : int
            Which.
        accounts : AccountStress
            Shape (s, k), filled in up to this scenario.
        maintenance, adjusted : ndarray of shape (k,), float64
            Maintenance margin and adjusted equity, USD; NaN where missing and for isolated accounts.
        """
        if not self._met.shape[0]:
            return
        is_out = ~self._is_counted | (accounts.answer[place] == Answer.MISSING)
        is_whole = ~(is_out | np.isnan(maintenance + adjusted))
        answers, is_liquidated = accounts.usage_answer[place], accounts.is_liquidated[place]
        self._add(PNL, place, accounts.pnl_usd[place], ~is_out)
        self._add(EQUITY, place, accounts.equity_left_usd[place], ~is_out)
        self._add(MAINTENANCE, place, maintenance, is_whole)
        self._add(ADJUSTED, place, adjusted, is_whole)
        self._add(N_LEGS, place, accounts.n_liquidated_legs[place], ~is_out)
        self._count(N_LIQUIDATED, place, is_liquidated & ~is_out)
        self._count(N_LEFT_OUT, place, is_out)
        self._count(N_USAGE_MISSING, place, is_out | (answers == Answer.MISSING))
        known = np.where(is_out | (answers != Answer.NUMBER), -np.inf, accounts.usage[place])
        self._worst[place, self._met] = np.maximum.reduceat(known[self._order], self._first)

    def _add(self, sums: int, place: int, values: FloatArray | CodeArray, is_in: BoolArray) -> None:
        kept = values if is_in.all() else np.where(is_in, values, 0)
        # Along runs: counting into few groups waits for each addition before the next.
        self._sums[sums, place, self._met] = np.add.reduceat(kept[self._order], self._first)

    def _count(self, sums: int, place: int, flags: BoolArray) -> None:
        if flags.any():
            self._add(sums, place, flags.astype(np.float64), flags)

    def desks(self) -> GroupStress:
        """Return the sums over desks, shape (s, number of desk names)."""
        return _finished(self._sums, self._worst, self._n_accounts)

    def portfolio(self) -> GroupStress:
        """Return the sums over everything, shape (s, 1): every account is at exactly one desk, or at none."""
        return _finished(
            self._sums.sum(axis=2, keepdims=True),
            self._worst.max(axis=1, keepdims=True),
            self._n_accounts.sum(keepdims=True),
        )


def _finished(sums: FloatArray, worst: FloatArray, n: FloatArray) -> GroupStress:
    n_left_out = sums[N_LEFT_OUT]
    without = np.where(n > 0, np.uint8(Answer.MISSING), np.uint8(Answer.NOT_APPLICABLE))
    answer = np.where(n > n_left_out, np.uint8(Answer.NUMBER), without)
    is_number = answer == Answer.NUMBER
    ratio, ratio_answer = usage(sums[MAINTENANCE], sums[ADJUSTED])
    ratio_answer = np.where(answer == Answer.MISSING, answer, ratio_answer)
    worst_answer = _worst_answer(worst, sums[N_USAGE_MISSING])
    return GroupStress(
        pnl_usd=np.where(is_number, sums[PNL], np.nan),
        equity_left_usd=np.where(is_number, sums[EQUITY], np.nan),
        answer=answer,
        usage=np.where(ratio_answer == Answer.NUMBER, ratio, np.nan),
        usage_answer=ratio_answer,
        worst_usage=np.where(worst_answer == Answer.NUMBER, worst, np.nan),
        worst_usage_answer=worst_answer,
        n_liquidated=sums[N_LIQUIDATED].astype(np.int64),
        n_liquidated_legs=sums[N_LEGS].astype(np.int64),
        n_left_out=sums[N_LEFT_OUT].astype(np.int64),
        n_accounts=n.astype(np.int64),
    )


def _worst_answer(worst: FloatArray, n_missing: FloatArray) -> AnswerArray:
    without = np.where(n_missing > 0.0, np.uint8(Answer.MISSING), np.uint8(Answer.NOT_APPLICABLE))
    return np.where(worst > -np.inf, np.uint8(Answer.NUMBER), without)
