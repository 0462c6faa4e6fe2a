"""Rules, outbox and channels of one service: from a frame to a person, and back to whoever acknowledges."""

import asyncio
import secrets
from collections.abc import Callable, Mapping, Sequence

import aiohttp
import structlog

from marginwatch.app.alerting.causes import heard_ns
from marginwatch.app.alerting.desk import AlertDesk
from marginwatch.app.alerting.fact_keeper import FactKeeper, Watched
from marginwatch.app.alerting.latencies import AlertLatencies
from marginwatch.app.alerting.noted_outbox import NotedOutbox
from marginwatch.app.alerting.self_watch import SelfReport, SelfWatch
from marginwatch.app.alerting.setup import AlertSetup
from marginwatch.app.alerting.supervised_judging import SupervisedJudging
from marginwatch.app.alerting.told import ToldBoard
from marginwatch.app.alerting.writer import TransitionWriter
from marginwatch.app.channel_tests import open_channel, send_tests
from marginwatch.clock import Clock
from marginwatch.collect.supervisor import supervise
from marginwatch.errors import ConfigError
from marginwatch.model.alert import Acknowledgement, Alert, AlertState, Transition
from marginwatch.model.delivery import AlertCounts, ChannelStanding, ChannelTest, OutboxRow
from marginwatch.model.notice import Notice
from marginwatch.model.silence import Matcher, Silence
from marginwatch.model.snapshots import Break
from marginwatch.notify.channels.base import Channel, Listening
from marginwatch.notify.dispatcher import Dispatcher
from marginwatch.notify.followups import FollowUps
from marginwatch.notify.health import ChannelHealth
from marginwatch.notify.heartbeat import Heartbeat
from marginwatch.notify.messages.answers import acknowledged_answer, over_answer
from marginwatch.notify.planner import rows_for
from marginwatch.risk.frame import Frame, LaneResult
from marginwatch.rules.facts import FactColumn, Facts, Reading
from marginwatch.rules.measures.registry import MEASURES
from marginwatch.rules.rulebook import RuleBook, RuleStanding
from marginwatch.rules.sources import FrameSource
from marginwatch.rules.subjects.book import SubjectBook
from marginwatch.store import Store
from marginwatch.store.alerts import StoredAlerts
from marginwatch.store.records import StoredDelivery, StoredTransition

log = structlog.get_logger(__name__)

FRAME_FRESH_S = 5.0
"""A heart beats only while the latest frame is younger."""

BEHIND_S = 10.0
"""Nor while an alert has waited longer for being written down."""

UNLOOKED_S = 120.0
"""Nor while nobody has looked for so long what is to be repeated or escalated; in a storm a look takes its time."""

ACKNOWLEDGED_FOR_S = 8 * 3_600.0
"""An acknowledgement by a button in a chat holds as long as a shift."""

SILENCES_MAX = 500
"""Silences at the same time: each alert is held against every one of them, many times a minute."""

EquityFigures = Callable[[], tuple[Mapping[str, FactColumn], Mapping[str, Mapping[str, Reading]]]]


