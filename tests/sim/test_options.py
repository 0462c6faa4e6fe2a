"""Options: listed and priced off a moving surface, paid for at once, margined when short, settled in cash."""

import datetime as dt
from collections.abc import Callable
from decimal import Decimal

import pytest

from marginwatch.clock import ManualClock
from marginwatch.sim.exchange import Exchange
from marginwatch.sim.rows import Change, TickerRow

START_NS = 1_795_000_000_000_000_000


def option(
    exchange: Exchange, coin: str = "BTC", kind: str = "C", settle: str = "USDT", nth: int = 3
) -> TickerRow:
    """The ``nth`` strike of the first expiry, counted from below; 3 is at the money."""
    listed = [
        row
        for row in exchange.instruments("option")
        if row.base_coin == coin and row.settle_coin == settle and (row.option_kind or "")[0] == kind
    ]
    first = min(row.delivery_ms for row in listed)
    symbols = [row.symbol for row in listed if row.delivery_ms == first]
    return exchange.tickers("option", symbols[nth])[0]


def coin_of(exchange: Exchange, uid: str, coin: str):
    return next(row for row in exchange.wallet(uid).coins if row.coin == coin)


def test_the_board_has_names_that_the_exchange_would_give(quiet: Exchange) -> None:
    symbols = {row.symbol for row in quiet.instruments("option")}
    assert {"BTC-19NOV26-86000-C-USDT", "BTC-19NOV26-86000-P", "ETH-20NOV26-2850-P-USDT"} <= symbols
    expiries = {
        dt.datetime.fromtimestamp(row.delivery_ms / 1000, dt.UTC) for row in quiet.instruments("option")
    }
    assert len(expiries) == 3
    assert all((moment.hour, moment.minute) == (8, 0) for moment in expiries)
    assert len(symbols) == len(quiet.instruments("option")) == 2 * 2 * 2 * 7 * 3


def test_prices_move_with_the_coin_and_with_volatility() -> None:
    exchange = Exchange(
        7, ManualClock(START_NS), n_accounts=1, activity_per_s=0.0, scenario="calm-then-crash"
    )
    before = option(exchange)
    assert before.option is not None
    exchange.advance(50.0)
    after = exchange.tickers("option", before.symbol)[0]
    assert after.option is not None
    assert after.option.mark_volatility > before.option.mark_volatility * Decimal("1.2")
    assert after.option.underlying_price < before.option.underlying_price * Decimal("0.95")
    assert after.mark_price != before.mark_price


def test_puts_below_cost_more_volatility_than_at_the_money(quiet: Exchange) -> None:
    low, middle = option(quiet, kind="P", nth=0).option, option(quiet, kind="P").option
    assert low is not None
    assert middle is not None
    assert low.mark_volatility > middle.mark_volatility


def test_a_long_pays_its_premium_and_owns_its_value(quiet: Exchange, funded: Callable[..., str]) -> None:
    uid, row = funded("10000"), option(quiet)
    equity = quiet.wallet(uid).totals.total_equity
    quiet.open_position(uid, row.symbol, "0.5")
    coin, totals = coin_of(quiet, uid, "USDT"), quiet.wallet(uid).totals
    fill = quiet.executions(uid, "option")[0]
    premium = row.mark_price / 2
    assert fill.fee == min(row.index_price * Decimal("0.0003"), row.mark_price * Decimal("0.07")) / 2
    assert coin.wallet_balance == pytest.approx(10_000 - premium - fill.fee, abs=Decimal("1e-8"))
    assert coin.equity == pytest.approx(10_000 - fill.fee, abs=Decimal("1e-6"))
    assert totals.total_equity == pytest.approx(equity - fill.fee, abs=Decimal(1))
    assert totals.total_margin_balance == pytest.approx(coin.wallet_balance, rel=Decimal("0.001"))
    assert totals.total_maintenance_margin == totals.total_initial_margin == 0
    (line, _) = quiet.transaction_log(uid)
    assert (line.kind, line.category) == ("TRADE", "option")
    assert line.cash_flow == pytest.approx(-premium, abs=Decimal("1e-8"))
    quiet.check_books()


def test_a_short_needs_what_the_published_example_asks(quiet: Exchange, funded: Callable[..., str]) -> None:
    """3 % of the index, the mark, 0.2 % of the index; initially 15 % of the index less what it is out of the money."""
    uid, row = funded("50000"), option(quiet, nth=5)
    strike = Decimal(row.symbol.split("-")[2])
    quiet.open_position(uid, row.symbol, "-1")
    (held,) = quiet.positions(uid, "option")
    index = float(row.index_price)
    assert held.maintenance_margin is not None
    assert float(held.maintenance_margin) == pytest.approx(index * 0.032 + float(row.mark_price), rel=1e-6)
    assert strike > row.index_price
    wanted = max(0.15 * index - float(strike - row.index_price), 0.10 * index) + float(row.mark_price)
    assert held.initial_margin is not None
    assert float(held.initial_margin) == pytest.approx(wanted, rel=1e-6)
    assert held.leverage is held.liquidation_price is None
    assert held.delta is not None
    assert held.delta < 0


