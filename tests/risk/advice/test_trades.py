"""Trades on sheets: the simulated exchange makes the same trades, and its own margin engine says what came of them."""

from decimal import Decimal

import numpy as np
import pytest

from marginwatch.risk.advice.trades import Trade, with_trades
from marginwatch.risk.margin.models import margins
from marginwatch.risk.margin.prices import prices_now

FEE = 0.00055


def traded(desk, sheet, uid, symbol, quantity, leverage=10.0):
    """Return the sheet after a trade at mark without costs, and the exchange's own figures after its trade."""
    contract = next(
        row
        for row, name in enumerate(sheet.contract_names)
        if name is not None and name.endswith(f":{symbol}")
    )
    account = sheet.account_ids.index(uid)
    spent = desk.truth(uid).equity
    desk.exchange.open_position(uid, symbol, str(quantity))
    # The exchange takes its fee from the wallet: that is the cost that the sheet's trade is given.
    settle = float(sheet.coin_usd[sheet.settle_coin[contract]])
    cost = (spent - desk.truth(uid).equity) / settle
    after = with_trades(sheet, (Trade(account, contract, float(quantity), cost, FEE),), leverage)
    return after, account, desk.truth(uid)


@pytest.mark.parametrize(
    ("symbol", "held", "trade"),
    [
        ("BTCUSDT", "0.5", "0.25"),
        ("BTCUSDT", "0.5", "-0.2"),
        ("BTCUSDT", "0.5", "-0.5"),
        ("BTCUSDT", "0.5", "-0.8"),
        ("ETHUSDT", "-10", "4"),
        ("BTCUSD", "20000", "10000"),
        ("BTCUSD", "20000", "-5000"),
        ("BTCUSD", "-20000", "30000"),
        ("ETHUSDT", None, "-3"),
        ("BTCUSD", None, "-30000"),
    ],
)
def test_the_exchange_agrees(tools, symbol, held, trade):
    desk = tools.Desk()
    uid = desk.account("one", USDT=100_000, BTC=1)
    desk.exchange.set_leverage(uid, symbol, "10")
    desk.exchange.open_position(uid, "SOLUSDT", "100")
    if held is not None:
        price = Decimal(str(desk.exchange._market.quotes[symbol].mark)) * Decimal("0.97")
        tick = desk.exchange._world.contract(symbol).tick
        desk.exchange.open_position(uid, symbol, held, str((price / tick).to_integral_value() * tick))
    after, account, truth = traded(desk, tools.read(desk), uid, symbol, Decimal(trade))
    found = margins(after, prices_now(after))
    ours = [
        float(column[account])
        for column in (found.equity, found.adjusted_equity, found.initial_margin, found.maintenance_margin)
    ]
    assert ours == pytest.approx([truth.equity, truth.balance, truth.initial, truth.maintenance], rel=2e-6)


@pytest.mark.parametrize(
    ("held", "trade"), [("2", "-1"), ("-2", "1"), ("2", "-2"), (None, "1"), (None, "-1")]
)
@pytest.mark.parametrize("mode", ["REGULAR_MARGIN", "PORTFOLIO_MARGIN"])
def test_the_exchange_agrees_on_options(tools, mode, held, trade):
    desk = tools.Desk()
    uid = desk.account("one", mode=mode, USDT=300_000)
    symbols = [one.symbol for one in desk.exchange._board("option") if one.symbol.startswith("BTC")]
    if held is not None:
        desk.exchange.open_position(uid, symbols[0], held)
    desk.exchange.open_position(uid, "BTCUSDT", "0.5")
    after, account, truth = traded(desk, tools.read(desk), uid, symbols[0], Decimal(trade))
    found = margins(after, prices_now(after))
    # Cross margin counts no option value, so a trade of options changes the balance by its premium.
    assert found.equity[account] == pytest.approx(truth.equity, rel=2e-6)
    assert found.adjusted_equity[account] == pytest.approx(truth.balance, rel=2e-6)
    if mode == "REGULAR_MARGIN":
        assert found.maintenance_margin[account] == pytest.approx(truth.maintenance, rel=2e-6, abs=1e-6)


@pytest.mark.parametrize(
    ("symbol", "held", "trade"),
    [
        ("BTCUSDT", "0.5", "-0.2"),
        ("BTCUSDT", "0.5", "0.25"),
        ("BTCUSD", "20000", "-5000"),
        ("BTCUSDT", None, "-0.1"),
    ],
)
def test_the_exchange_agrees_on_isolated_positions(tools, symbol, held, trade):
    desk = tools.Desk()
    uid = desk.account("one", mode="ISOLATED_MARGIN", USDT=100_000, BTC=2)
    desk.exchange.set_leverage(uid, symbol, "10")
    desk.exchange.open_position(uid, "SOLUSDT", "10")
    if held is not None:
        desk.exchange.open_position(uid, symbol, held)
    after, account, truth = traded(desk, tools.read(desk), uid, symbol, Decimal(trade))
    found = margins(after, prices_now(after))
    usd = after.coin_usd[after.settle_coin[after.leg_contract]]
    coins = [(coin, desk.exchange.usd_index(name)) for name, coin in truth.coins.items()]
    assert found.equity[account] == pytest.approx(truth.equity, rel=2e-6)
    assert (found.legs.maintenance_margin * usd).sum() == pytest.approx(
        sum(coin.position_maintenance * price for coin, price in coins), rel=1e-5
    )
    assert (found.legs.initial_margin * usd).sum() == pytest.approx(
        sum(coin.position_initial * price for coin, price in coins), rel=1e-5
    )


def test_legs_stay_sorted_and_whole(tools):
    desk = tools.Desk()
    for name in ("one", "two", "three"):
        tools.trader(desk, name, 50_000, "ETHUSDT", "2")
    sheet = tools.read(desk)
    names = [name.rsplit(":", 1)[-1] if name else None for name in sheet.contract_names]
    trades = (
        Trade(1, names.index("BTCUSDT"), 0.3, 5.0, FEE),
        Trade(0, names.index("BTCUSD"), -1000.0, 0.0, FEE),
        Trade(1, names.index("ETHUSDT"), -2.0, 1.0, FEE),
        Trade(2, names.index("ETHUSDT"), -3.0, 1.0, FEE),
    )
    after = with_trades(sheet, trades, 10.0)
    held = {
        (int(account), names[contract]): float(quantity)
        for account, contract, quantity in zip(
            after.leg_account, after.leg_contract, after.leg_quantity, strict=True
        )
    }
    assert held == {(0, "ETHUSDT"): 2.0, (0, "BTCUSD"): -1000.0, (1, "BTCUSDT"): 0.3, (2, "ETHUSDT"): -1.0}
    assert (np.diff(after.leg_account) >= 0).all()
    assert (np.diff(after.leg_settle_holding) >= 0).all()
    assert (after.holding_account[after.leg_settle_holding] == after.leg_account).all()
    assert (after.holding_coin[after.leg_settle_holding] == after.settle_coin[after.leg_contract]).all()
    assert after.first_leg.tolist() == [0, 2, 3, 4]
    assert sheet.leg_quantity.tolist() == [2.0, 2.0, 2.0]
