"""Single accounts of a running service for whoever looks at one: how it is heard, and what is kept about it."""

from collections.abc import Sequence
from typing import NamedTuple

from marginwatch.app.service import Service
from marginwatch.app.settings import risk_settings
from marginwatch.book.table import CodeArray
from marginwatch.collect.statuses import AccountStatus
from marginwatch.model.ids import AccountId
from marginwatch.model.risk_history import ModelErrorSample
from marginwatch.risk.measures.prices import usd_heard_ns
from marginwatch.store.risk_days import RiskDays
from marginwatch.web.account_ports import KeyChecks
from marginwatch.web.ports import BreakRecord

READ_EVERY_S = 60.0
"""Samples come every hour; who follows an account asks twice a second."""

KEYS_EVERY_S = 5.0
"""Ten thousand sessions are gone through in about ten milliseconds, and their keys are checked once an hour."""

READ_MAX = 200
"""Figures, and breaks, of accounts that are remembered in between."""

SETTLED_AFTER_S = 3.0
"""Breaks are written down a while after they are found: so long they are read again and again."""


class LiveAccounts:
    """Answers for the accounts of a started service.

    Parameters
    ----------
    service : Service
        Asked.
    """

    def __init__(self, service: Service) -> None:
        self._service = service
        self._days = None if service.store is None else RiskDays(service.store)
        self._breaks: dict[tuple[AccountId, int], _Breaks] = {}
        self._n_breaks, self._changed_s = 0, float("-inf")
        self._keys, self._keys_at_s = KeyChecks(), float("-inf")
        self._read: dict[tuple[AccountId, str, int], tuple[float, tuple[ModelErrorSample, ...]]] = {}

    def status_of(self, account_id: AccountId) -> AccountStatus | None:
        """Return how its session does; None if it has none."""
        return self._service.status_of(account_id)

    def keys(self) -> KeyChecks:
        """Return what the checks of all keys found, as it was at most some seconds ago."""
        now_s = self._service.clock.monotonic_s()
        if now_s - self._keys_at_s >= KEYS_EVERY_S:
            counts = self._service.session_counts().values()
            self._keys_at_s = now_s
            self._keys = KeyChecks(
                unsafe=tuple(name for one in counts for name in one.unsafe_keys),
                unchecked=tuple(name for one in counts for name in one.unchecked_keys),
            )
        return self._keys

    def coin_heard_ns(self) -> CodeArray:
        """Return when the USD price of each coin was heard, by row of the book's asset table; 0 for never."""
        service = self._service
        columns, now_ns = service.book.columns, service.clock.now_ns()
        return usd_heard_ns(columns.assets, columns.instruments, now_ns, risk_settings(service.config))

    async def model_errors(
        self, account_id: AccountId, figure: str, limit: int
    ) -> tuple[ModelErrorSample, ...]:
        """Return the newest samples of one figure, oldest first, as read lately; none where nothing is recorded."""
        if self._days is None:
            return ()
        key, now_s = (account_id, figure, limit), self._service.clock.monotonic_s()
        at_s, found = self._read.get(key, (float("-inf"), ()))
        if now_s - at_s >= READ_EVERY_S:
            found = await self._days.model_errors(account_id, figure, limit)
            self._read[key] = (now_s, found)
            while len(self._read) > READ_MAX:
                del self._read[next(iter(self._read))]
        return found

    async def breaks(self, account_id: AccountId, limit: int) -> Sequence[BreakRecord]:
        """Return the newest breaks, as read lately or since one was found anywhere; none where nothing is recorded."""
        store, now_s = self._service.store, self._service.clock.monotonic_s()
        if store is None:
            return ()
        if self._n_breaks != self._service.n_breaks:
            self._n_breaks, self._changed_s = self._service.n_breaks, now_s
        key = (account_id, limit)
        read = self._breaks.get(key)
        if (
            read is not None
            and now_s - read.at_s < READ_EVERY_S
            and read.at_s - self._changed_s >= SETTLED_AFTER_S
        ):
            return read.found
        read = self._breaks[key] = _Breaks(now_s, await store.breaks(account_id=account_id, limit=limit))
        while len(self._breaks) > READ_MAX:
            del self._breaks[next(iter(self._breaks))]
        return read.found


class _Breaks(NamedTuple):
    """What was read, and when that was begun, monotonic seconds."""

    at_s: float
    found: Sequence[BreakRecord]
