"""Isolated margin: each position stands and falls alone, on the margin it was opened with."""

from collections.abc import Callable
from decimal import Decimal

import pytest

from marginwatch.sim import isolated
from marginwatch.sim.exchange import Exchange
from marginwatch.sim.rows import Change, PositionRow

ISOLATED = "ISOLATED_MARGIN"


@pytest.fixture
def alone(quiet: Exchange) -> Callable[..., str]:
    """Open an isolated account with coins; returns its UID."""

    def open_one(**coins: str) -> str:
        info = quiet.open_account("alone", margin_mode=ISOLATED)
        for coin, amount in (coins or {"USDT": "10000"}).items():
            quiet.deposit(info.uid, coin, amount)
        return info.uid

    return open_one


def row_of(exchange: Exchange, uid: str, symbol: str) -> PositionRow:
    category = "inverse" if exchange.instruments("inverse", symbol) else "linear"
    return exchange.positions(uid, category, symbol=symbol)[0]


def coin_of(exchange: Exchange, uid: str, coin: str):
    return next(row for row in exchange.wallet(uid).coins if row.coin == coin)


def test_margin_is_taken_at_entry_and_stays(quiet: Exchange, alone: Callable[..., str]) -> None:
    """1 BTC at 80,000 with leverage 10 and 0.055 %: 8,000 and 0.055 % of the bust price 72,000, whatever the mark."""
    uid = alone(USDT="20000")
    quiet.set_price("BTCUSDT", "80000.0")
    quiet.open_position(uid, "BTCUSDT", "1")
    assert row_of(quiet, uid, "BTCUSDT").initial_margin == Decimal("8039.6")
    quiet.set_price("BTCUSDT", "79000.0")
    after = row_of(quiet, uid, "BTCUSDT")
    assert after.initial_margin == Decimal("8039.6")
    assert after.maintenance_margin == Decimal(79000) * Decimal("0.005") + Decimal("39.6")


def test_the_account_has_no_rates_but_its_coins_have_all(quiet: Exchange, alone: Callable[..., str]) -> None:
    uid = alone(USDT="10000", BTC="1")
    quiet.open_position(uid, "ETHUSDT", "2")
    totals, coin = quiet.wallet(uid).totals, coin_of(quiet, uid, "USDT")
    assert totals.account_im_rate is totals.account_mm_rate is None
    assert totals.total_margin_balance is totals.total_available_balance is None
    assert totals.total_initial_margin is totals.total_maintenance_margin is None
    assert totals.total_equity > 90_000
    assert coin.position_initial_margin == row_of(quiet, uid, "ETHUSDT").initial_margin
    free = coin.wallet_balance - coin.position_initial_margin
    assert quiet.withdrawable(uid, "USDT") == free
    assert quiet.withdrawable(uid, "BTC") == 1


@pytest.mark.parametrize(
    ("side", "expected"),
    # margin 8,000: profit of 1 BTC leaves 0.5 % of the mark where mark × 0.995 = 72,000, or mark × 1.005 = 88,000
    [("1", 72_000 / 0.995), ("-1", 88_000 / 1.005)],
)
def test_linear_liquidation_price(
    quiet: Exchange, alone: Callable[..., str], side: str, expected: float
) -> None:
    uid = alone(USDT="20000")
    quiet.set_price("BTCUSDT", "80000.0")
    quiet.open_position(uid, "BTCUSDT", side)
    shown = row_of(quiet, uid, "BTCUSDT").liquidation_price
    assert shown is not None
    assert float(shown) == pytest.approx(expected, abs=1e-6)
    quiet.add_margin(uid, "BTCUSDT", "1000")
    moved = row_of(quiet, uid, "BTCUSDT").liquidation_price
    assert moved is not None
    assert abs(float(moved) - expected) == pytest.approx(1000 / (0.995 if side == "1" else 1.005), abs=1e-6)


@pytest.mark.parametrize("side", [1, -1])
def test_at_the_inverse_liquidation_price_what_is_left_is_the_maintenance_margin(
    quiet: Exchange, alone: Callable[..., str], side: int
) -> None:
    uid = alone(BTC="1")
    quiet.open_position(uid, "BTCUSD", 20_000 * side)
    row = row_of(quiet, uid, "BTCUSD")
    assert row.liquidation_price is not None
    assert row.entry_price is not None
    price, entry = float(row.liquidation_price), float(row.entry_price)
    profit = 20_000 * side * (1 / entry - 1 / price)
    assert 20_000 / entry / 10 + profit == pytest.approx(0.005 * 20_000 / price, rel=1e-9)


def to(exchange: Exchange, symbol: str, price: float, *, up: bool) -> None:
    """Put the mark on the first tick at or beyond ``price``."""
    tick = exchange.instruments("linear", symbol)[0].tick_size
    ticks = int(Decimal(str(price)) / tick)
    exchange.set_price(symbol, tick * (ticks + 1 if up else ticks))


