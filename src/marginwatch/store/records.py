"""Stored rows as structs: what was added, with its id."""

import msgspec

from marginwatch.model.alert import Transition
from marginwatch.model.delivery import Delivery
from marginwatch.model.notice import Notice
from marginwatch.model.quarantine import Quarantined
from marginwatch.model.snapshots import Break


class StoredBreak(msgspec.Struct, frozen=True):
    """A reconciliation break and its id."""

    id: int
    value: Break


class StoredPayload(msgspec.Struct, frozen=True):
    """A quarantined payload and its id."""

    id: int
    value: Quarantined


class StoredNotice(msgspec.Struct, frozen=True):
    """A notice, its id and when it was given, UTC nanoseconds."""

    id: int
    value: Notice
    at_ns: int


class StoredTransition(msgspec.Struct, frozen=True):
    """A transition of an alert and its id."""

    id: int
    value: Transition


class StoredDelivery(msgspec.Struct, frozen=True):
    """An attempt to send and its id."""

    id: int
    value: Delivery
