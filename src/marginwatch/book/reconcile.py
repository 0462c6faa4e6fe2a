"""A venue's snapshot against our positions: what to take over, what to doubt, what to report.

The venue's REST replies may lag behind its stream, and a message may be on its way while we ask. So three answers are
possible to a difference. *Take*: theirs is newer, or ours is older than the settle time. *Hold*: ours changed within
the settle time before the snapshot, or is newer by the venue's own sequence; we keep ours and look again. *Skip*: ours
was made after the snapshot. A difference taken over is a break at once if the message about it should have come long
ago; otherwise it is a suspect, and becomes a break if its message has not come by the next snapshot.
"""

import math
import re
from decimal import Decimal

from marginwatch.book.accounts import AccountEntry, PositionKey
from marginwatch.book.columns import Columns, unreadable
from marginwatch.book.ordering import Stamp, content_order, stamp_of
from marginwatch.model.ids import DecimalText
from marginwatch.model.instrument import Instrument
from marginwatch.model.position import Position
from marginwatch.model.snapshots import AccountSnapshot, Break

COMPARED = ("quantity", "entry_price")
"""Fields of a position that only an event of the account changes; all others move with the mark or are settings."""

POSITION_NUMBERS = ("entry_price", "initial_margin", "maintenance_margin", "liquidation_price")
BALANCE_NUMBERS = (
    "wallet_balance",
    "equity",
    "usd_value",
    "unrealized_pnl",
    "locked",
    "initial_margin",
    "maintenance_margin",
    "order_initial_margin",
)
STATE_NUMBERS = (
    "equity",
    "adjusted_equity",
    "available_balance",
    "initial_margin",
    "maintenance_margin",
)


UNREADABLE_TOLD_MAX = 10
"""Unreadable rows told one by one; what is wrong with more of them is the same."""


def is_same_value(ours: DecimalText | None, theirs: DecimalText | None) -> bool:
    """Return whether two exact texts are the same number: ``1.0`` is ``1``; None is only None."""
    if ours == theirs:
        return True
    return ours is not None and theirs is not None and Decimal(ours) == Decimal(theirs)


def gaps_of(snapshot: AccountSnapshot) -> tuple[str, ...]:
    """Return, in sentences, what belongs to the account and is not in its snapshot: not asked for, or not readable."""
    unreadable = [
        f"{failure.subject} could not be read and stands as it was known before, if it was: {failure.message}"
        for failure in snapshot.failures
        if failure.reason != "not_covered"
    ]
    if len(unreadable) > UNREADABLE_TOLD_MAX:
        more = len(unreadable) - UNREADABLE_TOLD_MAX
        unreadable[UNREADABLE_TOLD_MAX:] = [f"{more} more rows could not be read"]
    return (*snapshot.not_covered, *unreadable)


def check_readable(snapshot: AccountSnapshot, entry: AccountEntry) -> None:
    """Check all numbers of a snapshot before any is applied, so that it is applied whole or not at all.

    Raises
    ------
    ProtocolError
        If one is not a finite decimal.
    """
    for position in snapshot.positions:
        subject = f"{position.instrument.instrument_id}/{position.position_side}"
        _check(position, ("quantity", *POSITION_NUMBERS), subject, entry)
    for balance in snapshot.balances:
        _check(balance, BALANCE_NUMBERS, f"coin {balance.asset}", entry)
    _check(snapshot.account, STATE_NUMBERS, "account totals", entry)


def _check(row: object, fields: tuple[str, ...], subject: str, entry: AccountEntry) -> None:
    for field in fields:
        text = getattr(row, field)
        if text is None:
            continue
        try:
            is_finite = math.isfinite(float(text))
        except ValueError:
            is_finite = False
        if not is_finite:
            raise unreadable(ValueError(f"{text!r} is no finite number"), entry, f"{subject} {field}")


