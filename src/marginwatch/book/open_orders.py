"""The open orders of one account, for what they add to the tier of a position.

Messages come late, twice or not at all, and a snapshot may show an order that has ended since. So the end of an order is
remembered for a while, and of two versions of an order the later one counts, by the venue's time of the change.
"""

from collections.abc import Iterable, Iterator

import msgspec

from marginwatch.model.activity import OpenOrder
from marginwatch.model.ids import InstrumentId

ORDERS_MAX = 5_000
"""Orders kept of one account. One that has more of them open is not known exactly, and says so."""

ENDED_FOR_NS = 60_000_000_000
"""How long the end of an order is remembered: longer than a message or a snapshot's page is on its way."""

ENDED_MAX = 5_000
"""Ends remembered of one account, against a desk that cancels thousands of orders a minute."""


class OpenOrders:
    """Open orders by contract, in the order in which they were placed as far as that is known.

    Attributes
    ----------
    is_known : bool
        Whether a complete list was ever told; without one there may be orders that we did not hear of.
    is_complete : bool
        False where the account had more orders than are kept.
    news : set of InstrumentId
        Contracts whose orders changed since somebody last cleared it.
    """

    __slots__ = ("_by_contract", "_by_id", "_ended", "is_complete", "is_known", "news")

    def __init__(self) -> None:
        self._by_id: dict[str, OpenOrder] = {}
        self._by_contract: dict[InstrumentId, dict[str, OpenOrder]] = {}
        self._ended: dict[str, int] = {}
        self.is_known = False
        self.is_complete = True
        self.news: set[InstrumentId] = set()

    def __len__(self) -> int:
        return len(self._by_id)

    def __contains__(self, order_id: str) -> bool:
        return order_id in self._by_id

    def __iter__(self) -> Iterator[OpenOrder]:
        return iter(self._by_id.values())

    def of(self, instrument_id: InstrumentId) -> Iterable[OpenOrder]:
        """Return the open orders of a contract."""
        found = self._by_contract.get(instrument_id)
        return () if found is None else found.values()

    def hear(self, order: OpenOrder, made_ns: int) -> None:
        """Take what a message said of an order; ``made_ns`` is its time where the order itself has none."""
        at_ns = made_ns if order.ts_venue_ns is None else order.ts_venue_ns
        known = self._by_id.get(order.order_id)
        if known is not None and known.ts_venue_ns is not None and known.ts_venue_ns > at_ns:
            return
        if not order.is_open:
            self._end(order.order_id, at_ns)
        elif self._ended.get(order.order_id, -1) < at_ns:
            self._keep(order, at_ns)

    def sweep(self, orders: Iterable[OpenOrder], as_of_ns: int, settle_ns: int) -> None:
        """Take a complete list that the venue made at ``as_of_ns`` or later.

        An order missing in it has ended, unless it was told of within the time by which the venue's replies may lag. One
        that ended after the version in the list, or that is known in a later version, stays as it is.
        """
        listed: set[str] = set()
        for order in orders:
            listed.add(order.order_id)
            self.hear(order, as_of_ns)
        for order_id, order in tuple(self._by_id.items()):
            changed_ns = order.ts_venue_ns
            if order_id not in listed and (changed_ns is None or changed_ns <= as_of_ns - settle_ns):
                self._drop(order_id)
        self.is_known = True
        self.is_complete = len(self._by_id) < ORDERS_MAX

    def _keep(self, order: OpenOrder, at_ns: int) -> None:
        key, order_id = order.instrument.instrument_id, order.order_id
        if len(self._by_id) >= ORDERS_MAX and order_id not in self._by_id:
            self.is_complete = False
            self.news.update(self._by_contract)
            return
        if order.ts_venue_ns is None:
            order = msgspec.structs.replace(order, ts_venue_ns=at_ns)
        self._by_id[order_id] = order
        self._by_contract.setdefault(key, {})[order_id] = order
        self.news.add(key)

    def _end(self, order_id: str, at_ns: int) -> None:
        self._drop(order_id)
        ended = self._ended
        ended.pop(order_id, None)
        ended[order_id] = at_ns
        for old in list(ended) if len(ended) > ENDED_MAX else ():
            if len(ended) <= ENDED_MAX * 3 // 4 and ended[old] > at_ns - ENDED_FOR_NS:
                break
            del ended[old]

    def _drop(self, order_id: str) -> None:
        order = self._by_id.pop(order_id, None)
        if order is None:
            return
        key = order.instrument.instrument_id
        of_contract = self._by_contract[key]
        del of_contract[order_id]
        if not of_contract:
            del self._by_contract[key]
        self.news.add(key)
