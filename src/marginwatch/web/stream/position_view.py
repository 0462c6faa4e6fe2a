"""Positions as columns: numbers of whole frames at once, texts only of the rows whose source changed."""

from collections.abc import Callable, Sequence
from operator import itemgetter
from typing import Any

import msgspec
import numpy as np

from marginwatch.book.accounts import MARGIN_MODES
from marginwatch.book.table import BoolArray, CodeArray, FloatArray
from marginwatch.model.position import Position
from marginwatch.risk.frame import Frame
from marginwatch.risk.measures.contracts import GREEKS
from marginwatch.risk.measures.freshness import Inclusion
from marginwatch.risk.tables.positions import NO_GREEKS
from marginwatch.web.stream.filters import Filter
from marginwatch.web.stream.leg_columns import LegColumns
from marginwatch.web.stream.position_choice import ROWS_MAX, PositionChoice
from marginwatch.web.stream.slots import Moved, Slots
from marginwatch.web.stream.tables import FEW_ROWS, Look

COLUMNS = (
    "mark_price",
    "notional_usd",
    "exposure_usd",
    "unrealized_pnl",
    "unrealized_pnl_usd",
    *GREEKS,
    "venue_liquidation_distance",
    "liquidation_distance",
    "liquidation_shock",
    "liquidation_distance_at_s",
    "ts_venue_s",
)
"""Fields of ``PositionRow``; those that end with ``_s`` are moments, UTC seconds, where the row has ages or nanoseconds."""

MARK, NOTIONAL, EXPOSURE, PNL, PNL_USD, DELTA = range(6)
VENUE_DISTANCE, DISTANCE, SHOCK, DISTANCE_AT, TS_VENUE = range(DELTA + len(GREEKS), len(COLUMNS))
MEASURED, SENSITIVITIES = slice(MARK, DELTA), slice(DELTA, VENUE_DISTANCE)
WITH_REASON = DISTANCE_AT
"""So many columns, from the first, have a reason where they are missing."""

UNNAMED = (MARGIN_MODES["portfolio"], MARGIN_MODES["unknown"])
"""Margin modes in which the venue names no liquidation price, so that its absence tells nothing."""

WHY = {
    "mark_price": "missing: no price young enough",
    "notional_usd": "missing: price",
    "exposure_usd": "missing: price or option delta",
    "unrealized_pnl": "missing: price or entry price",
    "unrealized_pnl_usd": "missing: price or entry price",
    **dict.fromkeys(GREEKS, f"missing: {NO_GREEKS}"),
}
NO_VENUE_PRICE = {
    MARGIN_MODES["portfolio"]: "missing: the venue names no liquidation price in portfolio margin",
    MARGIN_MODES["unknown"]: "missing: the venue names a margin mode that is not known here",
}

INCLUDED, STALE, MODE = 1 << 20, 1 << 21, 1 << 22
"""Bits of a row's state, above those of its missing columns."""


class PositionTexts(msgspec.Struct, frozen=True, kw_only=True):
    """What a position's row says beside its numbers, as in ``PositionRow``; ``reasons`` only of numbers that are missing."""

    account_id: str
    venue: str
    desk: str | None
    instrument_id: str
    venue_symbol: str
    instrument_kind: str
    is_inverse: bool
    underlying_asset: str
    settle_asset: str
    position_side: str
    quantity: str
    entry_price: str | None
    liquidation_price: str | None
    initial_margin: str | None
    maintenance_margin: str | None
    leverage_setting: str | None
    margin_mode: str | None
    status: str
    is_included: bool
    is_stale_price: bool
    is_inferred: bool
    liquidation_distance_source: str
    reasons: dict[str, str]


