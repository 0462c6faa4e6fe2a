"""What the routes of stored history answer: rows of the store beside the frame of the moment."""

from collections.abc import Sequence

import msgspec

from marginwatch.model.ids import AccountId, VenueId
from marginwatch.model.snapshots import Break
from marginwatch.risk.frame import Frame
from marginwatch.web.ports import BreakRecord, NoticeRecord, PayloadRecord
from marginwatch.web.replies import Reply

EXCERPT_BYTES_MAX = 200
"""Enough to see which message it was; the rest stays in the store."""


class BreakRow(msgspec.Struct, frozen=True, kw_only=True):
    """One difference found by reconciliation; both values are exact texts, null where that side had no such row."""

    id: int
    account_id: AccountId
    subject: str
    field: str
    ours: str | None
    theirs: str | None
    found_at_ns: int


class NoticeRow(msgspec.Struct, frozen=True, kw_only=True):
    """One sentence for the owner of an account."""

    id: int
    kind: str
    account_id: AccountId | None
    message: str
    at_ns: int


class BreaksReply(Reply, frozen=True, kw_only=True):
    """Breaks, newest first."""

    rows: tuple[BreakRow, ...]


class NoticesReply(Reply, frozen=True, kw_only=True):
    """Notices, newest first."""

    rows: tuple[NoticeRow, ...]


class QuarantineRow(msgspec.Struct, frozen=True, kw_only=True):
    """One payload that did not decode, described; the payload itself stays in the store.

    ``excerpt`` is its beginning as printable ASCII, all else escaped; ``size_bytes`` is what is kept of it (at most
    64 KiB); ``account_id`` is null for public data.
    """

    id: int
    venue: VenueId
    account_id: AccountId | None
    source: str
    message: str
    excerpt: str
    size_bytes: int
    at_ns: int


class QuarantineReply(Reply, frozen=True, kw_only=True):
    """Payloads that did not decode, newest first."""

    rows: tuple[QuarantineRow, ...]


def breaks_reply(frame: Frame, found: Sequence[BreakRecord]) -> BreaksReply:
    """Return stored breaks beside the frame of the moment."""
    return BreaksReply(
        sequence=frame.sequence,
        taken_at_ns=frame.at_ns,
        rows=tuple(break_row(record.id, record.value) for record in found),
    )


def break_row(number: int, found: Break) -> BreakRow:
    """Return one stored break under its number."""
    return BreakRow(
        id=number,
        account_id=found.account_id,
        subject=found.subject,
        field=found.field,
        ours=found.ours,
        theirs=found.theirs,
        found_at_ns=found.found_at_ns,
    )


def notices_reply(frame: Frame, found: Sequence[NoticeRecord]) -> NoticesReply:
    """Return stored notices beside the frame of the moment."""
    return NoticesReply(
        sequence=frame.sequence,
        taken_at_ns=frame.at_ns,
        rows=tuple(map(notice_row, found)),
    )


def notice_row(record: NoticeRecord) -> NoticeRow:
    """Return one stored notice."""
    return NoticeRow(
        id=record.id,
        kind=record.value.kind,
        account_id=record.value.account_id,
        message=record.value.message,
        at_ns=record.at_ns,
    )


def quarantine_reply(frame: Frame, found: Sequence[PayloadRecord]) -> QuarantineReply:
    """Return what is known of stored payloads beside the frame of the moment."""
    return QuarantineReply(
        sequence=frame.sequence,
        taken_at_ns=frame.at_ns,
        rows=tuple(
            QuarantineRow(
                id=record.id,
                venue=record.value.venue,
                account_id=record.value.account_id,
                source=record.value.source,
                message=record.value.message,
                excerpt=excerpt(record.value.payload),
                size_bytes=len(record.value.payload),
                at_ns=record.value.at_ns,
            )
            for record in found
        ),
    )


def excerpt(payload: bytes) -> str:
    """Return the first bytes as printable ASCII; every other byte, and the backslash, as an escape."""
    # What did not decode may steer a terminal or a page that shows it.
    return ascii(payload[:EXCERPT_BYTES_MAX])[2:-1]
