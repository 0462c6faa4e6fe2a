"""How the service itself does, as structs: what the page *Health* shows beside the sources. Ages are seconds, ≥ 0."""

import msgspec


class BudgetRow(msgspec.Struct, frozen=True, kw_only=True):
    """The rate budget of one exchange.

    Parameters
    ----------
    host : str
        Whose.
    share_of_limit : float
        Fraction of each limit that we may use.
    used, allowed : int
        Calls within the window: taken, and all that we may take.
    usage : float
        used ÷ allowed, fraction.
    window_s : float
        Length of the window.
    waiting, calls : int
        Calls that wait for their turn; calls since the start.
    blocked_until_ns, block_reason : int or None, str or None
        Until when the whole host is left alone, UTC nanoseconds, and why.
    held : tuple of str
        Endpoints that wait, each with the reason; at most 20.
    """

    host: str
    share_of_limit: float
    used: int
    allowed: int
    usage: float
    window_s: float
    waiting: int
    calls: int
    blocked_until_ns: int | None
    block_reason: str | None
    held: tuple[str, ...]


class VenueRow(msgspec.Struct, frozen=True, kw_only=True):
    """What the sessions of one venue have counted together since the start.

    ``clock_skew_s`` is our clock − the venue's, null where it was not measured; ``n_waiting_for_socket`` is of now.
    """

    venue: str
    n_sessions: int
    n_waiting_for_socket: int
    n_connects: int
    n_messages: int
    n_malformed: int
    n_resyncs: int
    clock_skew_s: float | None


class FramesRow(msgspec.Struct, frozen=True, kw_only=True):
    """How frames come.

    Parameters
    ----------
    age_s : float
        Of the latest, by the service's clock.
    interval_ms, build_ms : float or None
        Mean of the last ones, between two frames and of making one; null before the second.
    build_ms_max : float or None
        The slowest of them.
    wire_to_frame_ms : float or None
        Age of the oldest message first shown in the latest frame; null if it had none.
    n_frames, n_lanes, n_events : int
        Frames, fast lanes and events since the start.
    """

    age_s: float
    interval_ms: float | None
    build_ms: float | None
    build_ms_max: float | None
    wire_to_frame_ms: float | None
    n_frames: int
    n_lanes: int
    n_events: int


class PartRow(msgspec.Struct, frozen=True, kw_only=True):
    """One heavy measure: how old it is, for how long it is good, what it took, and why there is none."""

    name: str
    age_s: float | None
    good_for_s: float
    took_s: float | None
    reason: str | None


class LatencyRow(msgspec.Struct, frozen=True, kw_only=True):
    """How long alerts took, since the start; null where there was none.

    ``to_outbox_ms_…`` from the message behind an alert to its commit, ``to_sent_ms_…`` until a channel had taken it: upper
    bounds of the buckets that the quantiles are in.
    """

    n_to_outbox: int
    to_outbox_ms_p50: float | None
    to_outbox_ms_p99: float | None
    n_to_sent: int
    to_sent_ms_p50: float | None
    to_sent_ms_p99: float | None


class AlertingRow(msgspec.Struct, frozen=True, kw_only=True):
    """How alerts are judged and written down.

    Parameters
    ----------
    problem : str or None
        Why alerts may be lost at the moment; null while all works.
    n_fired, n_rows, n_lost : int
        Alerts that fired, messages put into the outbox, transitions that could not be written; since the start.
    behind_s : float
        For how long something has waited to be written; 0 while nothing does.
    latency : LatencyRow
        How long they took.
    """

    problem: str | None
    n_fired: int
    n_rows: int
    n_lost: int
    behind_s: float
    latency: LatencyRow


class ChannelHealthRow(msgspec.Struct, frozen=True, kw_only=True):
    """One channel and what waits for it in the outbox.

    Parameters
    ----------
    channel, kind : str
        Its name, and its type.
    pending : int or None
        Rows that wait; null while the outbox was not read.
    oldest_age_s : float or None
        How long the oldest of them has waited; null if none does.
    is_failing : bool
        Whether it counts as failing.
    n_failures_in_row : int
        Failures since the last success.
    reason, detail : str
        Of the last failure; ``""`` if there was none.
    failing_since_ns, last_delivered_ns : int or None
        UTC nanoseconds.
    n_messages, n_failures, n_sent, n_skipped, n_failed : int
        Since the start: messages taken and refused; rows sent, left out for a reason, given up.
    """

    channel: str
    kind: str
    pending: int | None
    oldest_age_s: float | None
    is_failing: bool
    n_failures_in_row: int
    reason: str
    detail: str
    failing_since_ns: int | None
    last_delivered_ns: int | None
    n_messages: int
    n_failures: int
    n_sent: int
    n_skipped: int
    n_failed: int


class StoreRow(msgspec.Struct, frozen=True, kw_only=True):
    """The database.

    ``place`` holds no password. ``size_bytes`` is of its file, null for a server. ``read_age_s`` is how old what is said of the
    outbox is, null if it never was read; ``problem`` why it cannot be read. ``n_breaks`` counts differences found since the start.
    """

    place: str
    size_bytes: int | None
    read_age_s: float | None
    problem: str | None
    n_breaks: int


class StreamRow(msgspec.Struct, frozen=True, kw_only=True):
    """Clients of the live stream: now, and frames that slow ones did not get since the start."""

    n_clients: int
    n_dropped: int


class ProcessRow(msgspec.Struct, frozen=True, kw_only=True):
    """The process of the service, and its machine.

    Parameters
    ----------
    version : str
        Of the program.
    uptime_s : float
        Since the service started.
    memory_bytes, memory_share : int, float
        Resident, and as a fraction of what it may hold.
    cpu_share : float or None
        Processor time used since the last look ÷ time passed; 1 is one core. Null at the first look.
    loop_lag_s : float or None
        How late the loop was at worst within the last seconds; null where it is not watched.
    n_threads, n_open_files : int, int or None
        Now.
    disk_free_bytes, disk_free_share : int or None, float or None
        Of the disk with the data folder.
    """

    version: str
    uptime_s: float
    memory_bytes: int
    memory_share: float | None
    cpu_share: float | None
    loop_lag_s: float | None
    n_threads: int
    n_open_files: int | None
    disk_free_bytes: int | None
    disk_free_share: float | None
