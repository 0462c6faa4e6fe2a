"""What a book file lacks, and what is taken instead or stays missing."""

from collections.abc import Iterable

from marginwatch.bookfile.rows import BookFile
from marginwatch.model.events import FactUnread, FeeRatesUpdate
from marginwatch.model.ids import AccountId, VenueId
from marginwatch.model.instrument import Instrument
from marginwatch.model.venue_facts import FactKind
from marginwatch.venues.bybit.manifest import STANDARD_FEES

NOT_THERE = "the book file has none"


def standard_fees(
    file: BookFile, held: Iterable[tuple[str, Instrument]], at_ns: int
) -> tuple[list[FeeRatesUpdate], list[str]]:
    """Return Bybit's published standard rates for what has no fee in the file, and a sentence that says so.

    Parameters
    ----------
    file : BookFile
        The file.
    held : iterable of (account, Instrument)
        Every position.
    at_ns : int
        The moment of the book.
    """
    known = {(row.account_id, row.category) for row in file.fees}
    lacking = sorted({(account, one.category) for account, one in held} - known)
    events = [
        FeeRatesUpdate(AccountId(account), category, STANDARD_FEES[category], at_ns, is_standard=True)
        for account, category in lacking
        if category in STANDARD_FEES
    ]
    n_accounts = len({account for account, _ in lacking})
    if not n_accounts:
        return events, []
    whose = "1 account is" if n_accounts == 1 else f"{n_accounts} accounts are"
    return events, [f"fees of {whose} not in the file: Bybit's published standard rates are taken"]


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
            "borrow_tiers",
            [VenueId(row.venue) for row in file.borrow],
            "the file has no borrow tiers: accounts with debts are missing",
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
