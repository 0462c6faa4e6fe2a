"""What time alone causes: repeats, escalations, and what still fires when something that held it back has ended."""

import asyncio
from collections.abc import Callable, Mapping, Sequence

import structlog

from marginwatch.clock import Clock
from marginwatch.errors import ConnectivityError
from marginwatch.model.alert import Acknowledgement, Alert, AlertState
from marginwatch.model.delivery import OutboxRow, SendReason
from marginwatch.notify.memory import Memory
from marginwatch.notify.owing import Holds, Owed, owed
from marginwatch.notify.ports import Desk, Outbox
from marginwatch.notify.routing import group_of
from marginwatch.notify.settings import NotifySetup
from marginwatch.notify.stages.holding import held_back
from marginwatch.notify.stages.view import view_of

log = structlog.get_logger(__name__)

EVERY_S = 1.0

AT_ONCE = 100
"""Alerts looked at before others of the loop have their turn."""

SHARE_OF_TIME = 0.1
"""Looking takes at most so much of the time, however much fires."""

ASK_AGAIN_S = 300.0
"""What was asked for and not told, for whatever reason, is asked for again after this long."""

FORGET_AFTER_S = 86_400.0


class FollowUps:
    """Looks over the open alerts each second and puts into the outbox what is owed by now.

    It holds nothing that a restart must know: what was told, silences and acknowledgements are in the store, and what
    waits there is not asked for again.

    Parameters
    ----------
    setup : NotifySetup
        Routes, channels and mutes.
    outbox, desk : Outbox, Desk
        The store's side.
    alerts : callable
        Returns the open alerts with their latest values.
    memory : Memory
        The dispatcher's: what channels were told.
    clock : Clock
        Time.
    on_rows : callable
        Hears of new rows: the dispatcher's ``wake_for``.
    """

    def __init__(
        self,
        setup: NotifySetup,
        outbox: Outbox,
        desk: Desk,
        alerts: Callable[[], Sequence[Alert]],
        memory: Memory,
        *,
        clock: Clock,
        on_rows: Callable[[Sequence[OutboxRow]], None],
    ) -> None:
        self._setup = setup
        self._outbox = outbox
        self._desk = desk
        self._alerts = alerts
        self._memory = memory
        self._clock = clock
        self._on_rows = on_rows
        self._holds = Holds()
        self._asked_ns: dict[tuple[str, str, SendReason], int] = {}
        self._is_failing = False
        self._looked_s = clock.monotonic_s()

    def unlooked_s(self) -> float:
        """Return the seconds since the last look came to its end, or since the start."""
        return self._clock.monotonic_s() - self._looked_s

    async def run(self) -> None:
        """Look each second until cancelled; a database that cannot be used is tried again, and said once."""
        while True:
            begun_s = self._clock.monotonic_s()
            try:
                await self.look()
            except ConnectivityError as error:
                if not self._is_failing:
                    log.error("repeats and escalations wait for the database", reason=str(error))  # noqa: TRY400  # the reason says it all
                self._is_failing = True
            else:
                self._is_failing = False
            took_s = self._clock.monotonic_s() - begun_s
            await self._clock.sleep(max(EVERY_S, took_s / SHARE_OF_TIME))

    async def look(self) -> tuple[OutboxRow, ...]:
        """Put into the outbox what is owed now, and return it.

        Raises
        ------
        ConnectivityError
            If the database cannot be used now; the next look does it again.
        """
        now_ns = self._clock.now_ns()
        alerts = self._alerts()
        given = await self._desk.acknowledgements()
        view = view_of(now_ns, self._setup, alerts, await self._desk.silences(now_ns), given)
        self._forget(view.open_ids, now_ns)
        last_given = {one.alert_id: one for one in given}
        found: list[OutboxRow] = []
        for number, alert in enumerate(alerts):
            if number % AT_ONCE == AT_ONCE - 1:
                await asyncio.sleep(0)
            if alert.state is not AlertState.FIRING or alert.fired_at_ns is None:
                continue
            held = held_back(alert, view)
            self._holds.note(alert.alert_id, held, now_ns)
            if held is None:
                found += self._rows(alert, last_given, now_ns)
        if found:
            # What only changes a message in place tells nobody anything: it keeps no reminder back.
            waiting = await self._outbox.waiting(is_loud=True)
            found = [row for row in found if (row.channel, row.alert.alert_id) not in waiting]
        if found:
            await self._outbox.add(found)
            self._asked_ns.update({(row.channel, row.alert.alert_id, row.reason): now_ns for row in found})
            self._on_rows(found)
        self._looked_s = self._clock.monotonic_s()
        return tuple(found)

    def _rows(self, alert: Alert, given: Mapping[str, Acknowledgement], now_ns: int) -> list[OutboxRow]:
        wanted = owed(alert, self._setup, self._memory, self._holds, given.get(alert.alert_id), now_ns)
        return [self._row(alert, one, now_ns) for one in wanted if self._may_ask(alert, one, now_ns)]

    def _may_ask(self, alert: Alert, one: Owed, now_ns: int) -> bool:
        asked_ns = self._asked_ns.get((one.channel, alert.alert_id, one.reason))
        told = self._memory.of(one.channel, alert.key)
        # Told since: what is owed now is something new.
        was_told = told is not None and asked_ns is not None and told.at_ns >= asked_ns
        return asked_ns is None or was_told or now_ns - asked_ns >= ASK_AGAIN_S * 1e9

    @staticmethod
    def _row(alert: Alert, one: Owed, now_ns: int) -> OutboxRow:
        return OutboxRow(
            channel=one.channel,
            group=group_of(alert, one.route),
            reason=one.reason,
            alert=alert,
            made_at_ns=now_ns,
            due_ns=now_ns,
            step=one.step,
        )

    def _forget(self, open_ids: frozenset[str], now_ns: int) -> None:
        self._holds.forget(open_ids)
        for at in [at for at in self._asked_ns if at[1] not in open_ids]:
            del self._asked_ns[at]
        self._memory.forget(open_ids, now_ns - int(FORGET_AFTER_S * 1e9))
