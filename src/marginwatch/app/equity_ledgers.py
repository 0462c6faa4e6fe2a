"""Ledgers of accounts for the history of equity: what is wanted, what came, what it was worth."""

from collections.abc import Callable, Mapping, Sequence

import msgspec
import structlog

from marginwatch.app.coin_prices import CoinPrices
from marginwatch.app.kept_equity import FAR_BACK_NS, KeptEquity
from marginwatch.app.ledger_lines import line_of, move_of
from marginwatch.book.history.accounts import DAY_START_WITHIN_NS, AccountRows
from marginwatch.clock import Clock
from marginwatch.errors import MarginwatchError
from marginwatch.model.activity import LedgerEntry
from marginwatch.model.equity import LedgerCursor, LedgerLine
from marginwatch.model.ids import AccountId
from marginwatch.store.ledger import StoredLedger

log = structlog.get_logger(__name__)

OVERLAP_NS = 600_000_000_000
"""By how much readings overlap: so late a line may come to the list."""


class EquityLedgers:
    """A :class:`marginwatch.collect.ledger.LedgerKeeper`.

    Parameters
    ----------
    ledger : StoredLedger
        Keeps the lines.
    prices : CoinPrices
        Values them.
    clock : Clock
        Time.
    rows : AccountRows
        Are told what moved.
    row_of : callable
        Returns the rows of accounts by name, of those that are followed now.
    day_ns : callable
        Returns when the day began, UTC nanoseconds.
    """

    def __init__(
        self,
        ledger: StoredLedger,
        prices: CoinPrices,
        clock: Clock,
        rows: AccountRows,
        row_of: Callable[[], Mapping[str, int]],
        day_ns: Callable[[], int],
    ) -> None:
        self._ledger = ledger
        self._prices = prices
        self._clock = clock
        self._rows = rows
        self._row_of = row_of
        self._day_ns = day_ns
        self._cursors: dict[AccountId, LedgerCursor] = {}
        self._unvalued: dict[tuple[AccountId, str], LedgerLine] = {}
        self._moved: dict[AccountId, LedgerCursor] = {}
        self._is_loaded = False
        self.unread: dict[AccountId, str] = {}
        """Why the ledger of an account was not read the last time."""

    def load(self, kept: KeptEquity) -> None:
        """Go on from where the last process ended."""
        self._cursors = dict(kept.cursors)
        self._unvalued = {(one.account_id, one.line_key): one for one in kept.unvalued}
        self._is_loaded = True

    # ---- for the reader -------------------------------------------------------------------------------------

    def ledgers_wanted_first(self) -> Sequence[AccountId]:
        """Return the accounts whose balances moved without a reason known, most at stake first."""
        names = self._rows.names
        return [AccountId(name) for row in self._rows.unexplained() if (name := names[row]) is not None]

    def ledger_since_ns(self, account_id: AccountId, now_ns: int) -> int | None:
        """Return where the last reading ended, less the overlap; at first the hour before the day began."""
        if not self._is_loaded or str(account_id) not in self._row_of():
            return None
        cursor = self._cursors.get(account_id)
        since_ns = self._day_ns() - DAY_START_WITHIN_NS if cursor is None else cursor.until_ns - OVERLAP_NS
        return min(max(since_ns, now_ns - FAR_BACK_NS), now_ns)

    def ledger_begun(self, account_id: AccountId) -> None:
        """Remember the balances of now: what moved up to them is about to be known."""
        row = self._row_of().get(str(account_id))
        if row is not None:
            self._rows.begin_read(row)

    async def ledger_read(
        self,
        account_id: AccountId,
        since_ns: int,
        until_ns: int,
        entries: Sequence[LedgerEntry],
        *,
        is_last: bool,
    ) -> None:
        """Keep the lines that are new, with the cursor in one commit; then, and only then, count them.

        Where there are none the cursor alone is written down with those of others, by :meth:`keep_cursors`.

        Raises
        ------
        ConnectivityError
            If the store cannot be written; the lines are asked for again.
        """
        lines = [line for one in entries if (line := line_of(account_id, one)) is not None]
        if len(lines) < len(entries):
            log.warning("ledger lines without a time", account_id=account_id, lines=len(entries) - len(lines))
        new = [await self._valued(one) for one in await self._new(account_id, lines)]
        cursor = self._cursors.get(account_id)
        begun_ns = since_ns if cursor is None or since_ns > cursor.until_ns else cursor.since_ns
        moved = LedgerCursor(account_id, begun_ns, until_ns)
        if new:
            # Taken out first: one that waits may be written after this commit, and would move the cursor back.
            _ = self._moved.pop(account_id, None)
            await self._ledger.add(moved, new)
        else:
            # A cursor that is lost on the way has its account read a little further back, and those lines are known again.
            self._moved[account_id] = moved
        self._cursors[account_id] = moved
        self._unvalued |= {(account_id, one.line_key): one for one in new if one.is_flow and one.usd is None}
        self.unread.pop(account_id, None)
        row = self._row_of().get(str(account_id))
        if row is not None:
            self._rows.take(row, [move_of(one) for one in new])
            if is_last:
                self._rows.end_read(row)

    async def keep_cursors(self) -> None:
        """Write down, in one commit, how far those ledgers were read that had nothing new.

        Raises
        ------
        ConnectivityError
            If the store cannot be written; they are kept for the next time.
        """
        moved = dict(self._moved)
        await self._ledger.move(list(moved.values()))
        for account_id, one in moved.items():
            # It may have moved on meanwhile.
            if self._moved.get(account_id) is one:
                del self._moved[account_id]

    def ledger_unread(self, account_id: AccountId, error: MarginwatchError) -> None:
        """Remember why an account's deposits and withdrawals are not known."""
        self.unread[account_id] = str(error)

    # ---- values ---------------------------------------------------------------------------------------------

    async def value_lines(self) -> None:
        """Try again to value flows whose price was not known.

        Raises
        ------
        ConnectivityError
            If the store does not work.
        """
        valued = [
            one for line in self._unvalued.values() if (one := await self._valued(line)).usd is not None
        ]
        await self._ledger.value(valued)
        for one in valued:
            del self._unvalued[one.account_id, one.line_key]
            row = self._row_of().get(str(one.account_id))
            if row is not None and one.usd is not None:
                self._rows.value(row, one.line_key, one.usd)

    async def _new(self, account_id: AccountId, lines: Sequence[LedgerLine]) -> list[LedgerLine]:
        """Return those lines that are not kept yet, each once."""
        if not lines:
            return []
        moments = [one.at_ns for one in lines]
        kept = await self._ledger.lines(min(moments), max(moments), account_id)
        known = {(one.at_ns, one.line_key) for one in kept}
        return [
            one
            for key, one in {(line.at_ns, line.line_key): line for line in lines}.items()
            if key not in known
        ]

    async def _valued(self, line: LedgerLine) -> LedgerLine:
        change = None if line.change is None else float(line.change)
        if not change:
            return _with_usd(line, change)
        price = await self._prices.usd_at(line.asset, line.at_ns, self._clock.now_ns())
        return _with_usd(line, None if price is None else change * price)


def _with_usd(line: LedgerLine, usd: float | None) -> LedgerLine:
    return msgspec.structs.replace(line, usd=usd)
