from decimal import Decimal

import pytest

from marginwatch.sim import listing
from marginwatch.sim.tiers import Tier, TierTable, recorded_btcusdt, synthetic


def test_recorded_table_is_the_published_one() -> None:
    table = recorded_btcusdt()
    assert len(table.tiers) == 20
    assert table.tiers[1] == Tier(Decimal(2_600_000), Decimal(90), Decimal("0.0056"), Decimal(1200))
    assert table.tiers[-1].deduction == Decimal(1_482_000)
    assert "synthetic" not in table.origin


def test_published_maintenance_margin_at_the_end_of_tier_two() -> None:
    """2.6 M USDT of BTCUSDT: 13,360 by 0.56 % less 1,200 and, band by band, by 0.5 % and 0.56 % alike."""
    rate, leverage = recorded_btcusdt().terms(2_600_000.0)
    assert rate * 2_600_000.0 == pytest.approx(13_360.0)
    assert leverage == 90.0


def test_margin_is_continuous_where_tiers_meet() -> None:
    for contract in listing.contracts(1_795_000_000_000):
        for tier in contract.tiers.tiers[:-1]:
            limit = float(tier.limit)
            below, above = (value * contract.tiers.terms(value)[0] for value in (limit, limit * (1 + 1e-12)))
            assert above == pytest.approx(below, rel=1e-9), contract.symbol


def test_a_value_on_the_limit_belongs_to_the_tier_below() -> None:
    table = recorded_btcusdt()
    assert table.index(2_000_000.0) == 0
    assert table.index(2_000_000.01) == 1
    assert table.index(1e12) == 19


def test_orders_raise_the_tier_but_not_more_than_their_share() -> None:
    table = recorded_btcusdt()
    alone = 1_000_000.0 * table.terms(1_000_000.0)[0]
    with_orders = 1_000_000.0 * table.terms(10_000_000.0)[0]
    whole = 10_000_000.0 * table.terms(10_000_000.0)[0]
    assert alone < with_orders
    assert with_orders == pytest.approx(whole / 10.0)


def test_made_up_tables_say_so() -> None:
    assert synthetic(Decimal(100), 50).origin == "synthetic"


@pytest.mark.parametrize(
    ("tiers", "message"),
    [
        ((), "at least one"),
        ((Tier(Decimal(2), Decimal(9), Decimal("0.1"), Decimal(0)),) * 2, "ascend"),
        (
            (
                Tier(Decimal(1), Decimal(9), Decimal("0.1"), Decimal(0)),
                Tier(Decimal(2), Decimal(9), Decimal("0.2"), Decimal(7)),
            ),
            "continuity",
        ),
    ],
)
def test_a_table_that_makes_no_sense_is_refused(tiers: tuple[Tier, ...], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        TierTable(tiers, "test")
