"""Public data as Bybit sends it: tickers (REST and stream), instruments, risk limits, collateral and borrow tiers.

Documents: v5/market/tickers, v5/market/instrument, v5/market/risk-limit, v5/spot-margin-uta/*,
v5/websocket/public/ticker (2026-07).
"""

import datetime as dt
from collections.abc import Iterable

from marginwatch.sim.bybit.render_options import (
    option_instrument,
    rest_option_ticker,
    streamed_option_ticker,
)
from marginwatch.sim.bybit.wire_numbers import money, percentage_change, price
from marginwatch.sim.candles import CandleRow
from marginwatch.sim.rows import BorrowTier, CollateralBand, InstrumentRow, RiskLimitRow, TickerRow

Row = dict[str, object]


def rest_ticker(row: TickerRow) -> Row:
    """Return a row of ``/v5/market/tickers``."""
    if row.category == "spot":
        return {**_spot(row), **_book(row), "prevPrice24h": price(row.previous_price_24h)}
    if row.category == "option":
        return rest_option_ticker(row)
    return {
        **_contract(row),
        **_book(row),
        "prevPrice1h": price(row.previous_price_24h),
        "deliveryTime": str(row.delivery_ms),
        "basisRate": _basis(row, is_rate=True),
        "basis": _basis(row, is_rate=False),
        "basisRateYear": "",
        "predictedDeliveryPrice": "",
        "deliveryFeeRate": "",
        "preOpenPrice": "",
        "preQty": "",
        "curPreListingPhase": "",
    }


def streamed_ticker(row: TickerRow) -> Row:
    """Return the ``data`` of a ``tickers`` snapshot; a delta is the part of it that changed."""
    if row.category == "spot":
        return {**_spot(row), "prevPrice24h": price(row.previous_price_24h)}
    if row.category == "option":
        return streamed_option_ticker(row)
    wire = {
        **_contract(row),
        **_book(row),
        "tickDirection": "ZeroPlusTick",
        "prevPrice1h": price(row.previous_price_24h),
    }
    if row.delivery_ms:
        ends = dt.datetime.fromtimestamp(row.delivery_ms / 1000, dt.UTC)
        wire |= {
            "deliveryTime": ends.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "basisRate": _basis(row, is_rate=True),
            "basis": _basis(row, is_rate=False),
            "basisRateYear": "",
            "predictedDeliveryPrice": "",
            "deliveryFeeRate": "",
        }
        del wire["fundingIntervalHour"], wire["fundingCap"]
    return wire


def _contract(row: TickerRow) -> Row:
    return {
        "symbol": row.symbol,
        "lastPrice": price(row.last_price),
        "indexPrice": price(row.index_price),
        "markPrice": price(row.mark_price),
        "prevPrice24h": price(row.previous_price_24h),
        "price24hPcnt": percentage_change(row.last_price, row.previous_price_24h),
        "highPrice24h": price(row.high_price_24h),
        "lowPrice24h": price(row.low_price_24h),
        "openInterest": money(row.open_interest),
        "openInterestValue": money(row.open_interest_value),
        "singleOpenInterest": money(row.open_interest / 2),
        "singleOpenInterestValue": money(row.open_interest_value / 2),
        "turnover24h": money(row.turnover_24h),
        "volume24h": money(row.volume_24h),
        "fundingRate": money(row.funding_rate),
        "nextFundingTime": "" if row.next_funding_ms is None else str(row.next_funding_ms),
        "fundingIntervalHour": "" if row.funding_interval_h is None else str(row.funding_interval_h),
        "fundingCap": money(row.funding_cap),
    }


def _book(row: TickerRow) -> Row:
    return {
        "bid1Price": price(row.bid_price),
        "bid1Size": money(row.bid_size),
        "ask1Price": price(row.ask_price),
        "ask1Size": money(row.ask_size),
    }


def _spot(row: TickerRow) -> Row:
    return {
        "symbol": row.symbol,
        "lastPrice": price(row.last_price),
        "highPrice24h": price(row.high_price_24h),
        "lowPrice24h": price(row.low_price_24h),
        "volume24h": money(row.volume_24h),
        "turnover24h": money(row.turnover_24h),
        "price24hPcnt": percentage_change(row.last_price, row.previous_price_24h),
        "usdIndexPrice": money(row.usd_index),
    }


def _basis(row: TickerRow, *, is_rate: bool) -> str:
    if not row.delivery_ms:
        return ""
    return (
        percentage_change(row.mark_price, row.index_price)
        if is_rate
        else money(row.mark_price - row.index_price)
    )


