"""The unified wallet as Bybit sends it: account totals in USD and a list of coins.

A push carries the totals and the touched coins only. Documents: v5/account/wallet-balance,
v5/websocket/private/wallet (2026-07).
"""

from collections.abc import Iterable

from marginwatch.sim.bybit.wire_numbers import money, rate
from marginwatch.sim.rows import AccountTotals, WalletCoin

Row = dict[str, object]


def wallet(totals: AccountTotals, coins: Iterable[WalletCoin]) -> Row:
    """Return one element of ``list`` (REST) or of ``data`` (push)."""
    initial_rate, maintenance_rate = rate(totals.account_im_rate), rate(totals.account_mm_rate)
    initial, maintenance = money(totals.total_initial_margin), money(totals.total_maintenance_margin)
    return {
        "accountType": "UNIFIED",
        "accountLTV": "0" if initial_rate else "",
        "accountIMRate": initial_rate,
        "accountIMRateByMp": initial_rate,
        "accountMMRate": maintenance_rate,
        "accountMMRateByMp": maintenance_rate,
        "totalEquity": money(totals.total_equity),
        "totalWalletBalance": money(totals.total_wallet_balance),
        "totalMarginBalance": money(totals.total_margin_balance),
        "totalAvailableBalance": money(totals.total_available_balance),
        "totalPerpUPL": money(totals.total_perp_upl),
        "totalInitialMargin": initial,
        "totalInitialMarginByMp": initial,
        "totalMaintenanceMargin": maintenance,
        "totalMaintenanceMarginByMp": maintenance,
        "coin": [wallet_coin(coin) for coin in coins],
    }


def wallet_coin(coin: WalletCoin) -> Row:
    """Return one element of ``coin``."""
    borrowed = money(coin.borrow_amount)
    return {
        "coin": coin.coin,
        "equity": money(coin.equity),
        "usdValue": money(coin.usd_value),
        "walletBalance": money(coin.wallet_balance),
        "free": "",
        "locked": money(coin.locked),
        "spotHedgingQty": money(coin.spot_hedging_quantity),
        "borrowAmount": borrowed,
        "spotBorrow": borrowed,
        "availableToWithdraw": "",
        "availableToBorrow": "",
        "accruedInterest": money(coin.accrued_interest),
        "totalOrderIM": money(coin.order_initial_margin),
        "totalPositionIM": money(coin.position_initial_margin),
        "totalPositionMM": money(coin.position_maintenance_margin),
        "unrealisedPnl": money(coin.unrealized_pnl),
        "cumRealisedPnl": money(coin.cumulative_realized_pnl),
        "bonus": money(coin.bonus),
        "marginCollateral": coin.margin_collateral,
        "collateralSwitch": coin.collateral_switch,
        "colRes": "0",
    }
