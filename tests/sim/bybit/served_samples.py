"""What is served, kind by kind: how to get ours, and which messages of Bybit it is held against."""

from typing import NamedTuple


class Sample(NamedTuple):
    """One kind of message: how to get ours, which files hold Bybit's, and what they lack.

    ``newer`` are documented fields that the messages found are too old or too short to have; ``why`` is given where
    there is no message at all, and then ``newer`` is all that there is. ``who`` is whose key asks.
    """

    how: str
    files: tuple[str, ...]
    newer: frozenset[str] = frozenset()
    why: str = ""
    who: str = "guest"


def fields(text: str) -> frozenset[str]:
    return frozenset(text.split())


LIST = "/v5/position/list"
ENVELOPES = fields("retCode retMsg retExtInfo time result topic type ts data")
UNSEEN = "no message of this kind was found; fields as the document lists them (2026-07)"
OPEN_INTEREST = fields("singleOpenInterest singleOpenInterestValue")
LISTED = fields(
    "copyTrading displayName forbidUplWithdrawal isPreListing preListingInfo riskParameters priceLimitRatioX"
    " priceLimitRatioY upperFundingRate lowerFundingRate"
)
EXECUTED = fields("closedSize createType extraFees feeCurrency seq")
GREEKS = fields("delta gamma vega theta")
ORDERED = fields("basePrice marketUnit ocoTriggerBy")