class PositionView:
    """The positions of one topic.

    Parameters
    ----------
    wanted : Filter
        Names asked for.
    rows_max : int
        As in :class:`marginwatch.web.stream.position_choice.PositionChoice`.
    """

    columns = COLUMNS

    def __init__(self, wanted: Filter, rows_max: int = ROWS_MAX) -> None:
        self._choice = PositionChoice(wanted, rows_max)
        self._is_of_one = wanted.account is not None
        self._sequence = -1
        self._is_begun = False
        self._counts = (0, 0)
        self._gone: list[int] = []
        self._touched: BoolArray = np.zeros(0, np.bool_)
        self._version = -1
        self._slots = Slots()
        self._legs = LegColumns()
        self._buffers = [np.zeros((len(COLUMNS), 0)), np.zeros((len(COLUMNS), 0))]
        self._texts: list[PositionTexts | None] = []
        self._pick: Callable[[Sequence[Position | None]], tuple[Position | None, ...]] = lambda _: ()
        self._positions: tuple[Position | None, ...] = ()
        self._states: CodeArray = np.zeros(0, np.int64)
        self._venue_price: FloatArray = np.zeros(0)
        self._ts_venue: FloatArray = np.zeros(0)

    @property
    def source(self) -> object:
        """What it looks with: this itself, which it shares with nobody."""
        return self

    def is_slow(self, frame: Frame) -> bool:
        """Return whether :meth:`prepare` may go through thousands of rows one by one: at first, and with new distances."""
        if frame.sequence == self._sequence or frame.book.quantity.shape[0] <= FEW_ROWS:
            return False
        if self._sequence < 0:
            return not self._is_of_one
        return len(frame.book.specs) > FEW_ROWS and self._legs.has_news(frame)

    def prepare(self, frame: Frame) -> int:
        """Bring the numbers up to date; return of how many rows the texts are still to be made, of this very frame."""
        if not self._is_begun or frame.sequence != self._sequence:
            self._begin(frame)
        return int(np.count_nonzero(self._touched))

    def look(self, frame: Frame) -> Look:
        """Return the positions in a frame. Cost: linear in the rows shown and in those of the book, without a loop."""
        self.prepare(frame)
        touched: list[int] = np.flatnonzero(self._touched).tolist()
        renewed = [slot for slot in touched if self._renew(frame, slot)]
        self._touched[:] = False
        gone, self._gone = self._gone, []
        self._is_begun = False
        return Look(
            values=self._buffers[0],
            texts=self._texts,
            gone=np.array(gone, np.int64),
            renewed=np.array(renewed, np.int64),
            n_rows=self._counts[0],
            n_left_out=self._counts[1],
        )

    def _begin(self, frame: Frame) -> None:
        """Look at everything but texts. What was begun before and not ended stays to be done."""
        book = frame.book
        self._sequence = frame.sequence
        wanted, n_left_out = self._choice.rows(frame)
        moved = self._slots.update(wanted, book.opened.take(wanted))
        rows = self._slots.rows
        if moved.gone.shape[0] or moved.new.shape[0]:
            self._move(moved)
        sources = self._changed_sources(book.positions)
        account, instrument = book.account.take(rows), book.instrument.take(rows)
        quantity = book.quantity.take(rows)
        values = self._numbers(frame, rows, account, instrument)
        _fill_greeks(values[SENSITIVITIES], frame.values.greeks, instrument, quantity)
        has_news = self._legs.look(frame, account, instrument, quantity > 0.0)
        values[SHOCK], values[DISTANCE_AT] = self._legs.shock, self._legs.at_s
        np.abs(self._legs.shock, out=values[DISTANCE])
        np.copyto(values[DISTANCE], -np.inf, where=np.isneginf(self._legs.shock))
        is_free = rows == 0
        values[:, is_free] = np.nan
        states = self._present_states(frame, account, instrument, values)
        is_touched = states != self._states
        is_touched[sources] = True
        is_touched[moved.new] = True
        if self._version != self._choice.version:
            self._version = self._choice.version
            is_touched[:] = True
        elif has_news:
            is_touched |= np.isnan(values[DISTANCE])
        self._states = states
        self._touched |= is_touched
        self._touched &= ~is_free
        self._counts = (wanted.shape[0], n_left_out)
        self._is_begun = True

    def _move(self, moved: Moved) -> None:
        """Make room for what came, and forget what went."""
        lacking = self._slots.size - self._states.shape[0]
        self._states = np.concatenate((self._states, np.zeros(lacking, np.int64)))
        self._venue_price = np.concatenate((self._venue_price, np.full(lacking, np.nan)))
        self._ts_venue = np.concatenate((self._ts_venue, np.full(lacking, np.nan)))
        self._touched = np.concatenate((self._touched, np.zeros(lacking, np.bool_)))
        self._texts.extend([None] * lacking)
        self._positions += (None,) * lacking
        for slot in moved.gone.tolist():
            if self._texts[slot] is not None:
                self._texts[slot] = None
                self._gone.append(slot)
        rows: list[int] = self._slots.rows.tolist()
        if len(rows) > 1:
            self._pick = itemgetter(*rows)
        else:
            self._pick = lambda positions: tuple(positions[row] for row in rows)

    def _changed_sources(self, positions: Sequence[Position | None]) -> list[int]:
        """Return the slots whose position is another struct than before."""
        now, before = self._pick(positions), self._positions
        # Compares what is the same struct at the speed of C; a struct with the same texts is as good.
        if now == before:
            return []
        slots = [slot for slot, (one, other) in enumerate(zip(now, before, strict=True)) if one is not other]
        self._positions = now
        for slot in slots:
            one = now[slot]
            price = None if one is None else one.liquidation_price
            at_ns = None if one is None else one.ts_venue_ns
            self._venue_price[slot] = np.nan if price is None else float(price)
            self._ts_venue[slot] = np.nan if at_ns is None else at_ns / 1e9
        return slots

    def _numbers(
        self, frame: Frame, rows: CodeArray, account: CodeArray, instrument: CodeArray
    ) -> FloatArray:
        """Return the buffer whose turn it is, with what frames measure and what the venue's price says."""
        if not self._is_begun:
            # Else nobody has seen the numbers of before, and the other buffer holds those that somebody has.
            self._buffers.reverse()
        if self._buffers[0].shape[1] != rows.shape[0]:
            self._buffers[0] = np.empty((len(COLUMNS), rows.shape[0]))
        values, of = self._buffers[0], frame.rows
        frame.values.mark_price.take(instrument, out=values[MARK], mode="clip")
        of.notional_usd.take(rows, out=values[NOTIONAL], mode="clip")
        of.exposure_usd.take(rows, out=values[EXPOSURE], mode="clip")
        of.pnl_coin.take(rows, out=values[PNL], mode="clip")
        of.pnl_usd.take(rows, out=values[PNL_USD], mode="clip")
        np.copyto(values[MEASURED], np.nan, where=~np.isfinite(values[MEASURED]))
        mark, price = values[MARK], self._venue_price
        np.copyto(values[VENUE_DISTANCE], np.nan)
        np.divide(np.abs(mark - price), mark, out=values[VENUE_DISTANCE], where=mark != 0.0)
        has_none: BoolArray = np.isnan(price)
        if has_none.any():
            mode = frame.book.margin_mode.take(account)
            np.copyto(values[VENUE_DISTANCE], np.inf, where=has_none & ~np.isin(mode, UNNAMED))
        values[TS_VENUE] = self._ts_venue
        return values

    def _present_states(
        self, frame: Frame, account: CodeArray, instrument: CodeArray, values: FloatArray
    ) -> CodeArray:
        """Return one number for each slot that changes whenever the row's texts may, its source aside."""
        states = frame.book.margin_mode.take(account) * MODE
        states += (frame.inclusion.take(account) == Inclusion.INCLUDED) * INCLUDED
        states += frame.values.is_stale.take(instrument) * STALE
        is_missing = np.isnan(values[:WITH_REASON])
        if is_missing.any():
            for place in range(WITH_REASON):
                states += is_missing[place] * (1 << place)
        return states

    def _renew(self, frame: Frame, slot: int) -> bool:
        """Make the texts of a row anew; return whether they are others."""
        texts = self._made(frame, slot)
        if texts == self._texts[slot]:
            return False
        self._texts[slot] = texts
        return True

    def _made(self, frame: Frame, slot: int) -> PositionTexts | None:
        book, row, state = frame.book, int(self._slots.rows[slot]), int(self._states[slot])
        position, spec = self._positions[slot], book.specs[int(book.account[row])]
        if position is None or spec is None:
            return None
        contract = book.instruments[int(book.instrument[row])] or position.instrument
        return PositionTexts(
            account_id=spec.account_id,
            venue=spec.venue,
            desk=spec.desk,
            instrument_id=contract.instrument_id,
            venue_symbol=contract.venue_symbol,
            instrument_kind=contract.instrument_kind,
            is_inverse=contract.is_inverse,
            underlying_asset=contract.underlying_asset,
            settle_asset=contract.settle_asset,
            position_side=position.position_side,
            quantity=position.quantity,
            entry_price=position.entry_price,
            liquidation_price=position.liquidation_price,
            initial_margin=position.initial_margin,
            maintenance_margin=position.maintenance_margin,
            leverage_setting=position.leverage_setting,
            margin_mode=position.margin_mode,
            status=position.status,
            is_included=bool(state & INCLUDED),
            is_stale_price=bool(state & STALE),
            is_inferred=contract.is_inferred,
            liquidation_distance_source="estimated",
            reasons=self._reasons(slot, state),
        )

    def _reasons(self, slot: int, state: int) -> dict[str, str]:
        """Return why numbers of a row are missing."""
        reasons: dict[str, str] = {}
        for place in range(WITH_REASON):
            if not state & (1 << place):
                continue
            name: Any = COLUMNS[place]
            if name in WHY:
                reasons[name] = WHY[name]
            elif place == VENUE_DISTANCE:
                no_price = np.isnan(self._venue_price[slot])
                reasons[name] = NO_VENUE_PRICE[state // MODE] if no_price else "missing: mark price"
            else:
                reasons[name] = f"missing: {self._legs.why(slot)}"
        return reasons


def _fill_greeks(
    values: FloatArray, of_contracts: FloatArray | None, instrument: CodeArray, quantity: FloatArray
) -> None:
    """Write the greeks of options, and that they do not apply to the rest. Cost: mostly that of the options."""
    values.fill(-np.inf)
    if of_contracts is None:
        return
    # What is no option has −∞, of which NaN is not.
    is_option: BoolArray = of_contracts[0].take(instrument) != -np.inf
    options = np.flatnonzero(is_option)
    values[:, options] = of_contracts.take(instrument[options], axis=1) * quantity[options]
