"""What both libraries read by REST, and what ccxt's watches have made of the stream, at every quiet point: the truth.

ccxt gives floats: one is right if it is the float nearest to the exact number, no other tolerance is left. Where ccxt itself
means something else than Bybit, a test says so.
"""

import collections
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from hour_facts import (
    CLOSED,
    LEDGER,
    differences,
    execution_differences,
    greeks_differences,
    order_differences,
    position_differences,
    wallet_differences,
)
from hour_script import DEPOSITS, AccountLook, Hour

from marginwatch.sim.rows import ExecutionRow, OrderRow, PositionRow

ACTORS = tuple(DEPOSITS)
EVERY_ACTOR = pytest.mark.parametrize("name", ACTORS)
SIGN = {"Buy": 1, "Sell": -1, "long": 1, "short": -1}
STATUS = {"New": "open", "PartiallyFilled": "open", "Filled": "closed", "Cancelled": "canceled"}


def looks_at(hour: Hour, name: str) -> Iterator[tuple[str, AccountLook]]:
    assert len(hour.looks) > 10
    for title, looks in hour.looks:
        yield title, looks[name]


def is_float_of(number: float | None, exact: Decimal | None) -> bool:
    """Return whether a number of ccxt is the float nearest to the exact one, None for none."""
    return number == (None if exact is None else float(exact))


# --- pybit: replies as they are --------------------------------------------------------------------------------


@EVERY_ACTOR
def test_positions_read_by_pybit(hour: Hour, name: str) -> None:
    for title, look in looks_at(hour, name):
        rows = {(one["category"], one["symbol"], one["positionIdx"]): one for one in look.pybit["positions"]}
        truth = {(one.category, one.symbol, one.position_idx): one for one in look.truth.positions}
        assert rows.keys() == truth.keys(), title
        assert len(rows) == len(look.pybit["positions"]), title
        for key, row in truth.items():
            assert position_differences(rows[key], row, is_push=False) == [], title


@EVERY_ACTOR
def test_wallet_orders_and_greeks_read_by_pybit(hour: Hour, name: str) -> None:
    for title, look in looks_at(hour, name):
        # Coins without asset or debt are not listed.
        coins = {
            row.coin: row
            for row in look.truth.wallet.coins
            if row.equity or row.wallet_balance or row.borrow_amount
        }
        assert wallet_differences(look.pybit["wallet"], look.truth.wallet.totals, coins) == [], title
        orders = {row["orderId"]: row for row in look.pybit["orders"]}
        assert orders.keys() == {row.order_id for row in look.truth.orders}, title
        for row in look.truth.orders:
            assert order_differences(orders[row.order_id], row) == [], title
        assert len(look.pybit["greeks"]) == len(look.greeks), title
        for wire, row in zip(look.pybit["greeks"], look.greeks, strict=True):
            assert greeks_differences(wire, row) == [], title


@EVERY_ACTOR
def test_histories_read_by_pybit(hour: Hour, name: str) -> None:
    truth, read = hour.true_histories[name], hour.pybit_histories[name]
    assert [len(read[kind]) for kind in truth] == [len(rows) for rows in truth.values()]
    for wire, row in zip(read["executions"], truth["executions"], strict=True):
        assert execution_differences(wire, row) == []
    for wire, row in zip(read["ledger"], truth["ledger"], strict=True):
        assert differences(wire, row, LEDGER) == []
        assert Decimal(wire["funding"] or 0) == row.funding
    for wire, row in zip(read["closed"], truth["closed"], strict=True):
        assert differences(wire, row, CLOSED) == []
    fundings = [row for row in truth["executions"] if (row.symbol, row.kind) == ("BTCUSDT", "Funding")]
    assert [row["execId"] for row in read["fundings of BTCUSDT"]] == [row.exec_id for row in fundings]
    assert bool(fundings) == (name in {"cross", "hedge", "portfolio"})


def test_there_was_something_to_read(hour: Hour) -> None:
    views = [look[name] for _, look in hour.looks for name in ACTORS]
    for kind in ("positions", "orders", "greeks"):
        assert sum(bool(one.pybit[kind]) for one in views) > 5, kind
    for kind in ("positions", "orders", "balance"):
        assert sum(bool(one.ccxt[kind]) for one in views) > 5, kind
    for kind in ("positions", "orders", "trades"):
        assert sum(bool(one.ccxt["watched"][kind]) for one in views) > 5, kind


# --- ccxt: what its parsers made of them -----------------------------------------------------------------------