REST: dict[str, Sample] = {
    "time": Sample("/v5/market/time", ("rest_time_docs",)),
    "tickers of linear": Sample(
        "/v5/market/tickers?category=linear&symbol=BTCUSDT",
        ("rest_tickers_linear_2023", "rest_tickers_inverse_docs"),
        newer=OPEN_INTEREST,
    ),
    "tickers of inverse": Sample(
        "/v5/market/tickers?category=inverse&symbol=BTCUSD",
        ("rest_tickers_inverse_docs",),
        newer=OPEN_INTEREST,
    ),
    "tickers of options": Sample(
        "/v5/market/tickers?category=option&baseCoin=BTC", ("rest_tickers_option_docs",)
    ),
    "tickers of spot": Sample(
        "/v5/market/tickers?category=spot&symbol=BTCUSDT",
        (),
        why=UNSEEN,
        newer=fields(
            "category list symbol ask1Price ask1Size bid1Price bid1Size highPrice24h lowPrice24h lastPrice prevPrice24h price24hPcnt turnover24h usdIndexPrice volume24h"
        ),
    ),
    "contracts of linear": Sample(
        "/v5/market/instruments-info?category=linear&symbol=BTCUSDT",
        ("rest_instruments_linear_2023", "rest_instruments_linear_tokenised_stock"),
        newer=LISTED | {"maxMktOrderQty"},
    ),
    "contracts of inverse": Sample(
        "/v5/market/instruments-info?category=inverse&symbol=BTCUSD",
        ("rest_instruments_inverse_nautilus",),
        newer=LISTED | fields("category minNotionalValue symbolId symbolType"),
    ),
    "contracts of options": Sample(
        "/v5/market/instruments-info?category=option", ("rest_instruments_option_usdt_settled_docs",)
    ),
    "spot pairs": Sample(
        "/v5/market/instruments-info?category=spot",
        (),
        why=UNSEEN,
        newer=fields(
            "category list baseCoin quoteCoin symbol symbolId symbolType status innovation marginTrading stTag lotSizeFilter basePrecision quotePrecision minOrderQty maxOrderQty minOrderAmt maxOrderAmt priceFilter tickSize riskParameters priceLimitRatioX priceLimitRatioY"
        ),
    ),
    "tiers": Sample(
        "/v5/market/risk-limit?category=linear&symbol=BTCUSDT",
        ("rest_risk_limit_btcusdt_2023",),
        newer=fields("mmDeduction time"),
    ),
    "funding rates": Sample(
        "/v5/market/funding/history?category=linear&symbol=BTCUSDT", ("rest_funding_history_docs",)
    ),
    "candles of last prices": Sample(
        "/v5/market/kline?category=linear&symbol=BTCUSDT&interval=60", ("rest_kline_docs",)
    ),
    "candles": Sample(
        "/v5/market/mark-price-kline?category=linear&symbol=BTCUSDT&interval=60", ("rest_mark_kline_docs",)
    ),
    "order book": Sample(
        "/v5/market/orderbook?category=linear&symbol=BTCUSDT",
        ("rest_orderbook_docs",),
        newer=fields("cts seq"),
    ),
    "pools": Sample("/v5/market/insurance", ("rest_insurance_docs",)),
    "alerts": Sample(
        "/v5/market/adlAlert",
        (),
        why=UNSEEN,
        newer=fields(
            "list updatedTime coin symbol balance maxBalance insurancePnlRatio pnlRatio adlTriggerThreshold adlStopRatio"
        ),
    ),
    "collateral ratios": Sample("/v5/spot-margin-trade/collateral", ("rest_collateral_tiers_docs",)),
    "status": Sample("/v5/system/status", ("rest_system_status_docs",)),
    "positions of linear": Sample(
        f"{LIST}?category=linear&settleCoin=USDT",
        (
            "rest_position_linear_flat_golden",
            "rest_position_linear_ltc_flat",
            "rest_position_linear_ltc_long",
            "rest_position_linear_ltc_long_balance0",
            "rest_position_linear_ada_long_tpsl",
            "rest_position_linear_open_time_fixture",
            "rest_position_linear_three_rows_fixture",
            "rest_position_inverse_btcusd_short_docs",
        ),
    ),
    "positions of inverse": Sample(
        f"{LIST}?category=inverse",
        ("rest_position_inverse_btcusd_short_docs", "rest_position_inverse_empty_list"),
        newer=fields("mmrSysUpdatedTime openTime"),
    ),
    "positions of options": Sample(
        f"{LIST}?category=option",
        ("rest_position_linear_open_time_fixture",),
        newer=fields(
            "breakEvenPrice delta gamma vega theta isReduceOnly leverageSysUpdatedTime mmrSysUpdatedTime positionIMByMp positionMMByMp seq sessionAvgPrice"
        ),
    ),
    "closed profit": Sample(
        "/v5/position/closed-pnl?category=linear", ("rest_closed_pnl_docs",), newer=fields("openFee closeFee")
    ),
    "orders": Sample(
        "/v5/order/realtime?category=linear&settleCoin=USDT", ("rest_order_realtime_2025",), newer=ORDERED
    ),
    "spot orders": Sample("/v5/order/realtime?category=spot", ("rest_order_realtime_2025",), newer=ORDERED),
    "executions": Sample("/v5/execution/list?category=linear", ("rest_execution_list_docs",), newer=EXECUTED),
    "executions of options": Sample(
        "/v5/execution/list?category=option", ("rest_execution_list_docs",), newer=EXECUTED
    ),
    "executions of spot": Sample(
        "/v5/execution/list?category=spot", ("rest_execution_list_docs",), newer=EXECUTED
    ),
    "wallet": Sample(
        "/v5/account/wallet-balance?accountType=UNIFIED",
        (
            "rest_wallet_unified_btc_usdt",
            "rest_wallet_unified_docs",
            "rest_wallet_unified_rotki",
        ),
        newer=fields("colRes"),
    ),
    "wallet of isolated positions": Sample(
        "/v5/account/wallet-balance?accountType=UNIFIED",
        ("rest_wallet_isolated_2024", "rest_wallet_unified_docs"),
        newer=fields("colRes free"),
        who="alone",
    ),
    "modes": Sample(
        "/v5/account/info", ("rest_account_info_docs", "rest_account_info_status3"), newer=fields("time")
    ),
    "collateral": Sample("/v5/account/collateral-info", ("rest_collateral_info_docs",)),
    "fees": Sample("/v5/account/fee-rate?category=linear", ("rest_fee_rate_docs",), newer=fields("baseCoin")),
    "ledger": Sample(
        "/v5/account/transaction-log", ("rest_transaction_log_docs", "rest_transaction_log_settlement_ltc")
    ),
    "withdrawable": Sample(
        "/v5/account/withdrawal?coinName=USDT",
        (),
        why=UNSEEN,
        newer=fields("availableWithdrawal availableWithdrawalMap"),
    ),
    "totals of options": Sample("/v5/account/option-asset-info", ("rest_option_asset_info_docs",)),
    "greeks": Sample("/v5/asset/coin-greeks", ("rest_coin_greeks_btc_docs",)),
    "borrow tiers": Sample(
        "/v5/spot-margin-trade/position-tiers",
        (),
        why=UNSEEN,
        newer=fields(
            "list currency positionTiersRatioList tier borrowLimit positionMMR positionIMR maxLeverage"
        ),
    ),
    "funding wallet": Sample(
        "/v5/asset/transfer/query-account-coins-balance?accountType=FUND", ("rest_coins_balance_fund_docs",)
    ),
    "one coin": Sample(
        "/v5/asset/transfer/query-account-coin-balance?accountType=UNIFIED&coin=USDT",
        (),
        why=UNSEEN,
        newer=fields(
            "accountType bizType accountId memberId balance coin walletBalance transferBalance bonus transferSafeAmount ltvTransferSafeAmount"
        ),
    ),
    "coins": Sample(
        "/v5/asset/coin/query-info",
        ("rest_coin_query_info_docs",),
        newer=fields("contractAddress safeConfirmNumber withdrawPercentageFee"),
    ),
    "key": Sample(
        "/v5/user/query-api", ("rest_query_api_docs",), newer=fields("kycLevel kycRegion parentUid")
    ),
    "members": Sample("/v5/user/query-sub-members", ("rest_sub_members_docs",), who="treasury"),
    "members by page": Sample("/v5/user/submembers", ("rest_sub_members_docs",), who="treasury"),
    "sessions": Sample("/v5/asset/settlement-record?category=linear", ("rest_settlement_record_docs",)),
    "deliveries": Sample(
        "/v5/asset/delivery-record?category=option",
        ("rest_delivery_record_docs",),
        newer=fields("entryPrice"),
    ),
    "stress grid": Sample("/v5/asset/portfolio-margin", ("rest_portfolio_margin_docs",), who="stressed"),
}

