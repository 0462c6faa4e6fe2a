"""What is owed costs interest by the hour, which is added to the debt and earned by the exchange."""

from decimal import Decimal

import pytest

from marginwatch.clock import ManualClock
from marginwatch.sim.exchange import Exchange

NEAR_THE_HOUR_NS = 1_795_006_770_000_000_000
"""30 seconds before a whole hour."""


@pytest.fixture
def exchange() -> Exchange:
    return Exchange(7, ManualClock(NEAR_THE_HOUR_NS), n_accounts=1, activity_per_s=0.0, tick_s=10.0)


def owed(exchange: Exchange, uid: str) -> Decimal:
    return next(row for row in exchange.wallet(uid).coins if row.coin == "USDT").borrow_amount


def test_a_debt_grows_at_the_hour(exchange: Exchange) -> None:
    uid = exchange.open_account("debtor").uid
    exchange.deposit(uid, "BTC", "5")
    exchange.deposit(uid, "USDT", "-100000")
    exchange.advance(20.0)
    assert owed(exchange, uid) == 100_000
    exchange.advance(20.0)
    assert owed(exchange, uid) == Decimal("100000.147")
    line = exchange.transaction_log(uid)[0]
    assert (line.kind, line.coin, line.change) == ("INTEREST", "USDT", Decimal("-0.147"))
    exchange.check_books()


def test_a_long_step_charges_all_its_hours_and_nobody_else_pays(exchange: Exchange) -> None:
    debtor, saver = exchange.open_account("debtor").uid, exchange.open_account("saver").uid
    exchange.deposit(debtor, "BTC", "5")
    exchange.deposit(debtor, "USDT", "-100000")
    exchange.deposit(saver, "USDT", "100000")
    exchange.step(40.0 + 2 * 3600.0)
    assert owed(exchange, debtor) == Decimal("100000.441")
    assert len(exchange.transaction_log(saver)) == 1
    exchange.check_books()
