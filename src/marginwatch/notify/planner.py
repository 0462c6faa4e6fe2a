"""What the outbox gets for transitions, to be committed together with them."""

from collections.abc import Collection, Sequence

from marginwatch.model.alert import Alert, Transition, TransitionKind
from marginwatch.model.delivery import OutboxRow, SendReason
from marginwatch.model.severity import Severity
from marginwatch.notify.routing import first_channels, group_of, routes_of
from marginwatch.notify.settings import NotifySetup, Route

REASONS = {
    TransitionKind.FIRED: SendReason.FIRED,
    TransitionKind.RAISED: SendReason.RAISED,
    TransitionKind.RESOLVED: SendReason.RESOLVED,
    TransitionKind.LOWERED: SendReason.UPDATED,
    TransitionKind.WENT_UNKNOWN: SendReason.UPDATED,
    TransitionKind.KNOWN_AGAIN: SendReason.UPDATED,
}
"""Kinds that anybody may hear of; what is pending, or was, concerns nobody."""

CHANGE_WAIT_S = 5.0
"""So long a change in place waits, whatever the severity: it makes no sound, and what goes unknown for a moment, as every
alert may at a start, is changed once and not back and forth."""


def rows_for(
    transitions: Sequence[Transition],
    setup: NotifySetup,
    now_ns: int,
    *,
    editing: Collection[str] = (),
) -> tuple[OutboxRow, ...]:
    """Return one row for each transition and channel that may have to tell it.

    A resolved alert gets a row in every channel: escalations, fall-overs and severities since passed may have told it
    anywhere, and where its beginning still waits it must not be told as if it fired. The dispatcher leaves out those
    that never told it.

    Parameters
    ----------
    transitions : sequence of Transition
        In their order.
    setup : NotifySetup
        Routes and channels.
    now_ns : int
        UTC nanoseconds.
    editing : collection of str
        Channels that can change their messages in place; only these get ``UPDATED`` rows.
    """
    return tuple(row for one in transitions for row in _rows_of(one, setup, now_ns, editing))


def _rows_of(one: Transition, setup: NotifySetup, now_ns: int, editing: Collection[str]) -> list[OutboxRow]:
    reason = REASONS.get(one.kind)
    # Resolved without ever having fired: nobody heard of it.
    if reason is None or (reason is SendReason.RESOLVED and one.alert.fired_at_ns is None):
        return []
    channels = first_channels(one.alert, setup)
    if reason is SendReason.RESOLVED:
        fallback = routes_of(one.alert, setup)[0]
        channels = {name: channels.get(name, fallback) for name in setup.channels}
    elif reason is SendReason.UPDATED:
        fallback = routes_of(one.alert, setup)[0]
        channels = {name: channels.get(name, fallback) for name in setup.channels if name in editing}
    is_change = reason is SendReason.UPDATED
    return [
        OutboxRow(
            channel=name,
            group=group_of(one.alert, route),
            reason=reason,
            alert=one.alert,
            transition_id=one.transition_id,
            made_at_ns=now_ns,
            due_ns=_changed_ns(route, now_ns) if is_change else due_ns(one.alert, route, now_ns),
        )
        for name, route in channels.items()
    ]


def _changed_ns(route: Route, now_ns: int) -> int:
    return now_ns + int(max(route.group_wait_s, CHANGE_WAIT_S) * 1e9)


def due_ns(alert: Alert, route: Route, now_ns: int) -> int:
    """Return when a new row may go out: at once if it is critical, else when its group has waited for company."""
    return now_ns if alert.severity >= Severity.CRITICAL else now_ns + int(route.group_wait_s * 1e9)
