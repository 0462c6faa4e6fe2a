"""Public endpoints: time, tickers, instruments, risk limits, collateral, funding, candles, books, pools, system status."""

from marginwatch.sim.bybit import render_market
from marginwatch.sim.bybit.envelope import Result, bad_parameter
from marginwatch.sim.bybit.front import Call, Route
from marginwatch.sim.bybit.maintenance import announced
from marginwatch.sim.bybit.paging import read_limit
from marginwatch.sim.bybit.pool_feed import alert, pool
from marginwatch.sim.bybit.wire_numbers import money, price
from marginwatch.sim.rows import TickerRow

SYMBOLS_PER_RISK_LIMIT_PAGE = 15
FUNDING_ROWS, CANDLE_ROWS = 200, 200
CANDLE_INTERVALS = ("1", "3", "5", "15", "30", "60", "120", "240", "360", "720", "D", "W", "M")
BOOK_LIMITS = {"spot": (1, 200), "option": (1, 25)}
"""Category → levels by default and at most; contracts have 25 and 500 (document: v5/market/orderbook)."""


def _time(call: Call) -> Result:
    now_ms = call.front.now_ms()
    return {"timeSecond": str(now_ms // 1000), "timeNano": str(now_ms * 1_000_000)}


def _tickers(call: Call) -> Result:
    category = call.category()
    symbol, base_coin = call.get("symbol"), call.get("baseCoin")
    if category == "option" and not (symbol or base_coin):
        raise bad_parameter("params error: symbol or baseCoin is required")
    rows = call.exchange.tickers(category, symbol or None)
    if symbol and not rows:
        raise bad_parameter("Not supported symbols")
    if category == "option" and base_coin:
        rows = tuple(row for row in rows if row.symbol.startswith(f"{base_coin}-"))
    return {"category": category, "list": [render_market.rest_ticker(row) for row in rows]}


def _instruments(call: Call) -> Result:
    category = call.category()
    symbol, status, base_coin = call.get("symbol"), call.get("status"), call.get("baseCoin")
    rows = call.exchange.instruments(category, symbol or None)
    if symbol and not rows:
        raise bad_parameter("params error: symbol invalid")
    if not symbol:
        wanted = (
            {status}
            if status
            else {"PreLaunch", "Trading", "Delivering"}
            if category == "option"
            else {"Trading"}
        )
        rows = tuple(row for row in rows if row.status in wanted)
        base_coin = base_coin or ("BTC" if category == "option" else "")
    if base_coin:
        rows = tuple(row for row in rows if row.base_coin == base_coin)
    if category == "spot":
        return {"category": category, "list": [render_market.instrument(row) for row in rows]}
    limit = read_limit(call.get("limit"), default=500, largest=1000)
    chosen, cursor = call.page(rows, call.get("cursor"), limit, lambda row: f"first={row.symbol}")
    return {
        "category": category,
        "list": [render_market.instrument(row) for row in chosen],
        "nextPageCursor": cursor,
    }


def _risk_limits(call: Call) -> Result:
    category = call.category("linear", "inverse")
    rows = call.exchange.risk_limits(category, call.get("symbol") or None)
    symbols = sorted({row.symbol for row in rows})
    if category == "linear":
        chosen, cursor = call.page(symbols, call.get("cursor"), SYMBOLS_PER_RISK_LIMIT_PAGE, str)
    else:
        chosen, cursor = symbols, ""
    shown = frozenset(chosen)
    return {
        "category": category,
        "list": [render_market.risk_limit(row) for row in rows if row.symbol in shown],
        "nextPageCursor": cursor,
    }


def _collateral_tiers(call: Call) -> Result:
    return {
        "list": render_market.collateral_tiers(call.exchange.collateral_bands(call.get("currency") or None))
    }


def _one_ticker(call: Call) -> TickerRow:
    category = call.get("category") or "linear"
    rows = call.exchange.tickers(category, call.get("symbol")) if call.get("symbol") else ()
    if not rows:
        raise bad_parameter("params error: symbol invalid")
    return rows[0]


def _funding_history(call: Call) -> Result:
    """Return the current rate at each past funding time: the simulator keeps no history of rates."""
    category = call.category("linear", "inverse")
    if call.get("startTime") and not call.get("endTime"):
        raise bad_parameter("params error: endTime is required with startTime")
    row = _one_ticker(call)
    if row.next_funding_ms is None or not row.funding_interval_h:
        return {"category": category, "list": []}
    every_ms = row.funding_interval_h * 3_600_000
    limit = read_limit(call.get("limit"), default=FUNDING_ROWS, largest=FUNDING_ROWS)
    end_ms = call.milliseconds("endTime") or row.ts_ms
    start_ms = call.milliseconds("startTime") or 0
    times = [row.next_funding_ms - every_ms * (back + 1) for back in range(limit)]
    return {
        "category": category,
        "list": [
            {
                "symbol": row.symbol,
                "fundingRate": money(row.funding_rate),
                "fundingRateTimestamp": str(time_ms),
            }
            for time_ms in times
            if start_ms <= time_ms <= end_ms
        ],
    }


def _minutes(call: Call) -> int:
    text = call.get("interval")
    if text not in CANDLE_INTERVALS:
        raise bad_parameter("params error: interval invalid")
    return {"D": 1440, "W": 10_080, "M": 43_200}.get(text) or int(text)


def _candles(call: Call) -> Result:
    category = call.get("category") or "linear"
    limit = read_limit(call.get("limit"), default=CANDLE_ROWS, largest=1000)
    window_ms = call.milliseconds("start"), call.milliseconds("end")
    symbol, every_ms = call.get("symbol"), _minutes(call) * 60_000
    found = call.exchange.candles(category, symbol, every_ms, window_ms, limit)
    if found is None:
        raise bad_parameter("params error: symbol invalid")
    return {"category": category, "symbol": symbol, "list": [render_market.candle(row) for row in found]}


def _mark_candles(call: Call) -> Result:
    """Return flat candles at the mark price, newest first: only last prices have a history."""
    row = _one_ticker(call)
    limit = read_limit(call.get("limit"), default=CANDLE_ROWS, largest=1000)
    every_ms = _minutes(call) * 60_000
    newest_ms = row.ts_ms // every_ms * every_ms
    mark = price(row.mark_price)
    candles = [[str(newest_ms - every_ms * back), mark, mark, mark, mark] for back in range(limit)]
    return {"category": row.category, "symbol": row.symbol, "list": candles}


def _order_book(call: Call) -> Result:
    category = call.category()
    default, largest = BOOK_LIMITS.get(category, (25, 500))
    limit = read_limit(call.get("limit"), default=default, largest=largest)
    row = call.exchange.order_book(category, call.get("symbol"), limit)
    if row is None:
        raise bad_parameter("params error: symbol invalid")
    # Its update numbers are those of the stream of this depth.
    topic = f"orderbook.{25 if category == 'option' else 200}.{row.symbol}"
    numbers = call.front.book_numbers
    book: dict[str, object] = {
        "s": row.symbol,
        "b": [[price(at), money(size)] for at, size in row.bids],
        "a": [[price(at), money(size)] for at, size in row.asks],
        "ts": row.ts_ms,
        "u": numbers.read(topic, row.version),
        "cts": row.ts_ms,
    }
    return book if category == "option" else {**book, "seq": row.cross_seq}


def _insurance(call: Call) -> Result:
    rows = call.exchange.insurance_pools(call.get("coin") or None)
    return {"updatedTime": str(call.front.now_ms()), "list": [pool(row) for row in rows]}


def _adl_alerts(call: Call) -> Result:
    rows = call.exchange.adl_alerts(call.get("symbol") or None)
    if call.get("symbol") and not rows:
        raise bad_parameter("params error: symbol invalid")
    return {"updatedTime": str(call.front.now_ms()), "list": [alert(row) for row in rows]}


def _system_status(call: Call) -> Result:
    state = call.get("state")
    rows = announced(call.front.announcements, call.front.now_ms())
    return {"list": [row for row in rows if state in ("", row.get("state"))]}


ROUTES: dict[str, Route] = {
    path: Route(handler, is_private=False)
    for path, handler in {
        "/v5/market/time": _time,
        "/v5/market/tickers": _tickers,
        "/v5/market/instruments-info": _instruments,
        "/v5/market/risk-limit": _risk_limits,
        "/v5/market/funding/history": _funding_history,
        "/v5/market/kline": _candles,
        "/v5/market/mark-price-kline": _mark_candles,
        "/v5/market/orderbook": _order_book,
        "/v5/market/insurance": _insurance,
        "/v5/market/adlAlert": _adl_alerts,
        "/v5/spot-margin-trade/collateral": _collateral_tiers,
        "/v5/system/status": _system_status,
    }.items()
}
