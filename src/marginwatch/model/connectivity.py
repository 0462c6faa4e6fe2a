"""How well an account is heard: state, freshness, and why it is not included."""

from enum import StrEnum

import msgspec

from marginwatch.model.ids import AccountId


class LinkState(StrEnum):
    """Where an account's session stands."""

    STARTING = "starting"  # not heard yet: neither fresh nor stale
    POLLING = "polling"  # REST only, while it waits for a socket or its socket is down
    STREAMING = "streaming"  # socket alive and subscribed
    LOST = "lost"  # neither socket nor REST answers; it is being retried
    STOPPED = "stopped"  # refused, disabled or a fault the owner must mend; not retried soon


class Connectivity(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Health of one account's sources at one moment. Absent times are None, never 0.

    Parameters
    ----------
    account_id : AccountId
        The account.
    link_state : LinkState
        Where its session stands.
    socket_replied_at_ns : int or None
        Last reply of any kind on the private socket, pongs included.
    reconciled_at_ns : int or None
        When the last complete REST snapshot was begun: none of its rows is older.
    data_at_ns : int or None
        When the last data message was received.
    fresh_for_ns : int
        How old a reconciliation may be while the account still counts as fresh.
    socket_alive_for_ns : int
        How old a socket's last reply may be while the socket counts as alive.
    reason : str or None
        Why it is lost or stopped, or streams but cannot be reconciled, in a sentence for the owner, with the remedy;
        None while all is well.
    reason_code : str or None
        The ``reason`` label of the error taxonomy.
    """

    account_id: AccountId
    link_state: LinkState
    socket_replied_at_ns: int | None = None
    reconciled_at_ns: int | None = None
    data_at_ns: int | None = None
    fresh_for_ns: int = 180_000_000_000
    socket_alive_for_ns: int = 30_000_000_000
    reason: str | None = None
    reason_code: str | None = None

    def is_fresh(self, now_ns: int) -> bool:
        """Return whether the account may be shown as fresh at ``now_ns``.

        A streaming account is fresh when its socket is alive and its last reconciliation is young enough; a polled
        one when the reconciliation alone is. An account not yet reconciled, lost or stopped is never fresh.
        """
        if self.reconciled_at_ns is None or self.link_state not in (LinkState.STREAMING, LinkState.POLLING):
            return False
        if now_ns - self.reconciled_at_ns > self.fresh_for_ns:
            return False
        if self.link_state is LinkState.POLLING:
            return True
        replied = self.socket_replied_at_ns
        return replied is not None and now_ns - replied <= self.socket_alive_for_ns
