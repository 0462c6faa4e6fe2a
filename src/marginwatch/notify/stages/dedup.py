"""Nobody is told twice what has not changed, and nobody is told the end of what they never heard of."""

from marginwatch.model.alert import AlertState
from marginwatch.model.delivery import SendReason, Told
from marginwatch.notify.stages.superseding import Item

ASKED_BY_TIME = frozenset(
    {
        SendReason.REPEATED,
        SendReason.ESCALATED,
        SendReason.SILENCE_ENDED,
        SendReason.MUTE_ENDED,
        SendReason.INHIBITION_ENDED,
        SendReason.ACKNOWLEDGEMENT_ENDED,
    }
)
"""Reasons to tell again what was told already; they hold unless it was told since the row was made."""

NEVER_TOLD = "it was never told here that it fires"
TOLD_OVER = "it was told already that it is over"
NO_ENDS = "this channel is not told what is over (send_resolved = false)"
TOLD_SAME = "told already, and nothing has changed since"
NO_MESSAGE = "no message of it here that could be changed"


def why_not_again(
    item: Item,
    told: Told | None,
    *,
    now_ns: int,
    repeat_every_s: float,
    can_edit: bool = False,
    tells_ends: bool = True,
) -> str | None:
    """Return why an item need not be told, or None if it has to be.

    Parameters
    ----------
    item : Item
        What waits.
    told : Told or None
        What its channel was last told about its key; another occurrence does not count.
    now_ns : int
        UTC nanoseconds.
    repeat_every_s : float
        After so long the same is news again.
    can_edit : bool
        Whether the channel can change its messages in place.
    tells_ends : bool
        Whether the channel wants to hear that what it was told is over.
    """
    same = told if told is not None and told.alert_id == item.alert.alert_id else None
    if item.is_over:
        return _why_end_not_told(item, same, tells_ends=tells_ends)
    if same is not None and not same.is_firing:
        return TOLD_OVER
    if item.is_update:
        return None if can_edit and same is not None and same.reference is not None else NO_MESSAGE
    if same is None or item.alert.severity > same.severity:
        return None
    if any(row.reason in ASKED_BY_TIME and row.made_at_ns > same.at_ns for row in item.rows):
        return None
    fell_over = any(row.reason is SendReason.FELL_OVER for row in item.rows)
    return None if fell_over and now_ns - same.at_ns >= repeat_every_s * 1e9 else TOLD_SAME


def _why_end_not_told(item: Item, same: Told | None, *, tells_ends: bool) -> str | None:
    if same is not None and not same.is_firing:
        return TOLD_OVER
    if same is not None:
        return None if tells_ends else NO_ENDS
    # Beginning and end in one message, or handed over by a channel that had told the beginning.
    is_news = any(
        row.reason is SendReason.FELL_OVER
        or (row.alert.state is AlertState.FIRING and row.reason is not SendReason.UPDATED)
        for row in item.rows
    )
    return None if is_news else NEVER_TOLD
