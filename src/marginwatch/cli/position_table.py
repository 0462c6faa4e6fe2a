"""The columns of the table of positions."""

from marginwatch.cli.output import Column
from marginwatch.risk.table_rows import PositionRow
from marginwatch.terminal.figures import MISSING, decimal, distance, grouped, price


def status(row: PositionRow) -> str:
    """Return what is special about a position, or nothing."""
    words = [] if row.status == "normal" else [row.status]
    if not row.is_included:
        words.append("not included")
    if row.is_stale_price:
        words.append("stale price")
    if row.is_inferred:
        words.append("contract unknown")
    return ", ".join(words)


def exact_price(text: str | None) -> str:
    """Return a price that came as exact text with as many decimals as people read; JSON has all of them."""
    return MISSING if text is None else price(float(text))


def own_distance(row: PositionRow) -> str:
    """Return how far the price of an isolated position is from its liquidation; nothing where the account dies as one."""
    reason = row.reasons.get("liquidation_distance")
    return "" if reason == "not_applicable" else distance(row.liquidation_distance, reason)


COLUMNS = (
    Column("account", lambda row: row.account_id, is_number=False),
    Column("contract", lambda row: row.venue_symbol, is_number=False),
    Column(
        "kind",
        lambda row: f"inverse {row.instrument_kind}" if row.is_inverse else row.instrument_kind,
        is_number=False,
        rank=8,
    ),
    Column("side", lambda row: row.position_side, is_number=False, rank=5),
    Column("quantity", lambda row: decimal(row.quantity)),
    Column("entry", lambda row: exact_price(row.entry_price), rank=6),
    Column("mark", lambda row: price(row.mark_price), rank=4),
    Column("notional USD", lambda row: grouped(row.notional_usd), rank=9),
    Column("exposure USD", lambda row: grouped(row.exposure_usd)),
    Column("PnL USD", lambda row: grouped(row.unrealized_pnl_usd), rank=2),
    Column("liq. price", lambda row: exact_price(row.liquidation_price), rank=7),
    Column("to liq.", own_distance),
    Column(
        "by venue",
        lambda row: distance(row.venue_liquidation_distance, row.reasons.get("venue_liquidation_distance")),
    ),
    Column("status", status, is_number=False),
)
"""From left to right: whose, what, how much, at which prices, how near to the end."""
