"""Each margin mode leaves blank on the wire what it does not have."""

ACCOUNT_WIDE = (
    "accountIMRate", "accountMMRate", "totalMarginBalance", "totalAvailableBalance", "totalInitialMargin",
    "totalMaintenanceMargin",
)  # fmt: skip


async def wallet_of(rest, key) -> dict:
    reply = await rest.get("/v5/account/wallet-balance", "accountType=UNIFIED", key)
    return reply["result"]["list"][0]


async def test_an_isolated_account_has_blank_totals_and_full_coins(rest, exchange) -> None:
    account = exchange.open_account("alone", margin_mode="ISOLATED_MARGIN")
    exchange.deposit(account.uid, "USDT", "10000")
    exchange.open_position(account.uid, "SOLUSDT", "10")
    exchange.set_auto_add_margin(account.uid, "SOLUSDT", is_on=True)
    wallet = await wallet_of(rest, account.key)
    assert [wallet[name] for name in ACCOUNT_WIDE] == [""] * len(ACCOUNT_WIDE)
    assert all(float(wallet[name]) for name in ("totalEquity", "totalWalletBalance"))
    assert float(wallet["coin"][0]["totalPositionIM"]) > float(wallet["coin"][0]["totalPositionMM"]) > 0
    info = await rest.get("/v5/account/info", "", account.key)
    assert info["result"]["marginMode"] == "ISOLATED_MARGIN"
    held = await rest.get("/v5/position/list", "category=linear&settleCoin=USDT", account.key)
    (row,) = held["result"]["list"]
    assert row["autoAddMargin"] == 1
    assert 0 < float(row["liqPrice"]) < float(row["markPrice"])


async def test_portfolio_margin_has_rates_of_the_account_and_blanks_below(rest, exchange) -> None:
    account = exchange.open_account("stressed", margin_mode="PORTFOLIO_MARGIN")
    exchange.deposit(account.uid, "USDT", "100000")
    exchange.open_position(account.uid, "BTCUSDT", "0.5")
    wallet = await wallet_of(rest, account.key)
    assert all(float(wallet[name]) > 0 for name in ACCOUNT_WIDE)
    coin = wallet["coin"][0]
    assert coin["totalOrderIM"] == coin["totalPositionIM"] == coin["totalPositionMM"] == ""
    held = await rest.get("/v5/position/list", "category=linear&settleCoin=USDT", account.key)
    (row,) = held["result"]["list"]
    blanks = ("leverage", "positionIM", "positionIMByMp", "positionMM", "positionMMByMp", "liqPrice")
    assert [row[name] for name in blanks] == [""] * len(blanks)
    assert (row["riskId"], row["riskLimitValue"]) == (0, "0")
    assert float(row["unrealisedPnl"]) == 0
