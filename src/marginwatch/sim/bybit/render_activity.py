"""Orders, executions, the cash ledger, closed profit, sessions and deliveries as Bybit sends them.

Documents: v5/order/open-order, v5/order/execution, v5/account/transaction-log, v5/position/close-pnl and the private
topics of the same names; v5/asset/settlement, v5/asset/delivery (2026-07).
"""

from decimal import Decimal

from marginwatch.sim.bybit.wire_numbers import money, price
from marginwatch.sim.records import DeliveryRow, SettlementRow
from marginwatch.sim.rows import ClosedPnlRow, ExecutionRow, OrderRow, TransactionRow

Row = dict[str, object]


def rest_order(row: OrderRow) -> Row:
    """Return a row of ``/v5/order/realtime``."""
    return {
        "orderId": row.order_id,
        "orderLinkId": row.order_link_id,
        "blockTradeId": "",
        "symbol": row.symbol,
        "price": price(row.price),
        "qty": money(row.qty),
        "side": row.side,
        "isLeverage": "0" if row.category == "spot" else "",
        "positionIdx": row.position_idx,
        "orderStatus": row.status,
        "cancelType": row.cancel_type,
        "createType": row.create_type,
        "rejectReason": row.reject_reason,
        "avgPrice": price(row.average_price) or "0",
        "leavesQty": money(row.leaves_qty),
        "leavesValue": money(row.leaves_qty * row.price if row.category != "inverse" else row.leaves_qty),
        "cumExecQty": money(row.cum_exec_qty),
        "cumExecValue": money(row.cum_exec_value),
        "cumExecFee": money(row.cum_exec_fee),
        "cumFeeDetail": {row.fee_coin or row.settle_coin: money(row.cum_exec_fee)}
        if row.cum_exec_fee
        else {},
        "timeInForce": row.time_in_force,
        "orderType": row.order_type,
        "stopOrderType": "",
        "orderIv": "",
        "triggerPrice": "",
        "takeProfit": "",
        "stopLoss": "",
        "tpTriggerBy": "",
        "slTriggerBy": "",
        "tpslMode": "",
        "tpLimitPrice": "0",
        "slLimitPrice": "0",
        "ocoTriggerBy": "",
        "triggerDirection": 0,
        "triggerBy": "",
        "lastPriceOnCreated": "",
        "basePrice": "",
        "reduceOnly": row.is_reduce_only,
        "closeOnTrigger": False,
        "placeType": "",
        "smpType": "None",
        "smpGroup": 0,
        "smpOrderId": "",
        "marketUnit": "",
        "slippageTolerance": "0",
        "slippageToleranceType": "UNKNOWN",
        "extraFees": "",
        "createdTime": str(row.created_ms),
        "updatedTime": str(row.updated_ms),
    }


def pushed_order(row: OrderRow) -> Row:
    """Return a row of the ``order`` topic."""
    wire = rest_order(row)
    wire |= {
        "category": row.category,
        "feeCurrency": (row.fee_coin or row.settle_coin) if row.cum_exec_fee else "",
        "closedPnl": "0",
        "brokerOrderPrice": "",
        "rpiTakerAccess": False,
        "rpiMatchedQty": "0",
    }
    return wire


def rest_execution(row: ExecutionRow) -> Row:
    """Return a row of ``/v5/execution/list``; ``execFee`` above 0 is paid."""
    is_funding = row.kind == "Funding"
    return {
        "symbol": row.symbol,
        "orderId": row.order_id,
        "orderLinkId": row.order_link_id,
        "side": row.side,
        "orderPrice": "0" if is_funding else price(row.order_price),
        "orderQty": money(row.order_qty),
        "leavesQty": money(row.leaves_qty),
        "createType": row.create_type,
        "orderType": "UNKNOWN" if is_funding else row.order_type,
        "stopOrderType": "UNKNOWN",
        "execFee": money(row.fee),
        "execId": row.exec_id,
        "execPrice": price(row.price),
        "execQty": money(row.qty),
        "execType": row.kind,
        "execValue": money(row.value),
        "execTime": str(row.ts_ms),
        "feeCurrency": row.fee_coin or row.settle_coin,
        "isMaker": row.is_maker,
        "feeRate": money(row.fee_rate),
        "tradeIv": money(row.trade_volatility),
        "markIv": money(row.mark_volatility),
        "markPrice": price(row.mark_price),
        "indexPrice": price(row.index_price) if row.category == "option" else "",
        "underlyingPrice": money(row.underlying_price),
        "blockTradeId": "",
        "closedSize": money(row.closed_size),
        "seq": row.seq,
        "extraFees": "",
    }


