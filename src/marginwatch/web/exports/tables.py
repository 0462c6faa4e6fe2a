"""Which tables may be had as files, with which filters, and where their rows come from."""

import asyncio
import sys
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, NamedTuple, TypeVar

import msgspec
from litestar.datastructures import State
from litestar.exceptions import HTTPException

from marginwatch.model.equity import EquitySample
from marginwatch.risk.calendar_rows import AccountPastFunding, FundingRow, PastFunding
from marginwatch.risk.frame import Frame
from marginwatch.risk.heavy_rows import (
    CascadeRow,
    DistanceBasis,
    LadderRow,
    PartBasis,
    StressRow,
    VarRow,
    WorstRow,
)
from marginwatch.risk.table_rows import AccountRow, ExposureRow, NotIncluded, OppositionRow, PositionRow
from marginwatch.risk.tables import not_included
from marginwatch.web.alert_replies import AlertRow, DeliveryRow, TransitionRow
from marginwatch.web.alert_routes import alerting_of, told_of
from marginwatch.web.alert_rows import (
    alert_row,
    chosen,
    delivery_row,
    in_order,
    teller_of,
    transition_row,
)
from marginwatch.web.equity_ports import EquityHistory
from marginwatch.web.equity_routes import DAY_NS, history_of, own_name
from marginwatch.web.exports.stored import pages
from marginwatch.web.history_replies import BreakRow, NoticeRow, break_row, notice_row
from marginwatch.web.kept_frames import latest_kept
from marginwatch.web.names import require_known
from marginwatch.web.ports import History
from marginwatch.web.reading import last_frame
from marginwatch.web.replies import accounts_reply, exposure_reply, positions_of
from marginwatch.web.risk_replies import calendars_reply, margin_reply, stress_reply, var_reply

CHUNK = 50
"""Rows made and encoded at a time, for two or three milliseconds. A thread would do for the rest of the loop no good: whoever
wants the interpreter back waits 5 ms for it each time."""

RESOLVED_MAX = 1_000

Asked = Mapping[str, Any]
"""Filter → value, those alone that were asked for."""

Chunks = AsyncIterator[Sequence[msgspec.Struct]]
Row = TypeVar("Row", bound=msgspec.Struct)
OfAccount = TypeVar("OfAccount", FundingRow, AccountPastFunding)


class ExportTable(NamedTuple):
    """A table that may be had as a file.

    Parameters
    ----------
    shape : type
        Struct of its rows.
    filters : frozenset of str
        What may be asked for.
    rows : callable
        State and what was asked → rows, some at a time.
    """

    shape: type[msgspec.Struct]
    filters: frozenset[str]
    rows: Callable[[State, Asked], Chunks]


def in_chunks(rows: Iterable[Row]) -> Iterator[list[Row]]:
    """Yield lists of rows, each made when it is asked for."""
    rows = iter(rows)
    while some := list(islice(rows, CHUNK)):
        yield some


async def _of_picture(
    make: Callable[[Frame, Asked], Iterable[msgspec.Struct]], state: State, asked: Asked
) -> Chunks:
    """Yield rows of a frame that nobody overwrites; where all must be made before the first, in a thread."""
    frame = await latest_kept(state)
    chunks = await asyncio.to_thread(lambda: in_chunks(make(frame, asked)))
    some = await asyncio.to_thread(next, chunks, None)
    while some is not None:
        yield some
        # Others go on between two.
        await asyncio.sleep(0)
        some = next(chunks, None)


def _picture(
    shape: type[msgspec.Struct], filters: str, make: Callable[[Frame, Asked], Iterable[msgspec.Struct]]
) -> ExportTable:
    def rows(state: State, asked: Asked) -> Chunks:
        return _of_picture(make, state, asked)

    return ExportTable(shape, frozenset(filters.split()), rows)


def _reckoned(basis: PartBasis | DistanceBasis, rows: Sequence[Row]) -> Sequence[Row]:
    """Return the rows of a heavy measure; raise where there is none: an empty file would say that there is nothing."""
    if basis.reason is not None and not rows:
        raise HTTPException(status_code=503, detail=f"there is nothing to export: {basis.reason}")
    return rows


def _funding_due(frame: Frame, asked: Asked) -> Iterable[FundingRow]:
    """Return what each position pays and receives next, and within the horizon."""
    reply = calendars_reply(frame, sys.maxsize)
    rows = () if reply.funding is None else reply.funding.positions
    return _of_account(frame, asked, _reckoned(reply.basis, rows))


def _funding_paid(frame: Frame, asked: Asked) -> Iterable[PastFunding]:
    """Return what each account that is followed has paid and received for each contract."""
    reply = calendars_reply(frame, sys.maxsize)
    past = _of_account(frame, asked, _reckoned(reply.basis, reply.past_funding))
    return (row for account in past for row in account.contracts)


def _ladder(frame: Frame, asked: Asked) -> Iterable[LadderRow]:
    reply = margin_reply(frame, **_names(asked, "account", "desk", "venue"))
    return _reckoned(reply.basis, reply.ladder)


def _scenarios(frame: Frame, asked: Asked) -> Iterable[StressRow]:
    reply = stress_reply(frame, **_names(asked, "by", "scenario", "account"))
    return _reckoned(reply.basis, reply.rows)


def _worst(frame: Frame, asked: Asked) -> Iterable[WorstRow]:
    reply = stress_reply(frame, account=asked.get("account"))
    return _reckoned(reply.basis, reply.worst)


def _cascades(frame: Frame, asked: Asked) -> Iterable[CascadeRow]:
    del asked
    reply = stress_reply(frame)
    return _reckoned(reply.cascade_basis, reply.cascades)


