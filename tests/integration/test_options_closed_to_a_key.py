"""A key that may not read options: the rest of the account is judged as ever."""

from marginwatch.book.position_book import PositionBook
from marginwatch.clock import ManualClock
from marginwatch.model.account import AccountSpec, Endpoints
from marginwatch.model.balance import AccountState
from marginwatch.model.failure import Failure
from marginwatch.model.ids import AccountId, VenueId
from marginwatch.model.position import Position
from marginwatch.model.secret import Secret
from marginwatch.model.snapshots import AccountSnapshot
from marginwatch.venues.bybit.catalog import InstrumentCatalog

ACCOUNT = AccountId("mm-main")
CLOSED = Failure("not_covered", "option", "option positions cannot be read with this key here")


def snapshot(catalog: InstrumentCatalog, symbols: dict[str, str], at_s: int) -> AccountSnapshot:
    rows = tuple(
        Position(
            instrument=catalog.resolve(category, symbol),
            position_side="net",
            quantity="1",
            mark_price="100",
            ts_venue_ns=1,
        )
        for symbol, category in symbols.items()
    )
    return AccountSnapshot(
        account_id=ACCOUNT,
        positions=rows,
        balances=(),
        account=AccountState(),
        as_of_ns=at_s * 1_000_000_000,
        ts_received_ns=at_s * 1_000_000_000,
        failures=(CLOSED,),
    )


def test_a_closed_position_is_found_missing_though_options_cannot_be_read() -> None:
    clock = ManualClock()
    base_s = clock.now_ns() // 1_000_000_000
    catalog = InstrumentCatalog(VenueId("bybit"))
    book = PositionBook(clock)
    spec = AccountSpec(
        account_id=ACCOUNT,
        exchange="bybit",
        venue=VenueId("bybit"),
        endpoints=Endpoints(rest="", private="", public={}),
        api_key=Secret("k"),
        api_secret=Secret("s"),
    )
    book.register(spec)
    book.apply(snapshot(catalog, {"BTCUSDT": "linear", "ETHUSDT": "linear"}, base_s))
    found = [*book.apply(snapshot(catalog, {"BTCUSDT": "linear"}, base_s + 100))]
    found += book.apply(snapshot(catalog, {"BTCUSDT": "linear"}, base_s + 200))
    assert any("ETHUSDT" in one.subject and one.theirs in (None, "0") for one in found)
