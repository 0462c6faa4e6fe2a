"""Who is told what, how and when: the ``[[channel]]``, ``[[route]]``, ``[[mute]]`` and ``[[inhibit]]`` tables as read."""

from collections.abc import Mapping
from zoneinfo import ZoneInfo

import msgspec

from marginwatch.model.secret import Secret
from marginwatch.model.severity import Severity
from marginwatch.model.silence import Matcher
from marginwatch.notify.channels.base import ChannelKind, ChannelTable


class Escalation(msgspec.Struct, frozen=True, kw_only=True):
    """Who else is told of an alert that nobody has acknowledged.

    Parameters
    ----------
    after_s : float
        Seconds since it fired.
    channels : tuple of str
        Names of channels.
    """

    after_s: float
    channels: tuple[str, ...]


class Route(msgspec.Struct, frozen=True, kw_only=True):
    """Which alerts go to which channels; :mod:`marginwatch.notify.routing` says how one is found.

    Parameters
    ----------
    name : str
        Unique.
    matchers : tuple of Matcher
        All must be met; none is met by everything.
    channels : tuple of str
        Told at once.
    escalations : tuple of Escalation
        Told later, by rising ``after_s``.
    group_by : tuple of str
        Labels whose equal values make one group.
    group_wait_s, group_interval_s : float
        How long the first message of a group waits for company, and the least time between two of its messages.
        Critical alerts wait for neither.
    repeat_every_s : float
        How often what still fires is told again, unless its rule says otherwise.
    is_continued : bool
        Whether routes further down are looked at too.
    """

    name: str
    channels: tuple[str, ...]
    matchers: tuple[Matcher, ...] = ()
    escalations: tuple[Escalation, ...] = ()
    group_by: tuple[str, ...] = ("account",)
    group_wait_s: float = 2.0
    group_interval_s: float = 30.0
    repeat_every_s: float = 14_400.0
    is_continued: bool = False


class Mute(msgspec.Struct, frozen=True, kw_only=True):
    """Hours of the week in which some alerts are not told.

    Parameters
    ----------
    name : str
        Unique; shown where it held something back.
    matchers : tuple of Matcher
        All must be met; at least one.
    days : frozenset of int
        Days on which a window begins, 0 for Monday.
    from_minute, to_minute : int
        Minutes since midnight; a window whose end is not after its beginning ends on the next day.
    zone : ZoneInfo
        Whose days and hours.
    """

    name: str
    matchers: tuple[Matcher, ...]
    days: frozenset[int]
    from_minute: int
    to_minute: int
    zone: ZoneInfo


class Inhibit(msgspec.Struct, frozen=True, kw_only=True):
    """While an alert that meets ``source`` fires, those that meet ``target`` and share ``equal`` labels are not told.

    Parameters
    ----------
    source, target : tuple of Matcher
        At least one each; all must be met.
    equal : tuple of str
        Labels that must have the same value on both; empty for none.
    """

    source: tuple[Matcher, ...]
    target: tuple[Matcher, ...]
    equal: tuple[str, ...] = ()


class ChannelSetup(msgspec.Struct, frozen=True, kw_only=True):
    """One channel as configured, its secrets resolved.

    Parameters
    ----------
    table : ChannelTable
        As written.
    kind : ChannelKind
        Makes it.
    secrets : dict of str to Secret
        By key.
    min_severity : Severity
        Milder alerts are not told here.
    place : str
        File and line, for complaints.
    """

    table: ChannelTable
    kind: ChannelKind
    secrets: dict[str, Secret]
    min_severity: Severity
    place: str

    @property
    def name(self) -> str:
        """Name of the channel."""
        return self.table.name

    @property
    def messages_per_minute(self) -> float:
        """What it may send, by its table or else by what its platform bears."""
        own = self.table.messages_per_minute
        return self.kind.messages_per_minute if own is None else own


class NotifySetup(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that the configuration says about notification.

    Parameters
    ----------
    channels : mapping of str to ChannelSetup
        Enabled channels by name, in the order of the file.
    disabled : tuple of str
        Names of the others.
    routes : tuple of Route
        In the order of the file.
    default_route : Route
        Takes what no route wants: every enabled channel.
    mutes, inhibits : tuple
        As configured.
    public_url : str or None
        Of the dashboard.
    heartbeat_url : Secret or None
        Asked for while all works.
    heartbeat_every_s : float
        How often.
    """

    channels: Mapping[str, ChannelSetup]
    disabled: tuple[str, ...] = ()
    routes: tuple[Route, ...] = ()
    default_route: Route = Route(name="default", channels=())
    mutes: tuple[Mute, ...] = ()
    inhibits: tuple[Inhibit, ...] = ()
    public_url: str | None = None
    heartbeat_url: Secret | None = None
    heartbeat_every_s: float = 60.0


class DispatchSettings(msgspec.Struct, frozen=True, kw_only=True):
    """How the dispatcher works; for tests and for those who know why.

    Parameters
    ----------
    claim_max : int
        Rows claimed at once.
    lease_s : float
        How long others keep away from claimed rows; at least three times the channel's ``timeout_s`` is used.
    poll_s : float
        Longest time between two looks into the outbox.
    backoff_first_s, backoff_max_s : float
        Bounds of the waits between failed attempts.
    attempts_max : int
        After so many a row goes to the next channel.
    fall_over_after_s, fall_over_critical_after_s : float
        So long after it was made a row goes to the next channel, if there is one.
    give_up_after_s : float
        So long after it was made a row is given up where there is no other channel.
    failing_after : int
        Failures in a row from which a channel counts as failing.
    store_retry_s : float
        Seconds between attempts while the database cannot be used.
    look_again_s : float
        Seconds until it is looked again whether another channel hands over the beginning of what has ended.
    """

    claim_max: int = 200
    lease_s: float = 60.0
    poll_s: float = 1.0
    backoff_first_s: float = 2.0
    backoff_max_s: float = 300.0
    attempts_max: int = 10
    fall_over_after_s: float = 300.0
    fall_over_critical_after_s: float = 60.0
    give_up_after_s: float = 86_400.0
    failing_after: int = 3
    store_retry_s: float = 1.0
    look_again_s: float = 10.0
