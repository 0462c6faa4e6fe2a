"""How the parts of a service do, gathered for the page of health and for metrics; nothing is kept that grows."""

import asyncio
import os
import time
from collections import deque
from collections.abc import Mapping
from pathlib import Path

import psutil

from marginwatch import __version__
from marginwatch.app.alerting.alerting import Alerting
from marginwatch.app.alerting.latencies import AlertLatencies
from marginwatch.app.histogram import FRAME_BOUNDS_S, Histogram
from marginwatch.app.service import Service
from marginwatch.collect.budget import BudgetState
from marginwatch.collect.statuses import AccountStatus, SessionCounts
from marginwatch.errors import MarginwatchError
from marginwatch.model.ids import AccountId, VenueId
from marginwatch.notify.health import ChannelHealth
from marginwatch.notify.worker import Tally
from marginwatch.risk.frame import Frame
from marginwatch.web.health_rows import (
    AlertingRow,
    BudgetRow,
    ChannelHealthRow,
    FramesRow,
    LatencyRow,
    ProcessRow,
    StoreRow,
    VenueRow,
)
from marginwatch.web.metrics.ports import Buckets

FRAMES_KEPT = 100
"""Frames over which intervals and building times are averaged: ten seconds of them."""

COUNTED_EVERY_S = 5.0
"""Adding up what ten thousand sessions have counted takes milliseconds."""

READ_EVERY_S = 2.0
"""Between two readings of the outbox while somebody looks."""

NS = 1e9


class FrameMeter:
    """Remembers when the last frames came and what they took.

    Attributes
    ----------
    building : Histogram
        What each frame since the start took to make.
    """

    def __init__(self) -> None:
        self.building = Histogram(FRAME_BOUNDS_S)
        self._last: deque[tuple[int, float]] = deque(maxlen=FRAMES_KEPT)

    def note(self, frame: Frame) -> None:
        """Hear of a frame."""
        self.building.observe(frame.build_ms / 1e3)
        self._last.append((frame.at_ns, frame.build_ms))

    def interval_ms(self) -> float | None:
        """Return the mean interval between the last frames; None before the second."""
        if len(self._last) < 2:
            return None
        return (self._last[-1][0] - self._last[0][0]) / 1e6 / (len(self._last) - 1)

    def build_ms(self) -> tuple[float | None, float | None]:
        """Return the mean and the longest time that one of the last frames took; None before the first."""
        took = [build_ms for _, build_ms in self._last]
        return (sum(took) / len(took), max(took)) if took else (None, None)


class ProcessMeter:
    """Looks at this process, the dear parts seldom.

    Parameters
    ----------
    data_dir : Path
        The folder whose disk matters.
    """

    def __init__(self, data_dir: Path) -> None:
        self._data_dir = data_dir
        self._process = psutil.Process(os.getpid())
        self._started_s = self._looked_s = time.monotonic()
        self._cpu_s = self._cpu_now_s()
        self._cpu_share: float | None = None
        self._n_files: int | None = None
        self._files_at_s = -COUNTED_EVERY_S

    def row(self, alerting: Alerting | None) -> ProcessRow:
        """Return how it does; ``alerting`` watches the loop, if there is any."""
        report = None if alerting is None else alerting.self_report()
        self._look()
        return ProcessRow(
            version=__version__,
            uptime_s=time.monotonic() - self._started_s,
            memory_bytes=self._process.memory_info().rss,
            memory_share=None if report is None else report.memory_share,
            cpu_share=self._cpu_share,
            loop_lag_s=None if report is None else report.loop_lag_s,
            n_threads=self._process.num_threads(),
            n_open_files=self._n_files,
            disk_free_bytes=None if report is None else report.disk_free_bytes,
            disk_free_share=None if report is None else report.disk_free_share,
        )

    def _cpu_now_s(self) -> float:
        used = self._process.cpu_times()
        return used.user + used.system

    def _look(self) -> None:
        now_s = time.monotonic()
        if now_s - self._looked_s >= 1.0:
            used_s = self._cpu_now_s()
            self._cpu_share = (used_s - self._cpu_s) / (now_s - self._looked_s)
            self._cpu_s, self._looked_s = used_s, now_s
        if now_s - self._files_at_s >= COUNTED_EVERY_S:
            # Files are counted by listing them: with ten thousand sockets that takes milliseconds.
            self._n_files, self._files_at_s = self._process.num_fds(), now_s


