"""Performance of accounts by their rows in the book: since the day began, and below the peak."""

import math
from collections.abc import Iterable, Sequence
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from marginwatch.book.history.growth import drawdown, growth, loss_share
from marginwatch.book.history.moves import AccountMoves, Move
from marginwatch.book.history.state import AccountState
from marginwatch.book.history.wallets import Wallet, Wallets, WalletsSeen
from marginwatch.book.history.why import Why
from marginwatch.book.table import BoolArray, CodeArray, FloatArray

WhyArray: TypeAlias = NDArray[np.uint8]

DAY_START_WITHIN_NS = 3_600_000_000_000
"""An account that is not heard at midnight begins the day with what was last known in the hour before."""

UNEXPLAINED_SHARE = 0.005
"""Of equity: balances that moved by more, and not by what the ledger says, are looked into before they are judged."""

NO_MOVES = AccountMoves()

READS_MAX = 3
"""Reads of a ledger that do not explain a move, after which it is taken for performance: the ledger may lag, not for ever."""


class Observed(NamedTuple):
    """What a frame says, by rows of accounts: USD (NaN: missing), moments in UTC nanoseconds on the venue's clock (0: none).

    ``is_live`` tells whose data are fresh, ``money_at_ns`` when the balances in ``equity`` held.
    """

    at_ns: int
    equity: FloatArray
    money_at_ns: CodeArray
    is_live: BoolArray
    wallets: WalletsSeen


class Figures(NamedTuple):
    """By rows of accounts, float64, NaN where ``…_why`` (:class:`Why`) is not ``NUMBER``."""

    pnl_usd: FloatArray
    pnl_why: WhyArray
    loss_share: FloatArray
    loss_share_why: WhyArray
    drawdown: FloatArray
    drawdown_why: WhyArray


class Kept(NamedTuple):
    """A sample from before a restart."""

    equity: float
    money_at_ns: int
    growth_index: float = 1.0
    peak_index: float = 1.0


class _Read(NamedTuple):
    """What was known when a ledger began to be read."""

    equity: float
    money_at_ns: int
    wallet: Wallet


