"""Private endpoints about trading: positions, open orders, executions, closed profit."""

from collections.abc import Sequence

from marginwatch.sim.bybit import render_activity, render_position
from marginwatch.sim.bybit.envelope import Result, bad_parameter
from marginwatch.sim.bybit.front import Call, Route
from marginwatch.sim.bybit.paging import read_limit
from marginwatch.sim.rows import ExecutionRow, PositionRow

DAY_MS = 86_400_000
LONGEST_DAYS = 7
LONGEST_SPAN_MS = LONGEST_DAYS * DAY_MS


def read_span(call: Call, *, default_ms: int, longest_days: int = LONGEST_DAYS) -> tuple[int, int]:
    """Return start and end of the time asked for, milliseconds.

    Raises
    ------
    RefusalError
        10001 for more than ``longest_days``.
    """
    start, end = call.milliseconds("startTime"), call.milliseconds("endTime")
    if start is None:
        end = max(call.front.now_ms(), call.exchange.now_ms()) if end is None else end
        start = end - default_ms
    elif end is None:
        end = start + default_ms
    if end - start > longest_days * DAY_MS:
        raise bad_parameter(
            f"params error: The time range between startTime and endTime cannot exceed {longest_days} days"
        )
    return start, end


def _positions(call: Call) -> Result:
    category = call.category("linear", "inverse", "option")
    symbol, settle_coin = call.get("symbol"), call.get("settleCoin")
    if category == "linear" and not (symbol or settle_coin):
        raise bad_parameter("Missing some parameters that must be filled in, symbol or settleCoin")
    if symbol and not call.exchange.instruments(category, symbol):
        raise bad_parameter("params error: symbol invalid")
    rows: Sequence[PositionRow] = call.exchange.positions(
        call.uid,
        category,
        symbol=symbol or None,
        settle_coin=settle_coin if settle_coin and not symbol else None,
    )
    if category == "option" and call.get("baseCoin"):
        rows = [row for row in rows if row.symbol.startswith(call.get("baseCoin") + "-")]
    limit = read_limit(call.get("limit"), default=20, largest=200)
    chosen, cursor = call.page(
        rows,
        call.get("cursor"),
        limit,
        lambda row: f"{row.symbol},{row.updated_ms}",
        cursor_on_last=category == "linear",
    )
    return {
        "list": [render_position.rest_position(row) for row in chosen],
        "nextPageCursor": cursor,
        "category": category,
    }


def _open_orders(call: Call) -> Result:
    category = call.category()
    symbol, settle_coin, base_coin = call.get("symbol"), call.get("settleCoin"), call.get("baseCoin")
    if category == "linear" and not (symbol or settle_coin or base_coin):
        raise bad_parameter(
            "Missing some parameters that must be filled in, symbol or settleCoin or baseCoin"
        )
    rows = [
        row
        for row in call.exchange.orders(call.uid, category)
        if (not symbol or row.symbol == symbol)
        and (not settle_coin or row.settle_coin == settle_coin)
        and (not base_coin or row.symbol.startswith(base_coin))
    ]
    limit = read_limit(call.get("limit"), default=20, largest=50)
    chosen, cursor = call.page(
        rows, call.get("cursor"), limit, lambda row: f"{row.order_id}:{row.created_ms}"
    )
    return {
        "list": [render_activity.rest_order(row) for row in chosen],
        "nextPageCursor": cursor,
        "category": category,
    }


def _is_asked(call: Call, row: ExecutionRow) -> bool:
    """Return whether a row is asked for: by order, else by symbol, else by settle coin; kinds are filtered always."""
    order_id, symbol, kind = call.get("orderId"), call.get("symbol"), call.get("execType")
    if kind and row.kind != kind:
        return False
    if order_id:
        return row.order_id == order_id
    settle_coin = call.get("settleCoin")
    return row.symbol == symbol if symbol else settle_coin in ("", row.settle_coin)


def _executions(call: Call) -> Result:
    category = call.category()
    start_ms, end_ms = read_span(call, default_ms=LONGEST_SPAN_MS)
    rows = [
        row
        for row in call.exchange.executions(call.uid, category, start_ms=start_ms, end_ms=end_ms)
        if _is_asked(call, row)
    ]
    limit = read_limit(call.get("limit"), default=50, largest=100)
    chosen, cursor = call.page(rows, call.get("cursor"), limit, lambda row: f"{row.exec_id}:{row.ts_ms}")
    return {
        "nextPageCursor": cursor,
        "category": category,
        "list": [render_activity.rest_execution(row) for row in chosen],
    }


def _closed_pnl(call: Call) -> Result:
    category = call.category("linear", "inverse")
    start_ms, end_ms = read_span(call, default_ms=LONGEST_SPAN_MS)
    symbol = call.get("symbol")
    rows = [
        row
        for row in call.exchange.closed_pnl(call.uid, category, start_ms=start_ms, end_ms=end_ms)
        if not symbol or row.symbol == symbol
    ]
    limit = read_limit(call.get("limit"), default=50, largest=100)
    chosen, cursor = call.page(rows, call.get("cursor"), limit, lambda row: f"{row.order_id}:{row.ts_ms}")
    return {
        "nextPageCursor": cursor,
        "category": category,
        "list": [render_activity.closed_pnl(row) for row in chosen],
    }


ROUTES: dict[str, Route] = {
    path: Route(handler, is_private=True)
    for path, handler in {
        "/v5/position/list": _positions,
        "/v5/position/closed-pnl": _closed_pnl,
        "/v5/order/realtime": _open_orders,
        "/v5/execution/list": _executions,
    }.items()
}
