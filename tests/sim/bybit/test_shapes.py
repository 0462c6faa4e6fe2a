"""What the simulator sends has every key, of the same JSON type, as what Bybit sends; see payloads/README.md."""

import json
from pathlib import Path
from typing import Any

import pytest

PAYLOADS = Path(__file__).parent / "payloads"
DAY = "category=linear"


def recorded(name: str) -> Any:
    return json.loads((PAYLOADS / f"{name}.json").read_text())


def differences(theirs: Any, ours: Any, place: str = "") -> list[str]:
    """Return each key of theirs that ours lacks or has with another type; lists are judged by their first rows."""
    if isinstance(theirs, dict):
        if not isinstance(ours, dict):
            return [f"{place}: not an object"]
        return [
            problem
            for name, value in theirs.items()
            for problem in (
                differences(value, ours[name], f"{place}.{name}")
                if name in ours
                else [f"{place}.{name}: missing"]
            )
        ]
    if isinstance(theirs, list):
        if not isinstance(ours, list):
            return [f"{place}: not a list"]
        return differences(theirs[0], ours[0], f"{place}[0]") if theirs and ours else []
    return [] if type(theirs) is type(ours) else [f"{place}: {theirs!r} against {ours!r}"]


SPELLING = {".result.list[0].mmrSysUpdateTime: missing"}
"""The page spells it so in its example; the exchange and the page's table write mmrSysUpdatedTime."""

EXTRA_FEES = {".data[0].extraFees: not a list"}
"""A list where an extra fee was charged, text where none was."""


@pytest.mark.parametrize(
    ("name", "path", "query", "allowed"),
    [
        ("rest_position_linear_ltc_long", "/v5/position/list", "category=linear&settleCoin=USDT", set()),
        ("rest_position_inverse_btcusd_short_docs", "/v5/position/list", "category=inverse", SPELLING),
        ("rest_position_linear_flat_golden", "/v5/position/list", "category=linear&symbol=XRPUSDT", set()),
        ("rest_wallet_unified_docs", "/v5/account/wallet-balance", "accountType=UNIFIED", set()),
        ("rest_account_info_docs", "/v5/account/info", "", set()),
        ("rest_collateral_info_docs", "/v5/account/collateral-info", "", set()),
        ("rest_tickers_inverse_docs", "/v5/market/tickers", "category=inverse", set()),
        ("rest_instruments_linear_2023", "/v5/market/instruments-info", DAY, set()),
        ("rest_risk_limit_btcusdt_2023", "/v5/market/risk-limit", DAY, set()),
        ("rest_transaction_log_docs", "/v5/account/transaction-log", DAY, set()),
        ("rest_closed_pnl_docs", "/v5/position/closed-pnl", DAY, set()),
    ],
)
async def test_replies(rest, exchange, trader, name, path, query, allowed) -> None:
    exchange.open_position(trader.uid, "BTCUSD", 100)
    held = next(row for row in exchange.positions(trader.uid, "linear") if row.side == "Buy")
    exchange.open_position(trader.uid, held.symbol, -held.size)
    ours = await rest.get(path, query, trader.key)
    rows = ours["result"].get("list")
    assert rows is None or rows, "an empty list proves nothing"
    assert set(differences(recorded(name), ours)) == allowed


async def test_the_refusal_of_a_late_call(rest, trader) -> None:
    ours = await rest.get("/v5/account/info", "", trader.key, stamp="1706972576658")
    theirs = recorded("error_10002_recv_window")
    assert differences(theirs, ours) == []
    assert ours["retMsg"].partition("req_timestamp")[0] == theirs["retMsg"].partition("req_timestamp")[0]


async def test_pushes(private, exchange, trader) -> None:
    await private.ask({"op": "subscribe", "args": ["position", "wallet", "execution"]})
    held = exchange.positions(trader.uid, "linear")[0]
    exchange.open_position(trader.uid, held.symbol, held.size if held.side == "Sell" else -held.size)
    ours = {}
    while ours.keys() != {"position", "wallet", "execution"}:
        message = await private.hear()
        ours[message["topic"]] = message
    assert ours["position"]["data"][0]["size"] == "0"
    assert differences(recorded("ws_position_linear_closed_docs"), ours["position"]) == []
    assert differences(recorded("ws_position_linear_ethusdt_short"), ours["position"]) == []
    assert differences(recorded("ws_wallet_unified_docs"), ours["wallet"]) == []
    assert set(differences(recorded("ws_execution_extra_fees_docs"), ours["execution"])) == EXTRA_FEES


@pytest.mark.parametrize(
    ("channel", "name"),
    [("linear", "ws_tickers_linear_btcusdt_snapshot_delta"), ("spot", "ws_tickers_spot_docs")],
)
async def test_tickers(server, open_stream, channel, name) -> None:
    client = await open_stream(server.urls.public[channel])
    await client.ask({"op": "subscribe", "args": ["tickers.BTCUSDT"]})
    theirs = recorded(name)
    assert differences(theirs[0] if isinstance(theirs, list) else theirs, await client.hear()) == []
