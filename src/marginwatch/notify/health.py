"""Whether each channel works: what the measure behind the alert about a failing channel reads."""

import msgspec


class ChannelHealth(msgspec.Struct, frozen=True, kw_only=True):
    """How one channel does.

    Parameters
    ----------
    is_failing : bool
        It refused for good, or failed several times in a row, and has taken nothing since.
    n_failures : int
        Failures in a row.
    reason : str
        Label of the last failure; ``""`` if the last attempt succeeded or there was none.
    detail : str
        What was said then; no secret.
    since_ns : int or None
        When the failures began, UTC nanoseconds.
    last_delivered_ns : int or None
        When it last took a message since the start.
    """

    is_failing: bool = False
    n_failures: int = 0
    reason: str = ""
    detail: str = ""
    since_ns: int | None = None
    last_delivered_ns: int | None = None


def after_delivery(at_ns: int) -> ChannelHealth:
    """Return the health of a channel that has taken a message."""
    return ChannelHealth(last_delivered_ns=at_ns)


def after_failure(
    before: ChannelHealth, *, reason: str, detail: str, is_final: bool, failing_after: int, at_ns: int
) -> ChannelHealth:
    """Return the health of a channel that did not take a message.

    Parameters
    ----------
    before : ChannelHealth
        Until then.
    reason, detail : str
        Label and words of the failure.
    is_final : bool
        The channel itself is refused: trying again will not help.
    failing_after : int
        Failures in a row from which it counts as failing.
    at_ns : int
        When, UTC nanoseconds.
    """
    n_failures = before.n_failures + 1
    return ChannelHealth(
        is_failing=is_final or before.is_failing or n_failures >= failing_after,
        n_failures=n_failures,
        reason=reason,
        detail=detail,
        since_ns=at_ns if before.since_ns is None else before.since_ns,
        last_delivered_ns=before.last_delivered_ns,
    )
