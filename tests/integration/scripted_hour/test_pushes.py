"""Every message of the hour: heard by both libraries, in order, parsed, and saying what happened; alone they rebuild it."""

import collections
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

import pytest
from hour_facts import (
    FAST_EXECUTION,
    KEPT_COIN,
    differences,
    order_differences,
    position_differences,
    push_differences,
)
from hour_script import DEPOSITS, Hour

from marginwatch.sim.rows import Change

ACTORS = tuple(DEPOSITS)
EVERY_ACTOR = pytest.mark.parametrize("name", ACTORS)
OPEN = ("New", "PartiallyFilled")


def data_of(messages: Iterable[dict[str, Any]], topic: str) -> list[dict[str, Any]]:
    return [row for message in messages if message["topic"] == topic for row in message["data"]]


def of_kind(changes: Iterable[Change], kind: str) -> list[Change]:
    return [change for change in changes if change.kind == kind]


def kinds(hour: Hour, list_name: str, field: str) -> set[str]:
    changes = [change for one in hour.changes.values() for change in one]
    return {getattr(row, field) for change in changes for row in getattr(change, list_name)}


def test_the_hour_had_all_that_can_happen_to_an_account(hour: Hour) -> None:
    assert kinds(hour, "executions", "kind") == {"Trade", "Funding", "BustTrade", "AdlTrade", "Delivery"}
    assert kinds(hour, "orders", "status") == {"New", "PartiallyFilled", "Filled", "Cancelled"}
    assert kinds(hour, "orders", "cancel_type") == {
        "UNKNOWN",
        "CancelByUser",
        "CancelAllBeforeLiq",
        "CancelAllBeforeAdl",
    }
    assert kinds(hour, "positions", "status") == {"Normal", "Liq"}
    assert kinds(hour, "positions", "category") == {"linear", "inverse", "option"}
    assert kinds(hour, "orders", "category") == {"linear", "inverse", "option", "spot"}
    assert kinds(hour, "positions", "position_idx") == {0, 1, 2}
    assert (
        kinds(hour, "positions", "is_reduce_only")
        == kinds(hour, "positions", "is_auto_margin")
        == {False, True}
    )
    assert len(kinds(hour, "positions", "margin_change_ms")) == 2
    ledger = {row.kind for one in hour.true_histories.values() for row in one["ledger"]}
    assert ledger == {
        "TRADE", "SETTLEMENT", "DELIVERY", "LIQUIDATION", "ADL", "INTEREST", "AUTO_DEDUCTION", "TRANSFER_IN", "TRANSFER_OUT",
    }  # fmt: skip
    owed = [row for _, look in hour.looks for row in look["borrower"].truth.wallet.coins if row.borrow_amount]
    assert [row.coin for row in owed] == ["USDT"] * len(owed)
    assert len(owed) > 1
    # A session: paid out although nothing was traded.
    sessions = [
        row for row in hour.true_histories["cross"]["ledger"] if row.kind == "SETTLEMENT" and row.cash_flow
    ]
    assert {row.symbol for row in sessions} == {"BTCPERP", "BTC-27JUN25"}


def test_nothing_failed_to_parse(hour: Hour) -> None:
    assert hour.thread_errors == []
    assert {name: errors for name, errors in hour.ccxt_errors.items() if errors} == {}


def test_both_libraries_heard_every_kind(hour: Hour) -> None:
    by_pybit = collections.Counter(one["topic"] for heard in hour.pybit_messages.values() for one in heard)
    by_ccxt = collections.Counter(one["topic"] for heard in hour.ccxt_messages.values() for one in heard)
    wanted = {"position", "wallet", "order", "execution"}
    assert by_pybit.keys() == wanted | {"greeks", "execution.fast"}
    # ccxt has no reader of private greeks, and reads fast executions instead of executions only if told to.
    assert by_ccxt.keys() == wanted
    told = collections.Counter(
        watch for one in hour.ccxt_told.values() for watch, rows in one.items() for _ in rows
    )
    assert set(told) == {"watch_positions", "watch_balance", "watch_orders", "watch_my_trades"}


@pytest.mark.parametrize("library", ["pybit_messages", "ccxt_messages"])
@EVERY_ACTOR
def test_each_push_says_what_happened_and_in_that_order(hour: Hour, name: str, library: str) -> None:
    changes = hour.changes[name]
    messages: list[dict[str, Any]] = getattr(hour, library)[name]
    if library == "ccxt_messages":
        changes = [change for change in changes if change.kind != "greeks"]
    fast = [message for message in messages if message["topic"] == "execution.fast"]
    rest = [message for message in messages if message["topic"] != "execution.fast"]
    assert [message["topic"] for message in rest] == [change.kind for change in changes]
    problems = {
        f"{number} {change.kind}": found
        for number, (message, change) in enumerate(zip(rest, changes, strict=True))
        if (found := push_differences(message, change))
    }
    assert problems == {}
    trades = [one.executions[0] for one in of_kind(changes, "execution") if one.executions[0].kind == "Trade"]
    if library == "pybit_messages":
        assert len(fast) == len(trades)
        for message, row in zip(fast, trades, strict=True):
            assert differences(message["data"][0], row, FAST_EXECUTION) == []


