"""Several waiting rows of one alert become one item: nobody is told old news before the new."""

from collections.abc import Iterable

import msgspec

from marginwatch.model.alert import Alert, AlertState
from marginwatch.model.delivery import OutboxRow, SendReason
from marginwatch.model.severity import Severity

WEIGHT = (
    SendReason.UPDATED,
    SendReason.REPEATED,
    SendReason.ACKNOWLEDGEMENT_ENDED,
    SendReason.INHIBITION_ENDED,
    SendReason.MUTE_ENDED,
    SendReason.SILENCE_ENDED,
    SendReason.FELL_OVER,
    SendReason.FIRED,
    SendReason.RAISED,
    SendReason.ESCALATED,
    SendReason.RESOLVED,
)
"""From the lightest reason to the one that is told where there are several."""


class Item(msgspec.Struct, frozen=True, kw_only=True):
    """All rows of one alert in one claim.

    Parameters
    ----------
    alert : Alert
        As the newest of them knows it.
    reason : SendReason
        The weightiest of theirs.
    rows : tuple of OutboxRow
        As claimed, oldest first.
    group : str
        That of its newest row.
    """

    alert: Alert
    reason: SendReason
    rows: tuple[OutboxRow, ...]
    group: str = ""

    @property
    def is_over(self) -> bool:
        """Whether the alert has resolved."""
        return self.alert.state is AlertState.RESOLVED

    @property
    def is_update(self) -> bool:
        """Whether there is nothing to tell but a change of an earlier message in place."""
        return self.reason is SendReason.UPDATED

    @property
    def is_critical(self) -> bool:
        """Whether it must neither wait nor be one among others."""
        return not self.is_over and not self.is_update and self.alert.severity >= Severity.CRITICAL

    @property
    def since_ns(self) -> int:
        """When it fired, or else began: the order of occurrences."""
        return self.alert.fired_at_ns or self.alert.pending_since_ns

    def told_rows(self) -> tuple[OutboxRow, ...]:
        """Return the rows as they are to be put into words: each with the newest alert and the weightiest reason.

        A transition that came by two ways is named once.
        """
        named: set[str | None] = set()
        found: list[OutboxRow] = []
        for row in self.rows:
            transition_id = None if row.transition_id in named else row.transition_id
            named.add(row.transition_id)
            found.append(
                msgspec.structs.replace(
                    row, alert=self.alert, reason=self.reason, transition_id=transition_id
                )
            )
        return tuple(found)


def merged(rows: Iterable[OutboxRow]) -> tuple[Item, ...]:
    """Return one item for each alert, in the order in which the alerts fired.

    Two occurrences of one alert stay two items: each was an alert of its own.
    """
    by_alert: dict[str, list[OutboxRow]] = {}
    for row in sorted(rows, key=lambda one: one.row_id):
        by_alert.setdefault(row.alert.alert_id, []).append(row)
    items = [_item(found) for found in by_alert.values()]
    return tuple(sorted(items, key=lambda one: one.since_ns))


def _item(rows: list[OutboxRow]) -> Item:
    # A row that fell over from another channel is stored late and knows old things: time of the figures decides.
    newest = max(
        rows, key=lambda row: (row.alert.state is AlertState.RESOLVED, row.alert.value_at_ns, row.row_id)
    )
    reason = max((row.reason for row in rows), key=WEIGHT.index)
    return Item(alert=newest.alert, reason=reason, rows=tuple(rows), group=rows[-1].group)
