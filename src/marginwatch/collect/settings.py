"""The intervals and bounds of collecting that a desk may configure; defaults are those of the design."""

import msgspec


class CollectSettings(msgspec.Struct, frozen=True, kw_only=True):
    """How sessions, sockets and price feeds behave. Times are seconds.

    Parameters
    ----------
    share_of_limit : float, default=0.30
        Largest part of any exchange limit that we use, in (0, 1]; the desk's own bots need the rest.
    poll_s : float, default=5
        Between REST snapshots of an account without a socket.
    reconcile_s : float, default=60
        Between REST snapshots of an account with a socket.
    jitter_share : float, default=0.1
        Part of an interval by which it is shortened at random, so that accounts do not march in step.
    second_look_s : float, default=2
        Until a doubtful snapshot is fetched again.
    ping_s, socket_alive_for_s : float, default=20, 30
        Between pings; silence after which a socket counts as half open and is replaced.
    connect_timeout_s, login_expiry_s : float, default=10, 10
        For the handshake and each answer of the log-in; how far in the future a log-in expires.
    backoff_first_s, backoff_max_s : float, default=1, 60
        Bounds of the waits between failed attempts.
    stopped_retry_s : float, default=900
        Until a stopped account is asked again whether its owner has mended it.
    key_check_s : float, default=3600
        Longest time after which a key in use is judged again; it may have become able to trade.
    report_s : float, default=5
        Least time between two health events of an account whose state did not change.
    buffer_max : int, default=10_000
        Events kept of one account while its snapshot is fetched; more means another snapshot.
    malformed_max : int, default=10
        Undecodable frames in a row after which a socket is replaced.
    sweeps_at_once : int, default=64
        REST snapshots being fetched at the same time.
    price_refresh_s : float, default=5
        Silence of one contract's ticker after which its price is asked for by REST.
    price_keep_s : float, default=600
        How long a price is followed after nobody was seen holding its contract.
    depth : bool, default=True
        Follow order books, liquidations, insurance pools and deleveraging alerts of what is held, on sockets of their own.
    public_sockets_max : int, default=1000
        Sockets for public prices that a venue allows in one category, of which ``share_of_limit`` is used.
    stop_timeout_s : float, default=5
        How long a clean stop may take.
    websocket_library : {'picows', 'websockets'}, default='picows'
        Which client speaks; the second is slower and there to tell a library's fault from an exchange's.
    """

    share_of_limit: float = 0.30
    poll_s: float = 5.0
    reconcile_s: float = 60.0
    jitter_share: float = 0.1
    second_look_s: float = 2.0
    ping_s: float = 20.0
    socket_alive_for_s: float = 30.0
    connect_timeout_s: float = 10.0
    login_expiry_s: float = 10.0
    backoff_first_s: float = 1.0
    backoff_max_s: float = 60.0
    stopped_retry_s: float = 900.0
    key_check_s: float = 3600.0
    report_s: float = 5.0
    buffer_max: int = 10_000
    malformed_max: int = 10
    sweeps_at_once: int = 64
    price_refresh_s: float = 5.0
    price_keep_s: float = 600.0
    depth: bool = True
    public_sockets_max: int = 1000
    stop_timeout_s: float = 5.0
    websocket_library: str = "picows"
