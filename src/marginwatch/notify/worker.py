"""One channel's worker: claim, stages, words, send, record; for ever."""

import random
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

import structlog

from marginwatch.clock import Clock
from marginwatch.errors import ConnectivityError, DeliveryError
from marginwatch.model.alert import Alert
from marginwatch.model.delivery import Delivery, OutboxRow, RowOutcome, RowState
from marginwatch.notify.attempts import Fate, fate_of, message_id_of, shortened, told_by, wait_s
from marginwatch.notify.channels.base import Channel, Outgoing, Receipt
from marginwatch.notify.health import ChannelHealth, after_delivery, after_failure
from marginwatch.notify.memory import Memory
from marginwatch.notify.messages.message import Message
from marginwatch.notify.pipeline import Planning, Room, plan
from marginwatch.notify.ports import Compose, Desk, Outbox
from marginwatch.notify.rates import Rate
from marginwatch.notify.settings import ChannelSetup, DispatchSettings, NotifySetup
from marginwatch.notify.stages.grouping import Draft
from marginwatch.notify.stages.superseding import Item
from marginwatch.notify.stages.view import View, view_of
from marginwatch.notify.supervised_attempt import attempt
from marginwatch.notify.wakeup import Wakeup

log = structlog.get_logger(__name__)

OF_THE_CHANNEL = frozenset({"auth", "not_found"})
"""Refusals that concern the channel, whatever the message."""

ROOM_TO_ANSWER_S = 2.0
"""A channel's own time limit comes first: it can say more about what it waited for."""

TURN_S = 1.0
"""After so long rows are claimed anew before anything that is not critical is begun."""

_T = TypeVar("_T")


@dataclass(slots=True, frozen=True)
class Shared:
    """What the workers of all channels have in common."""

    setup: NotifySetup
    outbox: Outbox
    desk: Desk
    alerts: Callable[[], Sequence[Alert]]
    compose: Compose
    memory: Memory
    clock: Clock
    settings: DispatchSettings
    owner: str
    chance: random.Random
    on_rows: Callable[[Sequence[OutboxRow]], None]
    on_sent: Callable[[str, Sequence[OutboxRow], int], None] = lambda _channel, _rows, _at_ns: None


@dataclass(slots=True)
class Tally:
    """What a worker has done since the start."""

    messages: int = 0
    refusals: int = 0
    sent_rows: int = 0
    skipped_rows: int = 0
    failed_rows: int = 0
    last_turn_s: float = field(default=float("-inf"))


