"""What waits for a channel that the configuration does not have any more goes where its alerts go now."""

from collections.abc import Sequence

import msgspec
import structlog

from marginwatch.model.delivery import OutboxRow, RowOutcome, RowState, SendReason
from marginwatch.notify.ports import Outbox
from marginwatch.notify.routing import first_channels, group_of
from marginwatch.notify.settings import NotifySetup

AT_ONCE = 500

LATER_NS = 366 * 86_400 * 10**9
"""Added to now when claiming: rows that are due later, or leased by whoever was killed, are taken too."""

log = structlog.get_logger(__name__)


async def hand_over(setup: NotifySetup, outbox: Outbox, owner: str, now_ns: int) -> int:
    """Hand what waits for channels that are not there, or disabled, to those that its alerts go to; return how many rows.

    A row that waits for nobody would wait for ever, and what it tells may be over before anything else tells it. Channels
    that have a row of the same transition need no other one. Each row is given up here with the reason beside it, in the transaction that adds
    those in its place.

    Parameters
    ----------
    setup : NotifySetup
        Channels and routes as they are now.
    outbox : Outbox
        The rows.
    owner : str
        Under which they are claimed.
    now_ns : int
        UTC nanoseconds.

    Raises
    ------
    ConnectivityError
        If the database cannot be used; whatever was not handed over is found by the next call.
    """
    gone = sorted({channel for channel, _ in await outbox.waiting()} - setup.channels.keys())
    n_rows = 0
    for channel in gone:
        n_rows += (n := await _hand_over_from(channel, setup, outbox, owner, now_ns))
        log.warning(
            "messages waited for a channel that is not configured any more", channel=channel, messages=n
        )
    return n_rows


async def _hand_over_from(channel: str, setup: NotifySetup, outbox: Outbox, owner: str, now_ns: int) -> int:
    n_rows = 0
    while rows := await outbox.claim(owner, channel, now_ns + LATER_NS, 1, AT_ONCE):
        outcomes: list[RowOutcome] = []
        fallen: list[OutboxRow] = []
        transition_ids = [row.transition_id for row in rows if row.transition_id is not None]
        known = {name: await outbox.planned(name, transition_ids) for name in setup.channels}
        for row in rows:
            instead = [
                one for one in _instead(row, setup, now_ns) if row.transition_id not in known[one.channel]
            ]
            fallen += instead
            goes = (
                f"goes to {', '.join(one.channel for one in instead)}"
                if instead
                else "nobody else has to be told"
            )
            why = f"there is no channel {channel!r} any more; {goes}"
            outcomes.append(RowOutcome(row_id=row.row_id, state=RowState.FAILED, detail=why))
        await outbox.finish(owner, outcomes, rows=fallen)
        n_rows += len(rows)
    return n_rows


def _instead(row: OutboxRow, setup: NotifySetup, now_ns: int) -> Sequence[OutboxRow]:
    """Return the rows in place of one; a mere change in place means nothing elsewhere."""
    if row.reason is SendReason.UPDATED:
        return ()
    return [
        msgspec.structs.replace(
            row,
            row_id=0,
            channel=name,
            group=group_of(row.alert, route),
            reason=SendReason.FELL_OVER,
            made_at_ns=now_ns,
            due_ns=now_ns,
            attempts=0,
            lease_owner=None,
            lease_until_ns=0,
        )
        for name, route in first_channels(row.alert, setup).items()
    ]