def heard_until(hour: Hour, name: str, n_heard: int) -> list[dict[str, Any]]:
    """Return pybit's messages of an account as they were at a quiet point; fast ones repeat others and are left out."""
    return [one for one in hour.pybit_messages[name] if one["topic"] != "execution.fast"][:n_heard]


@EVERY_ACTOR
def test_positions_and_orders_rebuilt_from_pushes_alone_are_the_truth(hour: Hour, name: str) -> None:
    """What moves with the mark is left out: nothing is pushed when only the mark moves."""
    for title, looks in hour.looks:
        look = looks[name]
        heard = heard_until(hour, name, look.n_heard)
        legs = {
            (row["category"], row["symbol"], row["positionIdx"]): row for row in data_of(heard, "position")
        }
        held = {key for key, row in legs.items() if Decimal(row["size"])}
        assert held == {(row.category, row.symbol, row.position_idx) for row in look.truth.positions}, title
        for row in look.flat:
            wire = legs[row.category, row.symbol, row.position_idx]
            if row.size:
                assert position_differences(wire, row, is_push=True, is_kept_only=True) == [], title
            else:
                assert (wire["size"], wire["side"], wire["entryPrice"]) == ("0", "", "0"), title
        orders = {row["orderId"]: row for row in data_of(heard, "order")}
        still_open = {key: row for key, row in orders.items() if row["orderStatus"] in OPEN}
        assert still_open.keys() == {row.order_id for row in look.truth.orders}, title
        for row in look.truth.orders:
            assert order_differences(orders[row.order_id], row) == [], title


@EVERY_ACTOR
def test_wallets_rebuilt_from_pushes_alone_are_the_truth(hour: Hour, name: str) -> None:
    for title, looks in hour.looks:
        look = looks[name]
        coins = {
            row["coin"]: row
            for wallet in data_of(heard_until(hour, name, look.n_heard), "wallet")
            for row in wallet["coin"]
        }
        assert coins.keys() == {row.coin for row in look.truth.wallet.coins}, title
        for row in look.truth.wallet.coins:
            assert differences(coins[row.coin], row, KEPT_COIN) == [], title


@EVERY_ACTOR
def test_executions_add_up_to_the_positions(hour: Hour, name: str) -> None:
    """By symbol, not by leg: an execution does not say which leg of hedge mode it was of."""
    for title, looks in hour.looks:
        look = looks[name]
        sums: dict[str, Decimal] = collections.defaultdict(Decimal)
        for row in data_of(heard_until(hour, name, look.n_heard), "execution"):
            if row["execType"] != "Funding" and row["category"] != "spot":
                sums[row["symbol"]] += Decimal(row["execQty"]) * (1 if row["side"] == "Buy" else -1)
        held: dict[str, Decimal] = collections.defaultdict(Decimal)
        for row in look.truth.positions:
            held[row.symbol] += row.size * (1 if row.side == "Buy" else -1)
        assert {symbol: size for symbol, size in sums.items() if size} == dict(held), title


@EVERY_ACTOR
def test_executions_and_transfers_add_up_to_the_wallet(hour: Hour, name: str) -> None:
    """Profit, swaps and fees as executions tell them, and from the ledger only what no execution tells."""
    settled_in = {row.symbol: row.settle_coin for row in hour.true_histories[name]["executions"]}
    sums: dict[str, Decimal] = collections.defaultdict(Decimal)
    executions = data_of(hour.pybit_messages[name], "execution")
    for row in executions:
        sums[row["feeCurrency"]] -= Decimal(row["execFee"])
        if row["category"] == "spot":
            direction = 1 if row["side"] == "Buy" else -1
            sums[row["symbol"].removesuffix("USDT")] += direction * Decimal(row["execQty"])
            sums["USDT"] -= direction * Decimal(row["execValue"])
        else:
            sums[settled_in[row["symbol"]]] += Decimal(row["execPnl"])
    told = {row["execId"] for row in executions}
    for row in hour.pybit_histories[name]["ledger"]:
        if row["tradeId"] not in told:
            assert row["type"] in {"TRANSFER_IN", "TRANSFER_OUT", "INTEREST", "AUTO_DEDUCTION", "SETTLEMENT"}
            sums[row["currency"]] += Decimal(row["change"])
    wallet = hour.looks[-1][1][name].truth.wallet
    assert {coin: amount for coin, amount in sums.items() if amount} == {
        row.coin: row.wallet_balance for row in wallet.coins if row.wallet_balance
    }


@EVERY_ACTOR
def test_the_ledger_is_a_chain_of_balances(hour: Hour, name: str) -> None:
    balances: dict[str, Decimal] = collections.defaultdict(Decimal)
    for row in reversed(hour.pybit_histories[name]["ledger"]):
        funding = Decimal(row["funding"] or 0)
        change = Decimal(row["change"])
        assert change == Decimal(row["cashFlow"]) + funding - Decimal(row["fee"])
        balances[row["currency"]] += change
        assert balances[row["currency"]] == Decimal(row["cashBalance"])
    wallet = hour.looks[-1][1][name].truth.wallet
    assert dict(balances) == {row.coin: row.wallet_balance for row in wallet.coins}
