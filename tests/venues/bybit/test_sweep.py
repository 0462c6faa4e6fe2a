import pytest

from marginwatch.errors import ConfigError, ConnectivityError
from marginwatch.model.ids import VenueId
from marginwatch.model.position import Position
from marginwatch.venues.bybit.catalog import InstrumentCatalog
from marginwatch.venues.bybit.sweep import POSITIONS, SEGMENTS, coverage_gap, keep_newer, refuse_unsupported

CATALOG = InstrumentCatalog(VenueId("bybit"))


def position(quantity: str, ts_venue_ns: int | None, sequence: int | None = None) -> Position:
    return Position(
        instrument=CATALOG.resolve("linear", "BTCUSDT"),
        position_side="net",
        quantity=quantity,
        ts_venue_ns=ts_venue_ns,
        sequence=sequence,
    )


def test_linear_is_asked_for_once_per_settlement_coin() -> None:
    assert [segment.name for segment in SEGMENTS] == ["linear/USDT", "linear/USDC", "inverse", "option"]


@pytest.mark.parametrize(
    ("first", "second", "kept"),
    [
        (position("1", 10), position("2", 20), "2"),
        (position("1", 20), position("2", 10), "1"),
        (position("1", 10, 7), position("2", 10, 6), "1"),
        (position("1", 10, 6), position("2", 10, 6), "2"),
        (position("1", None), position("2", 10), "2"),
    ],
)
def test_the_newer_of_two_rows_of_one_position_is_kept(first: Position, second: Position, kept: str) -> None:
    found: dict[object, Position] = {}
    keep_newer(found, first)
    keep_newer(found, second)
    assert [one.quantity for one in found.values()] == [kept]


def test_only_classic_accounts_are_refused_and_only_older_unified_ones_have_a_gap() -> None:
    with pytest.raises(ConfigError, match="classic"):
        refuse_unsupported("classic")
    for account_type in ("UTA1.0", "UTA1.0 Pro", "UTA2.0", "UTA2.0 Pro", "7", None):
        refuse_unsupported(account_type)
        assert (coverage_gap(account_type) is not None) is str(account_type).startswith("UTA1")


@pytest.mark.parametrize("n_before", [1, 3, 4])
async def test_a_sweep_across_a_clock_set_back_is_no_snapshot(bench, n_before: int) -> None:
    stamps = [1_700_000_060_000 + number for number in range(n_before)]
    stamps += [1_700_000_030_000 + number for number in range(10)]
    told, stub = iter(stamps), bench.stub
    stub.standing["/v5/account/info"] = lambda _: stub.ok(
        {"marginMode": "REGULAR_MARGIN", "unifiedMarginStatus": 5, "updatedTime": "1697078946000"}
    )
    stub.standing[POSITIONS] = lambda _: stub.ok({"list": [], "nextPageCursor": ""}, time=next(told))
    stub.standing["/v5/account/wallet-balance"] = lambda _: stub.ok(
        {"list": [{"accountType": "UNIFIED", "totalEquity": "1", "coin": []}]}, time=next(told)
    )
    client = bench.venue.client(bench.spec())
    with pytest.raises(ConnectivityError, match="set its clock back"):
        await client.fetch_account()
    assert (await client.fetch_account()).as_of_ns == stamps[n_before + 1] * 1_000_000
