"""The intervals that a budget can keep for so many accounts."""

import msgspec

STREAMING_INTERVALS = 3
"""An account is fresh while its last snapshot is younger than so many configured intervals."""

PLANNED_INTERVALS = 2
"""The same where the budget forced a longer interval than the configured one."""


class Intervals(msgspec.Struct, frozen=True, kw_only=True):
    """What is planned for the accounts of one venue, seconds.

    Parameters
    ----------
    poll_s, reconcile_s : float
        Between snapshots of an account without and with a socket.
    poll_fresh_s, reconcile_fresh_s : float
        How old a snapshot may be while the account counts as fresh.
    """

    poll_s: float
    reconcile_s: float
    poll_fresh_s: float
    reconcile_fresh_s: float


def plan_intervals(
    n_streaming: int, n_polled: int, seconds_per_sweep: float, poll_s: float, reconcile_s: float
) -> Intervals:
    """Return the shortest intervals, not below the configured ones, at which everybody can be served.

    Reconciling is planned first, as if all accounts streamed; what it leaves is shared by the polled ones. So when
    every socket is lost at once, both intervals meet and nobody starves.

    Parameters
    ----------
    n_streaming, n_polled : int
        Accounts with and without a live socket.
    seconds_per_sweep : float
        How long one snapshot takes of the budget that periodic work may use: calls × seconds a call.
    poll_s, reconcile_s : float
        As configured, seconds.

    Returns
    -------
    Intervals
        Planned; freshness is three configured or two stretched intervals.
    """
    reconcile = max(reconcile_s, (n_streaming + n_polled) * seconds_per_sweep)
    left = 1.0 - n_streaming * seconds_per_sweep / reconcile
    poll = max(poll_s, n_polled * seconds_per_sweep / left) if n_polled else poll_s
    return Intervals(
        poll_s=poll,
        reconcile_s=reconcile,
        poll_fresh_s=fresh_for_s(poll, poll_s),
        reconcile_fresh_s=fresh_for_s(reconcile, reconcile_s),
    )


def fresh_for_s(planned_s: float, wanted_s: float) -> float:
    """Return how old a snapshot may be: three intervals, or two where the budget stretched them.

    Never less than three of the configured ones, so that a stretch by a little does not shorten it.
    """
    if planned_s <= wanted_s:
        return STREAMING_INTERVALS * wanted_s
    return max(STREAMING_INTERVALS * wanted_s, PLANNED_INTERVALS * planned_s)
