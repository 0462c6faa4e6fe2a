"""What the exchange did to an account by force, as sentences for its owner: live, or found after a gap."""

from collections.abc import Sequence

from marginwatch.model.activity import Fill, OpenOrder
from marginwatch.model.events import FillsUpdate, OrdersUpdate
from marginwatch.model.notice import Notice

LISTED_MAX = 5
"""Executions listed one by one in a sentence; a large liquidation is filled in hundreds of pieces."""

WORDS = {"liquidation": "liquidated", "adl": "deleveraged (ADL)"}


def notices_of_fills(update: FillsUpdate) -> tuple[Notice, ...]:
    """Return one notice for the liquidations in an update and one for its deleveragings; none for what was traded."""
    when = " while the stream was down" if update.is_backfill else ""
    found = ((kind, [fill for fill in update.fills if fill.kind == kind]) for kind in WORDS)
    return tuple(
        Notice(kind, update.account_id, f"the exchange {WORDS[kind]}{when}: {_listed(fills)}")
        for kind, fills in found
        if fills
    )


def notices_of_orders(update: OrdersUpdate) -> tuple[Notice, ...]:
    """Return one notice for the orders that the exchange took away before it acts on a position."""
    forced = [order for order in update.orders if order.cancel_kind in WORDS]
    if not forced:
        return ()
    symbols = sorted({order.instrument.venue_symbol for order in forced})
    shown = ", ".join(symbols[:LISTED_MAX]) + (" and others" if len(symbols) > LISTED_MAX else "")
    message = f"the exchange cancelled {_counted(forced)} in {shown} ahead of a {_reasons(forced)}"
    return (Notice("orders_cancelled", update.account_id, message),)


def _listed(fills: Sequence[Fill]) -> str:
    lines = [
        f"{fill.side or 'closed'} {fill.quantity or '?'} {fill.instrument.venue_symbol} at {fill.price or '?'}"
        for fill in fills[:LISTED_MAX]
    ]
    if len(fills) > LISTED_MAX:
        lines.append(f"and {len(fills) - LISTED_MAX} more")
    return ", ".join(lines)


def _counted(orders: Sequence[OpenOrder]) -> str:
    return "an order" if len(orders) == 1 else f"{len(orders)} orders"


def _reasons(orders: Sequence[OpenOrder]) -> str:
    kinds = sorted({str(order.cancel_kind) for order in orders}, reverse=True)
    return " and ".join({"liquidation": "liquidation", "adl": "deleveraging"}[kind] for kind in kinds)
