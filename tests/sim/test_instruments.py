from decimal import Decimal

import pytest

from marginwatch.sim import listing
from marginwatch.sim.instruments import Contract, instrument_row, risk_limit_rows


@pytest.fixture
def contracts() -> dict[str, Contract]:
    return {contract.symbol: contract for contract in listing.contracts(1_795_000_000_000)}


def test_worth_of_a_contract(contracts: dict[str, Contract]) -> None:
    assert contracts["BTCUSDT"].value(Decimal("-0.5"), Decimal(60_000)) == Decimal(-30_000)
    # Inverse documentation example: 300 USD entered at 27464.50441675 are worth 0.01092319 BTC.
    worth = contracts["BTCUSD"].value(Decimal(-300), Decimal("27464.50441675"))
    assert round(worth, 8) == Decimal("0.01092319")
    assert contracts["BTCUSD"].value(Decimal(0), Decimal(0)) == 0


def test_listing_rows(contracts: dict[str, Contract]) -> None:
    perpetual = instrument_row(contracts["BTCUSDT"], 28_800.0)
    assert (perpetual.funding_interval_min, perpetual.price_scale, perpetual.delivery_ms) == (480, 2, 0)
    dated = instrument_row(contracts["BTCUSDH27"], 28_800.0)
    assert dated.funding_interval_min == 0
    assert dated.delivery_ms == 1_806_048_000_000
    pair = instrument_row(listing.spot_pairs()[0], 28_800.0)
    assert (pair.category, pair.symbol, pair.max_leverage) == ("spot", "BTCUSDT", 1)


def test_risk_limits_leave_the_first_deduction_empty(contracts: dict[str, Contract]) -> None:
    rows = risk_limit_rows(contracts["BTCUSDT"])
    assert rows[0].deduction is None
    assert rows[0].is_lowest
    assert rows[2].deduction == 3020
    assert not any(row.is_lowest for row in rows[1:])
    assert rows[0].initial_margin_rate * rows[0].max_leverage == 1
