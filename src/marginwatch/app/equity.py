"""Keeps the history of equity: looks at each frame, reads and keeps ledgers, writes a sample a minute, answers rules."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Sequence
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np
import structlog

from marginwatch.app.coin_prices import CoinPrices, KeptCloses
from marginwatch.app.equity_facts import (
    EquityFacts,
    account_facts,
    group_facts,
    not_loaded,
    performed,
)
from marginwatch.app.equity_ledgers import EquityLedgers
from marginwatch.app.equity_samples import SampleColumns, group_sample, names_in, observed
from marginwatch.app.kept_equity import KeptEquity, load_kept
from marginwatch.app.ledger_lines import move_of
from marginwatch.book.history.accounts import AccountRows
from marginwatch.book.history.days import day_start_ns, next_day_start_ns
from marginwatch.book.history.groups import GroupRows
from marginwatch.book.position_book import PositionBook
from marginwatch.book.table import BoolArray
from marginwatch.clock import Clock
from marginwatch.errors import MarginwatchError
from marginwatch.model.equity import EquitySample, EquityScope
from marginwatch.model.ids import AccountId
from marginwatch.risk.frame import Frame
from marginwatch.risk.measures.freshness import Inclusion
from marginwatch.rules.facts import Performed, Reading
from marginwatch.rules.members import PORTFOLIO
from marginwatch.store.column_types import storable
from marginwatch.store.equity_minutes import EquityMinutes, KeptMinutes
from marginwatch.store.ledger import StoredLedger
from marginwatch.store.store import Store

log = structlog.get_logger(__name__)

BEAT_S = 1.0
MINUTE_S = 60
NS = 1_000_000_000
SAMPLES_AT_ONCE = 1_000
THIN_EVERY_S = 600
CURSORS_EVERY_S = 5.0
"""Ledgers in which nothing was new are noted together this often: a commit for each of a thousand accounts is in the way of others."""

WAITING_MAX = 200_000
"""Samples that wait for a store that cannot be written; then the oldest go."""

PERFORMED_FOR_NS = NS
"""How old figures of all accounts together may be that somebody looks at; rules have them as often."""

EVERYBODY = ""
"""Name of all accounts together in the store."""


class EquityKeeper:
    """The history of equity of one service.

    Parameters
    ----------
    store : Store
        Where samples and ledgers are kept.
    clock : Clock
        Time.
    book : PositionBook
        For balances; read only.
    frame : callable
        Returns the latest frame; None before the first.
    day_zone : str, default="UTC"
        IANA name of the zone in which a day begins.
    closes : KeptCloses, optional
        Hourly closes, which value what was moved while the service was down.

    Attributes
    ----------
    ledgers : EquityLedgers
        To be given to the fleet, which reads ledgers for it.
    """

    def __init__(
        self,
        store: Store,
        clock: Clock,
        book: PositionBook,
        frame: Callable[[], Frame | None],
        day_zone: str = "UTC",
        closes: KeptCloses | None = None,
    ) -> None:
        self._minutes = EquityMinutes(store)
        self._ledger = StoredLedger(store)
        self._clock = clock
        self._book = book
        self._frame = frame
        self._zone = ZoneInfo(day_zone)
        self._rows = AccountRows()
        self._desks = GroupRows(self._rows)
        self._all = GroupRows(self._rows)
        self._row_of: dict[str, int] = {}
        self.ledgers = EquityLedgers(
            self._ledger, CoinPrices(frame, closes), clock, self._rows, lambda: self._row_of, self._day_ns
        )
        self._kept: KeptEquity | None = None
        self._groups_seen: tuple[object, ...] = ()
        self._seen: Frame | None = None
        self._day: tuple[int, int] = (0, 0)
        self._minute_s = 0
        self._cursors_due_s = 0.0
        self._thinned_s = 0
        self._waiting: list[EquitySample] = []
        self._failing: set[str] = set()
        self._began_ns: int | None = None
        self._performed: Performed | None = None

    # ---- what it does all the time --------------------------------------------------------------------------

    async def run(self) -> None:
        """Keep the history, forever."""
        while True:
            await self.run_once()
            await self._clock.sleep(BEAT_S)

    async def run_once(self) -> None:
        """Look at the latest frame, and write what is due; what cannot be written waits."""
        if self._kept is None:
            await self._attempt("read", self._load)
        frame = self._frame()
        if frame is None or self._kept is None:
            return
        self._observe(frame)
        minute_s = self._clock.now_ns() // NS // MINUTE_S * MINUTE_S
        if minute_s > self._minute_s:
            self._minute_s = minute_s
            await self._sample(frame, minute_s)
            await self._attempt("value lines", self.ledgers.value_lines)
        if self._waiting:
            await self._attempt("write", self._write)
        if self._clock.monotonic_s() >= self._cursors_due_s:
            self._cursors_due_s = self._clock.monotonic_s() + CURSORS_EVERY_S
            await self._attempt("keep ledger cursors", self.ledgers.keep_cursors)

    async def flush(self) -> None:
        """Write what waits; for a stop."""
        if self._waiting:
            await self._attempt("write", self._write)
        await self._attempt("keep ledger cursors", self.ledgers.keep_cursors)

    async def _load(self) -> None:
        now_ns = self._clock.now_ns()
        kept = await load_kept(self._minutes, self._ledger, now_ns, self._day_ns())
        self._began_ns = kept.began_ns
        if (last := kept.last.get(("portfolio", EVERYBODY))) is not None:
            self._all.restore(PORTFOLIO, last.growth_index, last.peak_index)
        self.ledgers.load(kept)
        self._kept = kept

    async def _write(self) -> None:
        while self._waiting:
            some = self._waiting[:SAMPLES_AT_ONCE]
            await self._minutes.add(some)
            del self._waiting[: len(some)]
        now_s = self._clock.now_ns() // NS
        if now_s - self._thinned_s >= THIN_EVERY_S:
            self._thinned_s = now_s
            await self._minutes.thin(now_s)

    async def _sample(self, frame: Frame, minute_s: int) -> None:
        self._desks.bring_up_to_date()
        self._all.bring_up_to_date()
        if self._rows.seen is None:
            return
        self._began_ns = minute_s * NS if self._began_ns is None else self._began_ns
        columns = SampleColumns(frame, self._rows.seen, *self._rows.index_and_peak())
        is_awaited: BoolArray = frame.inclusion == Inclusion.STARTING
        self._sample_groups("desk", self._desks, minute_s, is_awaited)
        self._sample_groups("portfolio", self._all, minute_s, is_awaited)
        for first in range(0, len(columns), SAMPLES_AT_ONCE):
            self._waiting += columns.samples(minute_s, first, SAMPLES_AT_ONCE)
            # Ten thousand samples take some tens of milliseconds: frames go in between.
            await asyncio.sleep(0)
        del self._waiting[: max(0, len(self._waiting) - WAITING_MAX)]

    def _sample_groups(self, scope: EquityScope, of: GroupRows, minute_s: int, is_awaited: BoolArray) -> None:
        names = [EVERYBODY] if scope == "portfolio" else of.names
        if len(names) != len(of.names):
            return
        found = group_sample(names, scope, minute_s, of.equity(is_awaited), *of.index_and_peak())
        self._waiting += [one for one in found if one.name or scope == "portfolio"]

    async def _attempt(self, what: str, do: Callable[[], Awaitable[None]]) -> None:
        """Do it; a store that does not work is told of once, and asked again at the next beat."""
        try:
            await do()
        except MarginwatchError as error:
            if what not in self._failing:
                log.warning("equity history stands still", cannot=what, reason=str(error))
            self._failing.add(what)
            return
        if what in self._failing:
            self._failing.discard(what)
            log.info("equity history goes on", can=what)

    # ---- frames ---------------------------------------------------------------------------------------------

    def _observe(self, frame: Frame) -> None:
        if frame is self._seen:
            return
        self._seen = frame
        n = frame.inclusion.shape[0]
        groups = (frame.book.groups_version, n, tuple(frame.desk_names))
        if groups != self._groups_seen:
            self._groups_seen = groups
            self._follow(frame, n)
        self._rows.observe(observed(frame, self._book.columns.holdings.settled_equity), self._day_ns())

    def _follow(self, frame: Frame, n: int) -> None:
        names = names_in(frame)
        changed = self._rows.follow(names)
        self._row_of = {name: row for row, name in enumerate(names) if name is not None}
        is_there = np.array([name is not None for name in names], np.bool_)
        desk_names = [name or "" for name in frame.desk_names]
        has_desk = np.array([bool(name) for name in desk_names], np.bool_)
        desk = frame.book.account_desk[:n].copy()
        for name in desk_names:
            self._restore_desk(name)
        self._desks.follow(desk_names, np.where(is_there & has_desk[desk], desk, -1))
        self._all.follow([PORTFOLIO], np.where(is_there, 0, -1))
        for group in (self._desks, self._all):
            group.blank(changed)
        restored = [row for row in changed if self._restore(row, names[row])]
        for group in (self._desks, self._all):
            group.restore_members(restored)

    def _restore(self, row: int, name: str | None) -> bool:
        """Give an account what was kept of it; False if that is nothing to go on from."""
        kept = self._kept
        if kept is None or name is None:
            return False
        # Once only: an account that is taken out and put in again begins anew, for its money was not followed meanwhile.
        last, day = kept.last.pop(("account", name), None), kept.day.pop(("account", name), None)
        flows = kept.flows.pop(AccountId(name), ())
        if self._day_ns() != kept.day_ns:
            day = None
        self._rows.restore(row, day, last, [move_of(one) for one in flows])
        return last is not None

    def _restore_desk(self, name: str) -> None:
        """Give a desk what was kept of it, once: it is known by what was stored of its name."""
        last = None if self._kept is None else self._kept.last.pop(("desk", storable(name)), None)
        if last is not None:
            self._desks.restore(name, last.growth_index, last.peak_index)

    def _day_ns(self) -> int:
        """Return when the day began that it is now."""
        now_ns = self._clock.now_ns()
        if not self._day[0] <= now_ns < self._day[1]:
            self._day = day_start_ns(now_ns, self._zone), next_day_start_ns(now_ns, self._zone)
        return self._day[0]

    # ---- what is asked of it --------------------------------------------------------------------------------

    def figures(self) -> EquityFacts:
        """Return daily P&L, daily loss share and drawdown of accounts, desks and the portfolio at the latest frame.

        For :class:`marginwatch.rules.facts.Facts`, each second; what was returned before stays as it is. Before the
        first frame there is nothing.
        """
        frame = self._frame()
        if frame is None:
            return EquityFacts({}, {})
        if self._kept is None:
            desks = [name for name in frame.desk_names if name]
            return not_loaded(frame.inclusion.shape[0], desks, PORTFOLIO)
        self._observe(frame)
        began, together = self._began(), self._portfolio_facts()
        self._performed = performed(frame.at_ns, together, PORTFOLIO)
        return EquityFacts(
            account_facts(self._rows.figures(), began),
            {
                **group_facts(
                    "desk", self._desks.names, self._desks.figures(), self._desks.left_out(), began
                ),
                **together,
            },
        )

    def portfolio_figures(self) -> Performed:
        """Return the figures of all accounts together, at most a second old; before the first frame there are none.

        As :meth:`figures` has them. Looking at ten thousand accounts takes 2 ms, too much for each of many frames a second.
        """
        frame, last = self._frame(), self._performed
        if frame is None:
            return Performed(0, {})
        if self._kept is None:
            return performed(frame.at_ns, not_loaded(0, [], PORTFOLIO).by_name, PORTFOLIO)
        if last is None or not 0 <= frame.at_ns - last.at_ns < PERFORMED_FOR_NS:
            self._observe(frame)
            self._performed = last = performed(frame.at_ns, self._portfolio_facts(), PORTFOLIO)
        return last

    def _portfolio_facts(self) -> dict[str, dict[str, Reading]]:
        of = self._all
        return group_facts("portfolio", of.names, of.figures(), of.left_out(), self._began())

    def _began(self) -> str:
        if self._began_ns is None:
            return "with the next full minute"
        at = datetime.fromtimestamp(self._began_ns // NS, UTC).astimezone(self._zone)
        return f"{at:%Y-%m-%d %H:%M} {at.tzname()}"

    async def equity(
        self, name: str | None, from_ns: int, to_ns: int, scope: EquityScope = "account"
    ) -> tuple[EquitySample, ...]:
        """Return the samples of an account (or desk), or of all together (None), oldest first."""
        return await self._minutes.equity(name, from_ns, to_ns, scope)

    async def kept_between(self, from_ns: int, to_ns: int) -> KeptMinutes:
        """Return of which minutes there may be samples, and from when on every minute is kept."""
        return await self._minutes.kept_between(from_ns, to_ns)

    async def equity_at(
        self, accounts: Sequence[str], minutes: Sequence[int]
    ) -> dict[str, dict[int, float | None]]:
        """Return the equities of some accounts at some minutes (UTC seconds), where there is a sample."""
        return await self._minutes.equity_at(accounts, minutes)

    def minutes(
        self, from_ns: int, to_ns: int, accounts: Iterable[str] | None = None
    ) -> AsyncGenerator[tuple[int, tuple[EquitySample, ...]]]:
        """Yield each minute that is kept (UTC seconds) with its samples, oldest first."""
        return self._minutes.minutes(from_ns, to_ns, accounts)
