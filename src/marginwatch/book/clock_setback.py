"""A venue whose clock was set back: what it told before must not count as newer for as long as the clock catches up.

Messages and snapshots are ordered by the venue's time, which is monotonic unless somebody sets the clock. If it is set
back, everything told before seems to come from the future, and each snapshot older than what is known: the book would
stand still, and be called fresh, until the clock has caught up.
"""

from marginwatch.book.accounts import AccountEntry
from marginwatch.book.columns import Columns
from marginwatch.model.snapshots import AccountSnapshot

UNEVEN_NS = 500_000_000
"""By how much the clocks of a venue's many servers may differ without anything being wrong."""


def latest_possible_ns(snapshot: AccountSnapshot, heard_ns: int) -> int | None:
    """Return the latest venue time, UTC nanoseconds, that anything heard of the account so far can bear.

    That is when the snapshot's first reply was made, and as much later as the last message was heard after the snapshot
    was begun, or as much earlier as it was heard before. Were the time since then not taken off, a clock set back by less
    than the account was silent would go unnoticed: a row that is gone would look as if it had changed just now, and be
    kept for as long again. None where the snapshot does not say when it was begun.

    Parameters
    ----------
    snapshot : AccountSnapshot
        About to be applied.
    heard_ns : int
        When the last message of the account was heard, our clock, UTC nanoseconds; 0 for never. A clock of ours that was
        set forward since then does no harm: what was told is only taken for older than the settle time.
    """
    if snapshot.asked_at_ns is None or not heard_ns:
        return None
    return snapshot.as_of_ns + (heard_ns - snapshot.asked_at_ns) + UNEVEN_NS


def take_back(columns: Columns, entry: AccountEntry, latest_ns: int, to_ns: int) -> bool:
    """Move every time of an account that lies beyond ``latest_ns`` to ``to_ns``; return whether there was any.

    Sequences are left alone: they do not depend on a clock. Linear in the account's rows.
    """
    positions, holdings = columns.positions, columns.holdings
    is_set_back = entry.floor_ns > latest_ns or entry.state_made_ns > latest_ns
    for row in entry.rows.values():
        if positions.made_ns[row] > latest_ns:
            positions.made_ns[row] = to_ns
            is_set_back = True
    for row in entry.coins.values():
        if holdings.made_ns[row] > latest_ns:
            holdings.made_ns[row] = to_ns
            is_set_back = True
    for key, stamp in entry.tombstones.items():
        if stamp.made_ns > latest_ns:
            entry.tombstones[key] = stamp._replace(made_ns=to_ns)
            is_set_back = True
    if is_set_back:
        entry.floor_ns = min(entry.floor_ns, to_ns)
        entry.state_made_ns = min(entry.state_made_ns, to_ns)
        # Their stamps are of the time before.
        entry.held = {}
    return is_set_back