class AccountRows:
    """The state of all accounts; arrays of it are indexed by row of the account table, row 0 being none."""

    def __init__(self) -> None:
        self.names: list[str | None] = [None]
        self.state = AccountState()
        self.day_ns: int | None = None
        self.at_ns = 0
        self.unexplained_usd: FloatArray = np.zeros(1)
        self.moves: dict[int, AccountMoves] = {}
        self.moves_version = 0
        """Grows whenever flows become known or their values do."""
        self.seen: Observed | None = None
        """The latest frame."""
        self._wallets = Wallets()
        self._is_nobody: BoolArray = np.ones(1, np.bool_)
        self._reads: dict[int, _Read] = {}
        self._n_unexplained: dict[int, int] = {}
        self._late: dict[int, list[float]] = {}
        self._ahead: set[int] = set()

    # ---- who is there ---------------------------------------------------------------------------------------

    def follow(self, names: Sequence[str | None]) -> tuple[int, ...]:
        """Take over who is in which row; return the rows that are somebody else's now, whose state is blank."""
        self.state.resize(len(names))
        before = [*self.names, *([None] * len(names))]
        changed = tuple(row for row, name in enumerate(names) if name != before[row])
        for row in changed:
            self.state.blank(row)
            for of_row in (self.moves, self._reads, self._n_unexplained, self._late):
                of_row.pop(row, None)
            self._ahead.discard(row)
        if changed:
            self.moves_version += 1
        self.names = list(names)
        self._is_nobody = np.array([name is None for name in names], np.bool_)
        return changed

    def restore(self, row: int, day: Kept | None, last: Kept | None, moves: Iterable[Move]) -> None:
        """Take over what was kept of an account: its sample at the day's start, its last one, and the flows since."""
        of = self.state
        if day is not None:
            of.day_equity[row], of.day_money[row] = day.equity, day.money_at_ns
        if last is not None:
            of.base_equity[row], of.base_money[row] = last.equity, last.money_at_ns
            of.last_equity[row], of.last_money[row] = last.equity, last.money_at_ns
            of.index[row], of.peak[row], of.run_peak[row] = (
                last.growth_index,
                last.peak_index,
                last.growth_index,
            )
        self.moves.setdefault(row, AccountMoves()).take(moves)
        self._recount(row)

    # ---- what is seen ---------------------------------------------------------------------------------------

    def observe(self, seen: Observed, day_ns: int) -> None:
        """Take over a frame.

        Parameters
        ----------
        seen : Observed
            Of as many rows as are followed.
        day_ns : int
            When the day began that it is of; a later one than before begins a new day with what was known last.
        """
        if self.day_ns is not None and day_ns > self.day_ns:
            self._begin_day(day_ns)
        self.day_ns, self.at_ns = day_ns, seen.at_ns
        self.seen = seen
        of = self.state
        is_live = seen.is_live & ~np.isnan(seen.equity)
        self._begin_history(seen, is_live & np.isnan(of.base_equity))
        np.copyto(of.last_equity, seen.equity, where=is_live)
        np.copyto(of.last_money, seen.money_at_ns, where=is_live)
        of.last_at[is_live] = seen.at_ns
        for row in tuple(self._ahead):
            self._recount(row)
        self._look_for_unexplained(seen, is_live)
        index = self._index_now()
        is_sure = is_live & of.has_read & (self.unexplained_usd == 0.0) & (index > of.run_peak)
        np.copyto(of.run_peak, index, where=is_sure)

    def _begin_day(self, day_ns: int) -> None:
        of = self.state
        is_known = (of.last_at >= day_ns - DAY_START_WITHIN_NS) & ~np.isnan(of.last_equity)
        of.day_equity = np.where(is_known, of.last_equity, np.nan)
        of.day_money = np.where(is_known, of.last_money, 0)
        of.day_flows[:] = of.day_put_in[:] = 0.0
        self.moves_version += 1
        for row in tuple(self.moves):
            self._recount(row)

    def _begin_history(self, seen: Observed, is_new: BoolArray) -> None:
        if not is_new.any():
            return
        of = self.state
        np.copyto(of.base_equity, seen.equity, where=is_new)
        np.copyto(of.begun_equity, seen.equity, where=is_new)
        np.copyto(of.base_money, seen.money_at_ns, where=is_new)
        np.copyto(of.begun_money, seen.money_at_ns, where=is_new)
        # The first day of an account begins when it is first seen: a day later it would have a loss to tell of today.
        is_first_day = is_new & np.isnan(of.day_equity)
        np.copyto(of.day_equity, seen.equity, where=is_first_day)
        np.copyto(of.day_money, seen.money_at_ns, where=is_first_day)
        for index in (of.index, of.peak, of.run_peak):
            index[is_new] = 1.0
        self._wallets.settle(seen.wallets, is_new)
        for row in np.flatnonzero(is_new).tolist():
            if row in self.moves:
                self._recount(row)

    def _look_for_unexplained(self, seen: Observed, is_live: BoolArray) -> None:
        of = self.state
        moved = self._wallets.moved_usd(seen.wallets, seen.equity.shape[0]) - of.explained
        gained = seen.equity - of.base_equity - of.base_flows
        limit = UNEXPLAINED_SHARE * np.maximum(np.abs(of.base_equity), np.abs(seen.equity))
        is_found = is_live & of.has_read & (np.abs(moved) > limit) & (np.abs(gained) > limit)
        self.unexplained_usd = np.where(is_found, moved, 0.0)

    # ---- ledgers --------------------------------------------------------------------------------------------

    def unexplained(self) -> tuple[int, ...]:
        """Return the rows whose ledger should be read first, those with most at stake in front."""
        rows = np.flatnonzero(self.unexplained_usd)
        return tuple(rows[np.argsort(-np.abs(self.unexplained_usd[rows]), kind="stable")].tolist())

    def begin_read(self, row: int) -> None:
        """Remember what is known of an account now that its ledger is asked for."""
        seen, of = self.seen, self.state
        is_seen = seen is not None and row < seen.equity.shape[0] and bool(seen.is_live[row])
        if seen is None or not is_seen or math.isnan(seen.equity[row]):
            self._reads.pop(row, None)
            return
        wallet = self._wallets.of(seen.wallets, row)
        self._reads[row] = _Read(float(of.last_equity[row]), int(of.last_money[row]), wallet)

    def take(self, row: int, moves: Iterable[Move]) -> None:
        """Take over lines of an account that were not known before."""
        of, new = self.state, list(moves)
        self.moves.setdefault(row, AccountMoves()).take(new)
        base_ns, begun_ns = int(of.base_money[row]), int(of.begun_money[row])
        late = [one.usd for one in new if one.is_flow and begun_ns < one.at_ns <= base_ns]
        self._late[row] = [*self._late.get(row, ()), *late]
        if any(one.is_flow for one in new):
            self.moves_version += 1
        self._recount(row)

    def end_read(self, row: int) -> None:
        """Learn that all lines are known up to when the reading began.

        What equity did since the last time is settled with them, unless balances moved in a way that they do not explain.
        """
        of = self.state
        read = self._reads.pop(row, None)
        if read is not None and not math.isnan(of.base_equity[row]) and self._is_explained(row, read):
            self._settle(row, read)
        of.has_read[row] = True
        self._recount(row)

    def value(self, row: int, line_key: str, usd: float) -> None:
        """Learn what a flow was worth that had no value."""
        if row in self.moves:
            self.moves[row].value(line_key, usd)
            self.moves_version += 1
            self._recount(row)

    def _is_explained(self, row: int, read: _Read) -> bool:
        """Return whether lines account for how balances moved; the third time they do not, that is taken as it is."""
        of, known = self.state, self.moves.get(row, NO_MOVES)
        if not of.has_read[row]:
            return True
        base_ns, base = int(of.base_money[row]), float(of.base_equity[row])
        moved = self._wallets.moved_of(read.wallet) - known.changed(base_ns, read.money_at_ns)
        gained = read.equity - base - math.fsum(known.between(base_ns, read.money_at_ns))
        limit = UNEXPLAINED_SHARE * max(abs(base), abs(read.equity))
        n_before = self._n_unexplained.get(row, 0)
        if abs(moved) <= limit or abs(gained) <= limit or n_before + 1 >= READS_MAX:
            self._n_unexplained.pop(row, None)
            return True
        self._n_unexplained[row] = n_before + 1
        return False

    def _settle(self, row: int, read: _Read) -> None:
        """Multiply the index by what was gained up to a moment all of whose flows are known."""
        of, known = self.state, self.moves.get(row, NO_MOVES)
        base_ns = int(of.base_money[row])
        flows = [*self._late.get(row, ()), *known.between(base_ns, read.money_at_ns)]
        total, put_in = AccountMoves.sums(flows)
        if math.isnan(total):
            return
        base = float(of.base_equity[row])
        gain = read.equity - base - total
        index = float(of.index[row]) * _growth_of(gain, base + put_in)
        # Between two moments without a flow every value in between was performance; with one only the ends are sure.
        highest = index if flows else max(index, float(of.run_peak[row]))
        of.peak[row] = max(float(of.peak[row]), highest)
        of.index[row] = of.run_peak[row] = index
        of.gained[row] += gain
        of.base_equity[row], of.base_money[row] = read.equity, read.money_at_ns
        self._wallets.settle_one(read.wallet)
        self._late.pop(row, None)

    def _recount(self, row: int) -> None:
        """Sum up the flows of a row anew: since the day began, and since it was settled, as far as its balances know."""
        of, known = self.state, self.moves.get(row, NO_MOVES)
        base_ns, day_ns = int(of.base_money[row]), int(of.day_money[row])
        has_day = not math.isnan(of.day_equity[row])
        known.forget(min(base_ns, day_ns) if has_day else base_ns, base_ns)
        until_ns = int(of.last_money[row])
        if has_day:
            of.day_flows[row], of.day_put_in[row] = known.put_in(day_ns, until_ns)
        flows = [*self._late.get(row, ()), *known.between(base_ns, until_ns)]
        of.base_flows[row], of.base_put_in[row] = AccountMoves.sums(flows)
        of.explained[row] = known.changed(base_ns, until_ns)
        if not known.flows and not known.others:
            self.moves.pop(row, None)
        (self._ahead.add if known.newest_ns() > until_ns else self._ahead.discard)(row)

    # ---- what comes of it -----------------------------------------------------------------------------------

    def equity_now(self) -> FloatArray:
        """Return the equity of the latest frame; that of accounts without fresh data is at live marks too."""
        return self.state.nothing() if self.seen is None else self.seen.equity

    def gained_now(self) -> FloatArray:
        """Return what each account gained since it is followed in this process, USD; NaN where that is not known."""
        of = self.state
        gained = of.gained + self.equity_now() - of.base_equity - of.base_flows
        return np.where(of.has_read, gained, np.nan)

    def _index_now(self) -> FloatArray:
        of = self.state
        gain = self.equity_now() - of.base_equity - of.base_flows
        return of.index * growth(gain, of.base_equity + of.base_put_in)

    def index_and_peak(self) -> tuple[FloatArray, FloatArray]:
        """Return the growth index of each account and its peak; NaN where they are not known."""
        of, index = self.state, self._index_now()
        return index, np.fmax(of.peak, of.run_peak)

    def day_capital(self) -> FloatArray:
        """Return the capital of the day: equity at its start and the most that was put in since."""
        return self.state.day_equity + self.state.day_put_in

    def day_gain(self) -> FloatArray:
        """Return equity less that of the day's start and the flows since; money not yet explained counts as gained."""
        return self.equity_now() - self.state.day_equity - self.state.day_flows

    def figures(self) -> Figures:
        """Return the figures of this moment."""
        of, equity = self.state, self.equity_now()
        common = np.zeros(equity.shape[0], np.uint8)
        common[self.unexplained_usd != 0.0] = Why.MONEY_UNEXPLAINED
        common[np.isnan(of.base_flows)] = Why.FLOW_UNVALUED
        common[~of.has_read] = Why.LEDGER_UNREAD
        common[np.isnan(equity)] = Why.NO_EQUITY
        of_day = common.copy()
        of_day[np.isnan(of.day_flows)] = Why.FLOW_UNVALUED
        of_day[np.isnan(of.day_equity)] = Why.NO_DAY_START
        of_share = of_day.copy()
        of_share[(of_day == Why.NUMBER) & ~(self.day_capital() > 0.0)] = Why.NO_CAPITAL
        for why in (common, of_day, of_share):
            why[self._is_nobody] = Why.NO_ACCOUNT
        gain = np.where(of_day == Why.NUMBER, self.day_gain(), np.nan)
        index, peak = self.index_and_peak()
        below = np.where(common == Why.NUMBER, drawdown(index, np.fmax(peak, index)), np.nan)
        common[(common == Why.NUMBER) & np.isnan(below)] = Why.NO_CAPITAL
        share = np.where(of_share == Why.NUMBER, loss_share(gain, self.day_capital()), np.nan)
        return Figures(gain, of_day, share, of_share, below, common)


def _growth_of(gain: float, capital: float) -> float:
    return max(0.0, 1.0 + gain / capital) if capital > 0.0 else 1.0
