"""What a book file lacks, and what is taken instead or stays missing."""

from collections.abc import Iterable

from marginwatch.bookfile.rows import BookFile
from marginwatch.model.events import BorrowTiersUpdate, FactUnread, FeeRatesUpdate
from marginwatch.model.ids import AccountId, VenueId
from marginwatch.model.instrument import Instrument
from marginwatch.model.venue_facts import BorrowTier, FactKind
from marginwatch.venues.bybit.manifest import STANDARD_FEES

DEBT_INITIAL_RATE, DEBT_MAINTENANCE_RATE = "0.1", "0.04"
"""What a debt is taken to need where a file does not say it: the first tier of most coins, at a leverage of ten."""

NOT_THERE = "the book file has none"


def standard_fees(
    file: BookFile, held: Iterable[tuple[str, Instrument]], at_ns: int
) -> tuple[list[FeeRatesUpdate], list[str]]:
    """Return Bybit's published standard rates if the file has no fees at all, and a sentence that says so.

    Parameters
    ----------
    file : BookFile
        The file.
    held : iterable of (account, Instrument)
        Every position.
    at_ns : int
        The moment of the book.
    """
    if file.fees or file.is_exported:
        # Whoever lists fees lists those that are known.
        return [], []
    lacking = sorted({(account, one.category) for account, one in held})
    events = [
        FeeRatesUpdate(AccountId(account), category, STANDARD_FEES[category], at_ns, is_standard=True)
        for account, category in lacking
        if category in STANDARD_FEES
    ]
    if not events:
        return [], []
    return events, ["the file has no fees: Bybit's published standard rates are taken"]


def usual_debts(
    file: BookFile, coins: Iterable[tuple[str, str]], at_ns: int
) -> tuple[list[BorrowTiersUpdate], list[str]]:
    """Return one borrow tier for every coin if the file has none, and a sentence that says so.

    Parameters
    ----------
    file : BookFile
        The file.
    coins : iterable of (venue, coin)
        All that it speaks of.
    at_ns : int
        The moment of the book.
    """
    if file.borrow or file.is_exported:
        return [], []
    by_venue: dict[str, set[str]] = {}
    for venue, coin in coins:
        by_venue.setdefault(venue, set()).add(coin)
    events = [
        BorrowTiersUpdate(VenueId(venue), tuple(_usual_debt(coin) for coin in sorted(names)), at_ns)
        for venue, names in by_venue.items()
    ]
    initial, maintenance = float(DEBT_INITIAL_RATE), float(DEBT_MAINTENANCE_RATE)
    sentence = (
        "the file has no borrow tiers: a debt is taken to need"
        f" {initial:.0%} initial and {maintenance:.0%} maintenance margin"
    )
    return events, [sentence]


def _usual_debt(coin: str) -> BorrowTier:
    return BorrowTier(
        asset=coin,
        tier=1,
        limit="1000000000",
        initial_margin_rate=DEBT_INITIAL_RATE,
        maintenance_margin_rate=DEBT_MAINTENANCE_RATE,
    )


def unread_facts(file: BookFile) -> tuple[list[FactUnread], list[str]]:
    """Return why facts that the file lacks are missing, and a sentence on each."""
    venues = sorted({row.venue for row in (*file.accounts, *file.positions, *file.balances)})
    kinds: list[tuple[FactKind, list[VenueId], str]] = [
        (
            "collateral_tiers",
            [VenueId(row.venue) for row in file.collateral],
            "the file has no collateral bands: accounts with coins in their wallet are missing",
        ),
        (
            "margin_tiers",
            [VenueId(row.venue) for row in file.tiers],
            "the file has no risk limits: accounts with positions are missing",
        ),
    ]
    events: list[FactUnread] = []
    notes: list[str] = []
    for kind, there, sentence in kinds:
        lacking = [VenueId(venue) for venue in venues if venue not in there]
        events += [FactUnread(venue, None, kind, NOT_THERE) for venue in lacking]
        if lacking:
            notes.append(sentence)
    return events, notes
