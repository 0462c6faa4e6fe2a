"""Performance of desks and of all accounts together: transfers among their own accounts cancel out."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from marginwatch.book.history.accounts import UNEXPLAINED_SHARE, AccountRows, Figures, WhyArray
from marginwatch.book.history.growth import drawdown, growth, loss_share, most_put_in
from marginwatch.book.history.moves import Move
from marginwatch.book.history.why import Why
from marginwatch.book.table import BoolArray, CodeArray, FloatArray

LEFT_OUT_SHARE = 0.05
"""Of a group's equity: where accounts without a figure had more when they were last heard, the group has none either."""


class LeftOut(NamedTuple):
    """How many accounts of each group are left out, shape (n_groups,), int64: of the day's figures, and of drawdown."""

    of_day: CodeArray
    ever: CodeArray


@dataclass(slots=True)
class _Members:
    """Where the accounts of groups stood when the groups were brought up to date last, by rows; NaN: not known then."""

    gained: FloatArray = field(default_factory=lambda: np.zeros(0))
    equity: FloatArray = field(default_factory=lambda: np.zeros(0))
    group: CodeArray = field(default_factory=lambda: np.zeros(0, np.int64))
    is_new: BoolArray = field(default_factory=lambda: np.zeros(0, np.bool_))
    """Whose group has not been brought up to date since they were first seen: from then on they gain for it."""

    def resize(self, n: int) -> None:
        """Make room for new rows."""
        missing = n - self.gained.shape[0]
        if missing > 0:
            nothing = np.full(missing, np.nan)
            self.gained = np.concatenate((self.gained, nothing))
            self.equity = np.concatenate((self.equity, nothing))
            self.group = np.concatenate((self.group, np.zeros(missing, np.int64)))
            self.is_new = np.concatenate((self.is_new, np.ones(missing, np.bool_)))


