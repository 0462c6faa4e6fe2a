"""What trading costs each account, contract by contract: needed for the fee to close that margins contain."""

from collections import Counter
from collections.abc import Iterable
from enum import IntEnum
from typing import NamedTuple, TypeAlias

from marginwatch.book.table import NAN
from marginwatch.model.ids import AccountId, VenueId
from marginwatch.model.instrument import Instrument, InstrumentKind
from marginwatch.model.venue_facts import FeeRate

Owner: TypeAlias = tuple[VenueId, int]
"""Venue and code of the owner (0: no owner configured)."""


class FeeSource(IntEnum):
    """Where a fee rate comes from; anything but ``OWN`` makes what is computed from it an estimate."""

    UNKNOWN = 0
    OWN = 1
    """The venue told it of this account."""
    OWNER = 2
    """The venue told it of another account of the same owner, whose accounts share one fee level."""
    STANDARD = 3
    """The venue's published standard rate: this account's own cannot be read."""


class TakerFee(NamedTuple):
    """A rate, fraction of the value traded, NaN if unknown; and where it comes from."""

    rate: float
    source: FeeSource


UNKNOWN_FEE = TakerFee(NAN, FeeSource.UNKNOWN)


class Schedule:
    """The taker fees of one account in one category: one rate that most contracts have, and the others by name.

    A contract that the venue did not list has the rate that most have.

    Parameters
    ----------
    rates : iterable of FeeRate
        As told; those without a taker fee say nothing.
    source : FeeSource
        Where they come from, seen from whoever uses them.

    Raises
    ------
    ValueError
        If a rate is no decimal.
    """

    __slots__ = ("_fees", "_others", "_usual", "source")

    def __init__(self, rates: Iterable[FeeRate], source: FeeSource) -> None:
        self.source = source
        self._fees: dict[float, TakerFee] = {}
        known = {
            rate.venue_symbol or rate.base_asset: float(rate.taker_fee_rate)
            for rate in rates
            if rate.taker_fee_rate is not None
        }
        counted = Counter(known.values())
        # Of equally frequent ones the dearest: a fee assumed too high makes margins too high, never too low.
        self._usual = max(counted, key=lambda rate: (counted[rate], rate), default=NAN)
        self._others = {name: rate for name, rate in known.items() if rate != self._usual}

    def fee(self, instrument: Instrument) -> TakerFee:
        """Return the taker fee of a contract, unknown if nothing was told."""
        is_option = instrument.instrument_kind is InstrumentKind.OPTION
        rate = self._others.get(instrument.base_asset if is_option else instrument.venue_symbol, self._usual)
        if rate != rate:
            return UNKNOWN_FEE
        # One object a rate: a desk has many positions and few rates.
        fee = self._fees.get(rate)
        if fee is None:
            fee = self._fees[rate] = TakerFee(rate, self.source)
        return fee


class Fees:
    """The fee schedules of all accounts."""

    def __init__(self) -> None:
        self._own: dict[tuple[AccountId, str], Schedule] = {}
        self._standard: dict[tuple[AccountId, str], Schedule] = {}
        self._owners: dict[tuple[Owner, str], Schedule] = {}

    def take(self, account_id: AccountId, owner: Owner, category: str, rates: Iterable[FeeRate]) -> bool:
        """Replace an account's schedule of one category; return whether it is the first of its owner there.

        Raises
        ------
        ValueError
            If a rate is no decimal; nothing is changed.
        """
        told = tuple(rates)
        self._own[account_id, category] = Schedule(told, FeeSource.OWN)
        is_first = (owner, category) not in self._owners
        self._owners[owner, category] = Schedule(told, FeeSource.OWNER)
        return is_first

    def take_standard(self, account_id: AccountId, category: str, rates: Iterable[FeeRate]) -> None:
        """Take the venue's published rates for an account whose own cannot be read; ValueError as in :meth:`take`."""
        self._standard[account_id, category] = Schedule(rates, FeeSource.STANDARD)

    def schedule(self, account_id: AccountId, owner: Owner, category: str) -> Schedule | None:
        """Return the nearest schedule of an account in a category; None if nobody told any."""
        return (
            self._own.get((account_id, category))
            or self._owners.get((owner, category))
            or self._standard.get((account_id, category))
        )

    def forget(self, account_id: AccountId) -> None:
        """Drop what was told of a removed account; what its owner's other accounts borrowed from it stays."""
        for schedules in (self._own, self._standard):
            for key in [key for key in schedules if key[0] == account_id]:
                del schedules[key]
