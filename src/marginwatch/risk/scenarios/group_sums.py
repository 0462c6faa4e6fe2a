"""From accounts to desks and to everything: sums that leave missing accounts out and count them."""

from dataclasses import dataclass, replace

import numpy as np

from marginwatch.book.table import BoolArray, CodeArray, FloatArray
from marginwatch.risk.answers import Answer, AnswerArray
from marginwatch.risk.margin.sheet import MarginSheet
from marginwatch.risk.measures.exposure import counted, grouped
from marginwatch.risk.measures.margin import usage
from marginwatch.risk.scenarios.results import AccountStress, GroupStress


def group_stress(
    sheet: MarginSheet,
    accounts: AccountStress,
    maintenance: FloatArray,
    adjusted: FloatArray,
    is_counted: BoolArray,
) -> tuple[GroupStress, GroupStress]:
    """Return the sums over desks, shape (s, number of desk names), and over everything, shape (s, 1).

    Parameters
    ----------
    sheet : MarginSheet
        Whose desk each account is.
    accounts : AccountStress
        Shape (s, k).
    maintenance, adjusted : ndarray of shape (s, k), float64
        Maintenance margin and adjusted equity, USD; NaN where missing and for isolated accounts.
    is_counted : ndarray of shape (k,), bool
        Accounts that may count; others are left out as missing ones are.
    """
    if not is_counted.all():
        accounts = _only(accounts, is_counted)
    sums = _Grouping(sheet.desk, len(sheet.desk_names), accounts.answer.shape[0]).sums(
        accounts, maintenance, adjusted
    )
    return _finished(sums), _finished(sums.total())


def _only(accounts: AccountStress, is_counted: BoolArray) -> AccountStress:
    """Return the figures with those of other accounts missing."""
    missing = np.uint8(Answer.MISSING)
    return replace(
        accounts,
        pnl_usd=np.where(is_counted, accounts.pnl_usd, np.nan),
        equity_left_usd=np.where(is_counted, accounts.equity_left_usd, np.nan),
        answer=np.where(is_counted, accounts.answer, missing),
        usage_answer=np.where(is_counted, accounts.usage_answer, missing),
        is_liquidated=accounts.is_liquidated & is_counted,
        n_liquidated_legs=np.where(is_counted, accounts.n_liquidated_legs, 0),
    )


@dataclass(slots=True, frozen=True, eq=False)
class _Sums:
    """Of each group, shape (s, g), float64; ``n_accounts`` has shape (g,). ``worst`` is −∞ without a number."""

    pnl: FloatArray
    equity: FloatArray
    maintenance: FloatArray
    adjusted: FloatArray
    n_left_out: FloatArray
    n_liquidated: FloatArray
    n_legs: FloatArray
    n_usage_missing: FloatArray
    worst: FloatArray
    n_accounts: FloatArray

    def total(self) -> "_Sums":
        """Return the one group that all of them are together: every account is in exactly one."""
        over = {
            name: getattr(self, name).sum(axis=-1, keepdims=True)
            for name in self.__slots__
            if name != "worst"
        }
        return _Sums(**over, worst=self.worst.max(axis=1, keepdims=True))


class _Grouping:
    """Cells of tables of (s, k) by scenario and group, so that a whole table is summed at once."""

    def __init__(self, code: CodeArray, n_groups: int, n_scenarios: int) -> None:
        self._shape = (n_scenarios, n_groups)
        self._code = code
        self._cell: CodeArray = (np.arange(n_scenarios)[:, None] * n_groups + code).reshape(-1)
        self._order: CodeArray = np.argsort(code, kind="stable")
        ordered = code[self._order]
        self._first = np.flatnonzero(np.diff(ordered, prepend=-1))
        self._met = ordered[self._first]

    def sums(self, accounts: AccountStress, maintenance: FloatArray, adjusted: FloatArray) -> _Sums:
        is_whole = np.isfinite(maintenance) & np.isfinite(adjusted) & (accounts.answer == Answer.NUMBER)
        has_usage = accounts.usage_answer == Answer.NUMBER
        return _Sums(
            pnl=self._sum(_known(accounts.pnl_usd)),
            equity=self._sum(_known(accounts.equity_left_usd)),
            maintenance=self._sum(np.where(is_whole, maintenance, 0.0)),
            adjusted=self._sum(np.where(is_whole, adjusted, 0.0)),
            n_left_out=self._sum(accounts.answer == Answer.MISSING),
            n_liquidated=self._sum(accounts.is_liquidated),
            n_legs=self._sum(accounts.n_liquidated_legs),
            n_usage_missing=self._sum(accounts.usage_answer == Answer.MISSING),
            worst=self._largest(np.where(has_usage, accounts.usage, -np.inf)),
            n_accounts=counted(self._code, self._shape[1]),
        )

    def _sum(self, values: FloatArray | CodeArray | BoolArray) -> FloatArray:
        if not values.any():
            return np.zeros(self._shape)
        weights = values.astype(np.float64, copy=False).reshape(-1)
        return grouped(self._cell, weights, self._shape[0] * self._shape[1]).reshape(self._shape)

    def _largest(self, values: FloatArray) -> FloatArray:
        found = np.full(self._shape, -np.inf)
        if self._met.shape[0]:
            found[:, self._met] = np.maximum.reduceat(values[:, self._order], self._first, axis=1)
        return found


def _known(values: FloatArray) -> FloatArray:
    """Return the values with 0 for what is missing: it adds nothing to a sum that counts what it leaves out."""
    is_missing = np.isnan(values)
    return np.where(is_missing, 0.0, values) if is_missing.any() else values


def _finished(sums: _Sums) -> GroupStress:
    n_accounts = sums.n_accounts.astype(np.int64)
    answer = np.where(
        n_accounts > sums.n_left_out,
        np.uint8(Answer.NUMBER),
        np.where(n_accounts > 0, np.uint8(Answer.MISSING), np.uint8(Answer.NOT_APPLICABLE)),
    )
    is_number = answer == Answer.NUMBER
    ratio, ratio_answer = usage(sums.maintenance, sums.adjusted)
    ratio_answer = np.where(answer == Answer.MISSING, answer, ratio_answer)
    worst_answer = _worst_answer(sums)
    return GroupStress(
        pnl_usd=np.where(is_number, sums.pnl, np.nan),
        equity_left_usd=np.where(is_number, sums.equity, np.nan),
        answer=answer,
        usage=np.where(ratio_answer == Answer.NUMBER, ratio, np.nan),
        usage_answer=ratio_answer,
        worst_usage=np.where(worst_answer == Answer.NUMBER, sums.worst, np.nan),
        worst_usage_answer=worst_answer,
        n_liquidated=sums.n_liquidated.astype(np.int64),
        n_liquidated_legs=sums.n_legs.astype(np.int64),
        n_left_out=sums.n_left_out.astype(np.int64),
        n_accounts=n_accounts,
    )


def _worst_answer(sums: _Sums) -> AnswerArray:
    is_missing = sums.n_usage_missing > 0.0
    without = np.where(is_missing, np.uint8(Answer.MISSING), np.uint8(Answer.NOT_APPLICABLE))
    return np.where(sums.worst > -np.inf, np.uint8(Answer.NUMBER), without)