class Sweep:
    """One snapshot being applied to one account.

    Parameters
    ----------
    columns : Columns
        Written to.
    entry : AccountEntry
        The account.
    snapshot : AccountSnapshot
        What the venue said.
    settle_ns : int
        How far the venue's REST may lag behind its stream, nanoseconds.
    """

    def __init__(
        self, columns: Columns, entry: AccountEntry, snapshot: AccountSnapshot, settle_ns: int
    ) -> None:
        self.columns = columns
        self.entry = entry
        self.snapshot = snapshot
        self.as_of_ns = snapshot.as_of_ns
        self.settled_ns = snapshot.as_of_ns - settle_ns
        self.held_before = entry.held
        self.is_reporting = entry.has_snapshot and not entry.is_gap_open
        self.breaks: list[Break] = list(entry.suspects.values()) if self.is_reporting else []
        entry.held = {}
        entry.suspects = {}

    def differs(self, subject: str, field: str, ours: str | None, theirs: str | None, is_sure: bool) -> None:
        """Report a difference that was taken over: as a break if ``is_sure``, else as a suspect."""
        if not self.is_reporting:
            return
        found = Break(
            account_id=self.entry.spec.account_id,
            subject=subject,
            field=field,
            ours=ours,
            theirs=theirs,
            found_at_ns=self.snapshot.ts_received_ns,
        )
        if is_sure:
            self.breaks.append(found)
        else:
            self.entry.suspects[subject, field] = found

    def was_held(self, key: PositionKey | str, ours: Stamp) -> bool:
        """Return whether the last snapshot differed from this very content too, and it has settled since."""
        return self.held_before.get(key) == ours and ours.made_ns <= self.settled_ns

    def positions(self) -> None:
        """Apply the positions, those listed and those not."""
        theirs = {position.key: position for position in self.snapshot.positions}
        for key, position in theirs.items():
            self._listed(key, position)
        absent = [key for key in self.entry.rows if key not in theirs]
        if absent:
            unread = Unread(self.snapshot, self.columns)
            for key in absent:
                self._absent(key, unread)
        self._advance_floor()

    def _listed(self, key: PositionKey, theirs: Position) -> None:
        row = self.entry.rows.get(key)
        stamp = stamp_of(theirs, self.as_of_ns)
        ours = self.entry.tombstones.get(key) if row is None else self.columns.position_stamp(row)
        held = None if row is None else self.columns.positions.positions[row]
        fields = self._differences(held, theirs)
        if ours is not None:
            order = content_order(stamp, ours)
            if order <= 0 and ours.made_ns > self.as_of_ns:
                return
            is_doubtful = order < 0 or (order == 0 and ours.made_ns > self.settled_ns)
            if fields and is_doubtful and not self.was_held(key, ours):
                self.entry.held[key] = ours
                return
            if not fields and order < 0:
                return
        self.columns.write_position(self.entry, key, theirs, self.as_of_ns)
        changed_ns = theirs.ts_venue_ns
        is_sure = key in self.held_before or (changed_ns is not None and changed_ns <= self.settled_ns)
        for field, ours_text, theirs_text in fields:
            self.differs(f"{key[0]}/{key[1]}", field, ours_text, theirs_text, is_sure)

    @staticmethod
    def _differences(ours: Position | None, theirs: Position) -> list[tuple[str, str | None, str | None]]:
        if ours is None:
            return [] if Decimal(theirs.quantity) == 0 else [("quantity", None, theirs.quantity)]
        pairs = [(field, getattr(ours, field), getattr(theirs, field)) for field in COMPARED]
        if Decimal(theirs.quantity) == 0:
            pairs = pairs[:1]
        return [pair for pair in pairs if not is_same_value(pair[1], pair[2])]

    def _absent(self, key: PositionKey, unread: "Unread") -> None:
        row = self.entry.rows[key]
        ours = self.columns.position_stamp(row)
        position = self.columns.positions.positions[row]
        if ours.made_ns > self.as_of_ns or position is None:
            return
        if ours.made_ns > self.settled_ns or unread.covers(position.instrument):
            self.entry.held[key] = ours
            return
        self.columns.close_position(self.entry, key, ours._replace(made_ns=self.settled_ns))
        is_sure = key in self.held_before
        self.differs(f"{key[0]}/{key[1]}", "quantity", position.quantity, None, is_sure)

    def _advance_floor(self) -> None:
        entry = self.entry
        entry.floor_ns = max(entry.floor_ns, self.settled_ns)
        outlived = [
            key
            for key, stamp in entry.tombstones.items()
            if stamp.made_ns <= entry.floor_ns and key not in entry.held
        ]
        for key in outlived:
            del entry.tombstones[key]


class Unread:
    """What a snapshot's failures keep us from judging absent.

    A failure that names a contract, a coin or a category covers that; one that names nothing known may be about
    anything, so it covers all.
    """

    def __init__(self, snapshot: AccountSnapshot, columns: Columns) -> None:
        self._words: set[str] = set()
        self._is_everything = False
        known = {
            word
            for instrument in columns.instruments.instruments
            if instrument is not None
            for word in (instrument.instrument_id, instrument.venue_symbol, instrument.category)
        }
        known.update(asset for asset in columns.assets.coins.texts if asset is not None)
        for failure in snapshot.failures:
            words = set(re.split(r"[\s/,;()]+", failure.subject))
            self._words |= words
            # A category that could not be asked is named even if nothing of it is known here.
            self._is_everything |= not words & known and failure.reason != "not_covered"

    def covers(self, instrument: Instrument) -> bool:
        """Return whether a contract's absence proves nothing."""
        names = {instrument.instrument_id, instrument.venue_symbol, instrument.category}
        return self._is_everything or bool(names & self._words)

    def covers_asset(self, asset: str) -> bool:
        """Return whether a coin's absence proves nothing."""
        return self._is_everything or asset in self._words
