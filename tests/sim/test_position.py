from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marginwatch.sim import listing
from marginwatch.sim.position import Position

CONTRACTS = {contract.symbol: contract for contract in listing.contracts(1_795_000_000_000)}


def leg(symbol: str) -> Position:
    return Position(CONTRACTS[symbol], 0, Decimal(10), 0)


def test_published_average_entries() -> None:
    """Bybit help centre, P&L calculations: inverse 1,000 at 5,000 and 2,000 at 6,000; USDT 0.5 at 5,000 and 0.3 at 6,000."""
    inverse = leg("BTCUSD")
    inverse.trade(Decimal(1000), Decimal(5000))
    inverse.trade(Decimal(2000), Decimal(6000))
    assert inverse.entry == Decimal(5625)
    linear = leg("BTCUSDT")
    linear.trade(Decimal("0.5"), Decimal(5000))
    linear.trade(Decimal("0.3"), Decimal(6000))
    assert linear.entry == Decimal(5375)


def test_published_profits() -> None:
    long = leg("BTCUSDT")
    long.trade(Decimal("0.2"), Decimal(7000))
    assert long.trade(Decimal("-0.2"), Decimal(7500)).realized == 100
    short = leg("BTCUSDT")
    short.trade(Decimal("-0.4"), Decimal(6000))
    assert short.trade(Decimal("0.4"), Decimal(5000)).realized == 400


def test_reducing_keeps_the_entry_and_a_flip_takes_the_new_price() -> None:
    position = leg("ETHUSDT")
    position.trade(Decimal(3), Decimal(2000))
    effect = position.trade(Decimal(-1), Decimal(2100))
    assert (effect.realized, effect.closed, position.entry) == (100, 1, 2000)
    effect = position.trade(Decimal(-5), Decimal(1900))
    assert (effect.realized, effect.closed) == (-200, 2)
    assert (position.size, position.entry) == (-3, 1900)


def test_flat_holds_nothing() -> None:
    position = leg("BTCUSD")
    position.trade(Decimal(-500), Decimal("86543.50"))
    position.trade(Decimal(500), Decimal("81234.00"))
    assert (position.size, position.entry, position.cost) == (0, 0, 0)


@given(
    symbol=st.sampled_from(["BTCUSDT", "1000PEPEUSDT", "BTCUSD", "XRPUSD"]),
    trades=st.lists(
        st.tuples(st.integers(-50, 50).filter(bool), st.integers(1_000, 9_000_000)), min_size=1, max_size=25
    ),
)
def test_nothing_is_created_or_lost_between_a_position_and_the_house(
    symbol: str, trades: list[tuple[int, int]]
) -> None:
    position = leg(symbol)
    contract = position.contract
    wallet = house = Decimal(0)
    for steps, ticks in trades:
        effect = position.trade(steps * contract.step, ticks * contract.tick)
        wallet += effect.realized
        house += effect.house_cost
        assert wallet - position.cost - house == 0
        assert position.cost == contract.value(position.size, position.entry)
    worth = sum((contract.value(n * contract.step, t * contract.tick) for n, t in trades), Decimal(0))
    assert float(position.cost - wallet) == pytest.approx(float(worth), abs=1e-6, rel=1e-9)
