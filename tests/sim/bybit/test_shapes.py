"""What the simulator sends has every key, the JSON type and the blanks of what Bybit sent in the same state.

Every message in ``payloads`` is compared; see payloads/README.md for where each is from.
"""

from pathlib import Path
from typing import Any

import pytest
from served_samples import TRIMMED
from wire_shapes import PAYLOADS, differences, recorded

from marginwatch.clock import SystemClock
from marginwatch.sim.bybit.server import BybitSimServer
from marginwatch.sim.exchange import Exchange

LIST, WALLET = "/v5/position/list", "/v5/account/wallet-balance"
SETTLED = "category=linear&settleCoin=USDT"

WITHDRAWABLE = {".availableToWithdraw blank", ".availableToBorrow blank"}
"""Amounts until January 2025, blank since (document: v5/account/wallet-balance)."""

STOPS = {".takeProfit blank", ".stopLoss blank"}
"""Somebody had set them, or they are \"0\" or \"0.00\" for none: Bybit writes none in all three ways."""

RISK_CUT = {".mmrSysUpdatedTime blank"}
"""That contract's margin had been changed by the exchange."""

ALLOWED: dict[str, set[str]] = {
    "rest_wallet_unified_btc_usdt": WITHDRAWABLE,
    "rest_wallet_unified_docs": WITHDRAWABLE,
    "rest_wallet_unified_rotki": WITHDRAWABLE,
    "ws_wallet_unified_six_coins_docs2022": WITHDRAWABLE,
    # A small l in an invented field name; margins of coins are blank in portfolio margin only, and this one was.
    "ws_wallet_unified_usdt_position_fixture": WITHDRAWABLE | {".totalPerpUpl missing"},
    "ws_wallet_unified_docs": WITHDRAWABLE
    | {".totalOrderIM blank", ".totalPositionIM blank", ".totalPositionMM blank"},
    "rest_position_linear_ltc_flat": RISK_CUT,
    "rest_position_linear_ltc_long": RISK_CUT,
    "rest_position_linear_ltc_long_balance0": RISK_CUT,
    "rest_position_linear_ada_long_tpsl": STOPS,
    # Linear lists hand out a cursor with their last page, as those of ccxt's recordings do; these two were written
    # by hand, as was a liquidation price beside a mark far away from it.
    "rest_position_linear_open_time_fixture": STOPS | {".nextPageCursor blank"},
    "rest_position_linear_three_rows_fixture": STOPS
    | {".nextPageCursor blank", ".liqPrice blank", ".bustPrice blank"},
    # The page's example is of an older account, whose inverse rows had a bankruptcy price; and the page misspells a name.
    "rest_position_inverse_btcusd_short_docs": STOPS
    | {".mmrSysUpdateTime missing", ".breakEvenPrice blank", ".bustPrice blank"},
    "ws_position_linear_ethusdt_short": {".liqPrice blank"},  # none: a small position of a rich account
    "ws_position_linear_closed_docs": {".breakEvenPrice blank"},  # of another market
    "ws_execution_trade_docs": {".closedSize blank"},  # of 2022; later examples have "0"
    # A list where an extra fee was charged, text where none was.
    "ws_execution_extra_fees_docs": {".extraFees type", ".extraFees blank"},
    "rest_instruments_inverse_nautilus": {
        ".nextPageCursor type",
        ".nextPageCursor blank",
        ".deliveryFeeRate blank",
    },
    "rest_instruments_linear_tokenised_stock": {".symbolType blank"},
    "rest_closed_pnl_docs": {".nextPageCursor blank"},
    "rest_settlement_record_docs": {".nextPageCursor blank"},
    "rest_delivery_record_docs": {".nextPageCursor blank"},
    "rest_transaction_log_docs": {".nextPageCursor blank"},
    "rest_transaction_log_settlement_ltc": {".nextPageCursor blank", ".bonusChange blank"},
}
"""Message → what may differ, and why."""


def check(answers: dict[str, Any], names: frozenset[str]) -> None:
    assert answers.keys() == names
    problems = {}
    for name, ours in answers.items():
        theirs = recorded(name)
        found = differences(theirs[0] if isinstance(theirs, list) else theirs, ours)
        if extra := found - ALLOWED.get(name, set()):
            problems[name] = extra
    assert not problems


@pytest.fixture
def guest(exchange):
    """An account in cross margin with two coins, that never traded."""
    info = exchange.open_account("guest")
    exchange.deposit(info.uid, "USDT", "10000")
    exchange.deposit(info.uid, "BTC", "1")
    return info


ACCOUNT = frozenset(
    {
        "rest_wallet_unified_btc_usdt", "rest_wallet_unified_docs", "rest_wallet_unified_rotki",
        "rest_account_info_docs", "rest_account_info_status3", "rest_collateral_info_docs",
    }
)  # fmt: skip