@pytest.mark.parametrize("side", [1, -1])
def test_the_mark_takes_one_position_at_its_price_and_leaves_the_rest(
    quiet: Exchange, alone: Callable[..., str], side: int
) -> None:
    uid = alone(USDT="20000")
    quiet.set_price("SOLUSDT", "130.000")
    quiet.open_position(uid, "SOLUSDT", 100 * side)
    quiet.open_position(uid, "XRPUSDT", "1000")
    quiet.place_order(uid, "SOLUSDT", "1", "60.000")
    quiet.place_order(uid, "XRPUSDT", "100", "1.0000")
    before, row = coin_of(quiet, uid, "USDT").wallet_balance, row_of(quiet, uid, "SOLUSDT")
    assert row.liquidation_price is not None
    assert row.initial_margin is not None
    price, tick = float(row.liquidation_price), 0.01
    to(quiet, "SOLUSDT", price + 2 * tick * side, up=side < 0)
    assert row_of(quiet, uid, "SOLUSDT").size == 100
    to(quiet, "SOLUSDT", price - tick * side, up=side < 0)
    assert row_of(quiet, uid, "SOLUSDT").size == 0
    assert row_of(quiet, uid, "XRPUSDT").size == 1000
    assert [order.symbol for order in quiet.orders(uid, "linear")] == ["XRPUSDT"]
    lost = before - coin_of(quiet, uid, "USDT").wallet_balance
    assert 0 <= row.initial_margin - lost < Decimal("0.02") * 100
    taken = quiet.executions(uid, "linear")[0]
    assert (taken.kind, taken.create_type) == ("BustTrade", "CreateByTakeOver_PassThrough")
    assert quiet.stats().liquidated_uids == (uid,)
    quiet.check_books()


def test_a_gap_through_the_bust_price_costs_the_margin_and_no_more(
    quiet: Exchange, alone: Callable[..., str]
) -> None:
    uid = alone(USDT="5000")
    quiet.set_price("SOLUSDT", "130.000")
    quiet.open_position(uid, "SOLUSDT", "100")
    before, margin = coin_of(quiet, uid, "USDT").wallet_balance, row_of(quiet, uid, "SOLUSDT").initial_margin
    quiet.set_price("SOLUSDT", "65.000")
    assert margin is not None
    assert 0 <= margin - (before - coin_of(quiet, uid, "USDT").wallet_balance) < 2
    quiet.check_books()


def test_a_large_position_is_cut_tier_by_tier(quiet: Exchange, alone: Callable[..., str]) -> None:
    uid = alone(USDT="2000000")
    quiet.set_price("SOLUSDT", "130.000")
    quiet.open_position(uid, "SOLUSDT", "5000")
    row = row_of(quiet, uid, "SOLUSDT")
    assert row.liquidation_price is not None
    statuses: list[str] = []
    quiet.subscribe(lambda change: statuses.extend(p.status for p in change.positions))
    to(quiet, "SOLUSDT", float(row.liquidation_price), up=False)
    left = row_of(quiet, uid, "SOLUSDT")
    assert 0 < left.size < 5000
    assert left.risk_id < row.risk_id
    assert left.status == "Normal"
    assert "Liq" in statuses
    assert quiet.executions(uid, "linear")[0].create_type == "CreateByLiq"


def test_auto_margin_is_added_until_nothing_is_left(quiet: Exchange, alone: Callable[..., str]) -> None:
    uid = alone(USDT="1000")
    quiet.set_price("SOLUSDT", "130.000")
    quiet.open_position(uid, "SOLUSDT", "50")
    quiet.set_auto_add_margin(uid, "SOLUSDT", is_on=True)
    row = row_of(quiet, uid, "SOLUSDT")
    assert row.is_auto_margin
    assert row.liquidation_price is not None
    to(quiet, "SOLUSDT", float(row.liquidation_price), up=False)
    held = row_of(quiet, uid, "SOLUSDT")
    assert held.size == 50
    assert held.initial_margin is not None
    assert row.initial_margin is not None
    assert held.initial_margin > row.initial_margin
    assert quiet.withdrawable(uid, "USDT") < 1
    assert held.liquidation_price is not None
    to(quiet, "SOLUSDT", float(held.liquidation_price), up=False)
    assert row_of(quiet, uid, "SOLUSDT").size == 0


def test_funding_that_the_coin_cannot_pay_comes_out_of_the_position(
    quiet: Exchange, alone: Callable[..., str]
) -> None:
    uid = alone(USDT="1000")
    quiet.set_price("SOLUSDT", "130.000")
    quiet.open_position(uid, "SOLUSDT", "74")
    quiet.add_margin(uid, "SOLUSDT", quiet.withdrawable(uid, "USDT"))
    before = row_of(quiet, uid, "SOLUSDT")
    heard: list[Change] = []
    quiet.subscribe(heard.append)
    quiet.advance(60.0)
    paid = next(row for row in quiet.executions(uid, "linear") if row.kind == "Funding").fee
    after = row_of(quiet, uid, "SOLUSDT")
    assert paid > 0
    assert before.initial_margin is not None
    assert after.initial_margin == before.initial_margin - paid
    assert coin_of(quiet, uid, "USDT").wallet_balance == pytest.approx(
        after.initial_margin, abs=Decimal("1e-6")
    )


