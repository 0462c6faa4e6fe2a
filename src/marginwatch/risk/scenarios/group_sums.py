"""From accounts to desks and to everything: sums that leave missing accounts out and count them."""

import numpy as np

from marginwatch.book.table import BoolArray, CodeArray, FloatArray
from marginwatch.risk.answers import Answer, AnswerArray
from marginwatch.risk.measures.margin import usage
from marginwatch.risk.scenarios.results import AccountStress, GroupStress


def group_stress(
    accounts: AccountStress, maintenance: FloatArray, adjusted: FloatArray, code: CodeArray, n_groups: int
) -> GroupStress:
    """Return the sums over groups of accounts.

    Parameters
    ----------
    accounts : AccountStress
        Shape (s, k).
    maintenance, adjusted : ndarray of shape (s, k), float64
        Maintenance margin and adjusted equity, USD; NaN where missing and for isolated accounts.
    code : ndarray of shape (k,), int64
        Group of each account.
    n_groups : int
        g.
    """
    groups = _Groups(code, n_groups)
    is_number = accounts.answer == Answer.NUMBER
    n_accounts = np.bincount(code, minlength=n_groups)
    n_left_out = groups.counts(accounts.answer == Answer.MISSING)
    answer = _sum_answers(n_accounts - n_left_out, n_accounts)
    is_whole = is_number & ~np.isnan(maintenance) & ~np.isnan(adjusted)
    ratio, ratio_answer = usage(
        groups.sums(np.where(is_whole, maintenance, 0.0)), groups.sums(np.where(is_whole, adjusted, 0.0))
    )
    ratio_answer = np.where(answer == Answer.MISSING, answer, ratio_answer)
    worst, worst_answer = _worst(accounts, groups)
    return GroupStress(
        pnl_usd=_summed(groups, accounts.pnl_usd, answer),
        equity_left_usd=_summed(groups, accounts.equity_left_usd, answer),
        answer=answer,
        usage=np.where(ratio_answer == Answer.NUMBER, ratio, np.nan),
        usage_answer=ratio_answer,
        worst_usage=worst,
        worst_usage_answer=worst_answer,
        n_liquidated=groups.counts(accounts.is_liquidated),
        n_liquidated_legs=groups.counts(accounts.n_liquidated_legs),
        n_left_out=n_left_out,
        n_accounts=n_accounts,
    )


def _sum_answers(n_counted: CodeArray, n_accounts: CodeArray) -> AnswerArray:
    return np.where(
        n_counted > 0,
        np.uint8(Answer.NUMBER),
        np.where(n_accounts > 0, np.uint8(Answer.MISSING), np.uint8(Answer.NOT_APPLICABLE)),
    )


def _summed(groups: "_Groups", values: FloatArray, answer: AnswerArray) -> FloatArray:
    return np.where(answer == Answer.NUMBER, groups.sums(np.nan_to_num(values)), np.nan)


def _worst(accounts: AccountStress, groups: "_Groups") -> tuple[FloatArray, AnswerArray]:
    is_number = accounts.usage_answer == Answer.NUMBER
    worst = groups.largest(np.where(is_number, accounts.usage, -np.inf))
    has_missing = groups.counts(accounts.usage_answer == Answer.MISSING) > 0
    answer = np.where(
        worst > -np.inf,
        np.uint8(Answer.NUMBER),
        np.where(has_missing, np.uint8(Answer.MISSING), np.uint8(Answer.NOT_APPLICABLE)),
    )
    return np.where(answer == Answer.NUMBER, worst, np.nan), answer


class _Groups:
    """Accounts in the order of their groups, so that one pass along runs sums whole tables."""

    def __init__(self, code: CodeArray, n_groups: int) -> None:
        self._n_groups = n_groups
        self._order: CodeArray = np.argsort(code, kind="stable")
        ordered = code[self._order]
        self._first = np.flatnonzero(
            np.concatenate(([True], ordered[1:] != ordered[:-1]))[: ordered.shape[0]]
        )
        self._met = ordered[self._first]

    def _reduced(self, over: np.ufunc, values: FloatArray, empty: float) -> FloatArray:
        found = np.full((values.shape[0], self._n_groups), empty)
        if self._met.shape[0]:
            found[:, self._met] = over.reduceat(values[:, self._order], self._first, axis=1)
        return found

    def sums(self, values: FloatArray) -> FloatArray:
        return self._reduced(np.add, values, 0.0)

    def largest(self, values: FloatArray) -> FloatArray:
        return self._reduced(np.maximum, values, -np.inf)

    def counts(self, values: BoolArray | CodeArray) -> CodeArray:
        return self._reduced(np.add, values.astype(np.float64), 0.0).astype(np.int64)