async def test_wallets_and_settings(rest, exchange, guest) -> None:
    wallet = await rest.get(WALLET, "accountType=UNIFIED", guest.key)
    info = await rest.get("/v5/account/info", "", guest.key)
    exchange.set_margin_mode(guest.uid, "ISOLATED_MARGIN")
    check(
        {
            "rest_wallet_unified_btc_usdt": wallet,
            "rest_wallet_unified_docs": wallet,
            "rest_wallet_unified_rotki": await rest.get(WALLET, "accountType=UNIFIED", guest.key),
            "rest_account_info_docs": info,
            "rest_account_info_status3": info,
            "rest_collateral_info_docs": await rest.get("/v5/account/collateral-info", "", guest.key),
        },
        ACCOUNT,
    )


POSITIONS = frozenset(
    {
        "rest_position_inverse_empty_list", "rest_position_linear_flat_golden", "rest_position_linear_ltc_flat",
        "rest_position_linear_ltc_long", "rest_position_linear_ltc_long_balance0",
        "rest_position_linear_ada_long_tpsl", "rest_position_linear_open_time_fixture",
        "rest_position_linear_three_rows_fixture", "rest_position_inverse_btcusd_short_docs",
    }
)  # fmt: skip


async def test_positions_that_never_were_that_are_and_that_were(rest, exchange, guest) -> None:
    answers = {
        "rest_position_inverse_empty_list": await rest.get(LIST, "category=inverse", guest.key),
        "rest_position_linear_flat_golden": await rest.get(LIST, "category=linear&symbol=BTCUSDT", guest.key),
    }
    for quantity in (10, -10):
        exchange.open_position(guest.uid, "LTCUSDT", quantity)
    answers["rest_position_linear_ltc_flat"] = await rest.get(
        LIST, "category=linear&symbol=LTCUSDT", guest.key
    )
    exchange.open_position(guest.uid, "LTCUSDT", 10)
    long = await rest.get(LIST, SETTLED, guest.key)
    answers |= {name: long for name in POSITIONS if name not in answers and "linear" in name}
    exchange.open_position(guest.uid, "BTCUSD", -300)
    answers["rest_position_inverse_btcusd_short_docs"] = await rest.get(LIST, "category=inverse", guest.key)
    check(answers, POSITIONS)


HISTORY = frozenset(
    {"rest_transaction_log_docs", "rest_transaction_log_settlement_ltc", "rest_closed_pnl_docs"}
)


async def test_what_was_paid_and_what_was_closed(rest, guest) -> None:
    exchange = Exchange(7, SystemClock(), n_accounts=1, activity_per_s=0.0, funding_interval_s=60.0)
    async with BybitSimServer(exchange) as server:
        rest.base = server.urls.rest
        info = exchange.open_account("guest")
        exchange.deposit(info.uid, "USDT", "10000")
        for quantity in (10, -10, 10):
            exchange.open_position(info.uid, "LTCUSDT", quantity)
        closed = await rest.get("/v5/position/closed-pnl", "category=linear", info.key)
        exchange.advance(61.0)
        log = await rest.get("/v5/account/transaction-log", "category=linear&type=SETTLEMENT", info.key)
    check(
        {
            "rest_transaction_log_docs": log,
            "rest_transaction_log_settlement_ltc": log,
            "rest_closed_pnl_docs": closed,
        },
        HISTORY,
    )


RECORDS = frozenset(
    {"rest_settlement_record_docs", "rest_delivery_record_docs", "rest_portfolio_margin_docs"}
)


async def test_what_was_settled_and_the_stress_grid(rest) -> None:
    exchange = Exchange(7, SystemClock(), n_accounts=1, activity_per_s=0.0)
    async with BybitSimServer(exchange) as server:
        rest.base = server.urls.rest
        info = exchange.open_account("guest", margin_mode="PORTFOLIO_MARGIN")
        for coin in ("USDC", "USDT"):
            exchange.deposit(info.uid, coin, "1000000")
        options = [row for row in exchange.instruments("option") if row.symbol.startswith("BTC-")]
        for symbol in ("BTCPERP", options[0].symbol, options[-1].symbol):
            exchange.open_position(info.uid, symbol, "1")
        exchange.step((min(row.delivery_ms for row in options) - exchange.now_ms()) / 1000.0 + 1.0)
        check(
            {
                "rest_settlement_record_docs": await rest.get(
                    "/v5/asset/settlement-record", "category=linear", info.key
                ),
                "rest_delivery_record_docs": await rest.get(
                    "/v5/asset/delivery-record", "category=option", info.key
                ),
                "rest_portfolio_margin_docs": await rest.get(
                    "/v5/asset/portfolio-margin", "baseCoin=BTC", info.key
                ),
            },
            RECORDS,
        )


PUSHES = frozenset(
    {
        "ws_position_linear_ethusdt_short", "ws_position_linear_xrpusdt_long_docs2022",
        "ws_position_linear_closed_docs", "ws_wallet_unified_docs", "ws_wallet_unified_six_coins_docs2022",
        "ws_wallet_unified_usdt_position_fixture", "ws_execution_trade_docs", "ws_execution_extra_fees_docs",
        "ws_execution_adl_fixture",
    }
)  # fmt: skip