PRIVATE: dict[str, Sample] = {
    "position": Sample(
        "",
        (
            "ws_position_linear_ethusdt_short",
            "ws_position_linear_xrpusdt_long_docs2022",
            "ws_position_linear_closed_docs",
            "ws_position_btcperp_2026",
        ),
        newer=GREEKS,
    ),
    "wallet": Sample(
        "",
        (
            "ws_wallet_unified_docs",
            "ws_wallet_unified_six_coins_docs2022",
            "ws_wallet_unified_usdt_position_fixture",
            "ws_wallet_borrowed_2026",
        ),
        newer=fields("colRes free"),
    ),
    "order": Sample(
        "",
        ("ws_order_filled_2026", "rest_order_realtime_2025"),
        newer=ORDERED | fields("id brokerOrderPrice feeCurrency rpiMatchedQty rpiTakerAccess"),
    ),
    "execution": Sample(
        "",
        (
            "ws_execution_trade_docs",
            "ws_execution_extra_fees_docs",
            "ws_execution_adl_fixture",
            "ws_execution_funding_fixture",
        ),
    ),
    "execution.fast": Sample("", ("ws_execution_fast_docs",)),
    "greeks": Sample("", ("ws_greeks_eth_docs",)),
}

LINEAR_TICKERS = ("ws_tickers_linear_btcusdt_snapshot_delta", "ws_tickers_linear_nknusdt_snapshot_delta")
PUBLIC: dict[str, Sample] = {
    "linear tickers": Sample(
        "tickers.BTCUSDT", LINEAR_TICKERS, newer=OPEN_INTEREST | fields("fundingCap fundingIntervalHour")
    ),
    "inverse tickers": Sample(
        "tickers.BTCUSD",
        ("ws_tickers_inverse_btcusd_snapshot_delta",),
        newer=OPEN_INTEREST | fields("fundingCap fundingIntervalHour"),
    ),
    "spot tickers": Sample("tickers.BTCUSDT", ("ws_tickers_spot_docs",)),
    "option tickers": Sample("tickers.OPTION", ("ws_tickers_option_btc_put", "ws_tickers_option_sol_call")),
    "linear orderbook": Sample("orderbook.50.BTCUSDT", ("ws_orderbook_docs",), newer=fields("cts")),
    "inverse orderbook": Sample("orderbook.50.BTCUSD", ("ws_orderbook_docs",), newer=fields("cts")),
    "spot orderbook": Sample("orderbook.50.BTCUSDT", ("ws_orderbook_docs",), newer=fields("cts")),
    "option orderbook": Sample("orderbook.25.OPTION", ("ws_orderbook_docs",), newer=fields("cts")),
    "linear publicTrade": Sample("publicTrade.BTCUSDT", ("ws_public_trade_docs",)),
    "inverse publicTrade": Sample("publicTrade.BTCUSD", ("ws_public_trade_docs",)),
    "spot publicTrade": Sample("publicTrade.BTCUSDT", ("ws_public_trade_docs",)),
    "option publicTrade": Sample("publicTrade.BTC", ("ws_public_trade_docs",)),
    "linear allLiquidation": Sample("allLiquidation.BTCUSDT", ("ws_all_liquidation_docs",)),
    "inverse allLiquidation": Sample("allLiquidation.BTCUSD", ("ws_all_liquidation_docs",)),
    "linear insurance": Sample(
        "insurance.USDT", (), why=UNSEEN, newer=fields("coin symbols balance updateTime")
    ),
    "inverse insurance": Sample(
        "insurance.inverse", (), why=UNSEEN, newer=fields("coin symbols balance updateTime")
    ),
    "linear adlAlert": Sample(
        "adlAlert.USDT", (), why=UNSEEN, newer=fields("c s b mb i_pr pr adl_tt adl_sr")
    ),
    "inverse adlAlert": Sample(
        "adlAlert.inverse", (), why=UNSEEN, newer=fields("c s b mb i_pr pr adl_tt adl_sr")
    ),
    "misc/status system": Sample(
        "system.status", ("rest_system_status_docs",), newer=fields("topic ts data")
    ),
}

