"""Funding paid and received: sums by account and contract, of a day, and what is missing rather than 0."""

import importlib.util
from pathlib import Path

import pytest

from marginwatch.book.paid_funding import ContractFunding, HeardFunding
from marginwatch.risk.calendar_rows import FundingPayment
from marginwatch.risk.past_funding import past_funding, past_funding_of_accounts

HOUR = 3_600_000_000_000


@pytest.fixture(scope="module")
def tools():
    path = Path(__file__).with_name("advice") / "conftest.py"
    spec = importlib.util.spec_from_file_location("advice_tools_of_past_funding", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def desk(tools):
    desk = tools.Desk()
    desk.long = tools.trader(desk, "long", 100_000, "BTCUSDT", "0.5")
    desk.exchange.open_position(desk.long, "BTCUSD", "-20000")
    desk.exchange.deposit(desk.long, "BTC", "1")
    desk.short = tools.trader(desk, "short", 100_000, "ETHUSDT", "-10")
    desk.idle = desk.account("idle", USDT=1_000)
    return desk


def test_past_payments_are_summed_by_account_and_contract(tools, desk):
    sheet = tools.read(desk)
    usd = sheet.coin_usd[sheet.coin_names.index("BTC")]
    rows = past_funding(
        sheet,
        [
            FundingPayment(account_id="a", instrument_id="x", coin="BTC", amount=-0.01),
            FundingPayment(account_id="a", instrument_id="x", coin="BTC", amount=0.004),
            FundingPayment(account_id="b", instrument_id="x", coin="NOSUCH", amount=1.0),
        ],
    )
    first, second = rows
    assert (first.account_id, first.n_payments) == ("a", 2)
    assert first.paid_usd == pytest.approx(0.01 * usd)
    assert first.received_usd == pytest.approx(0.004 * usd)
    assert first.net_usd == pytest.approx(-0.006 * usd)
    assert second.net_usd is None
    assert second.reasons["net_usd"] == "missing: 1 payments"


def test_an_account_never_followed_is_missing_and_not_zero(tools, desk):
    sheet = tools.read(desk)
    name = sheet.account_ids[0]
    for heard in ({}, {name: HeardFunding()}, {name: HeardFunding(sheet.at_ns)}):
        row = past_funding_of_accounts(sheet, heard)[0]
        assert (row.account_id, row.since_ns, row.total, row.last_24h, row.contracts) == (
            name,
            None,
            None,
            None,
            (),
        )
        assert set(row.reasons) == {"since_ns", "total", "last_24h"}
        assert row.reasons["total"] == "missing: its executions have not been followed yet"


def test_an_account_followed_without_a_payment_has_paid_nothing(tools, desk):
    sheet = tools.read(desk)
    name = sheet.account_ids[0]
    row = past_funding_of_accounts(sheet, {name: HeardFunding(sheet.at_ns - HOUR)})[0]
    assert row.since_ns == sheet.at_ns - HOUR
    assert (row.total.n_payments, row.total.paid_usd, row.total.received_usd, row.total.net_usd) == (
        0,
        0,
        0,
        0,
    )
    assert (row.last_24h.net_usd, row.contracts, row.reasons) == (0, (), {})


def test_sums_of_a_day_leave_out_what_is_older(tools, desk):
    sheet = tools.read(desk)
    name, usd = sheet.account_ids[0], sheet.coin_usd[sheet.coin_names.index("BTC")]
    one = ContractFunding("x", "BTC")
    for number, (amount, hours_ago) in enumerate(((-0.5, 30), (0.25, 25), (-0.125, 20), (0.0625, 1))):
        one = one.plus(str(number), amount, sheet.at_ns - hours_ago * HOUR)
    other = ContractFunding("y", "NOSUCH").plus("z", 1.0, sheet.at_ns)
    row = past_funding_of_accounts(sheet, {name: HeardFunding(1, (one,))})[0]
    for found in (row.total, row.contracts[0]):
        assert found.n_payments == 4
        assert found.paid_usd == pytest.approx(0.625 * usd)
        assert found.received_usd == pytest.approx(0.3125 * usd)
    for found in (row.last_24h, row.contracts_24h[0]):
        assert found.n_payments == 2
        assert found.net_usd == pytest.approx(-0.0625 * usd)
    mixed = past_funding_of_accounts(sheet, {name: HeardFunding(1, (one, other))})[0]
    assert (mixed.total.n_payments, mixed.total.net_usd) == (5, None)
    assert mixed.total.reasons["net_usd"] == "missing: 1 payments"
    assert [found.net_usd is None for found in mixed.contracts] == [False, True]


def test_a_payment_whose_amount_was_not_read_is_missing_from_the_sum(tools, desk):
    sheet = tools.read(desk)
    name = sheet.account_ids[0]
    one = ContractFunding("x", "BTC").plus("1", -0.5, sheet.at_ns).plus("2", float("nan"), sheet.at_ns)
    row = past_funding_of_accounts(sheet, {name: HeardFunding(1, (one,))})[0]
    assert (row.total.n_payments, row.total.paid_usd) == (2, None)