async def heard(client: Any) -> dict[str, Any]:
    """Return one message of each topic."""
    found: dict[str, Any] = {}
    while found.keys() != {"position", "wallet", "execution"}:
        message = await client.hear()
        found[message["topic"]] = message
    return found


async def test_pushes(server, open_stream, exchange, guest) -> None:
    client = await open_stream(server.urls.private)
    await client.log_in(guest.key)
    await client.ask({"op": "subscribe", "args": ["position", "wallet", "execution"]})
    exchange.open_position(guest.uid, "XRPUSDT", 100)
    opened = await heard(client)
    exchange.deleverage(guest.uid, "XRPUSDT", -100)
    closed = await heard(client)
    assert closed["position"]["data"][0]["size"] == "0"
    check(
        {
            **{name: opened[name.split("_")[1]] for name in PUSHES},
            "ws_position_linear_closed_docs": closed["position"],
            "ws_execution_adl_fixture": closed["execution"],
        },
        PUSHES,
    )


MARKET = {
    "rest_tickers_inverse_docs": ("/v5/market/tickers", "category=inverse&symbol=BTCUSD"),
    "rest_tickers_linear_2023": ("/v5/market/tickers", "category=linear&symbol=BTCUSDT"),
    "rest_instruments_inverse_nautilus": ("/v5/market/instruments-info", "category=inverse&symbol=BTCUSD"),
    "rest_instruments_linear_2023": ("/v5/market/instruments-info", "category=linear&symbol=BTCUSDT"),
    "rest_instruments_linear_tokenised_stock": ("/v5/market/instruments-info", "category=linear"),
    "rest_risk_limit_btcusdt_2023": ("/v5/market/risk-limit", "category=linear&symbol=BTCUSDT"),
}
STREAMED = {
    "ws_tickers_linear_btcusdt_snapshot_delta": ("linear", "BTCUSDT"),
    "ws_tickers_linear_nknusdt_snapshot_delta": ("linear", "XRPUSDT"),
    "ws_tickers_inverse_btcusd_snapshot_delta": ("inverse", "BTCUSD"),
    "ws_tickers_spot_docs": ("spot", "BTCUSDT"),
    "ws_tickers_option_sol_call": ("option", ""),
}


async def test_the_market(rest) -> None:
    check({name: await rest.get(*what) for name, what in MARKET.items()}, frozenset(MARKET))


async def test_streamed_tickers(server, exchange, open_stream) -> None:
    answers, option = {}, exchange.instruments("option")[0].symbol
    for name, (channel, symbol) in STREAMED.items():
        client = await open_stream(server.urls.public[channel])
        await client.ask({"op": "subscribe", "args": [f"tickers.{symbol or option}"]})
        answers[name] = await client.hear()
    check(answers, frozenset(STREAMED))


REFUSALS = frozenset({"error_10002_recv_window", "error_10006_too_many_visits", "ws_subscription_failure"})


async def test_refusals(rest, private, trader) -> None:
    late = await rest.get("/v5/account/info", "", trader.key, stamp="1706972576658")
    theirs = recorded("error_10002_recv_window")
    assert late["retMsg"].partition("req_timestamp")[0] == theirs["retMsg"].partition("req_timestamp")[0]
    for _ in range(6):
        many = await rest.get("/v5/account/fee-rate", "category=linear&symbol=BTCUSDT", trader.key)
    assert many["retMsg"].startswith(recorded("error_10006_too_many_visits")["retMsg"])
    check(
        {
            "error_10002_recv_window": late,
            "error_10006_too_many_visits": many,
            "ws_subscription_failure": await private.ask(
                {"op": "subscribe", "args": ["invalid.topic.BTCUSDT"]}
            ),
        },
        REFUSALS,
    )


def test_every_recorded_message_is_compared() -> None:
    of_options = (Path(__file__).parent / "test_option_messages.py").read_text()
    compared = ACCOUNT | POSITIONS | HISTORY | RECORDS | PUSHES | MARKET.keys() | STREAMED.keys() | REFUSALS
    files = {file.stem for file in PAYLOADS.glob("*.json")}
    assert {name for name in files - compared - TRIMMED if f'"{name}"' not in of_options} == set()
    assert compared <= files
    assert ALLOWED.keys() <= compared


def test_a_difference_is_found() -> None:
    theirs = {"a": "1", "b": [{"c": "", "d": 1}], "e": [], "f": {"g": True}}
    assert differences(theirs, theirs) == set()
    for ours, problem in (
        ({**theirs, "a": 1}, ".a type"),
        ({**theirs, "a": ""}, ".a blank"),
        ({**theirs, "b": [{"c": "0", "d": 1}]}, ".c blank"),
        ({**theirs, "b": []}, ".b empty"),
        ({**theirs, "f": {}}, ".g missing"),
    ):
        assert problem in differences(theirs, ours)