class Worker:
    """Serves one channel; the only one that claims its rows in this process.

    Parameters
    ----------
    channel : ChannelSetup
        Its configuration.
    way : Channel
        The channel itself.
    shared : Shared
        What all workers use.
    """

    def __init__(self, channel: ChannelSetup, way: Channel, shared: Shared) -> None:
        self._channel = channel
        self._way = way
        self._shared = shared
        self._wakeup = Wakeup(shared.clock)
        self._rate = Rate(channel.messages_per_minute, shared.clock)
        self._last_sent_ns: dict[str, int] = {}
        self._alone: set[int] = set()
        self._sources = sources_of(channel.name, shared.setup)
        self._rest_until_ns = 0
        self._last_error = DeliveryError("the channel rests", retryable=True)
        self.health = ChannelHealth()
        self.tally = Tally()
        self.is_store_failing = False
        self.is_busy = False
        self.n_turns = 0
        self._turn_begun_s = 0.0

    @property
    def lease_s(self) -> float:
        """How long rows are claimed for: longer than the slowest answer may take."""
        return max(self._shared.settings.lease_s, 3 * self._channel.table.timeout_s)

    def wake(self) -> None:
        """Look into the outbox now."""
        self._wakeup.wake()

    async def run(self) -> None:
        """Serve the channel until cancelled."""
        while True:
            if not await self.turn():
                await self._rest()

    async def turn(self) -> bool:
        """Claim what is due and deal with it; return whether there may be more at once."""
        self.is_busy = True
        try:
            more = await self._turn()
            self._note_progress()
            self.is_busy = more
        finally:
            self.n_turns += 1
        return more

    async def _turn(self) -> bool:
        clock, settings = self._shared.clock, self._shared.settings
        self._turn_begun_s = clock.monotonic_s()
        # Asked before the claim: what falls over after this is claimed with what it belongs to, not missed by both.
        elsewhere = await self._elsewhere()
        now_ns, lease_ns = clock.now_ns(), int(self.lease_s * 1e9)
        rows = await self._insist(
            lambda: self._shared.outbox.claim(
                self._shared.owner, self._channel.name, now_ns, lease_ns, settings.claim_max
            )
        )
        if not rows:
            return False
        view = await self._insist(self._view)
        found = plan(rows, self._planning(view, elsewhere))
        if found.outcomes:
            await self._record(found.outcomes)
        # What cannot be begun within the lease is claimed anew.
        begin_until_ns = now_ns + lease_ns - int((self._channel.table.timeout_s + 2 * ROOM_TO_ANSWER_S) * 1e9)
        for draft in found.drafts:
            if clock.now_ns() > begin_until_ns or (not draft.is_critical and self._is_slow()):
                return True
            if clock.now_ns() < self._rest_until_ns:
                await self._postpone(draft)
            else:
                await self._tell(draft, view)
            self._note_progress()
        return len(rows) >= settings.claim_max

    def _note_progress(self) -> None:
        # Only what was brought to an end counts: beginning the same again and again is no sign of life.
        self.tally.last_turn_s = self._shared.clock.monotonic_s()

    def _is_slow(self) -> bool:
        """Return whether this turn takes so long that something critical may have come meanwhile, which goes first."""
        return self._shared.clock.monotonic_s() - self._turn_begun_s > TURN_S

    # ---- before sending ---------------------------------------------------------------------------------------

    async def _view(self) -> View:
        shared, now_ns = self._shared, self._shared.clock.now_ns()
        silences = await shared.desk.silences(now_ns)
        acknowledgements = await shared.desk.acknowledgements()
        return view_of(now_ns, shared.setup, shared.alerts(), silences, acknowledgements)

    async def _elsewhere(self) -> frozenset[str]:
        """Return the alerts that wait in channels that fall over to this one."""
        if not self._sources:
            return frozenset()
        waiting = await self._insist(self._shared.outbox.waiting)
        return frozenset(alert_id for channel, alert_id in waiting if channel in self._sources)

    def _planning(self, view: View, elsewhere: frozenset[str]) -> Planning:
        room = Room(messages=self._rate.room(), reserved=self._rate.reserved, wait_s=self._rate.wait_s())
        return Planning(
            channel=self._channel,
            can_edit=self._way.can_edit,
            memory=self._shared.memory,
            view=view,
            room=room,
            last_sent_ns=self._last_sent_ns,
            alone=frozenset(self._alone),
            elsewhere=elsewhere,
            look_again_s=self._shared.settings.look_again_s,
        )

    # ---- sending ----------------------------------------------------------------------------------------------

    async def _tell(self, draft: Draft, view: View) -> None:
        clock, name = self._shared.clock, self._channel.name
        rows = [row for item in draft.items for row in item.told_rows()]
        message_id = message_id_of(name, rows)
        at_ns = clock.now_ns()
        self._rate.take()
        answer = await attempt(
            lambda: self._way.send(self._outgoing(draft, rows, message_id, at_ns)),
            name,
            self._channel.table.timeout_s + ROOM_TO_ANSWER_S,
        )
        done_ns = clock.now_ns()
        is_delivered = isinstance(answer, Receipt)
        delivery = Delivery(
            message_id=message_id,
            channel=name,
            row_ids=tuple(row.row_id for row in rows),
            at_ns=at_ns,
            took_ns=max(0, done_ns - at_ns),
            is_delivered=is_delivered,
            reason="" if isinstance(answer, Receipt) else answer.reason,
            detail=shortened(answer.detail if isinstance(answer, Receipt) else answer.message),
            reference=answer.reference if isinstance(answer, Receipt) else None,
        )
        if isinstance(answer, Receipt):
            await self._delivered(draft, delivery, answer, view)
        else:
            await self._not_delivered(draft, delivery, answer)

    def _outgoing(self, draft: Draft, rows: Sequence[OutboxRow], message_id: str, now_ns: int) -> Outgoing:
        table = self._channel.table
        message = self._shared.compose(
            rows,
            message_id=message_id,
            language=table.language,
            timezone=table.timezone,
            public_url=self._shared.setup.public_url,
            now_ns=now_ns,
        )
        return Outgoing(message=message, alerts=_in_order(draft.items, message), replaces=draft.replaces)

    async def _delivered(self, draft: Draft, delivery: Delivery, receipt: Receipt, view: View) -> None:
        memory, now_ns = self._shared.memory, delivery.at_ns + delivery.took_ns
        told = told_by(draft, receipt, self._channel.name, memory, view.open_ids, now_ns)
        outcomes = [
            RowOutcome(
                row_id=row_id, state=RowState.SENT, detail=f"message {delivery.message_id}", is_attempt=True
            )
            for row_id in delivery.row_ids
        ]
        await self._insist(
            lambda: self._shared.outbox.finish(self._shared.owner, outcomes, deliveries=[delivery], told=told)
        )
        for one in told:
            memory.keep(one)
        if not (draft.is_critical or draft.is_update):
            self._last_sent_ns.update({item.group: now_ns for item in draft.items})
        self._alone.difference_update(delivery.row_ids)
        self.tally.messages += 1
        self.tally.sent_rows += len(outcomes)
        sent = [row for item in draft.items for row in item.told_rows()]
        self._shared.on_sent(self._channel.name, sent, now_ns)
        if self.health.is_failing:
            log.info("the channel works again", channel=self._channel.name)
        self.health = after_delivery(now_ns)

    async def _not_delivered(self, draft: Draft, delivery: Delivery, error: DeliveryError) -> None:
        settings, now_ns = self._shared.settings, delivery.at_ns + delivery.took_ns
        self._note_failure(error, now_ns)
        wait = wait_s(error, self.health.n_failures, settings, self._shared.chance)
        is_whole = not error.retryable and error.reason in OF_THE_CHANNEL
        if error.retry_after_s is not None or is_whole or self.health.n_failures >= settings.failing_after:
            self._rest_until_ns, self._last_error = now_ns + int(wait * 1e9), error
        fate = fate_of(draft, error, self._channel, settings, now_ns=now_ns, wait=wait)
        await self._accept(fate, delivery)

    async def _postpone(self, draft: Draft) -> None:
        """Put off a message without trying it: the channel rests."""
        now_ns = self._shared.clock.now_ns()
        fate = fate_of(
            draft,
            self._last_error,
            self._channel,
            self._shared.settings,
            now_ns=now_ns,
            wait=(self._rest_until_ns - now_ns) / 1e9,
            is_attempt=False,
        )
        await self._accept(fate)

    async def _accept(self, fate: Fate, delivery: Delivery | None = None) -> None:
        await self._record(fate.outcomes, rows=fate.fallen, deliveries=[] if delivery is None else [delivery])
        self._alone |= fate.alone

    # ---- the rest ---------------------------------------------------------------------------------------------

    def _note_failure(self, error: DeliveryError, now_ns: int) -> None:
        was_failing = self.health.is_failing
        self.tally.refusals += 1
        self.health = after_failure(
            self.health,
            reason=error.reason,
            detail=shortened(error.message),
            is_final=not error.retryable and error.reason in OF_THE_CHANNEL,
            failing_after=self._shared.settings.failing_after,
            at_ns=now_ns,
        )
        if self.health.is_failing and not was_failing:
            log.warning(
                "the channel fails",
                channel=self._channel.name,
                reason=error.reason,
                detail=self.health.detail,
            )

    async def _record(
        self,
        outcomes: Sequence[RowOutcome],
        *,
        rows: Sequence[OutboxRow] = (),
        deliveries: Sequence[Delivery] = (),
    ) -> None:
        await self._insist(
            lambda: self._shared.outbox.finish(self._shared.owner, outcomes, rows=rows, deliveries=deliveries)
        )
        self.tally.skipped_rows += sum(one.state is RowState.SKIPPED for one in outcomes)
        self.tally.failed_rows += sum(one.state is RowState.FAILED for one in outcomes)
        if rows:
            self._shared.on_rows(rows)

    async def _insist(self, operation: Callable[[], Awaitable[_T]]) -> _T:
        """Do what asks the database as often as it takes: what is not recorded would be told again, or never."""
        while True:
            try:
                result = await operation()
            except ConnectivityError as error:
                if not self.is_store_failing:
                    log.error(  # noqa: TRY400  # the reason says it all
                        "the outbox cannot be used, tried until it can be",
                        channel=self._channel.name,
                        reason=str(error),
                    )
                self.is_store_failing = True
                await self._shared.clock.sleep(self._shared.settings.store_retry_s)
                continue
            if self.is_store_failing:
                log.info("the outbox can be used again", channel=self._channel.name)
            self.is_store_failing = False
            return result

    async def _rest(self) -> None:
        """Return when something is due or may be; a look costs a reading, a claim would cost a turn at writing."""
        clock, poll_s = self._shared.clock, self._shared.settings.poll_s
        while True:
            due_ns = await self._insist(lambda: self._shared.outbox.next_due_ns(self._channel.name))
            left_s = poll_s if due_ns is None else (due_ns - clock.now_ns()) / 1e9
            is_woken = await self._wakeup.rest(min(poll_s, max(0.01, left_s)))
            self._note_progress()
            if is_woken or (due_ns is not None and due_ns <= clock.now_ns()):
                return


def sources_of(name: str, setup: NotifySetup) -> frozenset[str]:
    """Return the channels that fall over to one, directly or over others."""
    found: set[str] = set()
    targets = {name}
    while targets:
        targets = {
            other for other, one in setup.channels.items() if one.table.fall_over_to in targets
        } - found
        found |= targets
    return frozenset(found)


def _in_order(items: Sequence[Item], message: Message) -> tuple[Alert, ...]:
    """Return the alerts in the order of the message's items."""
    by_id = {item.alert.alert_id: item.alert for item in items}
    return tuple(by_id[item.alert_id] for item in message.items)
