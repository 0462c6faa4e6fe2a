"""Which of two messages about one row is the newer; the one rule that makes any order of arrival end alike."""

from typing import NamedTuple

from marginwatch.model.position import Position


class Stamp(NamedTuple):
    """Where a row's content stands in time.

    Parameters
    ----------
    sequence : int or None
        The venue's order of changes within one contract.
    changed_ns : int or None
        When the venue last changed the row, UTC nanoseconds.
    made_ns : int
        When the venue made the message that told us, UTC nanoseconds.
    """

    sequence: int | None
    changed_ns: int | None
    made_ns: int


def stamp_of(position: Position, made_ns: int) -> Stamp:
    """Return the stamp of a row that arrived in a message made at ``made_ns``."""
    return Stamp(position.sequence, position.ts_venue_ns, made_ns)


def is_older(new: Stamp, old: Stamp) -> bool:
    """Return whether ``new`` must not replace ``old``: lexicographic by sequence, time of change, time of message.

    A part is compared only where both have it. Equal stamps are not older: writing a duplicate again is harmless.
    Settings change without a trade and keep the sequence, so an equal sequence with a newer time is accepted.

    References
    ----------
    Bybit V5 documentation, private position stream (2026-07): ``seq`` orders within one symbol only.
    """
    content = content_order(new, old)
    return content < 0 if content else new.made_ns < old.made_ns


def content_order(new: Stamp, old: Stamp) -> int:
    """Return −1, 0 or 1 as the content of ``new`` is older than, as old as, or newer than that of ``old``.

    The time of the message is left out: two messages may tell the same state.
    """
    if new.sequence is not None and old.sequence is not None and new.sequence != old.sequence:
        return -1 if new.sequence < old.sequence else 1
    if new.changed_ns is not None and old.changed_ns is not None and new.changed_ns != old.changed_ns:
        return -1 if new.changed_ns < old.changed_ns else 1
    return 0
