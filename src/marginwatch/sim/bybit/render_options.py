"""Options as Bybit sends them: tickers by REST and stream, listings, greeks and totals.

Documents: v5/market/tickers, v5/market/instrument, v5/asset/coin-greeks, v5/account/option-asset-info,
v5/websocket/public/ticker, v5/websocket/private/greek (2026-07).
"""

from marginwatch.sim.bybit.wire_numbers import money, percentage_change
from marginwatch.sim.option_board import DELIVERY_FEE
from marginwatch.sim.rows import CoinGreeks, InstrumentRow, OptionAssetRow, PositionRow, TickerRow

Row = dict[str, object]

STREAM_NAMES = {
    "bid1Price": "bidPrice",
    "bid1Size": "bidSize",
    "bid1Iv": "bidIv",
    "ask1Price": "askPrice",
    "ask1Size": "askSize",
    "ask1Iv": "askIv",
    "markIv": "markPriceIv",
}
"""REST name → stream name, where an option ticker has two."""


def rest_option_ticker(row: TickerRow) -> Row:
    """Return a row of ``/v5/market/tickers``; every ticker of an option has its figures."""
    figures = row.option
    if figures is None:
        raise ValueError(f"{row.symbol} has no option figures")
    return {
        "symbol": row.symbol,
        "bid1Price": money(row.bid_price),
        "bid1Size": money(row.bid_size),
        "bid1Iv": money(figures.bid_volatility),
        "ask1Price": money(row.ask_price),
        "ask1Size": money(row.ask_size),
        "ask1Iv": money(figures.ask_volatility),
        "lastPrice": money(row.last_price),
        "highPrice24h": money(row.high_price_24h),
        "lowPrice24h": money(row.low_price_24h),
        "markPrice": money(row.mark_price),
        "indexPrice": money(row.index_price),
        "markIv": money(figures.mark_volatility),
        "underlyingPrice": money(figures.underlying_price),
        "openInterest": money(row.open_interest),
        "turnover24h": money(row.turnover_24h),
        "volume24h": money(row.volume_24h),
        "totalVolume": money(row.volume_24h),
        "totalTurnover": money(row.turnover_24h),
        "delta": money(figures.delta),
        "gamma": money(figures.gamma),
        "vega": money(figures.vega),
        "theta": money(figures.theta),
        "predictedDeliveryPrice": "0",
        "change24h": percentage_change(row.last_price, row.previous_price_24h),
    }


def streamed_option_ticker(row: TickerRow) -> Row:
    """Return the ``data`` of a ``tickers`` message, which is always a snapshot."""
    return {STREAM_NAMES.get(name, name): value for name, value in rest_option_ticker(row).items()}


def option_instrument(row: InstrumentRow) -> Row:
    """Return a row of ``/v5/market/instruments-info``."""
    display = row.symbol
    if row.settle_coin == "USDT":
        display = f"{row.base_coin}USDT" + row.symbol.removeprefix(row.base_coin).removesuffix("-USDT")
    return {
        "symbol": row.symbol,
        "status": row.status,
        "baseCoin": row.base_coin,
        "quoteCoin": row.quote_coin,
        "settleCoin": row.settle_coin,
        "optionsType": row.option_kind or "",
        "launchTime": str(row.launch_ms),
        "deliveryTime": str(row.delivery_ms),
        "deliveryFeeRate": money(DELIVERY_FEE),
        "priceFilter": {
            "minPrice": money(row.min_price),
            "maxPrice": money(row.max_price),
            "tickSize": money(row.tick_size),
        },
        "lotSizeFilter": {
            "maxOrderQty": money(row.max_order_qty),
            "minOrderQty": money(row.min_order_qty),
            "qtyStep": money(row.qty_step),
        },
        "displayName": display,
    }


def position_greeks(row: PositionRow) -> Row:
    """Return what an option's position row has beside the usual; nothing for other contracts."""
    if row.category != "option":
        return {}
    names = ("delta", "gamma", "vega", "theta")
    return {name: money(getattr(row, name)) for name in names}


def coin_greeks(row: CoinGreeks) -> Row:
    """Return a row of ``/v5/asset/coin-greeks`` and of the ``greeks`` topic."""
    return {
        "baseCoin": row.coin,
        "totalDelta": money(row.delta),
        "totalGamma": money(row.gamma),
        "totalVega": money(row.vega),
        "totalTheta": money(row.theta),
    }


def option_asset(row: OptionAssetRow, now_ms: int) -> Row:
    """Return a row of ``/v5/account/option-asset-info``."""
    return {
        "totalDelta": format(row.delta, ".4f"),
        "assetIM": format(row.initial_margin, ".4f"),
        "totalUPL": format(row.unrealized_pnl, ".4f"),
        "totalRPL": format(row.realized_pnl, ".4f"),
        "assetMM": format(row.maintenance_margin, ".4f"),
        "coin": row.coin,
        "sendTime": now_ms,
    }
