"""Rows become events, events a book: the same one that live messages end in."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from marginwatch.book.position_book import PositionBook
from marginwatch.bookfile.assumed import standard_fees, unread_facts, usual_debts
from marginwatch.bookfile.contracts import Contracts
from marginwatch.bookfile.rows import BalanceEntry, BookFile, BookRow, TotalsEntry
from marginwatch.clock import ManualClock
from marginwatch.errors import ConfigError
from marginwatch.model.account import AccountSpec, Endpoints
from marginwatch.model.activity import OpenOrder
from marginwatch.model.balance import AccountState, Balance
from marginwatch.model.connectivity import Connectivity, LinkState
from marginwatch.model.events import (
    AssetPricesUpdate,
    BalancesUpdate,
    BorrowTiersUpdate,
    CollateralTiersUpdate,
    ConnectivityUpdate,
    Event,
    FeeRatesUpdate,
    InstrumentsUpdate,
    MarksUpdate,
    TiersUpdate,
)
from marginwatch.model.ids import AccountId, VenueId
from marginwatch.model.instrument import Instrument, MarginTier
from marginwatch.model.position import Position
from marginwatch.model.price import Mark
from marginwatch.model.secret import Secret
from marginwatch.model.snapshots import AccountSnapshot
from marginwatch.model.venue_facts import BorrowTier, CollateralTier, FeeRate

NOWHERE = Endpoints(rest="", private="", public={})
NO_SECRET = Secret("")


@dataclass(slots=True, frozen=True)
class FiledBook:
    """A book made of a file.

    Parameters
    ----------
    book : PositionBook
        The book.
    at_ns : int
        Its moment, UTC nanoseconds: ages are counted from then.
    assumptions : tuple of str
        Sentences on what the file lacks and what became of it.
    """

    book: PositionBook
    at_ns: int
    assumptions: tuple[str, ...]


def build_book(file: BookFile, now_ns: int) -> FiledBook:
    """Return the book of a file.

    Parameters
    ----------
    file : BookFile
        Its rows.
    now_ns : int
        The moment of the book if no row of the file names any, UTC nanoseconds.

    Raises
    ------
    ConfigError
        If a row contradicts others or names a contract that cannot be told; with row and field.
    """
    at_ns = file.taken_at_ns or _latest_ns(file) or now_ns
    contracts = Contracts()
    events: list[Event] = [InstrumentsUpdate(contracts.learn(file.instruments))]
    totals = _totals(file)
    positions = [
        (row.account_id, _position(row, contracts.of(row, place)))
        for place, row in _placed("positions", file.positions)
    ]
    fees, fee_notes = standard_fees(file, [(name, one.instrument) for name, one in positions], at_ns)
    unread, notes = unread_facts(file)
    debts, debt_notes = usual_debts(file, _coins(file, contracts, totals), at_ns)
    events += [*unread, *debts, *_market(file, contracts, at_ns)]
    for name, row in totals.items():
        events += _account(file, row, [one for whose, one in positions if whose == name], contracts, at_ns)
    book = PositionBook(ManualClock(at_ns))
    for row in totals.values():
        book.register(_spec(row))
    for event in [*events, *fees, *_fees(file, at_ns)]:
        book.apply(event)
    unnamed = sorted(set(totals) - {row.account_id for row in file.accounts})
    if unnamed:
        notes.append(
            f"not in accounts, so taken for cross margin without desk or owner: {', '.join(unnamed[:10])}"
        )
    return FiledBook(book, at_ns, (*fee_notes, *debt_notes, *notes))


def _placed(key: str, rows: Sequence[Any]) -> Iterator[tuple[str, Any]]:
    return ((f"{key}[{number}]", row) for number, row in enumerate(rows))


def _latest_ns(file: BookFile) -> int | None:
    rows: list[BookRow] = [*file.accounts, *file.positions, *file.balances, *file.marks]
    names = ("as_of_ns", "ts_venue_ns", "made_at_ns", "heard_at_ns")
    found = [value for row in rows for name in names if isinstance(value := getattr(row, name, None), int)]
    return max(found, default=None)


def _totals(file: BookFile) -> dict[str, TotalsEntry]:
    """Return every account of the file, those that only have rows among them."""
    found: dict[str, TotalsEntry] = {}
    for place, row in _placed("accounts", file.accounts):
        if row.account_id in found:
            raise ConfigError(f"{place}.account_id: {row.account_id!r} is there twice")
        found[row.account_id] = row
    for key in ("positions", "balances", "fees", "orders"):
        for place, row in _placed(key, getattr(file, key)):
            held = found.setdefault(
                row.account_id, TotalsEntry(account_id=row.account_id, venue=row.venue, margin_mode="cross")
            )
            if key in ("positions", "balances") and held.venue != row.venue:
                raise ConfigError(
                    f"{place}.venue: account {row.account_id!r} is at {held.venue}, not at {row.venue}"
                )
    return found


def _coins(file: BookFile, contracts: Contracts, totals: dict[str, TotalsEntry]) -> set[tuple[str, str]]:
    """Return every coin of every venue that the file speaks of."""
    venues = {row.venue for row in totals.values()}
    found = {(row.venue, row.asset) for row in file.balances}
    found |= {(one.venue, one.settle_asset) for one in contracts.known()}
    return found | {(venue, coin) for venue in venues for coin in ("USDT", "USDC")}


def _spec(row: TotalsEntry) -> AccountSpec:
    return AccountSpec(
        account_id=AccountId(row.account_id),
        exchange=row.exchange,
        venue=VenueId(row.venue),
        endpoints=NOWHERE,
        api_key=NO_SECRET,
        api_secret=NO_SECRET,
        owner=row.owner,
        desk=row.desk,
        tags=row.tags,
        allow_unsafe_key=row.allow_unsafe_key,
    )


def _fields(row: BookRow, shape: type[Any], *left_out: str) -> dict[str, Any]:
    """Return the fields of a row that a noun of the model has too."""
    names = set(shape.__struct_fields__) - set(left_out)
    return {name: getattr(row, name) for name in row.__struct_fields__ if name in names}


def _position(row: BookRow, instrument: Instrument) -> Position:
    return Position(instrument=instrument, **_fields(row, Position, "instrument"))


def _market(file: BookFile, contracts: Contracts, at_ns: int) -> Iterator[Event]:
    tiers: list[MarginTier] = []
    for place, row in _placed("tiers", file.tiers):
        fields = _fields(row, MarginTier, "instrument_id")
        tiers.append(MarginTier(instrument_id=contracts.of(row, place).instrument_id, **fields))
    if tiers:
        yield TiersUpdate(tuple(tiers))
    for venue in sorted({row.venue for row in file.collateral}):
        bands = [
            CollateralTier(**_fields(row, CollateralTier)) for row in file.collateral if row.venue == venue
        ]
        yield CollateralTiersUpdate(VenueId(venue), tuple(bands), at_ns)
    for venue in sorted({row.venue for row in file.borrow}):
        steps = [BorrowTier(**_fields(row, BorrowTier)) for row in file.borrow if row.venue == venue]
        yield BorrowTiersUpdate(VenueId(venue), tuple(steps), at_ns)
    for place, row in _placed("marks", file.marks):
        fields = _fields(row, Mark, "instrument", "ts_venue_ns", "is_snapshot")
        mark = Mark(instrument=contracts.of(row, place), ts_venue_ns=None, **fields)
        yield MarksUpdate((mark,), row.heard_at_ns or at_ns)
    if file.asset_prices:
        yield AssetPricesUpdate(tuple((row.asset, str(row.usd_price)) for row in file.asset_prices), at_ns)


def _account(
    file: BookFile, row: TotalsEntry, positions: list[Position], contracts: Contracts, at_ns: int
) -> Iterator[Event]:
    name, account_id = row.account_id, AccountId(row.account_id)
    link = row.connectivity
    if link is None or link.reconciled_at_ns is not None or positions:
        mine = [one for one in file.balances if one.account_id == name]
        orders = [
            _order(one, contracts.of(one, place))
            for place, one in _placed("orders", file.orders)
            if one.account_id == name
        ]
        state = AccountState(**_fields(row, AccountState))
        made = _by_moment(mine, at_ns)
        yield AccountSnapshot(
            account_id=account_id,
            positions=tuple(positions),
            balances=(),
            account=state,
            as_of_ns=min([at_ns, *made]),
            ts_received_ns=at_ns,
            open_orders=tuple(orders) if row.has_orders else None,
            not_covered=row.not_covered,
        )
        for made_ns, balances in sorted(made.items()):
            yield BalancesUpdate(account_id, None, tuple(balances), made_ns, at_ns)
    yield ConnectivityUpdate(
        link
        or Connectivity(
            account_id=account_id, link_state=LinkState.POLLING, reconciled_at_ns=at_ns, data_at_ns=at_ns
        )
    )


def _by_moment(rows: Iterable[BalanceEntry], at_ns: int) -> dict[int, list[Balance]]:
    found: defaultdict[int, list[Balance]] = defaultdict(list)
    for row in rows:
        found[row.made_at_ns or at_ns].append(Balance(**_fields(row, Balance)))
    return found


def _order(row: BookRow, instrument: Instrument) -> OpenOrder:
    return OpenOrder(instrument=instrument, is_open=True, **_fields(row, OpenOrder, "instrument", "is_open"))


def _fees(file: BookFile, at_ns: int) -> Iterator[FeeRatesUpdate]:
    grouped: defaultdict[tuple[str, str, bool], list[FeeRate]] = defaultdict(list)
    for row in file.fees:
        grouped[row.account_id, row.category, row.is_standard].append(FeeRate(**_fields(row, FeeRate)))
    for (name, category, is_standard), rates in grouped.items():
        yield FeeRatesUpdate(AccountId(name), category, tuple(rates), at_ns, is_standard=is_standard)
