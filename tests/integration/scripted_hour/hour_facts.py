"""What the wire has to say of each row of the exchange, field by field, and where wire and row differ.

Written apart from what renders the wire: a field that is rendered wrongly is a difference here.
"""

from collections.abc import Mapping
from decimal import ROUND_DOWN, Decimal
from typing import Any

from marginwatch.sim.rows import (
    AccountTotals,
    Change,
    CoinGreeks,
    ExecutionRow,
    OrderRow,
    PositionRow,
    WalletCoin,
)

EIGHT, FOUR = Decimal("1e-8"), Decimal("1e-4")

KEPT_POSITION = {
    "symbol": "symbol",
    "positionIdx": "position_idx",
    "side": "side",
    "size": "size",
    "leverage": "leverage",
    "positionValue": "position_value",
    "sessionAvgPrice": "session_average_price",
    "curRealisedPnl": "current_realized_pnl",
    "cumRealisedPnl": "cumulative_realized_pnl",
    "positionStatus": "status",
    "isReduceOnly": "is_reduce_only",
    "seq": "seq",
    "createdTime": "created_ms",
    "updatedTime": "updated_ms",
}
"""What stays as pushed until the next push."""

MARKED_POSITION = {
    "markPrice": "mark_price",
    "liqPrice": "liquidation_price",
    "breakEvenPrice": "break_even_price",
    "positionIM": "initial_margin",
    "positionIMByMp": "initial_margin",
    "positionMM": "maintenance_margin",
    "positionMMByMp": "maintenance_margin",
    "unrealisedPnl": "unrealized_pnl",
    "riskId": "risk_id",
    "riskLimitValue": "risk_limit_value",
    "adlRankIndicator": "adl_rank",
}
"""What moves with every mark while nothing is pushed: true when it is said, and by REST."""

GREEKS = {name: name for name in ("delta", "gamma", "vega", "theta")}
COIN_GREEKS = {"baseCoin": "coin"} | {f"total{name.title()}": name for name in GREEKS}

TOTALS = {
    "totalEquity": "total_equity",
    "totalWalletBalance": "total_wallet_balance",
    "totalPerpUPL": "total_perp_upl",
    "totalMarginBalance": "total_margin_balance",
    "totalAvailableBalance": "total_available_balance",
    "totalInitialMargin": "total_initial_margin",
    "totalMaintenanceMargin": "total_maintenance_margin",
}
RATES = {"accountIMRate": "account_im_rate", "accountMMRate": "account_mm_rate"}

KEPT_COIN = {
    "coin": "coin",
    "walletBalance": "wallet_balance",
    "cumRealisedPnl": "cumulative_realized_pnl",
    "locked": "locked",
    "bonus": "bonus",
    "marginCollateral": "margin_collateral",
    "collateralSwitch": "collateral_switch",
}
MARKED_COIN = {
    "equity": "equity",
    "usdValue": "usd_value",
    "borrowAmount": "borrow_amount",
    "unrealisedPnl": "unrealized_pnl",
    "totalOrderIM": "order_initial_margin",
    "totalPositionIM": "position_initial_margin",
    "totalPositionMM": "position_maintenance_margin",
}

ORDER = {
    "symbol": "symbol",
    "orderId": "order_id",
    "positionIdx": "position_idx",
    "side": "side",
    "orderType": "order_type",
    "price": "price",
    "qty": "qty",
    "leavesQty": "leaves_qty",
    "cumExecQty": "cum_exec_qty",
    "cumExecValue": "cum_exec_value",
    "cumExecFee": "cum_exec_fee",
    "orderStatus": "status",
    "cancelType": "cancel_type",
    "reduceOnly": "is_reduce_only",
    "createdTime": "created_ms",
    "updatedTime": "updated_ms",
}
FAST_EXECUTION = {
    "symbol": "symbol",
    "category": "category",
    "execId": "exec_id",
    "orderId": "order_id",
    "side": "side",
    "execPrice": "price",
    "execQty": "qty",
    "execTime": "ts_ms",
    "isMaker": "is_maker",
    "seq": "seq",
}
EXECUTION = FAST_EXECUTION | {
    "execType": "kind",
    "execValue": "value",
    "execFee": "fee",
    "feeRate": "fee_rate",
    "createType": "create_type",
    "closedSize": "closed_size",
    "markPrice": "mark_price",
    "leavesQty": "leaves_qty",
}
LEDGER = {
    "id": "transaction_id",
    "symbol": "symbol",
    "side": "side",
    "type": "kind",
    "qty": "qty",
    "size": "size",
    "currency": "coin",
    "tradePrice": "trade_price",
    "fee": "fee",
    "cashFlow": "cash_flow",
    "change": "change",
    "cashBalance": "cash_balance",
    "feeRate": "fee_rate",
    "tradeId": "trade_id",
    "transactionTime": "ts_ms",
}
CLOSED = {
    "symbol": "symbol",
    "orderId": "order_id",
    "side": "side",
    "execType": "kind",
    "closedSize": "closed_size",
    "cumEntryValue": "entry_value",
    "avgEntryPrice": "entry_price",
    "cumExitValue": "exit_value",
    "avgExitPrice": "exit_price",
    "closedPnl": "closed_pnl",
    "openFee": "open_fee",
    "closeFee": "close_fee",
    "leverage": "leverage",
    "createdTime": "ts_ms",
}

