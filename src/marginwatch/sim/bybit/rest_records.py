"""Private endpoints about what was settled, and the stress grid of portfolio margin.

Documents: v5/asset/settlement, v5/asset/delivery, v5/asset/portfolio-margin (2026-07).
"""

from marginwatch.sim.account import PORTFOLIO
from marginwatch.sim.bybit import render_activity, render_portfolio
from marginwatch.sim.bybit.envelope import Result
from marginwatch.sim.bybit.front import Call, Route
from marginwatch.sim.bybit.paging import read_limit
from marginwatch.sim.bybit.rest_trade import DAY_MS, read_span

LONGEST_DAYS = 30


def _settlements(call: Call) -> Result:
    category = call.category("linear")
    start_ms, end_ms = read_span(call, default_ms=LONGEST_DAYS * DAY_MS, longest_days=LONGEST_DAYS)
    symbol = call.get("symbol")
    rows = [
        row
        for row in call.exchange.settlements(call.uid, start_ms=start_ms, end_ms=end_ms)
        if not symbol or row.symbol == symbol
    ]
    limit = read_limit(call.get("limit"), default=20, largest=50)
    chosen, cursor = call.page(rows, call.get("cursor"), limit, lambda row: f"{row.ts_ms}:{row.symbol}")
    return {
        "nextPageCursor": cursor,
        "category": category,
        "list": [render_activity.settlement(row) for row in chosen],
    }


def _deliveries(call: Call) -> Result:
    category = call.category("linear", "inverse", "option")
    start_ms, end_ms = read_span(call, default_ms=LONGEST_DAYS * DAY_MS, longest_days=LONGEST_DAYS)
    symbol, expiry = call.get("symbol"), call.get("expDate")
    rows = [
        row
        for row in call.exchange.deliveries(call.uid, category, start_ms=start_ms, end_ms=end_ms)
        if (not symbol or row.symbol == symbol) and (not expiry or expiry in row.symbol.split("-"))
    ]
    limit = read_limit(call.get("limit"), default=20, largest=50)
    chosen, cursor = call.page(rows, call.get("cursor"), limit, lambda row: f"{row.ts_ms}:{row.symbol}")
    return {
        "nextPageCursor": cursor,
        "category": category,
        "list": [render_activity.delivery(row) for row in chosen],
    }


def _portfolio(call: Call) -> Result:
    """Return the grid of every coin with a book; none for an account in another mode, whose totals are shown alone."""
    exchange, base_coin = call.exchange, call.get("baseCoin")
    wallet = exchange.wallet(call.uid)
    is_stressed = exchange.settings(call.uid).margin_mode == PORTFOLIO
    balances = {coin.coin: float(coin.wallet_balance) for coin in wallet.coins}
    return {
        "wallet": render_portfolio.portfolio_wallet(wallet.totals),
        "assetPnlRange": [
            render_portfolio.asset_range(
                book,
                exchange.stressed_legs(call.uid, book.coin),
                balances.get(book.coin, 0.0),
                exchange.usd_index(book.coin),
            )
            for book in (exchange.stress(call.uid) if is_stressed else ())
            if base_coin in ("", book.coin)
        ],
    }


ROUTES: dict[str, Route] = {
    path: Route(handler, is_private=True)
    for path, handler in {
        "/v5/asset/settlement-record": _settlements,
        "/v5/asset/delivery-record": _deliveries,
        "/v5/asset/portfolio-margin": _portfolio,
    }.items()
}
