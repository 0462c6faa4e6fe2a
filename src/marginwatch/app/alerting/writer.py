"""Transitions and the messages they cause, committed together before anybody hears of them."""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple

import structlog

from marginwatch.app.alerting.supervised_write import defect_in
from marginwatch.clock import Clock
from marginwatch.errors import ConnectivityError
from marginwatch.model.alert import Transition, TransitionKind
from marginwatch.model.delivery import OutboxRow
from marginwatch.store import Store
from marginwatch.store.alerts import StoredAlerts

log = structlog.get_logger(__name__)

RETRY_S = 1.0
AT_ONCE = 2_000
"""Transitions in one commit: a crash that moves ten thousand accounts must not make the first wait for the last."""

JUDGED_EVERY_S = 5.0
THIN_OUT_FROM = 50_000
"""Waiting transitions from which those that nobody would hear of are left out."""

TRIED_SINGLY_MAX = 20
"""If none of so many can be written, it is not they that are broken."""

LATENCIES_KEPT = 10_000

QUIET = (TransitionKind.PENDING, TransitionKind.CALMED)


class _Batch(NamedTuple):
    transitions: tuple[Transition, ...]
    heard_ns: tuple[int | None, ...]


class TransitionWriter:
    """Takes transitions synchronously; one task commits them in their order, as long as it takes.

    Parameters
    ----------
    store : Store
        The database.
    alerts : StoredAlerts
        Writes transitions and outbox rows.
    rows_for : callable
        Returns the outbox rows of transitions at a moment.
    clock : Clock
        Time.
    on_written : callable
        Hears of the transitions of each commit.
    on_measured : callable, optional
        Hears before that of transitions, of when the message behind each was received, and of when they were committed.

    Attributes
    ----------
    latencies_ms : deque of float
        From the message behind a transition, as received, to its commit: the latest ten thousand.
    n_fired, n_rows : int
        Alerts that fired; messages put into the outbox for transitions.
    n_lost : int
        Transitions that could not be written for a defect of ours.
    is_failing : bool
        The database cannot be written at the moment.
    """

    def __init__(
        self,
        store: Store,
        alerts: StoredAlerts,
        rows_for: Callable[[Sequence[Transition], int], tuple[OutboxRow, ...]],
        clock: Clock,
        on_written: Callable[[Sequence[Transition]], None],
        on_measured: Callable[
            [Sequence[Transition], Sequence[int | None], int], None
        ] = lambda _transitions, _heard_ns, _now_ns: None,
    ) -> None:
        self._store = store
        self._alerts = alerts
        self._rows_for = rows_for
        self._clock = clock
        self._on_written = on_written
        self._on_measured = on_measured
        self._waiting: deque[_Batch] = deque()
        self._n_waiting = 0
        self._wake = asyncio.Event()
        self._one_writes = asyncio.Lock()
        self._may_be_stored = False
        self._judged_ns: int | None = None
        self._judged_written_s = -JUDGED_EVERY_S
        self.latencies_ms: deque[float] = deque(maxlen=LATENCIES_KEPT)
        self.n_fired = 0
        self.n_rows = 0
        self.n_lost = 0
        self._behind_since_s: float | None = None
        self.is_failing = False

    def take(self, transitions: tuple[Transition, ...], heard_ns: Sequence[int | None]) -> None:
        """Queue what one evaluation found.

        Parameters
        ----------
        transitions : tuple of Transition
            In their order.
        heard_ns : sequence of int or None
            When the message behind each was received, UTC nanoseconds; None where time brought it and no message.
        """
        if self._behind_since_s is None:
            self._behind_since_s = self._clock.monotonic_s()
        self._waiting.append(_Batch(transitions, tuple(heard_ns)))
        self._n_waiting += len(transitions)
        if self._n_waiting > THIN_OUT_FROM:
            self._thin_out()
        self._wake.set()

    def behind_s(self) -> float:
        """Return for how long something has waited without any commit; seconds, 0 while nothing waits.

        Whatever the cause, a database that refuses, one that does not answer or a defect: until it ends nobody is told.
        """
        since_s = self._behind_since_s
        return 0.0 if since_s is None else self._clock.monotonic_s() - since_s

    def note_judged(self, at_ns: int) -> None:
        """Learn up to which moment rules have judged; it is written down every few seconds."""
        self._judged_ns = at_ns
        if self._clock.monotonic_s() - self._judged_written_s >= JUDGED_EVERY_S:
            self._wake.set()

    async def run(self) -> None:
        """Commit until cancelled; a database that cannot be written is tried again, and said once."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            if not await self._try_flush():
                await self._clock.sleep(RETRY_S)
                self._wake.set()

    async def flush(self) -> None:
        """Commit everything queued now; of several who ask for it one after the other, so that nothing is written or told twice.

        Raises
        ------
        ConnectivityError
            If the database cannot be written; what was not written stays queued.
        """
        async with self._one_writes:
            while self._waiting:
                await self._commit(self._next())
            judged_ns = self._judged_ns
            if judged_ns is not None and self._clock.monotonic_s() - self._judged_written_s >= JUDGED_EVERY_S:
                self._judged_written_s = self._clock.monotonic_s()
                await self._alerts.note_judged(judged_ns)

    def _next(self) -> tuple[_Batch, ...]:
        batches: list[_Batch] = []
        n = 0
        for batch in self._waiting:
            n += len(batch.transitions)
            if batches and n > AT_ONCE:
                break
            batches.append(batch)
        return tuple(batches)

    async def _commit(self, batches: tuple[_Batch, ...]) -> None:
        transitions = [one for batch in batches for one in batch.transitions]
        defect = await defect_in(lambda: self._write(transitions), f"{len(transitions)} transitions")
        if defect is not None:
            transitions = await self._write_singly(transitions, defect)
        now_ns = self._clock.now_ns()
        for batch in batches:
            # Unless it was thinned out meanwhile; written twice is written once.
            if self._waiting and self._waiting[0] is batch:
                self._waiting.popleft()
                self._n_waiting -= len(batch.transitions)
            self._on_measured(batch.transitions, batch.heard_ns, now_ns)
            self.latencies_ms.extend((now_ns - at_ns) / 1e6 for at_ns in batch.heard_ns if at_ns is not None)
        self.n_fired += sum(one.kind is TransitionKind.FIRED for one in transitions)
        self._behind_since_s = self._clock.monotonic_s() if self._waiting else None
        self._on_written(transitions)

    async def _write(self, transitions: Sequence[Transition]) -> None:
        rows = self._rows_for(transitions, self._clock.now_ns())
        is_new = not self._may_be_stored
        # Until this one is known to be done: the answer to a commit may be lost.
        self._may_be_stored = True
        async with self._store.transaction(is_urgent=True) as unit:
            await self._alerts.write(unit, transitions, rows, is_new=is_new)
        self._may_be_stored = False
        self.n_rows += len(rows)

    async def _write_singly(self, transitions: Sequence[Transition], defect: Exception) -> list[Transition]:
        """Write transitions one by one, so that only those are lost that cannot be written; return the others.

        A defect that lets none of them be written is no fault of theirs: it is raised, and all of them wait.
        """
        written: list[Transition] = []
        for n_tried, one in enumerate(transitions):
            if not written and n_tried == TRIED_SINGLY_MAX:
                break
            if await defect_in(partial(self._write, [one]), f"{one.kind} of {one.alert.key}") is None:
                written.append(one)
        if not written:
            raise defect
        self.n_lost += len(transitions) - len(written)
        return written

    async def _try_flush(self) -> bool:
        try:
            await self.flush()
        except ConnectivityError as error:
            if not self.is_failing:
                log.warning("alerts cannot be written, nobody is told until they can be", reason=str(error))
            self.is_failing = True
            return False
        if self.is_failing:
            log.info("alerts can be written again")
        self.is_failing = False
        return True

    def _thin_out(self) -> None:
        """Leave out what was pending and calmed down while nothing could be written: nobody would hear of it."""
        calmed = {
            one.alert.alert_id
            for batch in self._waiting
            for one in batch.transitions
            if one.kind is TransitionKind.CALMED
        }
        kept = [
            _Batch(*zip(*left, strict=True))
            for batch in self._waiting
            if (left := [pair for pair in zip(*batch, strict=True) if not _is_over(pair[0], calmed)])
        ]
        self._waiting = deque(kept)
        self._n_waiting = sum(len(batch.transitions) for batch in kept)


def _is_over(one: Transition, calmed: set[str]) -> bool:
    return one.kind is TransitionKind.PENDING and one.alert.alert_id in calmed
