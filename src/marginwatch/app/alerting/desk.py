"""What people did about alerts: written down first, then known here, where nobody waits for the database to read it."""

import asyncio
import contextlib
import math
from collections.abc import AsyncGenerator, Callable, Collection, Iterator, Sequence

from marginwatch.model.alert import Acknowledgement, Alert, Transition, TransitionKind
from marginwatch.model.silence import Silence
from marginwatch.store.alerts import StoredAlerts

RESOLVED_KEPT = 100
"""Alerts that resolved last; who looks further back waits for the database."""

OVER = (TransitionKind.RESOLVED, TransitionKind.CALMED)


class AlertDesk:
    """Acknowledgements of open alerts, silences, and the alerts that resolved last.

    A service is the only writer of its database, so what it wrote is all there is. Where it does not know whether
    something was written, because the answer to a commit was lost, it reads all of it again.

    Parameters
    ----------
    stored : StoredAlerts
        The database.
    open_ids : callable
        Returns the ids of alerts that are open now.
    """

    def __init__(self, stored: StoredAlerts, open_ids: Callable[[], Collection[str]]) -> None:
        self._stored = stored
        self._open_ids = open_ids
        self._given: dict[str, Acknowledgement] = {}
        self._silences: dict[str, Silence] = {}
        self._resolved: dict[str, Alert] = {}
        self._are_all_resolved_kept = False
        self._is_known = False
        self._changing = asyncio.Lock()
        self._heard: list[Transition] | None = None
        self._version = 0
        self._next_ns = 0.0

    # ---- read -------------------------------------------------------------------------------------------------------

    async def open_alerts(self) -> tuple[Alert, ...]:
        """Return alerts that are pending or firing, as last stored."""
        return await self._stored.open_alerts()

    async def silences(self, now_ns: int) -> tuple[Silence, ...]:
        """Return silences that hold at a moment or will, the first to begin first."""
        await self.load()
        standing = [one for one in self._silences.values() if _over_ns(one) > now_ns]
        if len(standing) < len(self._silences):
            # Nobody asks any more for what is over.
            self._silences = {one.silence_id: one for one in standing}
        return tuple(sorted(standing, key=lambda one: (one.from_ns, one.silence_id)))

    async def acknowledgements(self) -> tuple[Acknowledgement, ...]:
        """Return the last acknowledgement of each open alert, the oldest first."""
        await self.load()
        return tuple(self._given.values())

    async def resolved_alerts(self, limit: int) -> tuple[Alert, ...]:
        """Return alerts that fired and have resolved, the last to resolve first."""
        await self.load()
        if limit > len(self._resolved) and not self._are_all_resolved_kept:
            return await self._stored.resolved_alerts(limit)
        return tuple(self._resolved.values())[: max(0, limit)]

    def version(self, now_ns: int) -> int:
        """Return what rises when people do something, and when what they did begins or ends; ``now_ns`` never goes back."""
        if now_ns >= self._next_ns:
            self._version += 1
            later = (moment_ns for moment_ns in self._moments_ns() if moment_ns > now_ns)
            self._next_ns = min(later, default=math.inf)
        return self._version

    def _moments_ns(self) -> Iterator[int]:
        for silence in self._silences.values():
            yield silence.from_ns
            yield _over_ns(silence)
        for given in self._given.values():
            yield given.until_ns

    # ---- changed ----------------------------------------------------------------------------------------------------

    async def load(self) -> None:
        """Learn what was done before, unless all of it is known.

        Raises
        ------
        ConnectivityError
            If the database cannot be read.
        """
        if self._is_known:
            return
        async with self._changing:
            if not self._is_known:
                await self._read()

    async def add_acknowledgement(self, given: Acknowledgement) -> None:
        """Add an acknowledgement."""
        async with self._change():
            await self._stored.add_acknowledgement(given)
            _ = self._given.pop(given.alert_id, None)
            # Unless it was resolved while this was written down: then nobody will ever ask for it.
            if given.alert_id in self._open_ids():
                self._given[given.alert_id] = given

    async def add_silence(self, silence: Silence) -> None:
        """Add or replace a silence."""
        async with self._change():
            await self._stored.add_silence(silence)
            self._silences[silence.silence_id] = silence

    async def end_silence(self, silence_id: str, at_ns: int) -> bool:
        """End a silence early; False if there is none that could be."""
        async with self._change():
            is_ended = await self._stored.end_silence(silence_id, at_ns)
            if is_ended:
                _ = self._silences.pop(silence_id, None)
            return is_ended

    def hear(self, transitions: Sequence[Transition]) -> None:
        """Learn which alerts are over; these transitions are written down."""
        if self._heard is not None:
            self._heard += transitions
        for one in transitions:
            if one.kind in OVER:
                _ = self._given.pop(one.alert.alert_id, None)
        if found := [one.alert for one in transitions if one.kind is TransitionKind.RESOLVED]:
            self._keep_resolved((*found, *self._resolved.values()))

    # ---- in step with the database ----------------------------------------------------------------------------------

    @contextlib.asynccontextmanager
    async def _change(self) -> AsyncGenerator[None]:
        async with self._changing:
            is_sure = False
            try:
                yield
                is_sure = True
            finally:
                self._is_known = self._is_known and is_sure
                self._next_ns = 0.0

    async def _read(self) -> None:
        self._heard = []
        try:
            silences = await self._stored.silences(0)
            given = await self._stored.acknowledgements()
            resolved = await self._stored.resolved_alerts(RESOLVED_KEPT + 1)
            self._silences = {one.silence_id: one for one in silences}
            self._given = {one.alert_id: one for one in given}
            self._resolved = {}
            self._are_all_resolved_kept = len(resolved) <= RESOLVED_KEPT
            self._keep_resolved(resolved)
            self._is_known, self._next_ns = True, 0.0
            heard = self._heard
        finally:
            self._heard = None
        self.hear(heard)

    def _keep_resolved(self, alerts: Sequence[Alert]) -> None:
        every = {one.alert_id: one for one in reversed(alerts)}
        newest = sorted(every.values(), key=lambda one: (-(one.resolved_at_ns or 0), one.alert_id))
        if len(newest) > RESOLVED_KEPT:
            self._are_all_resolved_kept = False
        self._resolved = {one.alert_id: one for one in newest[:RESOLVED_KEPT]}


def _over_ns(silence: Silence) -> int:
    return silence.until_ns if silence.ended_at_ns is None else min(silence.until_ns, silence.ended_at_ns)
