"""Private endpoints about the account: wallet, modes, collateral, fees, ledger, withdrawable amounts, greeks."""

from marginwatch.sim.bybit import render_activity, render_market, render_options, render_wallet
from marginwatch.sim.bybit.envelope import Result, bad_parameter
from marginwatch.sim.bybit.front import Call, Route
from marginwatch.sim.bybit.paging import read_limit
from marginwatch.sim.bybit.rest_trade import DAY_MS, read_span
from marginwatch.sim.bybit.wire_numbers import money
from marginwatch.sim.coins import HOURLY_BORROW_RATE


def _wallet(call: Call) -> Result:
    if call.get("accountType") != "UNIFIED":
        raise bad_parameter("accountType only support UNIFIED.")
    wallet = call.exchange.wallet(call.uid)
    wanted = frozenset(filter(None, call.get("coin").split(",")))
    coins = [
        coin
        for coin in wallet.coins
        if (coin.coin in wanted if wanted else coin.equity or coin.wallet_balance or coin.borrow_amount)
    ]
    return {"list": [render_wallet.wallet(wallet.totals, coins)]}


def _info(call: Call) -> Result:
    settings = call.exchange.settings(call.uid)
    return {
        "marginMode": settings.margin_mode,
        "updatedTime": str(settings.updated_ms),
        "unifiedMarginStatus": settings.unified_margin_status,
        "dcpStatus": "OFF",
        "timeWindow": 10,
        "smpGroup": 0,
        "isMasterTrader": settings.is_master_trader,
        "spotHedgingStatus": "ON" if settings.spot_hedging else "OFF",
    }


def _collateral(call: Call) -> Result:
    exchange = call.exchange
    coins = {coin.coin: coin for coin in exchange.wallet(call.uid).coins}
    first_ratio: dict[str, str] = {}
    for band in exchange.collateral_bands(call.get("currency") or None):
        first_ratio.setdefault(band.coin, money(band.ratio))
    rows: list[dict[str, object]] = []
    for name, ratio in first_ratio.items():
        held = coins.get(name)
        rows.append(
            {
                "currency": name,
                "hourlyBorrowRate": money(HOURLY_BORROW_RATE),
                "maxBorrowingAmount": "1000000",
                "freeBorrowingLimit": "0",
                "freeBorrowAmount": "0",
                "freeBorrowingAmount": "",
                "borrowAmount": money(held.borrow_amount) if held else "0",
                "otherBorrowAmount": "0",
                "availableToBorrow": "1000000",
                "borrowable": True,
                "borrowUsageRate": "0",
                "marginCollateral": held.margin_collateral if held else True,
                "collateralSwitch": held.collateral_switch if held else True,
                "collateralRatio": ratio,
            }
        )
    return {"list": rows}


def _borrow_tiers(call: Call) -> Result:
    return {"list": render_market.borrow_tiers(call.exchange.borrow_tiers(call.get("currency") or None))}


def _fee_rates(call: Call) -> Result:
    # The page calls the category required, but clients that leave it out are served linear.
    category = call.category() if call.get("category") else "linear"
    rows = call.exchange.fee_rates(call.uid, category, call.get("symbol") or None)
    return {
        "list": [
            {
                "symbol": "" if category == "option" else row.symbol,
                "baseCoin": row.base_coin if category == "option" else "",
                "takerFeeRate": money(row.taker),
                "makerFeeRate": money(row.maker),
            }
            for row in rows
        ]
    }


def _ledger(call: Call) -> Result:
    start_ms, end_ms = read_span(call, default_ms=DAY_MS)
    category, coin, kind = call.get("category"), call.get("currency"), call.get("type")
    rows = [
        row
        for row in call.exchange.transaction_log(call.uid, start_ms=start_ms, end_ms=end_ms)
        if (not category or row.category == category)
        and (not coin or row.coin == coin)
        and (not kind or row.kind == kind)
    ]
    limit = read_limit(call.get("limit"), default=20, largest=50)
    chosen, cursor = call.page(
        rows, call.get("cursor"), limit, lambda row: f"{row.transaction_id}:{row.ts_ms}"
    )
    return {"nextPageCursor": cursor, "list": [render_activity.transaction(row) for row in chosen]}


def _withdrawable(call: Call) -> Result:
    names = [name for name in call.get("coinName").split(",") if name]
    if not names or len(names) > 20:
        raise bad_parameter("params error: coinName is required, 20 at most")
    amounts = {name: money(call.exchange.withdrawable(call.uid, name)) for name in names}
    return {"availableWithdrawal": amounts[names[0]], "availableWithdrawalMap": amounts}


def _option_assets(call: Call) -> Result:
    rows = call.exchange.option_assets(call.uid)
    return {"result": [render_options.option_asset(row, call.front.now_ms()) for row in rows]}


def _coin_greeks(call: Call) -> Result:
    base_coin = call.get("baseCoin")
    rows = call.exchange.coin_greeks(call.uid)
    return {"list": [render_options.coin_greeks(row) for row in rows if base_coin in ("", row.coin)]}


ROUTES: dict[str, Route] = {
    path: Route(handler, is_private=True)
    for path, handler in {
        "/v5/account/wallet-balance": _wallet,
        "/v5/account/info": _info,
        "/v5/account/collateral-info": _collateral,
        "/v5/account/fee-rate": _fee_rates,
        "/v5/account/transaction-log": _ledger,
        "/v5/account/withdrawal": _withdrawable,
        "/v5/account/option-asset-info": _option_assets,
        "/v5/asset/coin-greeks": _coin_greeks,
        "/v5/spot-margin-trade/position-tiers": _borrow_tiers,
    }.items()
}