NOT_THERE = {
    f"{channel} {family}": f"{family}.{name}"
    for channel, name in (("option", "BTC"), ("spot", "BTCUSDT"))
    for family in ("allLiquidation", "insurance", "adlAlert")
}
"""Families that a channel does not have: what it answers to such a topic is a refusal."""

TRIMMED = frozenset(
    {
        "rest_time_docs", "rest_funding_history_docs", "rest_mark_kline_docs", "rest_kline_docs", "rest_orderbook_docs", "rest_insurance_docs",
        "rest_collateral_tiers_docs", "rest_system_status_docs", "rest_order_realtime_2025", "rest_execution_list_docs",
        "rest_fee_rate_docs", "rest_coins_balance_fund_docs", "rest_coin_query_info_docs", "rest_query_api_docs",
        "rest_sub_members_docs", "rest_wallet_isolated_2024", "ws_position_btcperp_2026", "ws_wallet_borrowed_2026",
        "ws_order_filled_2026", "ws_execution_funding_fixture", "ws_execution_fast_docs", "ws_public_trade_docs",
        "ws_all_liquidation_docs", "ws_orderbook_docs",
    }
)  # fmt: skip
"""Messages that are compared here; all others are in ``test_shapes.py`` and its companions, in the states they were of."""

ALLOWED = {
    # The abilities that a key lists are its own; the text of a success is OK, success or nothing, whatever was asked.
    "rest_query_api_docs": fields(
        ".retMsg_blank .CopyTrading_missing .BlockTrade_missing .Exchange_missing .NFT_missing"
    ),
    "rest_coin_query_info_docs": fields(".retMsg_blank"),
    "rest_collateral_tiers_docs": fields(".maxQty_blank"),  # Its first band is not its last.
    "rest_sub_members_docs": fields(
        ".remark_blank .nextCursor_missing"
    ),  # The list without pages has no cursor.
    # It was filled, with its fee in USDT, and came with a cursor though it was the last; that of spot is lent or not.
    # What the price was when an order was given is not kept here.
    "rest_order_realtime_2025": fields(
        ".USDT_missing .lastPriceOnCreated_blank .nextPageCursor_blank .isLeverage_blank"
    ),
    # Of a perpetual, with a cursor on its last page.
    "rest_execution_list_docs": fields(
        ".nextPageCursor_blank .indexPrice_blank .markIv_blank .tradeIv_blank .underlyingPrice_blank"
    ),
    "ws_order_filled_2026": fields(".USDC_missing"),  # The fee of this one is in another coin.
    "ws_execution_fast_docs": fields(".orderLinkId_blank"),  # Its owner had given it a name.
    "ws_public_trade_docs": fields(
        ".L_missing"
    ),  # The direction of a price is told of perpetuals and futures only.
    "ws_orderbook_docs": fields(".seq_missing"),  # Not in books of options.
    "ws_position_btcperp_2026": fields(".liqPrice_blank"),  # None: a small position of a rich account.
}
"""Message → what may differ, and why."""