def test_a_short_squeezed_is_liquidated(quiet: Exchange, funded: Callable[..., str]) -> None:
    uid, row = funded("12000"), option(quiet)
    quiet.open_position(uid, row.symbol, "-1")
    assert quiet.stats().liquidations == 0
    quiet.set_price("BTCUSDT", "100000.0")
    assert quiet.stats().liquidated_uids == (uid,)
    assert quiet.positions(uid, "option") == ()
    assert coin_of(quiet, uid, "USDT").wallet_balance >= 0
    quiet.check_books()


def test_greeks_are_pushed_and_add_up(quiet: Exchange, funded: Callable[..., str]) -> None:
    uid, call, put = funded("50000"), option(quiet), option(quiet, kind="P", settle="USDC")
    heard: list[Change] = []
    quiet.subscribe(heard.append)
    quiet.open_position(uid, call.symbol, "2")
    quiet.open_position(uid, put.symbol, "-1")
    (total,) = quiet.coin_greeks(uid)
    assert call.option is not None
    assert put.option is not None
    assert total.coin == "BTC"
    assert total.delta == pytest.approx(2 * call.option.delta - put.option.delta, abs=Decimal("1e-7"))
    assert total.vega == pytest.approx(2 * call.option.vega - put.option.vega, abs=Decimal("1e-7"))
    assert [change.greeks for change in heard if change.kind == "greeks"][-1] == (total,)
    (asset,) = quiet.option_assets(uid)
    assert asset.delta == total.delta
    assert asset.initial_margin > asset.maintenance_margin > 0
    quiet.open_position(uid, call.symbol, "-2")
    quiet.open_position(uid, put.symbol, "1")
    assert [change.greeks[0].delta for change in heard if change.kind == "greeks"][-1] == 0
    assert quiet.coin_greeks(uid) == quiet.option_assets(uid) == ()


def test_orders_tie_up_premiums_and_margins(quiet: Exchange, funded: Callable[..., str]) -> None:
    uid, row = funded("50000"), option(quiet)
    quiet.place_order(uid, row.symbol, "1", "500")
    assert coin_of(quiet, uid, "USDT").order_initial_margin == 500
    quiet.place_order(uid, row.symbol, "-1", "90000")
    tied = coin_of(quiet, uid, "USDT").order_initial_margin
    assert tied is not None
    assert tied > 90_000
    (bid, _) = quiet.orders(uid, "option")
    quiet.amend_order(uid, bid.order_id, row.mark_price + 200)
    quiet.step()
    assert quiet.positions(uid, "option")[0].side == "Buy"
    quiet.check_books()