def test_closing_a_part_frees_its_part_of_added_margin(quiet: Exchange, alone: Callable[..., str]) -> None:
    uid = alone(USDT="10000")
    quiet.set_price("SOLUSDT", "130.000")
    quiet.open_position(uid, "SOLUSDT", "100")
    plain = row_of(quiet, uid, "SOLUSDT").initial_margin
    quiet.add_margin(uid, "SOLUSDT", "400")
    quiet.open_position(uid, "SOLUSDT", "-75")
    assert plain is not None
    assert row_of(quiet, uid, "SOLUSDT").initial_margin == plain / 4 + 100
    quiet.open_position(uid, "SOLUSDT", "-25")
    assert quiet.withdrawable(uid, "USDT") == coin_of(quiet, uid, "USDT").wallet_balance


def test_what_does_not_fit_is_refused_and_changes_nothing(quiet: Exchange, alone: Callable[..., str]) -> None:
    uid = alone(USDT="1000")
    quiet.open_position(uid, "SOLUSDT", "20")
    before = quiet.truth(uid)
    with pytest.raises(ValueError, match="BTCUSDT needs"):
        quiet.open_position(uid, "BTCUSDT", "1")
    with pytest.raises(ValueError, match="ETHPERP needs"):
        quiet.place_order(uid, "ETHPERP", "0.01", "2000")
    with pytest.raises(ValueError, match="leverage 1 of SOLUSDT"):
        quiet.set_leverage(uid, "SOLUSDT", "1")
    with pytest.raises(ValueError, match="margin of SOLUSDT"):
        quiet.add_margin(uid, "SOLUSDT", "100000")
    with pytest.raises(ValueError, match="margin of SOLUSDT"):
        quiet.add_margin(uid, "SOLUSDT", "-1")
    with pytest.raises(ValueError, match="must be available"):
        quiet.deposit(uid, "USDT", "-999")
    assert quiet.truth(uid) == before


def test_in_hedge_mode_each_leg_needs_and_has_its_own_margin(quiet: Exchange) -> None:
    info = quiet.open_account("alone", is_hedge_mode=True, margin_mode=ISOLATED)
    quiet.deposit(info.uid, "USDT", "1000")
    quiet.set_price("SOLUSDT", "130.000")
    quiet.open_position(info.uid, "SOLUSDT", "50")
    with pytest.raises(ValueError, match="SOLUSDT needs"):
        quiet.open_position(info.uid, "SOLUSDT", "-50")
    quiet.open_position(info.uid, "SOLUSDT", "-10")
    quiet.open_position(info.uid, "SOLUSDT", "-50", position_idx=1)
    (left,) = quiet.positions(info.uid, "linear")
    assert (left.position_idx, left.size) == (2, 10)


def test_the_mode_of_an_account_can_change(quiet: Exchange, funded: Callable[..., str]) -> None:
    uid = funded("10000")
    quiet.open_position(uid, "SOLUSDT", "100")
    heard: list[Change] = []
    quiet.subscribe(heard.append)
    quiet.set_margin_mode(uid, ISOLATED)
    assert quiet.settings(uid).margin_mode == ISOLATED
    assert quiet.wallet(uid).totals.account_mm_rate is None
    assert [change.kind for change in heard] == ["position", "wallet"]
    quiet.set_margin_mode(uid, "REGULAR_MARGIN")
    assert quiet.wallet(uid).totals.account_mm_rate is not None
    with pytest.raises(ValueError, match="margin_mode must be one of"):
        quiet.set_margin_mode(uid, "NONE")


def test_an_account_that_does_not_fit_cannot_become_isolated(
    quiet: Exchange, funded: Callable[..., str]
) -> None:
    uid = funded("100000")
    quiet.open_position(uid, "BTCPERP", "0.1")
    before = quiet.truth(uid)
    with pytest.raises(ValueError, match="owes a coin"):
        quiet.set_margin_mode(uid, ISOLATED)
    quiet.deposit(uid, "USDC", "10")
    held = quiet.truth(uid)
    with pytest.raises(ValueError, match="USDC is short"):
        quiet.set_margin_mode(uid, ISOLATED)
    assert quiet.truth(uid) == held
    assert before.wallet.totals.account_mm_rate is not None


def test_prices_that_nothing_reaches(quiet: Exchange, alone: Callable[..., str]) -> None:
    uid = alone(USDT="100000", BTC="1")
    quiet.set_leverage(uid, "BTCUSDT", "1")
    quiet.set_leverage(uid, "BTCUSD", "1")
    quiet.open_position(uid, "BTCUSDT", "0.5")
    quiet.open_position(uid, "BTCUSD", "-1000")
    assert row_of(quiet, uid, "BTCUSDT").liquidation_price is None
    assert row_of(quiet, uid, "BTCUSD").liquidation_price is None
    assert isolated.available(quiet._world.measure(quiet._account(uid)), "ETH") == 0.0