def pushed_execution(row: ExecutionRow) -> Row:
    """Return a row of the ``execution`` topic."""
    wire = rest_execution(row)
    wire |= {
        "category": row.category,
        "isLeverage": "0",
        "execPnl": money(row.cash_flow),
        "marketUnit": "",
    }
    return wire


def fast_execution(row: ExecutionRow) -> Row:
    """Return a row of the ``execution.fast`` topic, which knows trades only."""
    return {
        "category": row.category,
        "symbol": row.symbol,
        "orderId": row.order_id,
        "isMaker": row.is_maker,
        "orderLinkId": "" if row.is_maker else row.order_link_id,
        "execId": row.exec_id,
        "execPrice": price(row.price),
        "execQty": money(row.qty),
        "side": row.side,
        "execTime": str(row.ts_ms),
        "seq": row.seq,
    }


def transaction(row: TransactionRow) -> Row:
    """Return a row of ``/v5/account/transaction-log``; ``funding`` above 0 is received, ``""`` if it is none."""
    return {
        "id": row.transaction_id,
        "symbol": row.symbol,
        "category": row.category,
        "side": row.side or "None",
        "transactionTime": str(row.ts_ms),
        "type": row.kind,
        "transSubType": "",
        "qty": money(row.qty),
        "size": money(row.size),
        "currency": row.coin,
        "tradePrice": price(row.trade_price),
        "funding": money(row.funding) if row.kind == "SETTLEMENT" else "",
        "fee": money(row.fee),
        "cashFlow": money(row.cash_flow),
        "change": money(row.change),
        "cashBalance": money(row.cash_balance),
        "feeRate": money(row.fee_rate),
        "bonusChange": "",
        "tradeId": row.trade_id,
        "orderId": row.order_id,
        "orderLinkId": "",
        "extraFees": "",
    }


def closed_pnl(row: ClosedPnlRow) -> Row:
    """Return a row of ``/v5/position/closed-pnl``; ``side`` is that of the closing order."""
    return {
        "symbol": row.symbol,
        "orderId": row.order_id,
        "side": row.side,
        "qty": money(row.qty),
        "orderPrice": price(row.exit_price),
        "orderType": "Market",
        "execType": row.kind,
        "closedSize": money(row.closed_size),
        "cumEntryValue": money(row.entry_value),
        "avgEntryPrice": money(row.entry_price),
        "cumExitValue": money(row.exit_value),
        "avgExitPrice": money(row.exit_price),
        "closedPnl": money(row.closed_pnl),
        "fillCount": "1",
        "leverage": money(row.leverage),
        "openFee": money(row.open_fee),
        "closeFee": money(row.close_fee),
        "createdTime": str(row.ts_ms),
        "updatedTime": str(row.ts_ms),
    }


def settlement(row: SettlementRow) -> Row:
    """Return a row of ``/v5/asset/settlement-record``; the session's price is the mark it was settled at."""
    return {
        "symbol": row.symbol,
        "side": row.side,
        "size": money(row.size),
        "sessionAvgPrice": price(row.mark_price),
        "markPrice": price(row.mark_price),
        "realisedPnl": money(row.realized_pnl),
        "createdTime": str(row.ts_ms),
    }


def delivery(row: DeliveryRow) -> Row:
    """Return a row of ``/v5/asset/delivery-record``, whose time is a number; a future has no strike."""
    return {
        "deliveryTime": row.ts_ms,
        "symbol": row.symbol,
        "side": row.side,
        "position": money(row.size),
        "entryPrice": money(row.entry_price),
        "deliveryPrice": price(row.price),
        "strike": money(row.strike),
        "fee": money(row.fee),
        "deliveryRpl": money(row.realized_pnl),
    }


def member_balance(coin: str, balance: Decimal, free: Decimal) -> Row:
    """Return one coin of a wallet as the asset endpoints list it."""
    return {"coin": coin, "walletBalance": money(balance), "transferBalance": money(free), "bonus": ""}