def last_half_hour(exchange: Exchange, expiry_ms: int) -> float:
    """Advance from half an hour before an expiry to a tick past it; returns the mean of every second's index."""
    seconds: list[float] = []
    before_ms = expiry_ms - 1_800_000
    assert exchange.now_ms() == before_ms
    while before_ms < expiry_ms:
        exchange.step(37.0)
        until_ms = min(exchange.now_ms(), expiry_ms)
        index = float(exchange.tickers("linear", "BTCUSDT")[0].index_price)
        seconds += [index] * ((until_ms - before_ms) // 1000)
        before_ms = until_ms
    assert len(seconds) == 1800
    return sum(seconds) / 1800


@pytest.mark.parametrize("side", [1, -1])
def test_expiry_pays_the_payoff_in_cash(side: int) -> None:
    exchange = Exchange(7, ManualClock(START_NS), n_accounts=1, activity_per_s=0.0, tick_s=37.0)
    uid = exchange.open_account("guest").uid
    exchange.deposit(uid, "USDT", "100000")
    inside, outside = option(exchange, nth=0), option(exchange, nth=6)
    for row in (inside, outside):
        exchange.open_position(uid, row.symbol, Decimal(side))
    exchange.place_order(uid, inside.symbol, "1", "5")
    before = coin_of(exchange, uid, "USDT").wallet_balance
    expiry_ms = inside.delivery_ms
    exchange.advance((expiry_ms - exchange.now_ms()) / 1000.0 - 1800.0)
    index = last_half_hour(exchange, expiry_ms)
    assert exchange.positions(uid, "option") == exchange.orders(uid, "option") == ()
    lines = [row for row in exchange.transaction_log(uid) if row.kind == "DELIVERY"]
    payoff = index - float(inside.symbol.split("-")[2])
    assert payoff > 0
    at_once = float(exchange.tickers("linear", "BTCUSDT")[0].index_price)
    assert abs(index - at_once) > 5
    by_symbol = {row.symbol: row for row in lines}
    assert float(by_symbol[inside.symbol].cash_flow * side) == pytest.approx(payoff, abs=0.1)
    assert by_symbol[inside.symbol].fee > 0
    assert by_symbol[outside.symbol].change == 0
    records = {row.symbol: row for row in exchange.deliveries(uid, "option")}
    assert records.keys() == by_symbol.keys()
    record = records[inside.symbol]
    assert float(record.price) == pytest.approx(index, abs=0.1)
    assert (record.side, record.size) == ("Buy" if side > 0 else "Sell", 1)
    assert record.strike == Decimal(inside.symbol.split("-")[2])
    assert record.fee == by_symbol[inside.symbol].fee
    execution = next(row for row in exchange.executions(uid, "option") if row.kind == "Delivery")
    assert execution.trade_volatility is None
    after = coin_of(exchange, uid, "USDT").wallet_balance
    assert after - before == sum(row.change for row in lines)
    assert exchange.tickers("option", inside.symbol) == ()
    assert len({row.delivery_ms for row in exchange.instruments("option")}) == 3
    exchange.check_books()


def test_dated_futures_are_delivered_at_the_index() -> None:
    exchange = Exchange(7, ManualClock(START_NS), n_accounts=12, tick_s=3600.0, activity_per_s=0.0)
    future = next(row for row in exchange.instruments("inverse") if row.delivery_ms)
    uid = exchange.open_account("guest").uid
    exchange.deposit(uid, "BTC", "5")
    exchange.open_position(uid, future.symbol, "-1000")
    exchange.advance((future.delivery_ms - exchange.now_ms()) / 1000.0 + 3600.0)
    assert all(
        row.delivery_ms > future.delivery_ms for row in exchange.instruments("inverse") if row.delivery_ms
    )
    assert exchange.instruments("inverse", future.symbol) == ()
    (record,) = exchange.deliveries(uid, "inverse")
    assert (record.symbol, record.side, record.size, record.strike) == (future.symbol, "Sell", 1000, None)
    last = next(row for row in exchange.executions(uid, "inverse") if row.symbol == future.symbol)
    assert last.price == record.price
    assert exchange.deliveries(uid, "linear") == ()
    assert (last.kind, last.closed_size) == ("Settle", 1000)
    assert (
        next(row for row in exchange.transaction_log(uid) if row.symbol == future.symbol).kind == "DELIVERY"
    )
    assert exchange.positions(uid, "inverse") == ()
    exchange.advance(3600.0 * 24)
    exchange.check_books()


def test_what_options_are_not_is_refused(quiet: Exchange, funded: Callable[..., str]) -> None:
    uid, row = funded("50000"), option(quiet)
    with pytest.raises(ValueError, match="is an option"):
        quiet.set_price(row.symbol, "5")
    with pytest.raises(ValueError, match="no leverage"):
        quiet.set_leverage(uid, row.symbol, "2")
    alone = quiet.open_account("alone", margin_mode="ISOLATED_MARGIN").uid
    with pytest.raises(ValueError, match="isolated mode"):
        quiet.open_position(alone, row.symbol, "1")
    quiet.open_position(uid, row.symbol, "1")
    with pytest.raises(ValueError, match="with options"):
        quiet.set_margin_mode(uid, "ISOLATED_MARGIN")


def test_executions_show_volatilities_and_the_forward(quiet: Exchange, funded: Callable[..., str]) -> None:
    uid, row = funded("50000"), option(quiet)
    at_mark = quiet.open_position(uid, row.symbol, "1")
    (ticker,) = quiet.tickers("option", row.symbol)
    assert ticker.option is not None
    assert at_mark.mark_volatility == ticker.option.mark_volatility
    assert at_mark.underlying_price == ticker.option.underlying_price
    assert at_mark.trade_volatility == pytest.approx(ticker.option.mark_volatility, abs=Decimal("0.0001"))
    dearer = quiet.open_position(uid, row.symbol, "1", ticker.mark_price + 100)
    vols = float(dearer.trade_volatility - ticker.option.mark_volatility) * 100
    assert vols * float(ticker.option.vega) == pytest.approx(100, rel=0.05)
    plain = quiet.open_position(uid, "BTCUSDT", "0.001")
    assert plain.trade_volatility is plain.mark_volatility is plain.underlying_price is None
