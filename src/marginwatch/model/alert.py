"""Alerts: what a rule found about one subject, and each change of that."""

from enum import StrEnum
from typing import Literal, TypeAlias

import msgspec

from marginwatch.model.ids import AccountId
from marginwatch.model.severity import Severity

Scope: TypeAlias = Literal[
    "portfolio", "venue", "desk", "tag", "account", "asset", "position", "service", "channel"
]
"""What a rule looks at, one by one. ``service`` is marginwatch itself, ``channel`` a way to people."""

Unit: TypeAlias = Literal["fraction", "usd", "times", "seconds", "count", "bytes", "rank"]
"""Of a measure: a fraction is shown in percent, ``times`` is a multiple such as leverage."""


class AlertState(StrEnum):
    """Where an alert stands. *Unknown* is no state: it lies over the last one, as ``unknown_since_ns``."""

    PENDING = "pending"
    FIRING = "firing"
    RESOLVED = "resolved"


class TransitionKind(StrEnum):
    """What changed."""

    PENDING = "pending"
    """Out of bounds, not yet for as long as the rule wants."""
    CALMED = "calmed"
    """Was pending and came back: nobody ever heard of it."""
    FIRED = "fired"
    RAISED = "raised"
    """Fires already, and its severity rose."""
    LOWERED = "lowered"
    """Fires still, at a lower severity."""
    RESOLVED = "resolved"
    WENT_UNKNOWN = "went_unknown"
    """Cannot be judged any more; it stays what it was."""
    KNOWN_AGAIN = "known_again"


class Subject(msgspec.Struct, frozen=True, kw_only=True):
    """What an alert is about.

    Parameters
    ----------
    scope : Scope
        What kind of thing.
    name : str
        Which one: an account's id, a coin, ``account/venue symbol/side`` of a position, ``all`` of the portfolio.
    account_id : AccountId or None
        The account it belongs to, if it belongs to one.
    """

    scope: Scope
    name: str
    account_id: AccountId | None = None


class Alert(msgspec.Struct, frozen=True, kw_only=True):
    """One alert as it was at one moment. Times are UTC nanoseconds.

    Parameters
    ----------
    alert_id : str
        Of this occurrence: new whenever the alert leaves rest.
    key : str
        ``rule|scope|subject``, the same for each occurrence; an unknown notice has ``?`` before it.
    rule : str
        Name of the rule.
    subject : Subject
        What it is about.
    state : AlertState
        Where it stands.
    severity : Severity
        Now, or when it resolved; rises and falls with the steps of a ladder.
    labels : dict of str to str
        For routes, silences and inhibition: ``rule``, ``scope``, ``severity``, and where they apply ``account``,
        ``venue``, ``desk``, ``owner``, ``asset``, ``symbol``, ``tags`` (``,a,b,``); the rule's own beside them.
    measure : str
        Name of the measure.
    unit : str
        Of ``value`` and ``bound``.
    value : float or None
        The measure as last known; None where it was never a number.
    bound : float or None
        What it crossed.
    side : {'above', 'below'}
        Which side of the bound is bad.
    window_s : float or None
        The measure's change over this time was judged, not the measure.
    value_at_ns : int
        When ``value`` was measured.
    data_age_s : float or None
        How old the oldest data behind it were then, seconds; None where that is not known.
    pending_since_ns : int
        When it went out of bounds.
    paused_ns : int
        How long its timer has stood still since, because it could not be judged or nobody was there to.
    fired_at_ns, resolved_at_ns : int or None
        None if it did not.
    unknown_since_ns : int or None
        It cannot be judged since then.
    unknown_reason : str or None
        Why not.
    is_unknown_notice : bool
        It says that data are missing, not that a bound was crossed.
    context : dict of str to str
        Further figures of the subject for a message, as texts with their units: ``usage``, ``distance``, ….
    message : str or None
        The rule's own template, ``{placeholders}`` not yet filled in.
    action : str or None
        What to do, by the rule.
    route : str or None
        Name of the route that the rule wants.
    repeat_every_s : float or None
        The rule's own repeat interval; None takes the route's.
    """

    alert_id: str
    key: str
    rule: str
    subject: Subject
    state: AlertState
    severity: Severity
    labels: dict[str, str]
    measure: str
    unit: Unit
    side: Literal["above", "below"]
    value: float | None
    bound: float | None
    value_at_ns: int
    pending_since_ns: int
    window_s: float | None = None
    data_age_s: float | None = None
    paused_ns: int = 0
    fired_at_ns: int | None = None
    resolved_at_ns: int | None = None
    unknown_since_ns: int | None = None
    unknown_reason: str | None = None
    is_unknown_notice: bool = False
    context: dict[str, str] = msgspec.field(default_factory=dict[str, str])
    message: str | None = None
    action: str | None = None
    route: str | None = None
    repeat_every_s: float | None = None


class Transition(msgspec.Struct, frozen=True, kw_only=True):
    """One change of one alert.

    Parameters
    ----------
    transition_id : str
        Unique for ever.
    kind : TransitionKind
        What changed.
    at_ns : int
        When, UTC nanoseconds.
    alert : Alert
        As it is after the change.
    """

    transition_id: str
    kind: TransitionKind
    at_ns: int
    alert: Alert


class Acknowledgement(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody knows of an alert and takes care of it.

    Parameters
    ----------
    key : str
        Of the alert.
    alert_id : str
        The occurrence; another one is not acknowledged.
    severity : Severity
        What was acknowledged: a higher one is told again.
    author, comment : str
        Who, and what they said.
    at_ns, until_ns : int
        When it was given, and when it ends, UTC nanoseconds.
    """

    key: str
    alert_id: str
    severity: Severity
    author: str
    comment: str
    at_ns: int
    until_ns: int
