"""What happened between two moments: executions and ledger lines, window by window, page by page."""

from collections.abc import Callable, Iterable, Iterator

import msgspec
import structlog

from marginwatch.errors import MarginwatchError
from marginwatch.model.activity import Fill, LedgerEntry
from marginwatch.model.venue_facts import ClosedPnl
from marginwatch.venues.bybit.calls import Calls
from marginwatch.venues.bybit.capabilities import is_closed
from marginwatch.venues.bybit.catalog import InstrumentCatalog
from marginwatch.venues.bybit.parse.fills import parse_fills
from marginwatch.venues.bybit.parse.ledger import parse_closed_pnl, parse_ledger
from marginwatch.venues.bybit.parse.page import Page
from marginwatch.venues.bybit.rest import Params

EXECUTIONS = "/v5/execution/list"
LEDGER = "/v5/account/transaction-log"
CLOSED_PNL = "/v5/position/closed-pnl"
WINDOW_MS = 7 * 86_400_000
"""Longest span of one request (documents: execution list, transaction log)."""

REACH_MS = 180 * 86_400_000
"""How far back we ask at most; beyond it the venue keeps records that nobody waits for after a gap."""

OPTION_BASES = ("BTC", "ETH", "SOL", "XRP", "MNT", "DOGE")
"""Underlyings of options; without one of them the venue answers for BTC alone (documents: execution list)."""

_log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


async def fetch_fills(
    calls: Calls,
    catalog: InstrumentCatalog,
    since_ns: int,
    until_ns: int,
    option_bases: Iterable[str] = OPTION_BASES,
) -> tuple[Fill, ...]:
    """Return the executions from ``since_ns`` to ``until_ns``, both included, oldest first, each once.

    Parameters
    ----------
    calls : Calls
        Of the account.
    catalog : InstrumentCatalog
        Contracts.
    since_ns, until_ns : int
        On the venue's clock, UTC nanoseconds.
    option_bases : iterable of str
        Underlyings whose options are asked for.
    """
    segments: list[Params] = [{"category": "linear"}, {"category": "inverse"}]
    segments += [{"category": "option", "baseCoin": base} for base in option_bases]
    fills: dict[object, Fill] = {}
    for start_ms, end_ms in windows(since_ns, until_ns):
        for segment in segments:
            category = str(segment["category"])
            params = {**segment, "startTime": start_ms, "endTime": end_ms, "limit": 100}
            is_option = category == "option"
            try:
                listing = await calls.read_list(
                    EXECUTIONS,
                    params,
                    _reader(category, catalog),
                    optional_as=f"{EXECUTIONS}?category=option" if is_option else None,
                )
            except MarginwatchError as error:
                if is_option and is_closed(error):
                    continue
                raise
            for failure in listing.failures:
                _log.warning("execution not readable", row=failure.subject, reason=failure.message)
            fills.update((fill.fill_id or id(fill), fill) for fill in listing.rows)
    return tuple(sorted(fills.values(), key=_fill_order))


async def fetch_ledger(calls: Calls, since_ns: int, until_ns: int) -> tuple[LedgerEntry, ...]:
    """Return the ledger lines from ``since_ns`` to ``until_ns``, oldest first, each once.

    The venue's id repeats, so two lines are the same only where all that is read of them is.
    """
    entries: dict[LedgerEntry, None] = {}
    for start_ms, end_ms in windows(since_ns, until_ns):
        params: Params = {"accountType": "UNIFIED", "startTime": start_ms, "endTime": end_ms, "limit": 50}
        listing = await calls.read_list(LEDGER, params, parse_ledger, optional_as=LEDGER)
        for failure in listing.failures:
            _log.warning("ledger line not readable", row=failure.subject, reason=failure.message)
        entries.update(dict.fromkeys(listing.rows))
    return tuple(sorted(entries, key=lambda entry: entry.ts_venue_ns or 0))


async def fetch_closed_pnl(calls: Calls, since_ns: int, until_ns: int) -> tuple[ClosedPnl, ...]:
    """Return the results of linear and inverse positions closed in between, oldest first."""
    found: list[ClosedPnl] = []
    for start_ms, end_ms in windows(since_ns, until_ns):
        for category in ("linear", "inverse"):
            params: Params = {"category": category, "startTime": start_ms, "endTime": end_ms, "limit": 100}
            listing = await calls.read_list(CLOSED_PNL, params, parse_closed_pnl, optional_as=CLOSED_PNL)
            found += listing.rows
    return tuple(sorted(found, key=lambda closed: closed.ts_venue_ns or 0))


def windows(since_ns: int, until_ns: int) -> Iterator[tuple[int, int]]:
    """Yield spans that one request each may cover, milliseconds, both ends included, oldest first.

    Neighbors share no millisecond. Nothing is yielded where ``since_ns`` is after ``until_ns``; what is more than
    :data:`REACH_MS` back is left out.
    """
    end = until_ns // 1_000_000
    start = max(since_ns // 1_000_000, end - REACH_MS)
    while start <= end:
        last = min(end, start + WINDOW_MS - 1)
        yield start, last
        start = last + 1


def _reader(category: str, catalog: InstrumentCatalog) -> Callable[[msgspec.Raw], Page[Fill]]:
    return lambda result: parse_fills(result, category, catalog)


def _fill_order(fill: Fill) -> tuple[int, int]:
    return (fill.ts_venue_ns or 0, fill.sequence or 0)