def instrument(row: InstrumentRow) -> Row:
    """Return a row of ``/v5/market/instruments-info``; rows of spot pairs and options are shorter."""
    if row.category == "option":
        return option_instrument(row)
    sizes: Row = {
        "minOrderQty": money(row.min_order_qty),
        "maxOrderQty": money(row.max_order_qty),
        "maxMktOrderQty": money(row.max_market_order_qty),
        "qtyStep": money(row.qty_step),
        "minNotionalValue": money(row.min_notional),
        "postOnlyMaxOrderQty": money(row.max_order_qty),
    }
    shared: Row = {
        "symbol": row.symbol,
        "symbolId": row.symbol_id,
        "baseCoin": row.base_coin,
        "quoteCoin": row.quote_coin,
        "status": row.status,
        "symbolType": "",
    }
    if row.category == "spot":
        return shared | _spot_listing(row)
    return shared | {
        "contractType": row.contract_type,
        "settleCoin": row.settle_coin,
        "launchTime": str(row.launch_ms),
        "deliveryTime": str(row.delivery_ms),
        "deliveryFeeRate": "",
        "priceScale": str(row.price_scale),
        "leverageFilter": {
            "minLeverage": money(row.min_leverage),
            "maxLeverage": format(row.max_leverage, ".2f"),
            "leverageStep": money(row.leverage_step),
        },
        "priceFilter": {
            "minPrice": price(row.min_price),
            "maxPrice": price(row.max_price),
            "tickSize": price(row.tick_size),
        },
        "lotSizeFilter": sizes,
        "unifiedMarginTrade": True,
        "fundingInterval": row.funding_interval_min,
        "copyTrading": "none",
        "upperFundingRate": money(row.funding_rate_cap),
        "lowerFundingRate": money(-row.funding_rate_cap),
        "displayName": "",
        "forbidUplWithdrawal": False,
        "isPreListing": False,
        "preListingInfo": None,
        "riskParameters": {"priceLimitRatioX": "0.01", "priceLimitRatioY": "0.02"},
    }


def _spot_listing(row: InstrumentRow) -> Row:
    return {
        "innovation": "0",
        "marginTrading": "utaOnly",
        "stTag": "0",
        "lotSizeFilter": {
            "basePrecision": money(row.qty_step),
            "quotePrecision": "0.00000001",
            "minOrderQty": money(row.min_order_qty),
            "maxOrderQty": money(row.max_order_qty),
            "minOrderAmt": money(row.min_notional),
            "maxOrderAmt": "8000000",
        },
        "priceFilter": {"tickSize": price(row.tick_size)},
        "riskParameters": {"priceLimitRatioX": "0.01", "priceLimitRatioY": "0.02"},
    }


def risk_limit(row: RiskLimitRow) -> Row:
    """Return a row of ``/v5/market/risk-limit``, rates as fractions."""
    return {
        "id": row.risk_id,
        "symbol": row.symbol,
        "riskLimitValue": money(row.limit),
        "maintenanceMargin": money(row.maintenance_margin_rate),
        "initialMargin": money(row.initial_margin_rate),
        "isLowestRisk": int(row.is_lowest),
        "maxLeverage": format(row.max_leverage, ".2f"),
        "mmDeduction": money(row.deduction),
    }


def collateral_tiers(bands: Iterable[CollateralBand]) -> list[Row]:
    """Return the list of ``/v5/spot-margin-trade/collateral``: bands by coin, ``maxQty`` ``""`` without end."""
    by_coin: dict[str, list[Row]] = {}
    for band in bands:
        by_coin.setdefault(band.coin, []).append(
            {
                "minQty": money(band.min_qty),
                "maxQty": money(band.max_qty),
                "collateralRatio": money(band.ratio),
            }
        )
    return [{"currency": coin, "collateralRatioList": rows} for coin, rows in by_coin.items()]


def borrow_tiers(tiers: Iterable[BorrowTier]) -> list[Row]:
    """Return the list of ``/v5/spot-margin-trade/position-tiers``."""
    by_coin: dict[str, list[Row]] = {}
    for tier in tiers:
        by_coin.setdefault(tier.coin, []).append(
            {
                "tier": str(tier.tier),
                "borrowLimit": money(tier.limit),
                "positionMMR": money(tier.maintenance_margin_rate),
                "positionIMR": money(tier.initial_margin_rate),
                "maxLeverage": money(tier.max_leverage),
            }
        )
    return [{"currency": coin, "positionTiersRatioList": rows} for coin, rows in by_coin.items()]


def candle(row: CandleRow) -> list[str]:
    """Return a row of ``/v5/market/kline``: start, open, high, low, close, volume, turnover."""
    prices = [price(one) for one in (row.open, row.high, row.low, row.close)]
    return [str(row.start_ms), *prices, money(row.volume), money(row.volume * row.close)]
