"""What is shown of sessions and of the start."""

import msgspec

from marginwatch.model.connectivity import Connectivity
from marginwatch.model.ids import AccountId


class AccountStatus(msgspec.Struct, frozen=True, kw_only=True):
    """One account's session at a moment.

    Parameters
    ----------
    account_id, connectivity
        The account and its health, with the reason where it is lost or stopped.
    uid : str or None
        The venue's number of the account, once its key was checked.
    poll_s, reconcile_s : float
        The intervals that the budget can keep now, seconds.
    is_waiting_for_socket : bool
        Whether it stands in the connection queue.
    warnings : tuple of str
        Of the key check.
    key_expires_at_ns : int or None
        When its key ends, UTC nanoseconds; None if it does not, or was not asked about yet.
    is_key_unsafe : bool
        Its key can do more than read, and that was allowed in the configuration.
    n_connects, n_messages, n_malformed, n_resyncs : int
        Counts since the session started.
    """

    account_id: AccountId
    connectivity: Connectivity
    uid: str | None
    poll_s: float
    reconcile_s: float
    is_waiting_for_socket: bool
    warnings: tuple[str, ...]
    n_connects: int
    n_messages: int
    n_malformed: int
    n_resyncs: int
    key_expires_at_ns: int | None = None
    is_key_unsafe: bool = False


class SessionCounts(msgspec.Struct, kw_only=True):
    """What several sessions have counted together since they started; ``n_waiting_for_socket`` and keys are of now.

    ``unsafe_keys`` are accounts whose key, as its last check found, can do more than read; ``unchecked_keys`` those whose key
    was not checked yet.
    """

    n_sessions: int = 0
    n_waiting_for_socket: int = 0
    n_connects: int = 0
    n_messages: int = 0
    n_malformed: int = 0
    n_resyncs: int = 0
    unsafe_keys: list[AccountId] = msgspec.field(default_factory=list[AccountId])
    unchecked_keys: list[AccountId] = msgspec.field(default_factory=list[AccountId])


class Progress(msgspec.Struct, frozen=True, kw_only=True):
    """How far the start has come: accounts by what they have reached.

    ``n_heard`` counts those with a first complete snapshot, ``n_streaming`` those whose socket is live.
    ``poll_s`` and ``reconcile_s`` are the longest planned intervals of any venue, seconds.
    """

    n_accounts: int
    n_heard: int
    n_streaming: int
    n_stopped: int
    n_waiting_for_socket: int
    poll_s: float
    reconcile_s: float
