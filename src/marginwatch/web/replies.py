"""What each route answers: rows of one frame, its sequence and time, and what they do not include."""

import difflib
from collections.abc import Iterable, Sequence
from typing import TypeVar

import msgspec

from marginwatch.errors import ConfigError
from marginwatch.model.ids import AccountId
from marginwatch.model.snapshots import Break
from marginwatch.risk.frame import Frame
from marginwatch.risk.measures.freshness import Inclusion
from marginwatch.risk.table_rows import (
    AccountRow,
    ExposureRow,
    NotIncluded,
    OppositionRow,
    PortfolioSummary,
    PositionRow,
)
from marginwatch.risk.tables import (
    account_rows,
    exposure_by_asset,
    exposure_by_desk,
    exposure_by_tag,
    exposure_by_venue,
    not_included,
    opposition_rows,
    portfolio_summary,
    position_rows,
)
from marginwatch.web.ports import BreakRecord, NoticeRecord
from marginwatch.web.selection import ordered, select

WAITING_SHOWN_MAX = 20
NAMES_SHOWN_MAX = 20

DIMENSIONS = {
    "asset": exposure_by_asset,
    "desk": exposure_by_desk,
    "tag": exposure_by_tag,
    "venue": exposure_by_venue,
}
"""``by`` → rows; ``portfolio`` is the summary that every exposure reply carries."""


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """Base of all replies.

    Parameters
    ----------
    sequence : int
        Of the frame that all numbers come from.
    taken_at_ns : int
        When it was made, UTC nanoseconds.
    """

    sequence: int
    taken_at_ns: int


class AccountsReply(Reply, frozen=True, kw_only=True):
    """Accounts, the most endangered first, and everything that totals leave out.

    ``n_included`` counts the accounts in totals, whatever rows are shown; None from an older service.
    """

    n_included: int | None = None
    rows: tuple[AccountRow, ...]
    not_included: tuple[NotIncluded, ...]


class PositionsReply(Reply, frozen=True, kw_only=True):
    """Open positions, the largest first, and everything that totals leave out.

    ``n_included`` counts the accounts in totals, whatever rows are shown; None from an older service.
    """

    n_included: int | None = None
    rows: tuple[PositionRow, ...]
    not_included: tuple[NotIncluded, ...]


class ExposureReply(Reply, frozen=True, kw_only=True):
    """Exposure by group, in all, and between accounts that oppose each other."""

    rows: tuple[ExposureRow, ...]
    portfolio: PortfolioSummary
    opposing: tuple[OppositionRow, ...]


class SummaryReply(Reply, frozen=True, kw_only=True):
    """Totals; the summary itself lists what they do not include."""

    summary: PortfolioSummary


class Readiness(msgspec.Struct, frozen=True, kw_only=True):
    """Whether every account that can be heard has been heard completely once.

    Parameters
    ----------
    is_complete : bool
        No account is still being started.
    sequence, taken_at_ns : int or None
        Of the frame; None before the first.
    n_accounts, n_included : int
        Configured and counted in totals.
    starting : tuple of str
        Accounts not yet heard, at most 20 of them.
    """

    is_complete: bool
    sequence: int | None = None
    taken_at_ns: int | None = None
    n_accounts: int = 0
    n_included: int = 0
    starting: tuple[AccountId, ...] = ()


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


Rows = TypeVar("Rows", AccountsReply, PositionsReply, ExposureReply)


def accounts_reply(frame: Frame) -> AccountsReply:
    """Return all accounts of a frame."""
    return AccountsReply(
        sequence=frame.sequence,
        taken_at_ns=frame.at_ns,
        n_included=_n_included(frame),
        rows=tuple(account_rows(frame)),
        not_included=tuple(not_included(frame)),
    )


def positions_reply(frame: Frame, account_id: str | None = None) -> PositionsReply:
    """Return the positions of a frame, of one account or of all.

    Raises
    ------
    ConfigError
        If there is no such account: no rows would be taken for a flat one.
    """
    wanted = None if account_id is None else _account_named(frame, account_id)
    return PositionsReply(
        sequence=frame.sequence,
        taken_at_ns=frame.at_ns,
        n_included=_n_included(frame),
        rows=tuple(position_rows(frame, wanted)),
        not_included=tuple(not_included(frame)),
    )


