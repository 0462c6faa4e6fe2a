"""Funding that an account paid and received, summed as its executions come: since it is followed, and by the hour."""

import math
from collections.abc import Iterable

import msgspec

from marginwatch.book.holdings import number
from marginwatch.model.activity import Fill
from marginwatch.model.ids import Asset, InstrumentId

HOUR_NS = 3_600_000_000_000

HOURS_KEPT = 24
"""Hours whose payments are kept apart: the running one and those before it, which is a day of payments on the hour."""

IDS_KEPT = 8
"""Latest executions of a contract that are known again; a message that comes twice comes long before so many more."""


class FundingSum(msgspec.Struct, frozen=True, gc=False):
    """Payments added up, in the coin; both sums ≥ 0. ``n_unread`` had no amount and are in neither."""

    n_paid: int = 0
    paid: float = 0.0
    n_received: int = 0
    received: float = 0.0
    n_unread: int = 0

    def plus(self, amount: float) -> "FundingSum":
        """Return the sums with one more payment, received > 0; NaN is one that was not read."""
        if math.isnan(amount):
            return msgspec.structs.replace(self, n_unread=self.n_unread + 1)
        if amount < 0.0:
            return msgspec.structs.replace(self, n_paid=self.n_paid + 1, paid=self.paid - amount)
        return msgspec.structs.replace(self, n_received=self.n_received + 1, received=self.received + amount)


class ContractFunding(msgspec.Struct, frozen=True):
    """Payments of one contract: all, and by hours since 1970 (the latest 24 of them)."""

    instrument_id: InstrumentId
    coin: Asset
    total: FundingSum = FundingSum()
    by_hour: tuple[tuple[int, FundingSum], ...] = ()
    latest_ids: tuple[str, ...] = ()

    def last_day(self, now_ns: int) -> tuple[FundingSum, ...]:
        """Return the sums of the running hour and the 23 before it."""
        first = now_ns // HOUR_NS - HOURS_KEPT + 1
        return tuple(one for hour, one in self.by_hour if hour >= first)

    def plus(self, fill_id: str | None, amount: float, at_ns: int) -> "ContractFunding":
        """Return it with one more payment."""
        hours, hour = dict(self.by_hour), at_ns // HOUR_NS
        hours[hour] = hours.get(hour, FundingSum()).plus(amount)
        return msgspec.structs.replace(
            self,
            total=self.total.plus(amount),
            by_hour=tuple(sorted(hours.items())[-HOURS_KEPT:]),
            latest_ids=self.latest_ids if fill_id is None else (*self.latest_ids, fill_id)[-IDS_KEPT:],
        )


class HeardFunding(msgspec.Struct, frozen=True):
    """What is known of one account's payments.

    Parameters
    ----------
    since_ns : int or None
        From when on none is missing, UTC nanoseconds; None while its executions were never followed.
    contracts : tuple of ContractFunding
        Those that paid or received since then.
    """

    since_ns: int | None = None
    contracts: tuple[ContractFunding, ...] = ()


class PaidFunding:
    """Payments of one account; what is handed out is frozen, so that another thread may read it."""

    __slots__ = ("_by_contract", "_since_ns")

    def __init__(self) -> None:
        self._by_contract: dict[InstrumentId, ContractFunding] = {}
        self._since_ns: int | None = None

    def follow(self, now_ns: int) -> None:
        """Learn that the account's executions are heard now; only the first time counts, gaps are filled afterwards."""
        if self._since_ns is None:
            self._since_ns = now_ns

    def take(self, fills: Iterable[Fill], made_ns: int) -> None:
        """Add the payments among executions; one that was told before changes nothing.

        Parameters
        ----------
        fills : iterable of Fill
            All kinds. A fee that is positive was paid.
        made_ns : int
            When the message was made, for an execution without a time.

        Raises
        ------
        ValueError
            If a fee is no decimal; nothing is taken then.
        """
        payments = [(one, -number(one.fee)) for one in fills if one.kind == "funding"]
        for fill, amount in payments:
            name = fill.instrument.instrument_id
            known = self._by_contract.get(name) or ContractFunding(name, fill.instrument.settle_asset)
            if fill.fill_id is not None and fill.fill_id in known.latest_ids:
                continue
            at_ns = made_ns if fill.ts_venue_ns is None else fill.ts_venue_ns
            self._by_contract[name] = known.plus(fill.fill_id, amount, at_ns)
            # What was held back or found afterwards may be of a moment before: from then on none is missing.
            if self._since_ns is None or at_ns < self._since_ns:
                self._since_ns = at_ns

    def heard(self) -> HeardFunding:
        """Return what is known now."""
        return HeardFunding(self._since_ns, tuple(self._by_contract.values()))
