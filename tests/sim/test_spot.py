"""Spot orders lock what they give, swap coins when they fill, and weigh on the rates by what they could lose."""

from collections.abc import Callable
from decimal import Decimal

import pytest

from marginwatch.sim.exchange import Exchange
from marginwatch.sim.rows import Change, WalletCoin


def coin(exchange: Exchange, uid: str, name: str) -> WalletCoin:
    return next(row for row in exchange.wallet(uid).coins if row.coin == name)


def price_of(exchange: Exchange, symbol: str = "BTCUSDT") -> Decimal:
    return exchange.tickers("spot", symbol)[0].last_price


def usd_of(exchange: Exchange, base: str) -> float:
    if base == "USDT":
        row = exchange.tickers("spot", "BTCUSDT")[0]
        return float(row.usd_index or 0) / float(row.last_price)
    return float(exchange.tickers("spot", f"{base}USDT")[0].usd_index or 0)


def below(exchange: Exchange, symbol: str, part: str) -> Decimal:
    tick = exchange.instruments("spot", symbol)[0].tick_size
    price = price_of(exchange, symbol) * Decimal(part)
    return price - price % tick


@pytest.fixture
def rich(quiet: Exchange) -> str:
    info = quiet.open_account("rich")
    quiet.deposit(info.uid, "USDT", "100000")
    quiet.deposit(info.uid, "BTC", "2")
    return info.uid


def test_an_order_locks_what_it_gives_and_a_cancel_unlocks_it(quiet: Exchange, rich: str) -> None:
    heard: list[Change] = []
    quiet.subscribe(heard.append)
    price = below(quiet, "BTCUSDT", "0.9")
    order = quiet.place_spot_order(rich, "BTCUSDT", "0.5", price)
    assert [change.kind for change in heard] == ["order", "wallet"]
    assert [row.coin for row in heard[1].coins] == ["USDT"]
    assert (order.category, order.side, order.status, order.position_idx) == ("spot", "Buy", "New", 0)
    assert quiet.orders(rich, "spot") == (order,)
    assert quiet.orders(rich, "linear") == ()
    assert order in quiet.truth(rich).orders
    assert coin(quiet, rich, "USDT").locked == price / 2
    quiet.place_spot_order(rich, "BTCUSDT", "-0.7", price * 2)
    assert coin(quiet, rich, "BTC").locked == Decimal("0.7")
    assert quiet.cancel_order(rich, order.order_id).cancel_type == "CancelByUser"
    assert coin(quiet, rich, "USDT").locked == 0
    assert coin(quiet, rich, "USDT").wallet_balance == 100_000
    quiet.check_books()


