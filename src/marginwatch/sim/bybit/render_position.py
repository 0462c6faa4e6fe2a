"""Position rows as Bybit sends them, by REST and by push: the same facts under slightly different names.

Documents: v5/position/position, v5/websocket/private/position (2026-07), and live captures for the blanks.
"""

from marginwatch.sim.bybit.render_options import position_greeks
from marginwatch.sim.bybit.wire_numbers import money, price
from marginwatch.sim.rows import PositionRow

Row = dict[str, object]


def rest_position(row: PositionRow) -> Row:
    """Return a row of ``/v5/position/list``; a flat one has blank value and profit."""
    wire = _shared(row)
    wire["avgPrice"] = money(row.entry_price) or "0"
    wire["openTime"] = row.open_ms
    wire["breakEvenPrice"] = money(row.break_even_price)
    if not row.size:
        wire["positionValue"] = ""
        wire["unrealisedPnl"] = ""
    return wire | position_greeks(row)


def pushed_position(row: PositionRow) -> Row:
    """Return a row of the ``position`` topic; a flat one says ``"0"`` where REST says nothing."""
    wire = _shared(row)
    wire["category"] = row.category
    wire["entryPrice"] = money(row.entry_price) or "0"
    wire["breakEvenPrice"] = money(row.break_even_price)
    wire["takeProfit"] = wire["stopLoss"] = "0"
    if not row.size:
        wire["liqPrice"] = wire["sessionAvgPrice"] = "0"
    return wire | position_greeks(row)


def _shared(row: PositionRow) -> Row:
    initial, maintenance = money(row.initial_margin), money(row.maintenance_margin)
    return {
        "positionIdx": row.position_idx,
        "riskId": row.risk_id,
        "riskLimitValue": money(row.risk_limit_value),
        "symbol": row.symbol,
        "side": row.side,
        "size": money(row.size),
        "positionValue": money(row.position_value),
        "tradeMode": 0,
        "positionStatus": row.status,
        "autoAddMargin": int(row.is_auto_margin),
        "adlRankIndicator": row.adl_rank,
        "leverage": money(row.leverage),
        "positionBalance": "0",
        "markPrice": price(row.mark_price),
        "liqPrice": money(row.liquidation_price),
        "bustPrice": "",
        "positionMM": maintenance,
        "positionMMByMp": maintenance,
        "positionIM": initial,
        "positionIMByMp": initial,
        "tpslMode": "Full",
        "takeProfit": "",
        "stopLoss": "",
        "trailingStop": "0",
        "unrealisedPnl": money(row.unrealized_pnl),
        "curRealisedPnl": money(row.current_realized_pnl),
        "cumRealisedPnl": money(row.cumulative_realized_pnl),
        "seq": row.seq,
        "isReduceOnly": row.is_reduce_only,
        "mmrSysUpdatedTime": str(row.margin_change_ms) if row.margin_change_ms else "",
        "leverageSysUpdatedTime": "",
        "sessionAvgPrice": money(row.session_average_price),
        "createdTime": str(row.created_ms),
        "updatedTime": str(row.updated_ms),
    }