def _values_at_risk(frame: Frame, asked: Asked) -> Iterable[VarRow]:
    reply = var_reply(frame, **_names(asked, "by", "method", "confidence", "horizon", "name"))
    return _reckoned(reply.basis, reply.rows)


def _of_account(frame: Frame, asked: Asked, rows: Iterable[OfAccount]) -> Iterable[OfAccount]:
    """Return the rows of the account that was asked for, if one was."""
    wanted = asked.get("account")
    require_known(frame, account=wanted)
    return (row for row in rows if wanted is None or row.account_id.casefold() == wanted.casefold())


async def _alerts(state: State, asked: Asked) -> Chunks:
    model = alerting_of(state)
    wanted = {key: value for key, value in asked.items() if key != "limit"}
    everything = [*model.open_alerts(), *await model.resolved_alerts(min(asked["limit"], RESOLVED_MAX))]
    teller = teller_of(model.now_ns())
    for some in in_chunks(in_order(chosen(everything, **wanted))):
        told = await told_of(model, some)
        yield [alert_row(one, told, teller) for one in some]


async def _transitions(state: State, asked: Asked) -> Chunks:
    model = alerting_of(state)

    async def read(before: int | None, size: int) -> Sequence[Any]:
        return await model.transitions(
            before_id=before, limit=size, key=asked.get("key"), account_id=asked.get("account")
        )

    async for page in pages(read, asked["limit"]):
        for some in in_chunks(map(transition_row, page)):
            yield some
            await asyncio.sleep(0)


async def _deliveries(state: State, asked: Asked) -> Chunks:
    model = alerting_of(state)

    async def read(before: int | None, size: int) -> Sequence[Any]:
        return await model.deliveries(
            before_id=before, limit=size, channel=asked.get("channel"), key=asked.get("key")
        )

    async for some in pages(read, asked["limit"]):
        yield [delivery_row(one) for one in some]


def _stored(state: State) -> History:
    if (history := state["history"]) is None:
        raise HTTPException(status_code=404, detail="this service keeps no history")
    return history


async def _breaks(state: State, asked: Asked) -> Chunks:
    history = _stored(state)

    async def read(before: int | None, size: int) -> Sequence[Any]:
        return await history.breaks(account_id=asked.get("account"), before_id=before, limit=size)

    async for some in pages(read, asked["limit"]):
        yield [break_row(one.id, one.value) for one in some]


async def _notices(state: State, asked: Asked) -> Chunks:
    history = _stored(state)

    async def read(before: int | None, size: int) -> Sequence[Any]:
        return await history.notices(account_id=asked.get("account"), before_id=before, limit=size)

    async for some in pages(read, asked["limit"]):
        yield [notice_row(one) for one in some]


async def _equity(state: State, asked: Asked) -> Chunks:
    history: EquityHistory = history_of(state)
    frame = last_frame(state)
    account, desk = asked.get("account"), asked.get("desk")
    require_known(frame, account=account, desk=None if account is not None else desk)
    until_ns = min(asked.get("to_ns", frame.at_ns), frame.at_ns)
    since_ns = asked.get("from_ns", max(0, until_ns - DAY_NS))
    scope = "account" if account is not None else "desk" if desk is not None else "portfolio"
    reads: asyncio.Semaphore = state["history_reads"]
    async with reads:
        found = await history.equity(own_name(frame, account, desk), since_ns, until_ns, scope)
    for some in in_chunks(found):
        yield some


def _names(asked: Asked, *names: str) -> dict[str, Any]:
    return {name: asked.get(name) for name in names}


TABLES: Mapping[str, ExportTable] = {
    "accounts": _picture(
        AccountRow,
        "account desk venue",
        lambda frame, asked: accounts_reply(frame, **_names(asked, "account", "desk", "venue")).rows,
    ),
    "positions": _picture(
        PositionRow,
        "account desk venue asset",
        lambda frame, asked: positions_of(frame, **_names(asked, "account", "desk", "venue", "asset")),
    ),
    "exposure": _picture(
        ExposureRow,
        "by name",
        lambda frame, asked: exposure_reply(frame, asked.get("by"), asked.get("name")).rows,
    ),
    "opposing": _picture(OppositionRow, "", lambda frame, _: exposure_reply(frame, "portfolio").opposing),
    "not_included": _picture(NotIncluded, "", lambda frame, _: not_included(frame)),
    "ladder": _picture(LadderRow, "account desk venue", _ladder),
    "stress": _picture(StressRow, "by scenario account", _scenarios),
    "worst": _picture(WorstRow, "account", _worst),
    "cascades": _picture(CascadeRow, "", _cascades),
    "funding": _picture(FundingRow, "account", _funding_due),
    "funding_paid": _picture(PastFunding, "account", _funding_paid),
    "var": _picture(VarRow, "by method confidence horizon name", _values_at_risk),
    "alerts": ExportTable(AlertRow, frozenset(("state", "severity", "account", "rule", "limit")), _alerts),
    "transitions": ExportTable(TransitionRow, frozenset(("key", "account", "limit")), _transitions),
    "deliveries": ExportTable(DeliveryRow, frozenset(("channel", "key", "limit")), _deliveries),
    "breaks": ExportTable(BreakRow, frozenset(("account", "limit")), _breaks),
    "notices": ExportTable(NoticeRow, frozenset(("account", "limit")), _notices),
    "equity": ExportTable(EquitySample, frozenset(("account", "desk", "from_ns", "to_ns")), _equity),
}
"""By the name in the address."""
