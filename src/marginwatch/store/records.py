"""Stored rows as structs: what was added, with its id."""

import msgspec

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
