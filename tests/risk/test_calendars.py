"""Calendars: funding against what the simulated exchange books, queues, expiries, and what is not known."""

import importlib.util
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from marginwatch.risk.calendars import adl_rows, expiry_calendar, funding_calendar
from marginwatch.risk.funding import payments_due
from marginwatch.sim import funding as sim_funding

HOUR = 3_600_000_000_000
NOW = 1_795_000_000_000_000_000


@pytest.fixture(scope="module")
def tools():
    path = Path(__file__).with_name("advice") / "conftest.py"
    spec = importlib.util.spec_from_file_location("advice_tools_of_calendars", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("next_in_h", "interval_h", "hours", "first_in_h", "count"),
    [
        (3, 8, 24, 3, 3),
        (8, 8, 24, 8, 3),
        (1, 1, 24, 1, 24),
        (0, 8, 24, 0, 4),
        (30, 8, 24, 30, 0),
        (24, 8, 24, 24, 1),
        (-1, 8, 24, 7, 3),
        (-17, 8, 8, 7, 1),
        (4, 0, 24, 4, None),
        (30, 0, 24, 30, 0),
        (-1, 0, 24, None, None),
    ],
)
def test_payments_due(next_in_h, interval_h, hours, first_in_h, count):
    coming, n_payments = payments_due(
        np.array([NOW + next_in_h * HOUR]), np.array([interval_h * 3600]), NOW, hours
    )
    assert coming.tolist() == [0 if first_in_h is None else NOW + first_in_h * HOUR]
    assert np.isnan(n_payments[0]) if count is None else n_payments[0] == count


def test_payments_of_unknown_time_are_unknown():
    coming, n_payments = payments_due(np.array([0]), np.array([28_800]), NOW, 24.0)
    assert coming.tolist() == [0]
    assert np.isnan(n_payments[0])


@pytest.fixture
def desk(tools):
    desk = tools.Desk()
    desk.long = tools.trader(desk, "long", 100_000, "BTCUSDT", "0.5")
    desk.exchange.open_position(desk.long, "BTCUSD", "-20000")
    desk.exchange.deposit(desk.long, "BTC", "1")
    desk.short = tools.trader(desk, "short", 100_000, "ETHUSDT", "-10")
    desk.idle = desk.account("idle", USDT=1_000)
    return desk


def test_the_next_payment_is_what_the_exchange_books(tools, desk):
    calendar = funding_calendar(tools.read(desk))
    before = {uid: desk.truth(uid).equity for uid in (desk.long, desk.short)}
    sim_funding.pay_funding(desk.exchange._world)
    by_account = {one.account_id: one for one in calendar.accounts}
    for uid, equity in before.items():
        assert by_account[uid].next_usd == pytest.approx(desk.truth(uid).equity - equity, rel=1e-4, abs=1e-4)
    assert desk.idle not in by_account
    assert calendar.left_out == ()


def test_sums_of_the_calendar(tools, desk):
    calendar = funding_calendar(tools.read(desk), hours=24.0)
    assert len(calendar.positions) == 3
    for one in calendar.positions:
        assert one.n_payments == 24 * 3600 // one.interval_s
        assert one.horizon_usd == pytest.approx(one.next_usd * one.n_payments)
        assert one.received_usd - one.paid_usd == pytest.approx(one.horizon_usd)
        assert one.paid_usd == 0.0 or one.received_usd == 0.0
        # Longs pay a positive rate, shorts get it.
        assert np.sign(one.horizon_usd) == -np.sign(one.quantity * one.funding_rate)
    assert calendar.horizon_usd == pytest.approx(sum(one.horizon_usd for one in calendar.positions))
    assert calendar.paid_usd == pytest.approx(sum(one.paid_usd for one in calendar.positions))
    assert calendar.received_usd == pytest.approx(sum(one.received_usd for one in calendar.accounts))
    assert funding_calendar(tools.read(desk), hours=0.0).horizon_usd == 0.0
    with pytest.raises(ValueError, match="hours"):
        funding_calendar(tools.read(desk), hours=-1.0)


def test_calendars_of_nobody_are_empty(tools):
    sheet = tools.read(tools.Desk())
    calendar = funding_calendar(sheet)
    assert (calendar.positions, calendar.accounts, calendar.left_out) == ((), (), ())
    assert calendar.horizon_usd == 0.0
    assert calendar.reasons == {"next_at_ns": "not_applicable"}
    assert adl_rows(sheet, np.zeros(1, np.int64)) == ()
    assert expiry_calendar(sheet).dates == ()