def ccxt_position_differences(
    parsed: dict[str, Any], row: PositionRow, *, is_marked: bool = True
) -> list[str]:
    """Return where a position of ccxt differs; ``is_marked`` is False for one that was pushed a while ago.

    ccxt's ``notional`` is the value at entry, its ``collateral`` is worked out backwards: neither is a fact of the exchange.
    It has no side for what is flat, except in hedge mode.
    """
    wanted: dict[str, Decimal | None] = {
        "contracts": row.size,
        "entryPrice": row.entry_price,
        "leverage": row.leverage,
        "realizedPnl": row.current_realized_pnl,
    }
    if is_marked:
        wanted |= {
            "markPrice": row.mark_price,
            "liquidationPrice": row.liquidation_price,
            "initialMargin": row.initial_margin,
            "maintenanceMargin": row.maintenance_margin,
            "unrealizedPnl": row.unrealized_pnl,
        }
    found = [
        f"{key}: {parsed[key]!r} is not {exact!r}"
        for key, exact in wanted.items()
        if not is_float_of(parsed[key], exact)
    ]
    if parsed["side"] != {"Buy": "long", "Sell": "short"}[row.side]:
        found.append(f"side: {parsed['side']}")
    if parsed["lastUpdateTimestamp"] != row.updated_ms or parsed["hedged"] != bool(row.position_idx):
        found.append("time or hedged")
    return found


def ccxt_order_differences(parsed: dict[str, Any], row: OrderRow) -> list[str]:
    """Return where an order of ccxt differs."""
    wanted: dict[str, Decimal | None] = {
        "price": row.price,
        "amount": row.qty,
        "filled": row.cum_exec_qty,
        "remaining": row.leaves_qty,
        "average": row.average_price,
        "cost": row.cum_exec_value,
    }
    found = [
        f"{key}: {parsed[key]!r} is not {exact!r}"
        for key, exact in wanted.items()
        if not is_float_of(parsed[key], exact)
    ]
    if (parsed["side"], parsed["status"], parsed["reduceOnly"]) != (
        row.side.lower(),
        STATUS[row.status],
        row.is_reduce_only,
    ):
        found.append("side, status or reduceOnly")
    return found


def ccxt_trade_differences(parsed: dict[str, Any], row: ExecutionRow) -> list[str]:
    """Return where a trade of ccxt differs."""
    wanted = {"price": row.price, "amount": row.qty, "cost": row.value}
    found = [
        f"{key}: {parsed[key]!r} is not {exact!r}"
        for key, exact in wanted.items()
        if not is_float_of(parsed[key], exact)
    ]
    facts = (parsed["id"], parsed["order"], parsed["side"], parsed["timestamp"], parsed["takerOrMaker"])
    maker = "maker" if row.is_maker else "taker"
    if facts != (row.exec_id, row.order_id, row.side.lower(), row.ts_ms, maker):
        found.append(f"{facts}")
    if not is_float_of(parsed["fee"]["cost"], row.fee):
        found.append("fee")
    return found


@EVERY_ACTOR
def test_positions_read_by_ccxt(hour: Hour, name: str) -> None:
    for title, look in looks_at(hour, name):
        rows = {
            (hour.symbols[one["symbol"]], one["info"]["positionIdx"]): one for one in look.ccxt["positions"]
        }
        truth = {(one.symbol, one.position_idx): one for one in look.truth.positions}
        assert rows.keys() == truth.keys(), title
        for key, row in truth.items():
            assert ccxt_position_differences(rows[key], row) == [], (title, key)


@EVERY_ACTOR
def test_balance_and_orders_read_by_ccxt(hour: Hour, name: str) -> None:
    for title, look in looks_at(hour, name):
        coins = {
            row.coin: row
            for row in look.truth.wallet.coins
            if row.equity or row.wallet_balance or row.borrow_amount
        }
        balance = look.ccxt["balance"]
        assert balance["total"].keys() == coins.keys(), title
        for coin, row in coins.items():
            assert is_float_of(balance["total"][coin], row.wallet_balance), title
            assert is_float_of(balance[coin]["debt"], row.borrow_amount + row.accrued_interest), title
            # Not Bybit's free amount (it sends none): what is left of the balance beside margins.
            tied = (row.position_initial_margin or 0) + (row.order_initial_margin or 0) + row.locked
            assert is_float_of(balance["used"][coin], tied), title
        orders = {row["id"]: row for row in look.ccxt["orders"]}
        assert orders.keys() == {row.order_id for row in look.truth.orders}, title
        for row in look.truth.orders:
            assert ccxt_order_differences(orders[row.order_id], row) == [], title
            assert hour.symbols[orders[row.order_id]["symbol"]] == row.symbol


@EVERY_ACTOR
def test_positions_watched_by_ccxt(hour: Hour, name: str) -> None:
    """Its cache is keyed by side and never forgets one, so that what was flipped stands on both: the newest is right."""
    for title, look in looks_at(hour, name):
        newest: dict[tuple[str, int], dict[str, Any]] = {}
        for parsed in look.ccxt["watched"]["positions"]:
            newest[hour.symbols[parsed["symbol"]], parsed["info"]["positionIdx"]] = parsed
        truth = {(one.symbol, one.position_idx): one for one in look.truth.positions}
        assert {key for key, parsed in newest.items() if parsed["contracts"]} == truth.keys(), title
        for key, row in truth.items():
            assert ccxt_position_differences(newest[key], row, is_marked=False) == [], (title, key)