def test_a_moved_order_locks_its_new_value(quiet: Exchange, rich: str) -> None:
    price = below(quiet, "BTCUSDT", "0.8")
    order = quiet.place_spot_order(rich, "BTCUSDT", "1", price)
    quiet.amend_order(rich, order.order_id, price / 2 // 1)
    assert coin(quiet, rich, "USDT").locked == price / 2 // 1
    with pytest.raises(ValueError, match="available 100000"):
        quiet.amend_order(rich, order.order_id, 150_000)
    assert coin(quiet, rich, "USDT").locked == price / 2 // 1


def test_a_buy_fills_at_its_price_when_the_index_reaches_it(quiet: Exchange, rich: str) -> None:
    price = below(quiet, "BTCUSDT", "0.95")
    order = quiet.place_spot_order(rich, "BTCUSDT", "0.5", price)
    heard: list[Change] = []
    quiet.subscribe(heard.append)
    quiet.set_price("BTCUSDT", below(quiet, "BTCUSDT", "0.9") // 1)
    mine = [change for change in heard if change.uid]
    assert [change.kind for change in mine] == ["order", "execution", "wallet"]
    assert [row.coin for row in mine[2].coins] == ["USDT", "BTC"]
    (fill,) = quiet.executions(rich, "spot")
    assert (fill.order_id, fill.price, fill.is_maker, fill.fee_coin) == (order.order_id, price, True, "BTC")
    assert fill.fee == Decimal("0.0005")
    assert coin(quiet, rich, "USDT").wallet_balance == 100_000 - price / 2
    assert coin(quiet, rich, "BTC").wallet_balance == Decimal("2.4995")
    assert coin(quiet, rich, "USDT").locked == 0
    got, gave = quiet.transaction_log(rich)[:2]
    assert (got.coin, got.change, got.fee) == ("BTC", Decimal("0.4995"), Decimal("0.0005"))
    assert (gave.coin, gave.change, gave.fee) == ("USDT", -price / 2, 0)
    assert quiet.positions(rich, "linear") == ()
    quiet.check_books()


@pytest.mark.parametrize("sign", [1, -1])
def test_an_order_can_be_filled_piece_by_piece(quiet: Exchange, rich: str, sign: int) -> None:
    price = below(quiet, "BTCUSDT", "0.9" if sign > 0 else "1.1")
    order = quiet.place_spot_order(rich, "BTCUSDT", sign, price)
    first = quiet.fill_order(rich, order.order_id, "0.3")
    (left,) = quiet.orders(rich, "spot")
    assert (left.status, left.leaves_qty, first.leaves_qty) == (
        "PartiallyFilled",
        Decimal("0.7"),
        Decimal("0.7"),
    )
    locked = coin(quiet, rich, "USDT" if sign > 0 else "BTC").locked
    assert locked == Decimal("0.7") * (price if sign > 0 else 1)
    with pytest.raises(ValueError, match=r"up to 0\.7"):
        quiet.fill_order(rich, order.order_id, "0.8")
    quiet.fill_order(rich, order.order_id)
    assert quiet.orders(rich, "spot") == ()
    fills = quiet.executions(rich, "spot")
    assert sum(fill.qty for fill in fills) == 1
    assert all(fill.price == price for fill in fills)
    got = Decimal("0.999")
    after = coin(quiet, rich, "BTC").wallet_balance, coin(quiet, rich, "USDT").wallet_balance
    assert after == ((2 + got, 100_000 - price) if sign > 0 else (1, 100_000 + price * got))
    quiet.check_books()


def test_fees_of_spot_are_a_tenth_of_a_percent(quiet: Exchange, rich: str) -> None:
    (row,) = quiet.fee_rates(rich, "spot", "BTCUSDT")
    assert row.taker == row.maker == Decimal("0.001")


def test_an_order_through_the_market_is_taken_at_the_index(quiet: Exchange, rich: str) -> None:
    price = price_of(quiet)
    quiet.place_spot_order(rich, "BTCUSDT", "-1", below(quiet, "BTCUSDT", "0.5"))
    (fill,) = quiet.executions(rich, "spot")
    assert (fill.price, fill.is_maker, fill.fee_coin) == (price, False, "USDT")
    assert coin(quiet, rich, "USDT").wallet_balance == 100_000 + price * Decimal("0.999")
    quiet.check_books()


def test_the_haircut_is_what_the_coin_bought_counts_less(quiet: Exchange, rich: str) -> None:
    """Collateral ratios: USDT 1, BTC 0.98 up to 50. Near the index a buy loses 2 % of what it buys, and a little less below."""
    before = quiet.wallet(rich).totals
    price = below(quiet, "BTCUSDT", "0.999")
    quiet.place_spot_order(rich, "BTCUSDT", "1", price)
    lost = float(price) * usd_of(quiet, "USDT") - 0.98 * usd_of(quiet, "BTC")
    after = quiet.wallet(rich).totals
    free = before.total_available_balance - after.total_available_balance
    assert 1000 < lost == pytest.approx(float(free), rel=1e-5)
    assert after.total_margin_balance == before.total_margin_balance
    assert after.total_equity == before.total_equity
    assert float(after.haircut_loss) == pytest.approx(float(free), abs=1e-6)
    assert before.haircut_loss == after.order_loss == 0


@pytest.mark.parametrize("mode", ["REGULAR_MARGIN", "PORTFOLIO_MARGIN"])
def test_both_rates_are_of_what_orders_leave(quiet: Exchange, rich: str, mode: str) -> None:
    quiet.set_margin_mode(rich, mode)
    quiet.open_position(rich, "BTCUSDT", "2")
    quiet.place_spot_order(rich, "BTCUSDT", "1", below(quiet, "BTCUSDT", "0.999"))
    totals = quiet.wallet(rich).totals
    lost = totals.total_margin_balance - totals.total_initial_margin - totals.total_available_balance
    assert lost > 1000
    left = totals.total_margin_balance - lost
    assert totals.account_im_rate == pytest.approx(totals.total_initial_margin / left, rel=Decimal("1e-8"))
    assert totals.account_mm_rate == pytest.approx(
        totals.total_maintenance_margin / left, rel=Decimal("1e-8")
    )


def test_orders_that_bring_more_collateral_than_they_take_lose_nothing(quiet: Exchange, rich: str) -> None:
    before = quiet.wallet(rich).totals
    quiet.place_spot_order(rich, "BTCUSDT", "1", below(quiet, "BTCUSDT", "0.97"))
    quiet.place_spot_order(rich, "BTCUSDT", "-1", below(quiet, "BTCUSDT", "1.01"))
    assert quiet.wallet(rich).totals == before


def test_a_coin_that_its_owner_switched_off_is_a_whole_loss(quiet: Exchange, rich: str) -> None:
    quiet.set_collateral(rich, "SOL", is_on=False)
    before = quiet.wallet(rich).totals.total_available_balance
    price = below(quiet, "SOLUSDT", "0.9")
    quiet.place_spot_order(rich, "SOLUSDT", "100", price)
    lost = before - quiet.wallet(rich).totals.total_available_balance
    assert float(lost) == pytest.approx(100 * float(price) * usd_of(quiet, "USDT"), rel=1e-6)


def test_a_contract_order_through_the_mark_is_a_loss_until_it_fills(quiet: Exchange, funded) -> None:
    """Published: Min[0, (mark − price) × size] of a buy; available margin is free of it, the rates are not."""
    uid = funded("100000")
    quiet.set_price("BTCUSDT", "80000.00")
    quiet.open_position(uid, "ETHUSDT", "1")
    quiet.place_order(uid, "BTCUSDT", "1", "81000.00")
    totals = quiet.wallet(uid).totals
    backing = float(totals.total_margin_balance) - 1000 * usd_of(quiet, "USDT")
    assert float(totals.account_im_rate) == pytest.approx(
        float(totals.total_initial_margin) / backing, rel=1e-9
    )
    assert totals.total_available_balance == totals.total_margin_balance - totals.total_initial_margin
    assert float(totals.order_loss) == pytest.approx(-1000 * usd_of(quiet, "USDT"), rel=1e-6)
    quiet.place_order(uid, "BTCUSDT", "-1", "80500.00")
    assert quiet.wallet(uid).totals.account_im_rate == totals.account_im_rate


def test_haircut_orders_go_first_and_can_save_the_account(quiet: Exchange, funded) -> None:
    uid = funded("10000")
    quiet.set_price("BTCUSDT", "80000.00")
    quiet.set_price("SOLUSDT", "130.000")
    quiet.open_position(uid, "BTCUSDT", "1.000", "80000.00")
    quiet.set_collateral(uid, "SOL", is_on=False)
    order = quiet.place_spot_order(uid, "SOLUSDT", "80", "100")
    quiet.place_order(uid, "BTCUSDT", "0.001", "60000.00")
    heard: list[Change] = []
    quiet.subscribe(heard.append)
    quiet.set_price("BTCUSDT", "77000.00")
    cancelled = [row for change in heard for row in change.orders]
    assert [(row.order_id, row.cancel_type) for row in cancelled] == [(order.order_id, "CancelByPrepareLiq")]
    assert quiet.truth(uid).liquidations == 0
    assert quiet.positions(uid, "linear")[0].size == 1
    assert coin(quiet, uid, "USDT").locked == 0
    quiet.set_price("BTCUSDT", "70000.00")
    assert quiet.truth(uid).liquidations == 1
    quiet.check_books()


def test_a_liquidation_cancels_what_is_left_of_spot_orders(quiet: Exchange, funded) -> None:
    uid = funded("10000")
    quiet.set_price("BTCUSDT", "80000.00")
    quiet.deposit(uid, "XRP", "10")
    quiet.place_spot_order(uid, "XRPUSDT", "-10", "5")
    quiet.open_position(uid, "BTCUSDT", "1.000", "80000.00")
    quiet.set_price("BTCUSDT", "65000.00")
    assert quiet.orders(uid, "spot") == ()
    assert quiet.positions(uid, "linear") == ()
    quiet.check_books()


def test_what_is_locked_can_neither_leave_nor_be_ordered_twice(quiet: Exchange, rich: str, funded) -> None:
    quiet.place_spot_order(rich, "BTCUSDT", "-1.5", below(quiet, "BTCUSDT", "1.5"))
    assert quiet.withdrawable(rich, "BTC") == Decimal("0.5")
    with pytest.raises(ValueError, match=r"needs 0\.6 BTC, available 0\.5"):
        quiet.place_spot_order(rich, "BTCUSDT", "-0.6", below(quiet, "BTCUSDT", "1.5"))
    with pytest.raises(ValueError, match="withdrawable"):
        quiet.transfer(rich, funded("0"), "BTC", "0.6")


def test_isolated_accounts_order_with_what_positions_leave(quiet: Exchange) -> None:
    uid = quiet.open_account("alone", margin_mode="ISOLATED_MARGIN").uid
    quiet.deposit(uid, "USDT", "10000")
    quiet.set_price("BTCUSDT", "80000.00")
    quiet.place_spot_order(uid, "XRPUSDT", "5000", "1")
    with pytest.raises(ValueError, match="available 5"):
        quiet.open_position(uid, "BTCUSDT", "1")
    quiet.open_position(uid, "BTCUSDT", "0.5")
    with pytest.raises(ValueError, match="available 9"):
        quiet.place_spot_order(uid, "XRPUSDT", "5000", "1")


@pytest.mark.parametrize(
    ("symbol", "quantity", "price", "said"),
    [
        ("DOGEUSDT", "1", "1", "spot pair"),
        ("BTCUSDT", "0", "1000", "not 0"),
        ("BTCUSDT", "0.0000001", "1000", r"multiple of 0\.000001"),
        ("BTCUSDT", "NaN", "1000", "NaN"),
        ("BTCUSDT", "1", "1000.001", r"multiple of 0\.01"),
        ("BTCUSDT", "1", "-1000", "positive"),
        ("ETHUSDT", "-1", "1000", "available 0"),
    ],
)
def test_bad_orders_are_refused(
    quiet: Exchange, funded: Callable[..., str], symbol: str, quantity: str, price: str, said: str
) -> None:
    uid = funded()
    before = quiet.truth(uid)
    with pytest.raises(ValueError, match=said):
        quiet.place_spot_order(uid, symbol, quantity, price)
    assert quiet.truth(uid) == before


@pytest.mark.parametrize(("quantity", "price"), [("999999999", "50000"), ("1", "999999999")])
def test_no_order_is_larger_or_dearer_than_the_listing_says(
    quiet: Exchange, rich: str, quantity, price
) -> None:
    with pytest.raises(ValueError, match="at most"):
        quiet.place_spot_order(rich, "BTCUSDT", quantity, price)
