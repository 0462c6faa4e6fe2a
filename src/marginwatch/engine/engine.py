"""The sink and the loop: book → fast lane within 5 ms, book → full frame every 100 ms."""

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import TypeAlias

import structlog

from marginwatch.book.position_book import PositionBook
from marginwatch.clock import Clock
from marginwatch.engine.settings import EngineSettings
from marginwatch.errors import ProtocolError
from marginwatch.model.events import Event
from marginwatch.model.notice import Notice
from marginwatch.model.snapshots import Break
from marginwatch.risk.advice.trade_terms import TradeTerms, trade_terms
from marginwatch.risk.frame import Frame, FramePress, LaneResult
from marginwatch.risk.heavy.parts import Heavy
from marginwatch.risk.margin.sheet import MarginSheet
from marginwatch.risk.measures.prices import price_ages
from marginwatch.risk.settings import RiskSettings

log = structlog.get_logger(__name__)

RuleHook: TypeAlias = Callable[[Frame | LaneResult], None]


class Engine:
    """Owns the book's loop. Everything in it is synchronous but the waiting.

    Parameters
    ----------
    book : PositionBook
        Written through :meth:`sink` only, from now on.
    clock : Clock
        Time.
    on_frame : sequence of callables, optional
        Called with each published frame, after the rules.
    on_breaks : callable, optional
        Called with the breaks of a snapshot, if it brought any.
    on_notices : callable, optional
        Called before a frame is published, with changes that people should hear of, if there are any.
    on_unreadable : callable, optional
        Called with an event whose numbers were none, and the error.
    rules : sequence of callables, optional
        Called with each lane result and each frame, before the frame is published. Without any, no lane is run.
    settings, risk_settings : EngineSettings, RiskSettings, optional
        Intervals; limits of age.

    Attributes
    ----------
    frame : Frame or None
        The latest.
    heavy : Heavy
        The latest heavy measures, for the next frame; whoever reckons them puts them here.
    on_frame, rules : list
        May be added to at any time.
    n_frames, n_lanes, n_events : int
        Counters.
    """

    def __init__(
        self,
        book: PositionBook,
        clock: Clock,
        *,
        on_frame: Sequence[Callable[[Frame], None]] | Callable[[Frame], None] = (),
        on_breaks: Callable[[tuple[Break, ...]], None] | None = None,
        on_notices: Callable[[tuple[Notice, ...]], None] | None = None,
        on_unreadable: Callable[[Event, ProtocolError], None] | None = None,
        rules: Sequence[RuleHook] = (),
        settings: EngineSettings | None = None,
        risk_settings: RiskSettings | None = None,
    ) -> None:
        self.book = book
        self.settings = settings or EngineSettings()
        self.frame: Frame | None = None
        self.heavy = Heavy()
        self.on_frame: list[Callable[[Frame], None]] = [on_frame] if callable(on_frame) else list(on_frame)
        self.rules: list[RuleHook] = list(rules)
        self.n_frames = 0
        self.n_lanes = 0
        self.n_events = 0
        self._clock = clock
        self._on_breaks = on_breaks
        self._on_notices = on_notices
        self._on_unreadable = on_unreadable
        self._risk_settings = risk_settings or RiskSettings()
        self._press = FramePress(book, self._risk_settings)
        self._wake = asyncio.Event()
        self._oldest_ns: int | None = None
        self._framed_sequence = -1

    def sink(self, event: Event) -> None:
        """Apply one event; an unreadable number leaves its row unchanged, is told, and stops nothing else."""
        self.n_events += 1
        try:
            breaks = self.book.apply(event)
        except ProtocolError as error:
            self._tell_unreadable(event, error)
            return
        received_ns: int | None = getattr(event, "ts_received_ns", None)
        if self._oldest_ns is None:
            self._oldest_ns = received_ns
        if breaks and self._on_breaks is not None:
            self._on_breaks(breaks)
        # Only rules read what a lane measures.
        if self.rules and self.book.dirty and not self._wake.is_set():
            self._wake.set()

    def _tell_unreadable(self, event: Event, error: ProtocolError) -> None:
        if self._on_unreadable is not None:
            self._on_unreadable(event, error)
        else:
            log.warning("event not applied", kind=type(event).__name__, error=str(error))

    def run_lane(self) -> LaneResult | None:
        """Re-measure the accounts touched since the last time and hand them to the rules; None if there are none."""
        entries = self.book.columns.accounts.entries
        heard_ns = self._take_dirty()
        dirty = tuple(entry for row in heard_ns if (entry := entries[row]) is not None)
        if not dirty:
            return None
        result = self._press.lane(dirty, self._clock.now_ns(), heard_ns)
        self.n_lanes += 1
        for rule in self.rules:
            rule(result)
        return result

    def _take_dirty(self) -> dict[int, int | None]:
        heard_ns = self.book.dirty.copy()
        self.book.dirty.clear()
        self._wake.clear()
        return heard_ns

    def run_frame(self) -> Frame:
        """Measure everything, run the rules over it, publish it."""
        started = time.perf_counter()
        now_ns = self._clock.now_ns()
        # The rules get everything now, so no lane is due for what was touched before.
        heard_ns = self._take_dirty()
        frame = self._press.frame(now_ns)
        frame.heard_ns = heard_ns
        frame.heavy = self.heavy
        if self._oldest_ns is not None:
            frame.wire_to_frame_ms = (now_ns - self._oldest_ns) / 1e6
            self._oldest_ns = None
        frame.build_ms = (time.perf_counter() - started) * 1e3
        self._framed_sequence = frame.book_sequence
        self.n_frames += 1
        for rule in self.rules:
            rule(frame)
        notices = self.book.take_notices()
        if notices and self._on_notices is not None:
            self._on_notices(notices)
        self.frame = frame
        for listener in self.on_frame:
            listener(frame)
        return frame

    def sheet(self) -> MarginSheet:
        """Return the margin sheet of everything as it is now; it stays as it is, whatever comes."""
        return self._press.sheet(self._clock.now_ns())

    def trade_terms(self) -> TradeTerms:
        """Return quotes and steps of all contracts as they are now."""
        columns = self.book.columns
        return trade_terms(
            columns, price_ages(columns.instruments, self._clock.now_ns(), self._risk_settings)
        )

    async def run(self) -> None:
        """Work until cancelled. An error of a rule or listener ends it: whoever supervises starts it again."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._lanes())
            group.create_task(self._frames())

    async def _lanes(self) -> None:
        while True:
            await self._wake.wait()
            await self._clock.sleep(self.settings.lane_after_s)
            self.run_lane()

    async def _frames(self) -> None:
        framed_s = self._clock.monotonic_s()
        self.run_frame()
        while True:
            await self._clock.sleep(self.settings.frame_every_s)
            # Half an interval of grace, so that a rounding of the clock does not cost a whole one.
            waited_s = self._clock.monotonic_s() - framed_s + self.settings.frame_every_s / 2
            has_news = self.book.sequence != self._framed_sequence
            if has_news or waited_s >= self.settings.frame_at_least_every_s:
                framed_s = self._clock.monotonic_s()
                self.run_frame()