class LiveHealth:
    """Answers for the parts of a started service.

    Parameters
    ----------
    service : Service
        Asked; hears of frames from now on.

    Attributes
    ----------
    frame_meter : FrameMeter
        How frames came since this was made.
    process_meter : ProcessMeter
        How the process does.
    """

    def __init__(self, service: Service) -> None:
        self._service = service
        self.frame_meter = FrameMeter()
        self.process_meter = ProcessMeter(service.config.service.data_dir)
        self._counts: Mapping[VenueId, SessionCounts] = {}
        self._counted_s = float("-inf")
        self._pending: Mapping[str, tuple[int, int]] | None = None
        self._read_s: float | None = None
        self._tried_s = float("-inf")
        self._size_bytes: int | None = None
        self._problem: str | None = None
        self._reading: asyncio.Task[None] | None = None
        service.engine.on_frame.append(self.frame_meter.note)

    def status_of(self, account_id: AccountId) -> AccountStatus | None:
        """Return how one session does; None if the account has none."""
        return self._service.status_of(account_id)

    def budgets(self) -> tuple[BudgetRow, ...]:
        """Return every rate budget."""
        return tuple(budget_row(budget.state()) for budget in self._service.budgets.values())

    def venues(self) -> tuple[VenueRow, ...]:
        """Return the counts of each venue's sessions, at most :data:`COUNTED_EVERY_S` old."""
        now_s = self._service.clock.monotonic_s()
        if now_s - self._counted_s >= COUNTED_EVERY_S:
            self._counts, self._counted_s = self._service.session_counts(), now_s
        return tuple(
            VenueRow(
                venue=venue,
                n_sessions=of.n_sessions,
                n_waiting_for_socket=of.n_waiting_for_socket,
                n_connects=of.n_connects,
                n_messages=of.n_messages,
                n_malformed=of.n_malformed,
                n_resyncs=of.n_resyncs,
                clock_skew_s=self._skew_s(venue),
            )
            for venue, of in self._counts.items()
        )

    def _skew_s(self, venue: VenueId) -> float | None:
        _, clock = self._service.clocks.get(venue, ("", None))
        return -clock.offset_ns / NS if clock is not None and clock.is_measured else None

    def frames(self) -> FramesRow | None:
        """Return how frames come; None before the first."""
        engine, meter = self._service.engine, self.frame_meter
        frame = engine.frame
        if frame is None:
            return None
        build_ms, build_ms_max = meter.build_ms()
        return FramesRow(
            age_s=max(0.0, (self._service.clock.now_ns() - frame.at_ns) / NS),
            interval_ms=meter.interval_ms(),
            build_ms=build_ms,
            build_ms_max=build_ms_max,
            wire_to_frame_ms=frame.wire_to_frame_ms,
            n_frames=engine.n_frames,
            n_lanes=engine.n_lanes,
            n_events=engine.n_events,
        )

    def alerting(self) -> AlertingRow | None:
        """Return how alerts do; None where no rules are judged."""
        if (alerting := self._service.alerting) is None:
            return None
        writer = alerting.writer
        return AlertingRow(
            problem=alerting.why_not_well() or None,
            n_fired=writer.n_fired,
            n_rows=writer.n_rows,
            n_lost=writer.n_lost,
            behind_s=writer.behind_s(),
            latency=latency_row(alerting.latencies),
        )

    def channels(self) -> tuple[ChannelHealthRow, ...]:
        """Return every channel with what waits for it, as last read; it is read anew for who looks next."""
        if (alerting := self._service.alerting) is None:
            return ()
        self._read_soon()
        tallies, now_ns = alerting.dispatcher.tallies(), self._service.clock.now_ns()
        kinds = {name: one.kind.kind for name, one in alerting.setup.notification.channels.items()}
        return tuple(
            channel_row(name, kinds.get(name, ""), health, tallies[name], self._pending, now_ns)
            for name, health in alerting.channel_health().items()
        )

    def store(self) -> StoreRow | None:
        """Return how the database does; None where nothing is recorded."""
        store = self._service.store
        if store is None:
            return None
        self._read_soon()
        now_s = self._service.clock.monotonic_s()
        return StoreRow(
            place=store.place,
            size_bytes=self._size_bytes,
            read_age_s=None if self._read_s is None else now_s - self._read_s,
            problem=self._problem,
            n_breaks=self._service.n_breaks,
        )

    def process(self) -> ProcessRow:
        """Return how this process does."""
        return self.process_meter.row(self._service.alerting)

    def building(self) -> Buckets:
        """Return what frames took to make."""
        return _buckets(self.frame_meter.building)

    def wire_to_outbox(self) -> Buckets | None:
        """Return how long alerts took to the outbox; None where no rules are judged."""
        alerting = self._service.alerting
        return None if alerting is None else _buckets(alerting.latencies.to_outbox)

    def wire_to_sent(self) -> Mapping[str, Buckets]:
        """Return how long alerts took until a channel had taken them, by channel."""
        alerting = self._service.alerting
        if alerting is None:
            return {}
        return {channel: _buckets(one) for channel, one in alerting.latencies.to_sent.items()}

    async def refresh(self) -> None:
        """Read what waits in the outbox, unless that was done lately."""
        self._read_soon()
        if self._reading is not None:
            # Whoever goes away while waiting must not end the reading for the others.
            await asyncio.shield(self._reading)

    def _read_soon(self) -> None:
        now_s = self._service.clock.monotonic_s()
        if now_s - self._tried_s >= READ_EVERY_S and (self._reading is None or self._reading.done()):
            self._tried_s = now_s
            self._reading = asyncio.create_task(self._read())

    async def _read(self) -> None:
        service = self._service
        if service.store is not None:
            self._size_bytes = size_of(service.store.place)
        if service.alerting is None:
            return
        try:
            self._pending = await service.alerting.pending()
        except MarginwatchError as error:
            self._pending, self._problem = None, str(error)
            return
        self._problem, self._read_s = None, service.clock.monotonic_s()