def test_a_position_that_was_flipped_stays_in_ccxt_on_its_old_side_too(hour: Hour) -> None:
    """Known of the library, not of the exchange: whoever adds up its cache counts such a position twice."""
    (look,) = [looks["cross"] for title, looks in hour.looks if title == "add_reduce_flip_close"]
    standing = {
        row["side"]: row["contracts"]
        for row in look.ccxt["watched"]["positions"]
        if hour.symbols[row["symbol"]] == "BTCUSDT"
    }
    assert standing == {"long": 0.623, "short": 0.377}


@EVERY_ACTOR
def test_orders_watched_by_ccxt(hour: Hour, name: str) -> None:
    last: dict[str, OrderRow] = {}
    for _, look in looks_at(hour, name):
        for change in hour.changes[name][: look.n_heard]:
            last |= {row.order_id: row for row in change.orders}
        watched = {row["id"]: row for row in look.ccxt["watched"]["orders"]}
        assert watched.keys() == last.keys()
        for order_id, row in last.items():
            assert ccxt_order_differences(watched[order_id], row) == []
            assert hour.symbols[watched[order_id]["symbol"]] == row.symbol


@EVERY_ACTOR
def test_trades_watched_by_ccxt(hour: Hour, name: str) -> None:
    """It leaves out funding and deliveries unless told otherwise: whoever adds up its trades keeps what has expired."""
    executions = {
        row.exec_id: row
        for row in hour.true_histories[name]["executions"]
        if row.kind not in {"Funding", "Delivery"}
    }
    watched = {row["id"]: row for row in hour.looks[-1][1][name].ccxt["watched"]["trades"]}
    assert watched.keys() == executions.keys()
    for exec_id, row in executions.items():
        assert ccxt_trade_differences(watched[exec_id], row) == []
        assert hour.symbols[watched[exec_id]["symbol"]] == row.symbol
    told = {row["id"] for rows in hour.ccxt_told[name]["watch_my_trades"] for row in rows}
    assert told == watched.keys()


@EVERY_ACTOR
def test_balance_watched_by_ccxt(hour: Hour, name: str) -> None:
    """Its total is the equity as it was pushed, while that of a fetched balance is the wallet's: different things by one name."""
    for title, look in looks_at(hour, name):
        pushed = {coin.coin: coin for change in hour.changes[name][: look.n_heard] for coin in change.coins}
        watched = look.ccxt["watched balance"]
        assert watched.get("total", {}).keys() == pushed.keys(), title
        for coin, row in pushed.items():
            assert is_float_of(watched["total"][coin], row.equity), title
            assert is_float_of(watched["used"][coin], row.locked), title


@EVERY_ACTOR
def test_what_ccxt_told_is_what_it_had_heard(hour: Hour, name: str) -> None:
    """Each parsed row still carries the message it was made of: nothing invented, nothing of another account."""
    heard = [row for one in hour.ccxt_messages[name] for row in one["data"]]
    told = hour.ccxt_told[name]
    for watch in ("watch_positions", "watch_orders", "watch_my_trades"):
        rows = [row["info"] for rows in told[watch] for row in rows]
        assert bool(rows) or (name, watch) == ("borrower", "watch_orders")
        for row in rows:
            assert row in heard
    assert told["watch_balance"]
    for balance in told["watch_balance"]:
        assert balance["info"][0] in heard


@EVERY_ACTOR
def test_histories_read_by_ccxt(hour: Hour, name: str) -> None:
    """It asks for trades in the narrow sense, and takes those of spot for those of the contract of the same name."""
    executions = {row.exec_id: row for row in hour.true_histories[name]["executions"] if row.kind == "Trade"}
    trades = {row["id"]: row for row in hour.ccxt_histories[name]["trades"]}
    assert trades.keys() == executions.keys()
    for exec_id, row in executions.items():
        assert ccxt_trade_differences(trades[exec_id], row) == []
        assert hour.symbols[trades[exec_id]["symbol"]] == row.symbol
        if row.category == "spot":
            assert trades[exec_id]["symbol"].endswith(":USDT")
    ledger = collections.Counter(
        (
            row.coin,
            float(abs(row.change)),
            "out" if row.change < 0 else "in",
            float(row.cash_balance),
            row.ts_ms,
        )
        for row in hour.true_histories[name]["ledger"]
    )
    assert ledger == collections.Counter(
        (row["currency"], row["amount"], row["direction"], row["after"], row["timestamp"])
        for row in hour.ccxt_histories[name]["ledger"]
    )


def test_greeks_of_an_option_read_by_ccxt(hour: Hour) -> None:
    ((parsed, row),) = hour.ccxt_greeks
    for greek in ("delta", "gamma", "vega", "theta"):
        assert is_float_of(parsed[greek], getattr(row.option, greek))
    assert is_float_of(parsed["markPrice"], row.mark_price)
    assert is_float_of(parsed["markImpliedVolatility"], row.option.mark_volatility)
