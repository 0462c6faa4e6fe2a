from decimal import Decimal

import pytest

from marginwatch.clock import ManualClock
from marginwatch.sim.exchange import Exchange

START_NS = 1_795_000_000 * 10**9
HOUR_S = 3600.0


@pytest.fixture
def exchange() -> Exchange:
    return Exchange(3, ManualClock(START_NS), n_accounts=1, activity_per_s=0.0, tick_s=600.0)


def ratio(exchange: Exchange, symbol: str) -> Decimal:
    return exchange.adl_alerts(symbol)[0].pnl_ratio


def test_every_settle_coin_has_a_pool_of_all_its_contracts(exchange) -> None:
    pools = {pool.coin: pool for pool in exchange.insurance_pools()}
    assert pools.keys() == {"USDT", "USDC", "BTC", "ETH", "SOL", "XRP"}
    named = [symbol for pool in pools.values() for symbol in pool.symbols]
    listed = [row.symbol for name in ("linear", "inverse") for row in exchange.instruments(name)]
    assert sorted(named) == sorted(listed)
    assert pools["BTC"].usd_value == pytest.approx(pools["BTC"].balance * 86_500, rel=Decimal("0.01"))
    assert exchange.insurance_pools("NOPE") == ()


def test_losses_are_counted_from_the_most_of_eight_hours(exchange) -> None:
    assert ratio(exchange, "BTCUSDT") == 0
    exchange.set_insurance_pool("USDT", 6_000_000)
    assert ratio(exchange, "BTCUSDT") == Decimal("-0.4")
    assert ratio(exchange, "BTCUSD") == 0
    exchange.advance(7 * HOUR_S)
    exchange.set_insurance_pool("USDT", 9_000_000)
    assert ratio(exchange, "ETHUSDT") == Decimal("-0.1")
    exchange.advance(2 * HOUR_S)
    # The ten million of the start are forgotten by now, the nine of two hours ago are not.
    exchange.set_insurance_pool("USDT", 8_100_000)
    assert ratio(exchange, "ETHUSDT") == Decimal("-0.1")


def test_a_spent_pool_is_shown_as_lost_entirely(exchange) -> None:
    exchange.set_insurance_pool("USDC", 0)
    alerts = [alert for alert in exchange.adl_alerts() if alert.coin == "USDC"]
    assert {(alert.balance, alert.pnl_ratio) for alert in alerts} == {(Decimal(0), Decimal(-1))}
    assert exchange.adl_alerts("NOPE") == ()
