"""What accounts bet on coins: the slope of their equity, whatever they hold."""

import msgspec
import numpy as np
import pytest

from marginwatch.model.balance import AccountState, Balance
from marginwatch.model.position import Greeks
from marginwatch.risk.liquidation.exposures import coin_exposures, leg_deltas
from marginwatch.risk.margin.models import margins
from marginwatch.risk.margin.prices import prices_at

CROSS = AccountState(margin_mode="cross")


def cash(amount, asset="USDT"):
    return Balance(asset=asset, wallet_balance=str(amount), order_initial_margin="0", is_collateral=True)


def option(world, parts, kind, strike):
    """Return an option whose mark is near its model price, so that its slope is the model's."""
    symbol = f"BTC-27MAR26-{strike}-{kind[0].upper()}-USDT"
    listed = msgspec.structs.replace(
        parts.contract(symbol, "BTC", "USDT", kind=parts.CALL.instrument_kind),
        strike_price=str(strike),
        option_kind=kind,
        expiry_ns=world.now + 60 * 86_400 * 10**9,
    )
    more = {"underlying_price": "50000", "mark_volatility": "0.6", "greeks": Greeks(delta="0.5")}
    world.mark(listed, "4000", "50000", **more)
    return listed


def test_exposure_is_the_slope_of_equity(world, parts):
    world.usual_marks()
    on = parts.position
    world.account(
        "a",
        on(parts.BTCUSDT, 2, "48000"),
        on(parts.BTCUSD, -70_000, "40000"),
        on(parts.ETHUSD, 9_000, "2000"),
        on(parts.BTCPERP, -1, "52000"),
        on(option(world, parts, "put", 45_000), 3, "4000"),
        on(option(world, parts, "call", 55_000), -2, "4000"),
        coins=[cash(50_000), cash(1.5, "BTC"), cash(-2, "ETH"), cash(1_000, "USDC")],
        state=CROSS,
    )
    world.facts()
    sheet = world.press.sheet(world.now)
    pairs = coin_exposures(sheet)
    checked = set()
    for row, coin in enumerate(pairs.coin.tolist()):
        name = sheet.coin_names[coin]
        if name not in ("BTC", "ETH"):
            continue
        up, down = (
            margins(
                sheet, prices_at(sheet, np.where(np.arange(len(sheet.coin_names)) == coin, 1.0 + h, 1.0))
            ).equity
            for h in (1e-5, -1e-5)
        )
        assert pairs.usd[row] == pytest.approx(float(up[0] - down[0]) / 2e-5, rel=1e-5)
        checked.add(name)
    assert checked == {"BTC", "ETH"}


def test_deltas_of_legs_are_their_size_in_dollars(world, parts):
    world.usual_marks()
    rows = parts.position(parts.BTCUSD, -70_000, "40000"), parts.position(parts.BTCUSDT, 2, "48000")
    world.account("a", *rows, coins=[cash(50_000)], state=CROSS)
    sheet = world.press.sheet(world.now)
    deltas = dict(zip([sheet.contract_names[i] for i in sheet.leg_contract], leg_deltas(sheet), strict=True))
    assert deltas[parts.BTCUSD.instrument_id] == -70_000.0
    assert deltas[parts.BTCUSDT.instrument_id] == pytest.approx(2 * 50_050 * world.usd("USDT"))
