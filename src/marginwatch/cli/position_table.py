"""The columns of the table of positions."""

from collections.abc import Callable

from marginwatch.cli.output import Column
from marginwatch.risk.table_rows import PositionRow
from marginwatch.terminal.figures import decimal, distance, grouped, price
from marginwatch.terminal.position_words import exact_price, own_distance, status


def _greek(name: str, decimals: int) -> Callable[[PositionRow], str]:
    """Return what a greek's cell says: nothing of what is no option."""
    return lambda row: (
        "" if row.reasons.get(name) == "not_applicable" else grouped(getattr(row, name), decimals)
    )


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
    Column("delta", _greek("delta", 4), rank=10),
    Column("gamma", _greek("gamma", 8), rank=13),
    Column("vega", _greek("vega", 2), rank=12),
    Column("theta", _greek("theta", 2), rank=11),
    Column("status", status, is_number=False),
)
"""From left to right: whose, what, how much, at which prices, how near to the end."""