def test_an_unknown_rate_is_missing_and_named(tools, desk):
    sheet = tools.read(desk)
    names = [str(name) for name in sheet.contract_names]
    rate = sheet.funding_rate.copy()
    rate[names.index("bybit:linear:BTCUSDT")] = np.nan
    calendar = funding_calendar(replace(sheet, funding_rate=rate))
    row = next(one for one in calendar.positions if one.instrument_id == "bybit:linear:BTCUSDT")
    assert (row.funding_rate, row.next_usd, row.horizon_usd, row.paid_usd) == (None, None, None, None)
    assert row.reasons["horizon_usd"] == "missing: funding rate"
    account = next(one for one in calendar.accounts if one.account_id == desk.long)
    assert account.horizon_usd is None
    assert account.reasons["horizon_usd"] == "missing: 1 positions"
    assert calendar.left_out == (f"{desk.long} bybit:linear:BTCUSDT: funding rate",)
    known = [one.horizon_usd for one in calendar.positions if one.horizon_usd is not None]
    assert calendar.horizon_usd == pytest.approx(sum(known))
    nothing = funding_calendar(replace(sheet, funding_rate=rate * np.nan))
    assert nothing.horizon_usd is None


def test_the_queue_begins_with_those_first_in_it(tools, desk):
    sheet = tools.read(desk)
    told = np.full(desk.book.columns.positions.size, 2)
    told[sheet.leg_position_row[0]] = 5
    told[sheet.leg_position_row[1]] = -1
    rows = adl_rows(sheet, told)
    assert [row.rank for row in rows] == [None, 5, 2]
    assert rows[0].reasons["rank"].startswith("missing")
    live = adl_rows(sheet, desk.book.columns.facts.legs.adl_rank)
    stated = {
        row.symbol: row.adl_rank
        for uid in (desk.long, desk.short)
        for category in ("linear", "inverse")
        for row in desk.exchange.positions(uid, category)
    }
    assert {row.instrument_id.rsplit(":", 1)[1]: row.rank for row in live} == stated


def test_expiries_of_options_and_dated_futures(tools):
    desk = tools.Desk()
    uid = desk.account("one", USDT=500_000, BTC=2)
    dated = [one for one in desk.exchange._market.contracts if one.delivery_ms and one.category != "option"]
    linear = next(one for one in dated if not one.is_inverse)
    inverse = next(one for one in dated if one.is_inverse)
    desk.exchange.open_position(uid, linear.symbol, "0.5")
    desk.exchange.open_position(uid, inverse.symbol, "-3000")
    option = next(one.symbol for one in desk.exchange._board("option") if one.symbol.startswith("BTC"))
    desk.exchange.open_position(uid, option, "1")
    desk.exchange.open_position(uid, "BTCUSDT", "0.1")
    sheet = tools.read(desk)
    calendar = expiry_calendar(sheet)
    by_name = {row.instrument_id.rsplit(":", 1)[1]: row for row in calendar.positions}
    assert set(by_name) == {linear.symbol, inverse.symbol, option}
    for contract in (linear, inverse):
        row = by_name[contract.symbol]
        assert row.days_left == pytest.approx((contract.delivery_ms * 1_000_000 - sheet.at_ns) / 86_400e9)
    quote = desk.exchange._market.quotes[linear.symbol]
    usd = desk.exchange.usd_index(linear.quote)
    assert by_name[linear.symbol].notional_usd == pytest.approx(0.5 * quote.mark * usd, rel=1e-6)
    assert by_name[inverse.symbol].notional_usd == 3000.0
    assert by_name[inverse.symbol].delta_usd == -3000.0
    assert by_name[option].is_option
    assert by_name[option].notional_usd > 10_000.0
    assert [date.expiry_ns for date in calendar.dates] == sorted(
        {row.expiry_ns for row in calendar.positions}
    )
    assert sum(date.n_positions for date in calendar.dates) == 3
    without = replace(sheet, underlying_price=sheet.underlying_price * np.nan)
    row = next(one for one in expiry_calendar(without).positions if one.is_option)
    assert row.notional_usd is None
    date = next(one for one in expiry_calendar(without).dates if one.expiry_ns == row.expiry_ns)
    assert date.option_notional_usd is None
    assert date.reasons["option_notional_usd"] == "missing: 1 of 1 positions"