class GroupRows:
    """The state of groups that hold every account once at most: the desks, or all accounts as one group.

    Parameters
    ----------
    accounts : AccountRows
        Their members.
    """

    def __init__(self, accounts: AccountRows) -> None:
        self._accounts = accounts
        self.names: list[str] = []
        self._group: CodeArray = np.zeros(0, np.int64)
        self._slot: CodeArray = np.zeros(0, np.int64)
        self._then = _Members()
        self._index: dict[str, float] = {}
        self._peak: dict[str, float] = {}
        self._last: tuple[FloatArray, FloatArray] | None = None
        self._put_in: FloatArray = np.zeros(0)
        self._put_in_version: tuple[int, bytes] = (-1, b"")

    def follow(self, names: Sequence[str], group: CodeArray) -> None:
        """Take over who belongs where.

        Parameters
        ----------
        names : sequence of str
            Of the groups.
        group : ndarray of shape (n_accounts,), int64
            Number of each account's group, −1 for none, as when a row stands for no account.
        """
        self.names, self._group, self._last = list(names), group, None
        self._slot = group + 1
        self._then.resize(group.shape[0])
        self._put_in_version = (-1, b"")

    def blank(self, rows: Sequence[int]) -> None:
        """Forget where accounts stood that are others now."""
        self._then.gained[list(rows)] = np.nan
        self._then.is_new[list(rows)] = True

    def restore(self, name: str, growth_index: float, peak_index: float) -> None:
        """Take over what was kept of a group from before a restart."""
        self._index[name], self._peak[name], self._last = growth_index, peak_index, None

    def restore_members(self, rows: Sequence[int]) -> None:
        """Let groups go on from where their accounts were when they were kept: what these gained since is still to come."""
        kept = list(rows)
        self._then.gained[kept] = 0.0
        self._then.equity[kept] = self._accounts.state.base_equity[kept]
        self._then.group[kept] = self._group[kept]
        self._then.is_new[kept] = False

    # ---- once a minute --------------------------------------------------------------------------------------

    def bring_up_to_date(self) -> None:
        """Multiply each group's index by what its accounts gained since the last time, and raise its peak.

        A group that money may have left waits until that is known: one side of a transfer inside may be known before the
        other.
        """
        index, peak = self.index_and_peak()
        why = self._why(self._is_known())
        is_waiting = why == Why.MONEY_UNEXPLAINED
        for number, name in enumerate(self.names):
            if not math.isnan(index[number]) and not is_waiting[number]:
                self._index[name] = float(index[number])
                is_sure = why[number] == Why.NUMBER
                self._peak[name] = float(peak[number]) if is_sure else self._peak.get(name, 1.0)
        self._last = None
        n, then = self._group.shape[0], self._then
        gained, equity = self._accounts.gained_now()[:n], self._accounts.equity_now()[:n]
        is_now = ~np.isnan(gained) & ~np.isnan(equity) & ~is_waiting[self._group]
        np.copyto(then.gained[:n], gained, where=is_now)
        np.copyto(then.equity[:n], equity, where=is_now)
        then.is_new[:n][is_now] = False
        # Whoever came to another group has gained nothing in it yet.
        then.gained[:n][(then.group[:n] != self._group) & ~is_now] = np.nan
        then.group[:n] = self._group

    def index_and_peak(self) -> tuple[FloatArray, FloatArray]:
        """Return the growth index of each group and its peak; NaN where none of its accounts is known."""
        n = self._group.shape[0]
        gained, equity = self._accounts.gained_now()[:n], self._accounts.equity_now()[:n]
        then, is_new = self._then, self._then.is_new[:n]
        came = gained - np.where(is_new, 0.0, then.gained[:n])
        had = np.where(is_new, self._accounts.state.begun_equity[:n], then.equity[:n])
        is_member = is_new | (then.group[:n] == self._group)
        is_both = ~np.isnan(came) & ~np.isnan(had) & ~np.isnan(equity) & is_member
        gain = self._sum(came, is_both)
        before, now = self._sum(had, is_both), self._sum(equity, is_both)
        # What equity grew by and nobody gained was put in.
        grown = growth(gain, before + np.maximum(now - before - gain, 0.0))
        if self._last is None:
            self._last = _of_names(self._index, self.names), _of_names(self._peak, self.names)
        index = self._last[0] * grown
        index[self._count(self._is_known()) == 0.0] = np.nan
        return index, np.fmax(self._last[1], index)

    # ---- what comes of it -----------------------------------------------------------------------------------

    def equity(self, is_awaited: BoolArray) -> FloatArray:
        """Return the sum of the known equities of each group; NaN where that would be of too few.

        A curve over time cannot say whom a point leaves out: one without those not heard yet, or without more than
        :data:`LEFT_OUT_SHARE`, would look like a loss.

        Parameters
        ----------
        is_awaited : ndarray of shape (n_accounts,), bool
            Accounts that are still on their first way here; what they have is not known.
        """
        equity = self._accounts.equity_now()[: self._group.shape[0]]
        is_known = ~np.isnan(equity)
        total = self._sum(equity, is_known)
        why = self._why(is_known)
        is_short = (why == Why.MEMBERS_LEFT_OUT) | (why == Why.NO_EQUITY)
        total[is_short | (self._count(is_awaited & ~is_known) > 0.0)] = np.nan
        return total

    def figures(self) -> Figures:
        """Return the figures of this moment, by the numbers of the groups."""
        of, n = self._accounts, self._group.shape[0]
        gain = of.day_gain()[:n]
        is_known = self._is_known()
        is_of_day = is_known & ~np.isnan(gain)
        of_day = self._why(is_of_day)
        is_same = bool((is_known == is_of_day).all())
        common = of_day.copy() if is_same else self._why(is_known)
        has_none = self._count(is_of_day) == 0.0
        has_any = self._count(is_known) > 0.0
        of_day[has_none & has_any] = Why.NO_DAY_START
        total = self._sum(gain, is_of_day)
        capital = self._sum(of.state.day_equity[:n], is_of_day) + self._day_put_in(is_of_day)
        of_share = of_day.copy()
        of_share[(of_day == Why.NUMBER) & ~(capital > 0.0)] = Why.NO_CAPITAL
        index, peak = self.index_and_peak()
        return Figures(
            np.where(of_day == Why.NUMBER, total, np.nan),
            of_day,
            np.where(of_share == Why.NUMBER, loss_share(total, capital), np.nan),
            of_share,
            np.where(common == Why.NUMBER, drawdown(index, peak), np.nan),
            common,
        )

    def left_out(self) -> LeftOut:
        """Return how many accounts of each group its figures leave out."""
        n, is_known = self._group.shape[0], self._is_known()
        is_of_day = is_known & ~np.isnan(self._accounts.day_gain()[:n])
        of_day, ever = (self._count(~one).astype(np.int64) for one in (is_of_day, is_known))
        return LeftOut(of_day, ever)

    def _is_known(self) -> BoolArray:
        """Return which accounts are known well enough to be summed; money not yet explained may be a transfer inside."""
        n, of = self._group.shape[0], self._accounts.state
        is_known: BoolArray = ~np.isnan(self._accounts.gained_now()[:n])
        return is_known & ~np.isnan(of.day_flows[:n])

    def _why(self, is_summed: BoolArray) -> WhyArray:
        """Return why groups have no figure: nobody known, too much left out, money that may have left the group."""
        n, of = self._group.shape[0], self._accounts
        equity = self._sum(of.equity_now()[:n], is_summed)
        last = of.state.last_equity[:n]
        # A restored account that has not been heard yet is left out with what it had.
        last = np.where(np.isnan(last), of.state.base_equity[:n], last)
        why = np.zeros(len(self.names), np.uint8)
        if of.unexplained_usd.any():
            doubt = self._sum(of.unexplained_usd[:n], is_summed)
            why[np.abs(doubt) > UNEXPLAINED_SHARE * np.abs(equity)] = Why.MONEY_UNEXPLAINED
        is_left_out = ~is_summed & ~np.isnan(last)
        if is_left_out.any():
            left_out = self._sum(np.abs(last), is_left_out)
            why[left_out > LEFT_OUT_SHARE * (np.abs(equity) + left_out)] = Why.MEMBERS_LEFT_OUT
        why[self._count(is_summed) == 0.0] = Why.NO_EQUITY
        return why

    def _day_put_in(self, is_summed: BoolArray) -> FloatArray:
        """Return the most that was put into each group on balance since the day began."""
        of = self._accounts
        version = (of.moves_version, is_summed.tobytes())
        if self._put_in_version != version:
            flows: list[list[Move]] = [[] for _ in self.names]
            for row, moves in of.moves.items():
                if row < self._group.shape[0] and self._group[row] >= 0 and is_summed[row]:
                    day_ns = int(of.state.day_money[row])
                    flows[int(self._group[row])] += [one for one in moves.flows if one.at_ns > day_ns]
            # Both sides of a transfer are of one moment: summed moment by moment they are no deposit.
            self._put_in = np.array([_most_by_moment(of_group) for of_group in flows], np.float64)
            self._put_in_version = version
        return self._put_in

    def _count(self, mask: BoolArray) -> FloatArray:
        return self._sum(mask.astype(np.float64), mask)

    def _sum(self, values: FloatArray, mask: BoolArray) -> FloatArray:
        # Slot 0 takes what belongs to no group.
        sums = np.bincount(self._slot, np.where(mask, values, 0.0), len(self.names) + 1)
        return sums[1:].astype(np.float64)


def _of_names(values: Mapping[str, float], names: Sequence[str]) -> FloatArray:
    return np.array([values.get(name, 1.0) for name in names], np.float64)


def _most_by_moment(flows: Sequence[Move]) -> float:
    by_moment: dict[int, float] = {}
    for one in sorted(flows):
        if not math.isnan(one.usd):
            by_moment[one.at_ns] = by_moment.get(one.at_ns, 0.0) + one.usd
    return most_put_in(by_moment.values())
