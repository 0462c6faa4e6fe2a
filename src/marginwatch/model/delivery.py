"""What is to be told through which channel, and what came of each attempt."""

from enum import StrEnum

import msgspec

from marginwatch.model.alert import Alert
from marginwatch.model.severity import Severity


class SendReason(StrEnum):
    """Why somebody is told."""

    FIRED = "fired"
    RAISED = "raised"
    RESOLVED = "resolved"
    UPDATED = "updated"
    """Something about it changed: only where a channel can change its earlier message in place."""
    REPEATED = "repeated"
    ESCALATED = "escalated"
    SILENCE_ENDED = "silence_ended"
    MUTE_ENDED = "mute_ended"
    INHIBITION_ENDED = "inhibition_ended"
    ACKNOWLEDGEMENT_ENDED = "acknowledgement_ended"
    FELL_OVER = "fell_over"
    """Another channel failed for good."""
    TEST = "test"


class RowState(StrEnum):
    """Where a row of the outbox stands."""

    WAITING = "waiting"
    SENT = "sent"
    SKIPPED = "skipped"
    """Not sent, for the reason beside it: silenced, inhibited, already told, ...."""
    FAILED = "failed"
    """Refused for good, or tried as often as it may be; it went to another channel where there is one."""


class OutboxRow(msgspec.Struct, frozen=True, kw_only=True):
    """One alert to be told through one channel. Times are UTC nanoseconds.

    Parameters
    ----------
    row_id : int
        Rises with time; 0 before it is stored.
    channel : str
        Name of the channel.
    group : str
        Rows of one channel and group may go out as one message.
    reason : SendReason
        Why.
    alert : Alert
        As it was when the row was made.
    transition_id : str or None
        The transition that caused it; None where time did.
    made_at_ns, due_ns : int
        When it was made; when it may be sent at the earliest.
    step : int
        Escalation step, 0 for the first.
    attempts : int
        So far.
    state : RowState
        Where it stands.
    lease_owner, lease_until_ns : str or None, int
        Who works on it, and until when others keep away.
    """

    row_id: int = 0
    channel: str
    group: str
    reason: SendReason
    alert: Alert
    made_at_ns: int
    due_ns: int
    transition_id: str | None = None
    step: int = 0
    attempts: int = 0
    state: RowState = RowState.WAITING
    lease_owner: str | None = None
    lease_until_ns: int = 0


class RowOutcome(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one row.

    Parameters
    ----------
    row_id : int
        The row.
    state : RowState
        ``WAITING`` means that it is tried again at ``due_ns``.
    detail : str
        Why, in a few words; holds no secret.
    due_ns : int
        When it is tried again.
    is_attempt : bool
        Whether something was sent for it.
    """

    row_id: int
    state: RowState
    detail: str = ""
    due_ns: int = 0
    is_attempt: bool = False


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """One attempt to send one message; the delivery log.

    Parameters
    ----------
    message_id : str
        The message; the same for each attempt.
    channel : str
        Name of the channel.
    row_ids : tuple of int
        The rows in it.
    at_ns, took_ns : int
        When it was begun, UTC nanoseconds, and how long it took.
    is_delivered : bool
        Whether the platform took it.
    reason : str
        Label of the failure, ``""`` if there was none.
    detail : str
        What the platform said, shortened; no secret.
    reference : str or None
        The platform's name of the message, by which it can be changed.
    """

    message_id: str
    channel: str
    row_ids: tuple[int, ...]
    at_ns: int
    took_ns: int
    is_delivered: bool
    reason: str = ""
    detail: str = ""
    reference: str | None = None


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """What a channel was last told about an alert: the memory behind deduplication, repeats and edits in place.

    Parameters
    ----------
    channel, key : str
        Channel and key of the alert.
    alert_id : str
        The occurrence.
    is_firing : bool
        Whether it was told as firing.
    severity : Severity
        The severity told.
    at_ns : int
        When, UTC nanoseconds.
    first_at_ns : int
        When this occurrence was first told.
    reference : str or None
        The platform's name of the message.
    """

    channel: str
    key: str
    alert_id: str
    is_firing: bool
    severity: Severity
    at_ns: int
    first_at_ns: int
    reference: str | None = None


class ChannelStanding(msgspec.Struct, frozen=True, kw_only=True):
    """What became of the newest row of one alert in one channel.

    Parameters
    ----------
    channel : str
        Name of the channel.
    state : RowState
        Of that row.
    reason : SendReason
        Why somebody was to be told.
    detail : str
        Why it is in that state; ``""`` where there is nothing to say.
    attempts : int
        So far.
    at_ns : int
        When it came into that state, UTC nanoseconds; of a waiting row when it was made.
    """

    channel: str
    state: RowState
    reason: SendReason
    detail: str = ""
    attempts: int = 0
    at_ns: int = 0


class AlertCounts(msgspec.Struct, frozen=True, kw_only=True):
    """How many alerts somebody was to be told of, those held back left out, and of how many of them somebody was."""

    n_routed: int
    n_delivered: int


class ChannelTest(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a test through one channel.

    Parameters
    ----------
    channel, kind : str
        Name of the channel, and its type.
    is_delivered : bool
        Whether the platform took it.
    took_s : float
        How long it took, seconds.
    reason : str
        Label of the failure, ``""`` if there was none; ``disabled`` for a channel that was not tried.
    detail : str
        What the platform said, and what to mend; no secret.
    """

    channel: str
    kind: str
    is_delivered: bool
    took_s: float
    reason: str = ""
    detail: str = ""