Wire = Mapping[str, Any]


def is_said(text: object, value: object) -> bool:
    """Return whether the wire says a value: the same number to the eighth decimal, ``""`` for none."""
    if value is None:
        return text == ""
    if isinstance(value, bool) or isinstance(text, bool):
        return text is value
    if isinstance(value, Decimal):
        return isinstance(text, str) and bool(text) and Decimal(text) == value.quantize(EIGHT)
    return str(text) == str(value)


def differences(wire: Wire, row: object, fields: Mapping[str, str]) -> list[str]:
    """Return where a row on the wire says something else than the row of the exchange."""
    return [
        f"{name}: {wire.get(name)!r} is not {getattr(row, field)!r}"
        for name, field in fields.items()
        if not is_said(wire.get(name), getattr(row, field))
    ]


def position_differences(
    wire: Wire, row: PositionRow, *, is_push: bool, is_kept_only: bool = False
) -> list[str]:
    """Return where a position on the wire differs; ``is_kept_only`` leaves out what moves with the mark."""
    fields = dict(KEPT_POSITION) if is_kept_only else KEPT_POSITION | MARKED_POSITION
    found: list[str] = []
    if not row.size:
        # Recorded flat rows: REST has no value and profit, a push "0" where REST has nothing.
        if is_push:
            blanks = {"liqPrice": "0", "sessionAvgPrice": "0"}
        else:
            blanks = {"positionValue": "", "unrealisedPnl": ""}
        for name, text in blanks.items():
            if fields.pop(name, "") and wire.get(name) != text:
                found.append(f"{name}: {wire.get(name)!r} of a flat row is not {text!r}")
    found += differences(wire, row, fields)
    entry = wire.get("entryPrice" if is_push else "avgPrice")
    if not is_said(entry, row.entry_price or Decimal(0)):
        found.append(f"entry: {entry!r} is not {row.entry_price!r}")
    if int(wire["autoAddMargin"]) != int(row.is_auto_margin):
        found.append("autoAddMargin")
    if wire["mmrSysUpdatedTime"] != (str(row.margin_change_ms) if row.margin_change_ms else ""):
        found.append("mmrSysUpdatedTime")
    if not is_push and wire["openTime"] != row.open_ms:
        found.append("openTime")
    if row.category == "option" and not is_kept_only:
        found += differences(wire, row, GREEKS)
    return found


def wallet_differences(wire: Wire, totals: AccountTotals, coins: Mapping[str, WalletCoin]) -> list[str]:
    """Return where a wallet on the wire differs from the account's totals and from each of ``coins``."""
    found = differences(wire, totals, TOTALS)
    for name, field in RATES.items():
        rate = getattr(totals, field)
        if not is_said(wire[name], None if rate is None else rate.quantize(FOUR, rounding=ROUND_DOWN)):
            found.append(f"{name}: {wire[name]!r} is not {rate!r} cut to four decimals")
    if [row["coin"] for row in wire["coin"]] != list(coins):
        found.append(f"coins: {[row['coin'] for row in wire['coin']]} are not {list(coins)}")
        return found
    for row in wire["coin"]:
        found += [
            f"{row['coin']} {one}" for one in differences(row, coins[row["coin"]], KEPT_COIN | MARKED_COIN)
        ]
    return found


def order_differences(wire: Wire, row: OrderRow) -> list[str]:
    """Return where an order on the wire differs; one that has no fill has an average of 0."""
    found = differences(wire, row, ORDER)
    if not is_said(wire["avgPrice"], row.average_price or Decimal(0)):
        found.append(f"avgPrice: {wire['avgPrice']!r} is not {row.average_price!r}")
    return found


def execution_differences(wire: Wire, row: ExecutionRow) -> list[str]:
    """Return where an execution on the wire differs; funding is of no order."""
    found = differences(wire, row, EXECUTION)
    expected = ("UNKNOWN", Decimal(0)) if row.kind == "Funding" else (row.order_type, row.order_price)
    if wire["orderType"] != expected[0] or not is_said(wire["orderPrice"], expected[1]):
        found.append("orderType or orderPrice")
    if wire["feeCurrency"] != (row.fee_coin or row.settle_coin):
        found.append("feeCurrency")
    return found


def greeks_differences(wire: Wire, row: CoinGreeks) -> list[str]:
    """Return where greeks of a coin differ."""
    return differences(wire, row, COIN_GREEKS)


def push_differences(message: Wire, change: Change) -> list[str]:
    """Return where a pushed message differs from the change that it tells."""
    (wire,) = message["data"]
    match change.kind:
        case "position":
            (position,) = change.positions
            found = position_differences(wire, position, is_push=True)
            return found if wire["category"] == position.category else [*found, "category"]
        case "wallet":
            assert change.totals is not None
            return wallet_differences(wire, change.totals, {coin.coin: coin for coin in change.coins})
        case "order":
            return order_differences(wire, change.orders[0])
        case "execution":
            (execution,) = change.executions
            found = execution_differences(wire, execution)
            return found if is_said(wire["execPnl"], execution.cash_flow) else [*found, "execPnl"]
        case "greeks":
            return greeks_differences(wire, change.greeks[0])
        case _:
            raise AssertionError(change.kind)
