"""What each route answers: rows of one frame, its sequence and time, and what they do not include."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TypeVar

import msgspec

from marginwatch.errors import ConfigError
from marginwatch.model.ids import AccountId
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
    exposure_by_account,
    exposure_by_asset,
    exposure_by_desk,
    exposure_by_tag,
    exposure_by_venue,
    not_included,
    opposition_rows,
    portfolio_summary,
    position_order,
    positions_at,
)
from marginwatch.web.names import require_known
from marginwatch.web.paging import ALL, Page
from marginwatch.web.selection import ordered, select

WAITING_SHOWN_MAX = 20

DIMENSIONS = {
    "asset": exposure_by_asset,
    "account": exposure_by_account,
    "desk": exposure_by_desk,
    "tag": exposure_by_tag,
    "venue": exposure_by_venue,
}
"""``by`` → rows; ``portfolio`` is the summary that every exposure reply carries."""

UNASKED = tuple(dimension for dimension in DIMENSIONS if dimension != "account")
"""What is answered if ``by`` is left out: accounts, of which there may be thousands, have rows of their own elsewhere."""

FEW_GROUPS = ("desk", "tag", "venue")
"""Dimensions of so few groups that their rows are made at once."""


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """Base of all replies.

    Parameters
    ----------
    sequence : int
        Of the frame that all numbers come from.
    taken_at_ns : int
        When it was made, UTC nanoseconds.
    assumptions : tuple of str
        Of a book file: what it lacks and what became of it. Empty for live accounts.
    """

    sequence: int
    taken_at_ns: int
    assumptions: tuple[str, ...] = ()


class AccountsReply(Reply, frozen=True, kw_only=True):
    """Accounts, the most endangered first, and everything that totals leave out.

    ``n_included`` counts the accounts in totals, whatever rows are shown, and ``n_rows`` the rows that fit the filters, of
    which ``limit`` and ``offset`` choose; None from an older service.
    """

    n_included: int | None = None
    n_rows: int | None = None
    rows: tuple[AccountRow, ...]
    not_included: tuple[NotIncluded, ...]


class PositionsReply(Reply, frozen=True, kw_only=True):
    """Open positions, the largest first, and everything that totals leave out.

    ``n_included`` counts the accounts in totals, whatever rows are shown, and ``n_rows`` the rows that fit the filters, of
    which ``limit`` and ``offset`` choose; None from an older service.
    """

    n_included: int | None = None
    n_rows: int | None = None
    rows: tuple[PositionRow, ...]
    not_included: tuple[NotIncluded, ...]


class ExposureReply(Reply, frozen=True, kw_only=True):
    """Exposure by group, in all, and between accounts that oppose each other. ``n_rows``: groups, shown or not."""

    n_rows: int | None = None
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


Rows = TypeVar("Rows", bound=Reply)

SHAPES: Mapping[type[Reply], type[msgspec.Struct]] = {
    AccountsReply: AccountRow,
    PositionsReply: PositionRow,
    ExposureReply: ExposureRow,
}
"""Reply → struct of its rows: what can be sorted by, even where there are none."""


def accounts_reply(
    frame: Frame, *, account: str | None = None, desk: str | None = None, venue: str | None = None
) -> AccountsReply:
    """Return the accounts of a frame, all or those of the given names.

    Raises
    ------
    ConfigError
        If a name occurs nowhere: no rows would be taken for an answer.
    """
    require_known(frame, account=account, desk=desk, venue=venue)
    rows = tuple(accounts_of(frame, account=account, desk=desk, venue=venue))
    return AccountsReply(
        sequence=frame.sequence,
        taken_at_ns=frame.at_ns,
        n_included=n_included(frame),
        n_rows=len(rows),
        rows=rows,
        not_included=tuple(not_included(frame)),
    )


def accounts_of(
    frame: Frame, *, account: str | None = None, desk: str | None = None, venue: str | None = None
) -> list[AccountRow]:
    """Return the accounts of the given names, the most endangered first; the others are not made."""
    wanted = {"account_id": account, "desk": desk, "venue": venue}
    if all(name is None for name in wanted.values()):
        return account_rows(frame)
    return account_rows(frame, frozenset(_rows_of(frame.book.specs, wanted)))


def positions_reply(
    frame: Frame,
    *,
    account: str | None = None,
    desk: str | None = None,
    venue: str | None = None,
    asset: str | None = None,
    page: Page = ALL,
) -> PositionsReply:
    """Return the open positions of a frame, all or those of the given names; of these the page, and no others are made.

    Raises
    ------
    ConfigError
        If a name occurs nowhere: no rows would be taken for a flat account.
    """
    order = _order_of(frame, account=account, desk=desk, venue=venue, asset=asset)
    return PositionsReply(
        sequence=frame.sequence,
        taken_at_ns=frame.at_ns,
        n_included=n_included(frame),
        n_rows=len(order),
        rows=tuple(positions_at(frame, page.of(order))),
        not_included=tuple(not_included(frame)),
    )


def positions_of(
    frame: Frame,
    *,
    account: str | None = None,
    desk: str | None = None,
    venue: str | None = None,
    asset: str | None = None,
) -> Iterator[PositionRow]:
    """Return open positions of the given names, the largest first, each made when it is asked for.

    Raises
    ------
    ConfigError
        If a name occurs nowhere, at once.
    """
    return positions_at(frame, _order_of(frame, account=account, desk=desk, venue=venue, asset=asset))


def _order_of(
    frame: Frame, *, account: str | None, desk: str | None, venue: str | None, asset: str | None
) -> list[int]:
    require_known(frame, account=account, desk=desk, venue=venue, asset=asset)
    wanted = {"account_id": account, "desk": desk, "venue": venue}
    accounts = contracts = None
    if any(name is not None for name in wanted.values()):
        accounts = _rows_of(frame.book.specs, wanted)
    if asset is not None:
        contracts = _rows_of(frame.book.instruments, {"underlying_asset": asset})
    return position_order(frame, accounts=accounts, contracts=contracts)


def _rows_of(table: Sequence[msgspec.Struct | None], wanted: Mapping[str, str | None]) -> list[int]:
    """Return the rows of a table of the book whose fields have the wanted values, as filters of rows judge them."""
    names = {field: name.casefold() for field, name in wanted.items() if name is not None}
    return [
        row
        for row, one in enumerate(table)
        if one is not None
        and all(str(getattr(one, field) or "").casefold() == name for field, name in names.items())
    ]


def n_included(frame: Frame) -> int:
    """Return how many accounts are part of totals."""
    return int((frame.inclusion == Inclusion.INCLUDED).sum())


def exposure_reply(frame: Frame, by: str | None = None, name: str | None = None) -> ExposureReply:
    """Return exposure in one dimension, of all groups or the one of that name, or in those of :data:`UNASKED`.

    Raises
    ------
    ConfigError
        If ``by`` is no dimension, or ``name`` occurs nowhere in it.
    """
    if by is not None and by not in DIMENSIONS and by != "portfolio":
        raise ConfigError(f"exposure by {by!r} is unknown; there is: {', '.join(DIMENSIONS)}, portfolio")
    if name is not None:
        if by not in DIMENSIONS:
            raise ConfigError(f"a name needs the group it is of; say by which: {', '.join(DIMENSIONS)}")
        require_known(frame, **{by: name})
    wanted = [DIMENSIONS[one] for one in (UNASKED if by is None else (by,)) if one in DIMENSIONS]
    return ExposureReply(
        sequence=frame.sequence,
        taken_at_ns=frame.at_ns,
        rows=tuple(select([row for rows in wanted for row in rows(frame)], name=name)),
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


def narrowed(
    reply: Rows,
    sort: str | None = None,
    shape: type[msgspec.Struct] | None = None,
    page: Page = ALL,
    **wanted: str | None,
) -> Rows:
    """Return the reply with only the wanted rows, in the wanted order, and how many those are; of them the page.

    What is not included stays whole.

    Parameters
    ----------
    reply : Reply
        One with ``rows``.
    sort : str or None
        As in :func:`marginwatch.web.selection.ordered`.
    shape : type, optional
        Struct of the rows; by default that of :data:`SHAPES`.
    page : Page, optional
        All by default.
    **wanted : str or None
        Field → value, as in :func:`marginwatch.web.selection.select`.

    Raises
    ------
    ConfigError
        If the rows have no such field.
    """
    every: tuple[msgspec.Struct, ...] = getattr(reply, "rows", ())
    rows = select(ordered(every, sort, shape or SHAPES[type(reply)]), **wanted)
    return msgspec.structs.replace(reply, rows=tuple(page.of(rows)), n_rows=len(rows))
