"""Everything that totals leave out, each with its reason."""

import math

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
    found: list[NotIncluded] = []
    of = frame.accounts
    for code, spec in enumerate(frame.book.specs):
        if spec is None or frame.inclusion[code] == Inclusion.INCLUDED:
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
    return found + _not_read(frame) + _unpriced(frame)


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
        if spec is not None and included == Inclusion.INCLUDED
        for sentence in gaps
    ]


def _unpriced(frame: Frame) -> list[NotIncluded]:
    book = frame.book
    found: list[NotIncluded] = []
    for row in map(int, frame.rows.unvalued):
        spec, position = book.specs[int(book.account[row])], book.positions[row]
        if spec is None or position is None or frame.inclusion[book.account[row]] != Inclusion.INCLUDED:
            continue
        found.append(
            NotIncluded(
                kind="position",
                account_id=spec.account_id,
                subject=position.instrument.instrument_id,
                state="missing_price",
                reason="no price young enough for the contract, its option delta or its currency",
            )
        )
    for row in np.flatnonzero(np.isnan(frame.holdings.wallet_usd)).tolist():
        account = int(book.holding_account[row])
        spec, asset = book.specs[account], int(book.holding_asset[row])
        if spec is None or frame.inclusion[account] != Inclusion.INCLUDED:
            continue
        found.append(
            NotIncluded(
                kind="coin",
                account_id=spec.account_id,
                subject=book.coins[int(frame.prices.coin[asset])] or "",
                state="missing_price",
                reason="no USD price or no amount for the coin in the wallet",
            )
        )
    return found


def why_left_out(frame: Frame, code: int) -> str:
    """Return why an account, by its row in the book, is not part of totals."""
    link = frame.book.links[code]
    if link is not None and link.reason is not None:
        return link.reason
    return WHY[Inclusion(int(frame.inclusion[code]))]
