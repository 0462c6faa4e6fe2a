"""Everything that totals leave out, each with its reason."""

import itertools
import math
from collections.abc import Iterator

import numpy as np

from marginwatch.risk.frame import Frame
from marginwatch.risk.measures.freshness import Inclusion
from marginwatch.risk.table_rows import NotIncluded

WHY = {
    Inclusion.STARTING: "not heard completely yet",
    Inclusion.STALE: "not heard for too long",
    Inclusion.LOST: "neither the stream nor the REST interface answers; it is being retried",
    Inclusion.STOPPED: "stopped",
}


def not_included(frame: Frame) -> list[NotIncluded]:
    """Return everything that the totals leave out: accounts, then parts that were not read, then what has no price."""
    return [*_accounts(frame, _left_out_rows(frame)), *_not_read(frame), *_unpriced(frame)]


def first_not_included(frame: Frame, most: int) -> tuple[list[NotIncluded], int]:
    """Return the first of :func:`not_included` and how many there are in all: cheap, whatever their number."""
    rows, book = _left_out_rows(frame), frame.book
    found = _accounts(frame, rows[:most])
    n_parts = 0
    if any(frame.book.gaps):
        parts = _not_read(frame)
        n_parts = len(parts)
        found += parts
    counts = frame.inclusion == Inclusion.INCLUDED
    without_worth = np.isnan(frame.holdings.wallet_usd)
    n_unpriced = int(
        np.count_nonzero(counts[book.account[frame.rows.unvalued]])
        + np.count_nonzero(counts[book.holding_account[without_worth]])
    )
    if n_unpriced and len(found) < most:
        found += itertools.islice(_unpriced(frame), most - len(found))
    return found[:most], len(rows) + n_parts + n_unpriced


def _left_out_rows(frame: Frame) -> list[int]:
    """Return the rows of accounts that do not count."""
    of = frame.inclusion
    return np.flatnonzero((of != Inclusion.INCLUDED) & (of != Inclusion.NONE)).tolist()


def _accounts(frame: Frame, rows: list[int]) -> list[NotIncluded]:
    found: list[NotIncluded] = []
    of = frame.accounts
    for code in rows:
        spec = frame.book.specs[code]
        if spec is None:
            continue
        is_known = frame.book.states[code] is not None
        equity = float(of.equity_usd[code])
        found.append(
            NotIncluded(
                kind="account",
                account_id=spec.account_id,
                subject=spec.account_id,
                state=Inclusion(int(frame.inclusion[code])).name.lower(),
                reason=why_left_out(frame, code),
                last_known_equity_usd=equity if math.isfinite(equity) else None,
                last_known_net_usd=float(of.net_usd[code]) if is_known else None,
                last_known_gross_usd=float(of.gross_usd[code]) if is_known else None,
            )
        )
    return found


def _not_read(frame: Frame) -> list[NotIncluded]:
    """Return what the venue did not let us read, or sent unreadable, of accounts that count."""
    return [
        NotIncluded(
            kind="part",
            account_id=spec.account_id,
            subject=spec.account_id,
            state="not_covered",
            reason=sentence,
        )
        for spec, gaps, included in zip(frame.book.specs, frame.book.gaps, frame.inclusion, strict=True)
        # Hardly anybody has a gap, and asking that first costs ten thousand accounts nothing.
        if gaps and spec is not None and included == Inclusion.INCLUDED
        for sentence in gaps
    ]


def _unpriced(frame: Frame) -> Iterator[NotIncluded]:
    """Yield positions and coins without a price, of accounts that count."""
    book = frame.book
    for row in map(int, frame.rows.unvalued):
        spec, position = book.specs[int(book.account[row])], book.positions[row]
        if spec is None or position is None or frame.inclusion[book.account[row]] != Inclusion.INCLUDED:
            continue
        yield NotIncluded(
            kind="position",
            account_id=spec.account_id,
            subject=position.instrument.instrument_id,
            state="missing_price",
            reason="no price young enough for the contract, its option delta or its currency",
        )
    for row in np.flatnonzero(np.isnan(frame.holdings.wallet_usd)).tolist():
        account = int(book.holding_account[row])
        spec, asset = book.specs[account], int(book.holding_asset[row])
        if spec is None or frame.inclusion[account] != Inclusion.INCLUDED:
            continue
        yield NotIncluded(
            kind="coin",
            account_id=spec.account_id,
            subject=book.coins[int(frame.prices.coin[asset])] or "",
            state="missing_price",
            reason="no USD price or no amount for the coin in the wallet",
        )


def why_left_out(frame: Frame, code: int) -> str:
    """Return why an account, by its row in the book, is not part of totals."""
    link = frame.book.links[code]
    if link is not None and link.reason is not None:
        return link.reason
    return WHY[Inclusion(int(frame.inclusion[code]))]
