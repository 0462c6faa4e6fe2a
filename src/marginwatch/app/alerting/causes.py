"""Which message a transition goes back to, and when that was received."""

from collections.abc import Sequence

from marginwatch.model.alert import Transition, TransitionKind
from marginwatch.model.ids import AccountId
from marginwatch.risk.frame import Frame, LaneResult


def heard_ns(result: Frame | LaneResult, transitions: Sequence[Transition]) -> tuple[int | None, ...]:
    """Return when the message behind each transition was received.

    Parameters
    ----------
    result : Frame or LaneResult
        In which they were found.
    transitions : sequence of Transition
        As the rules returned them.

    Returns
    -------
    tuple of int or None
        UTC nanoseconds: of the first message of the account since it was last measured; where there is none, as when a
        price moved, of the oldest message of all that the frame first shows, which is no later. None where time alone
        brought it: an alert fired or resolved after it had waited, or went unknown.
    """
    by_account, oldest_ns = _by_account(result), _oldest_ns(result)
    found: list[int | None] = []
    for one in transitions:
        account_id = one.alert.subject.account_id
        at_ns = None if account_id is None else by_account.get(account_id)
        found.append((at_ns or oldest_ns) if _is_at_once(one) else None)
    return tuple(found)


def _by_account(result: Frame | LaneResult) -> dict[AccountId, int | None]:
    rows = result.heard_ns
    if isinstance(result, LaneResult):
        return {entry.spec.account_id: rows.get(entry.row) for entry in result.entries}
    specs = result.book.specs
    return {spec.account_id: at_ns for row, at_ns in rows.items() if (spec := specs[row]) is not None}


def _oldest_ns(result: Frame | LaneResult) -> int | None:
    if isinstance(result, LaneResult) or result.wire_to_frame_ms is None:
        return None
    return result.at_ns - int(result.wire_to_frame_ms * 1e6)


def _is_at_once(one: Transition) -> bool:
    if one.kind is TransitionKind.RAISED:
        return True
    begins = one.kind in (TransitionKind.PENDING, TransitionKind.FIRED)
    return begins and one.alert.pending_since_ns == one.at_ns
