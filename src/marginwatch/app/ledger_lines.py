"""Lines of a ledger as they are kept, and as money that moved."""

import math
from hashlib import blake2b

import structlog

from marginwatch.book.history.kinds import is_flow, is_known
from marginwatch.book.history.moves import Move
from marginwatch.model.activity import LedgerEntry
from marginwatch.model.equity import LedgerLine
from marginwatch.model.ids import AccountId

log = structlog.get_logger(__name__)

_unknown_kinds: set[str] = set()
KINDS_MAX = 1_000
"""Unknown kinds that are remembered as told; a venue has some dozens in all."""


def line_of(account_id: AccountId, entry: LedgerEntry) -> LedgerLine | None:
    """Return the line to be kept, without its value; None of one without a time, which belongs to no day.

    The venue's id repeats: two lines are the same only if also their trade, kind, contract, coin, change and the balance
    after it are.
    """
    if entry.ts_venue_ns is None:
        return None
    parts = (
        entry.entry_id,
        entry.trade_id,
        entry.kind,
        entry.venue_symbol,
        entry.asset,
        entry.change,
        entry.cash_balance,
    )
    return LedgerLine(
        account_id=account_id,
        line_key=blake2b(repr(parts).encode(), digest_size=12).hexdigest(),
        asset=entry.asset,
        kind=entry.kind,
        is_flow=_is_flow(entry.kind),
        change=entry.change,
        cash_flow=entry.cash_flow,
        funding_payment=entry.funding_payment,
        fee=entry.fee,
        at_ns=entry.ts_venue_ns,
    )


def move_of(line: LedgerLine) -> Move:
    """Return the same as money that moved."""
    return Move(line.at_ns, math.nan if line.usd is None else line.usd, line.is_flow, line.line_key)


def _is_flow(kind: str) -> bool:
    if not is_known(kind) and kind not in _unknown_kinds and len(_unknown_kinds) < KINDS_MAX:
        _unknown_kinds.add(kind)
        log.warning("kind of ledger line not known, counted as performance", kind=kind)
    return is_flow(kind)