class Alerting:
    """Everything about alerts of one service.

    Parameters
    ----------
    setup : AlertSetup
        Rules and ways to people.
    store : Store
        Alerts, outbox, silences.
    service : Watched
        Asked for what rules judge beside frames.
    self_watch : SelfWatch
        How the process does.
    equity : callable
        Daily losses and drawdowns as facts.
    http : aiohttp.ClientSession
        Connections of channels.
    clock : Clock
        Time.
    on_transitions : callable, optional
        Hears of transitions once they are stored.

    Attributes
    ----------
    look : callable
        Judges a frame or a lane: a hook of the engine. A defect in it is logged and stops nobody else.
    writer : TransitionWriter
        Counts, and how long alerts took from the wire to the outbox.
    dispatcher : Dispatcher
        Delivers.
    latencies : AlertLatencies
        How long alerts took to the outbox and to people, since the start.
    """

    def __init__(
        self,
        setup: AlertSetup,
        store: Store,
        service: Watched,
        self_watch: SelfWatch,
        equity: EquityFigures,
        http: aiohttp.ClientSession,
        clock: Clock,
        *,
        on_transitions: Callable[[Sequence[Transition]], None] | None = None,
    ) -> None:
        self.setup = setup
        self._service = service
        self._clock = clock
        self._http = http
        self._on_transitions = on_transitions
        self._stored = StoredAlerts(store)
        self._board = ToldBoard(self._stored, clock)
        self._outbox = NotedOutbox(store, clock, self._board.hear_rows, self._board.note)
        self._desk = AlertDesk(self._stored, lambda: {one.alert_id for one in self.open_alerts()})
        self._n_transitions = 0
        self._planned: dict[tuple[str, str], OutboxRow] = {}
        self._rulebook = RuleBook(setup.rules, MEASURES, setup.rule_settings)
        self._subjects = SubjectBook()
        self._facts = Facts()
        self._self_watch = self_watch
        self._channels: dict[str, Channel] = {}
        self._open_channels()
        self.latencies = AlertLatencies()
        self.writer = TransitionWriter(
            store, self._stored, self._rows_for, clock, self._written, self.latencies.note_written
        )
        self.dispatcher = Dispatcher(
            setup.notification,
            self._channels,
            self._outbox,
            self._desk,
            self.open_alerts,
            clock=clock,
            on_sent=self.latencies.note_sent,
        )
        self._followups = FollowUps(
            setup.notification,
            self._outbox,
            self._desk,
            self.open_alerts,
            self.dispatcher.memory,
            clock=clock,
            on_rows=self.dispatcher.wake_for,
        )
        self._keeper = FactKeeper(
            self._facts, service, self_watch, self.dispatcher.channel_health, equity, clock
        )
        self.look = SupervisedJudging(self._judge)
        self._tasks: list[asyncio.Task[None]] = []
        self._adding = asyncio.Lock()

    def _open_channels(self) -> None:
        of = self.setup
        editing: set[str] = set()
        for name, one in of.notification.channels.items():
            channel = open_channel(one, self._http, self._clock, of.folder, self._acknowledge_by_button)
            self._channels[name] = channel
            if channel.can_edit:
                editing.add(name)
        self._editing = frozenset(editing)

    # ---- start and stop -----------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Take over what was open before, and begin to gather, write and deliver.

        Raises
        ------
        ConnectivityError
            If the database cannot be read.
        """
        alerts = await self._stored.open_alerts()
        judged_ns = await self._stored.judged_until_ns()
        self._rulebook.restore(alerts, judged_ns, self._clock.now_ns())
        if alerts:
            log.info("alerts taken over", alerts=len(alerts))
        await self._desk.load()
        parts = {
            "facts": self._keeper.run,
            "self watch": self._self_watch.run,
            "alert writer": self.writer.run,
            "dispatcher": self.dispatcher.run,
            "follow-ups": self._followups.run,
            "what was told": self._board.run,
        }
        for name, channel in self._channels.items():
            if isinstance(channel, Listening):
                parts[f"answers from {name}"] = channel.listen
        url = self.setup.notification.heartbeat_url
        if url is not None:
            every_s = self.setup.notification.heartbeat_every_s
            parts["heartbeat"] = Heartbeat(url, every_s, self.why_not_well, self._http, self._clock).run
        self._tasks = [
            asyncio.create_task(supervise(name, run, self._clock), name=name) for name, run in parts.items()
        ]

    async def stop(self) -> None:
        """Write down what is queued, stop delivering; what waits in the outbox is delivered after the next start."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks.clear()
        try:
            await self.writer.flush()
        finally:
            for channel in self._channels.values():
                await channel.close()

    async def drain(self, timeout_s: float) -> bool:
        """Write down what is queued and wait until it is delivered; return whether all of it was, in that time."""
        await self.writer.flush()
        return await self.dispatcher.drain(timeout_s)

    # ---- heard from the engine ----------------------------------------------------------------------------------

    def hear_notice(self, notice: Notice) -> None:
        """Count what happened."""
        if notice.account_id is not None:
            self._keeper.happenings.note(notice.kind, str(notice.account_id), self._clock.now_ns())

    def hear_breaks(self, breaks: Sequence[Break]) -> None:
        """Count reconciliation breaks."""
        for found in breaks:
            self._keeper.happenings.note("break", str(found.account_id), self._clock.now_ns())

    def _judge(self, result: Frame | LaneResult) -> None:
        transitions = self._rulebook.evaluate(FrameSource(result, self._facts, self._subjects))
        if transitions:
            self._n_transitions += len(transitions)
            self.writer.take(transitions, heard_ns(result, transitions))
        if isinstance(result, Frame):
            self.writer.note_judged(result.at_ns)

    def _rows_for(self, transitions: Sequence[Transition], now_ns: int) -> tuple[OutboxRow, ...]:
        rows = rows_for(transitions, self.setup.notification, now_ns, editing=self._editing)
        self._planned.update(((row.alert.alert_id, row.channel), row) for row in rows)
        return rows

    def _written(self, transitions: Sequence[Transition]) -> None:
        self._desk.hear(transitions)
        of = {one.alert.alert_id for one in transitions}
        # Those of transitions that could not be written are none.
        self._board.hear(transitions, [row for row in self._planned.values() if row.alert.alert_id in of])
        self._planned.clear()
        self.dispatcher.wake()
        if self._on_transitions is not None:
            self._on_transitions(transitions)

    def why_not_well(self) -> str:
        """Return why alerts may be lost at the moment; ``""`` while all works."""
        if self.look.problem:
            return f"rules cannot be evaluated ({self.look.problem})"
        framed_ns = self._service.framed_at_ns()
        if framed_ns is None or self._clock.now_ns() - framed_ns > FRAME_FRESH_S * 1e9:
            return "there are no fresh frames"
        if self.writer.is_failing or self.writer.behind_s() > BEHIND_S:
            return "alerts cannot be written to the database"
        if self._followups.unlooked_s() > UNLOOKED_S:
            return "nobody looks after repeats and escalations"
        return "" if self.dispatcher.is_working() else "the dispatcher does not work"

    # ---- what is known, and what people do ----------------------------------------------------------------------

    def now_ns(self) -> int:
        """Return the time, UTC nanoseconds."""
        return self._clock.now_ns()

    def open_alerts(self) -> tuple[Alert, ...]:
        """Return alerts that are pending or firing, unknown notices among them, with the values last judged."""
        return self._rulebook.open_alerts()

    def standings(self) -> tuple[RuleStanding, ...]:
        """Return how each rule in force stands."""
        return self._rulebook.standings()

    def channel_health(self) -> Mapping[str, ChannelHealth]:
        """Return how each channel does."""
        return self.dispatcher.channel_health()

    def self_report(self) -> SelfReport:
        """Return how this process and its machine do."""
        return self._self_watch.report()

    async def pending(self) -> Mapping[str, tuple[int, int]]:
        """Return of each channel for which something waits how many rows do, and when the oldest was made."""
        return await self._outbox.pending()

    async def counts(self) -> AlertCounts:
        """Return of how many alerts somebody was to be told, those held back left out, and of how many somebody was."""
        return await self._stored.counts()

    async def resolved_alerts(self, limit: int) -> tuple[Alert, ...]:
        """Return alerts that fired and have resolved, the last to resolve first."""
        return await self._desk.resolved_alerts(limit)

    async def channel_standings(self, alert_ids: Sequence[str]) -> Mapping[str, tuple[ChannelStanding, ...]]:
        """Return for each of these alerts what became of its newest row in each channel."""
        return await self._board.standings(alert_ids)

    def version_of_alerts(self) -> int:
        """Return what rises when an alert comes, changes its state or severity, or goes."""
        return self._n_transitions

    def version_of_people(self) -> int:
        """Return what rises when somebody acknowledges or silences, and when that begins or ends."""
        return self._desk.version(self._clock.now_ns())

    def version_of_told(self) -> int:
        """Return what rises when a message is made or goes out."""
        return self._board.version

    async def transitions(
        self,
        *,
        before_id: int | None = None,
        limit: int = 100,
        key: str | None = None,
        account_id: str | None = None,
    ) -> tuple[StoredTransition, ...]:
        """Return transitions, newest first."""
        return await self._stored.transitions(
            before_id=before_id, limit=limit, key=key, account_id=account_id
        )

    async def deliveries(
        self,
        *,
        before_id: int | None = None,
        limit: int = 100,
        channel: str | None = None,
        key: str | None = None,
    ) -> tuple[StoredDelivery, ...]:
        """Return attempts to send, newest first."""
        return await self._stored.deliveries(before_id=before_id, limit=limit, channel=channel, key=key)

    async def acknowledge(
        self, alert_id: str, author: str, comment: str, for_s: float
    ) -> Acknowledgement | None:
        """Acknowledge a firing alert at its severity of now; None if none of that id fires."""
        found = [one for one in self.open_alerts() if one.alert_id == alert_id]
        if not found or found[0].state is not AlertState.FIRING:
            return None
        now_ns = self._clock.now_ns()
        given = Acknowledgement(
            key=found[0].key,
            alert_id=alert_id,
            severity=found[0].severity,
            author=author,
            comment=comment,
            at_ns=now_ns,
            until_ns=now_ns + int(for_s * 1e9),
        )
        await self._desk.add_acknowledgement(given)
        return given

    async def _acknowledge_by_button(self, alert_id: str, author: str, channel: str) -> str:
        given = await self.acknowledge(alert_id, author, f"by a button in {channel}", ACKNOWLEDGED_FOR_S)
        language = self.setup.notification.channels[channel].table.language
        if given is None:
            return over_answer(language)
        return acknowledged_answer(language, author, ACKNOWLEDGED_FOR_S)

    async def acknowledgements(self) -> tuple[Acknowledgement, ...]:
        """Return the last acknowledgement of each open alert."""
        return await self._desk.acknowledgements()

    async def add_silence(
        self, matchers: Sequence[Matcher], author: str, comment: str, from_ns: int, until_ns: int
    ) -> Silence:
        """Add a silence.

        Raises
        ------
        ConfigError
            If there are as many as can be held against every alert.
        ConnectivityError
            If the database cannot be written.
        """
        async with self._adding:
            if len(await self.silences()) >= SILENCES_MAX:
                raise ConfigError(
                    f"there are {SILENCES_MAX} silences already; end some, or take a pattern for several: account=~mm-.*"
                )
            return await self._add_silence(matchers, author, comment, from_ns, until_ns)

    async def _add_silence(
        self, matchers: Sequence[Matcher], author: str, comment: str, from_ns: int, until_ns: int
    ) -> Silence:
        silence = Silence(
            silence_id=secrets.token_hex(4),
            matchers=tuple(matchers),
            author=author,
            comment=comment,
            from_ns=from_ns,
            until_ns=until_ns,
        )
        await self._desk.add_silence(silence)
        return silence

    async def end_silence(self, silence_id: str) -> bool:
        """End a silence now; False if there is none of that name that could be ended."""
        return await self._desk.end_silence(silence_id, self._clock.now_ns())

    async def silences(self) -> tuple[Silence, ...]:
        """Return silences that hold now or will."""
        return await self._desk.silences(self._clock.now_ns())

    async def test_channels(self) -> tuple[ChannelTest, ...]:
        """Send a test through every channel, all at once, and return what came of each."""
        return await send_tests(self.setup.notification, self._channels, self._clock)