def _n_included(frame: Frame) -> int:
    return int((frame.inclusion == Inclusion.INCLUDED).sum())


def _account_named(frame: Frame, name: str) -> AccountId:
    """Return the account of that name in any letter case, as filters match."""
    known = [spec.account_id for spec in frame.book.specs if spec is not None]
    found = next((one for one in known if one.casefold() == name.casefold()), None)
    if found is None:
        raise ConfigError(_no_such("account", name, known))
    return found


def _no_such(what: str, name: str, known: Iterable[str | None]) -> str:
    names = sorted({one for one in known if one is not None})
    similar = difflib.get_close_matches(name, names, n=1)
    if similar:
        return f"there is no {what} {name!r}; did you mean {similar[0]!r}?"
    more = f" and {len(names) - NAMES_SHOWN_MAX} more" if len(names) > NAMES_SHOWN_MAX else ""
    return f"there is no {what} {name!r}; there are: {', '.join(names[:NAMES_SHOWN_MAX]) or 'none'}{more}"


def exposure_reply(frame: Frame, by: str | None = None) -> ExposureReply:
    """Return exposure in one dimension, or in all of them.

    Raises
    ------
    ConfigError
        If ``by`` is no dimension.
    """
    if by is not None and by not in DIMENSIONS and by != "portfolio":
        raise ConfigError(f"exposure by {by!r} is unknown; there is: {', '.join(DIMENSIONS)}, portfolio")
    wanted = [rows for name, rows in DIMENSIONS.items() if by in (None, name)]
    return ExposureReply(
        sequence=frame.sequence,
        taken_at_ns=frame.at_ns,
        rows=tuple(row for rows in wanted for row in rows(frame)),
        portfolio=portfolio_summary(frame),
        opposing=tuple(opposition_rows(frame)) if by in (None, "asset", "portfolio") else (),
    )


def summary_reply(frame: Frame) -> SummaryReply:
    """Return the totals of a frame."""
    return SummaryReply(sequence=frame.sequence, taken_at_ns=frame.at_ns, summary=portfolio_summary(frame))


def readiness(frame: Frame | None) -> Readiness:
    """Return whether the picture is complete; it is not before the first frame or without any account."""
    if frame is None:
        return Readiness(is_complete=False)
    left_out = [entry for entry in not_included(frame) if entry.kind == "account"]
    starting = [entry.account_id for entry in left_out if entry.state == "starting"]
    n_included = int(frame.portfolio.n_accounts[1])
    return Readiness(
        is_complete=not starting and n_included + len(left_out) > 0,
        sequence=frame.sequence,
        taken_at_ns=frame.at_ns,
        n_accounts=n_included + len(left_out),
        n_included=n_included,
        starting=tuple(starting[:WAITING_SHOWN_MAX]),
    )


def breaks_reply(frame: Frame, found: Sequence[BreakRecord]) -> BreaksReply:
    """Return stored breaks beside the frame of the moment."""
    return BreaksReply(
        sequence=frame.sequence,
        taken_at_ns=frame.at_ns,
        rows=tuple(_break_row(record.id, record.value) for record in found),
    )


def _break_row(number: int, found: Break) -> BreakRow:
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
        rows=tuple(
            NoticeRow(
                id=record.id,
                kind=record.value.kind,
                account_id=record.value.account_id,
                message=record.value.message,
                at_ns=record.at_ns,
            )
            for record in found
        ),
    )


def narrowed(reply: Rows, sort: str | None = None, **wanted: str | None) -> Rows:
    """Return the reply with only the wanted rows, in the wanted order; what is not included stays whole.

    Parameters
    ----------
    reply : AccountsReply, PositionsReply or ExposureReply
        All rows.
    sort : str or None
        As in :func:`marginwatch.web.selection.ordered`.
    **wanted : str or None
        Field → value, as in :func:`marginwatch.web.selection.select`.

    Raises
    ------
    ConfigError
        If the rows have no such field, or there is no account of the wanted name.
    """
    # Ordered first, so that a field nobody has is refused even where no row is wanted.
    rows = select(ordered(reply.rows, sort), **wanted)
    name = wanted.get("account_id")
    if name is not None and isinstance(reply, AccountsReply) and not select(reply.rows, account_id=name):
        raise ConfigError(_no_such("account", name, [row.account_id for row in reply.rows]))
    return msgspec.structs.replace(reply, rows=tuple(rows))