def _buckets(of: Histogram) -> Buckets:
    return Buckets(of.bounds_s, tuple(of.counts), of.sum_s)


def size_of(place: str) -> int | None:
    """Return the bytes of a database file and of what is still to be moved into it; None if there is none."""
    try:
        return sum(path.stat().st_size for path in (Path(place), Path(f"{place}-wal")) if path.exists())
    except OSError:
        return None


def budget_row(state: BudgetState) -> BudgetRow:
    """Return a budget as it is shown."""
    return BudgetRow(
        host=state.host,
        share_of_limit=state.share_of_limit,
        used=state.used,
        allowed=state.allowed,
        usage=state.used / state.allowed if state.allowed else 1.0,
        window_s=state.window_s,
        waiting=state.waiting,
        calls=state.calls,
        blocked_until_ns=state.blocked_until_ns,
        block_reason=state.block_reason,
        held=tuple(f"{one.endpoint}: {one.reason}" for one in state.held),
    )


def latency_row(of: AlertLatencies) -> LatencyRow:
    """Return how long alerts took, all channels together."""
    sent = Histogram(of.to_outbox.bounds_s)
    for one in of.to_sent.values():
        sent.counts = [mine + theirs for mine, theirs in zip(sent.counts, one.counts, strict=True)]
    return LatencyRow(
        n_to_outbox=of.to_outbox.n,
        to_outbox_ms_p50=_ms(of.to_outbox.quantile_s(0.5)),
        to_outbox_ms_p99=_ms(of.to_outbox.quantile_s(0.99)),
        n_to_sent=sent.n,
        to_sent_ms_p50=_ms(sent.quantile_s(0.5)),
        to_sent_ms_p99=_ms(sent.quantile_s(0.99)),
    )


def _ms(duration_s: float | None) -> float | None:
    return None if duration_s is None else duration_s * 1e3


def channel_row(
    name: str,
    kind: str,
    health: ChannelHealth,
    tally: Tally,
    pending: Mapping[str, tuple[int, int]] | None,
    now_ns: int,
) -> ChannelHealthRow:
    """Return a channel as it is shown; ``pending`` is what waits by channel, None if it is not known."""
    n_rows, oldest_ns = (pending or {}).get(name, (0, now_ns))
    return ChannelHealthRow(
        channel=name,
        kind=kind,
        pending=None if pending is None else n_rows,
        oldest_age_s=max(0.0, (now_ns - oldest_ns) / NS) if n_rows else None,
        is_failing=health.is_failing,
        n_failures_in_row=health.n_failures,
        reason=health.reason,
        detail=health.detail,
        failing_since_ns=health.since_ns,
        last_delivered_ns=health.last_delivered_ns,
        n_messages=tally.messages,
        n_failures=tally.refusals,
        n_sent=tally.sent_rows,
        n_skipped=tally.skipped_rows,
        n_failed=tally.failed_rows,
    )
