import datetime as dt

import pytest

from marginwatch.sim import listing


def ms(text: str) -> int:
    return int(dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC).timestamp() * 1000)


@pytest.mark.parametrize(
    ("today", "delivery"),
    [
        ("2026-11-21", "2027-03-26T08:00"),
        ("2026-10-01", "2026-12-25T08:00"),
        ("2026-04-27", "2026-06-26T08:00"),
        ("2026-04-28", "2026-09-25T08:00"),
    ],
)
def test_quarterlies_deliver_on_the_last_friday(today: str, delivery: str) -> None:
    found = listing.quarterly_delivery(ms(today))
    assert found == dt.datetime.fromisoformat(delivery).replace(tzinfo=dt.UTC)
    assert found.strftime("%A") == "Friday"


def test_contracts_are_named_as_the_exchange_names_them() -> None:
    listed = {contract.symbol: contract for contract in listing.contracts(ms("2026-11-21"))}
    assert len(listed) == 26
    assert listed["1000PEPEUSDT"].coin_factor == 1000
    assert listed["BTCPERP"].settle == "USDC"
    assert listed["BTCUSD"].settle == "BTC"
    assert listed["BTCUSDH27"].contract_type == "InverseFutures"
    assert listed["BTCUSDT-26MAR27"].contract_type == "LinearFutures"
    assert listed["BTC-26MAR27"].settle == "USDC"
    assert len({contract.symbol_id for contract in listed.values()}) == len(listed)
    assert [c.symbol for c in listed.values() if c.tiers.origin != "synthetic"] == [
        "BTCUSDT",
        "BTCUSDT-26MAR27",
    ]
