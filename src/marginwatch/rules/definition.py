"""What a rule says, with every default filled in."""

from typing import Literal

import msgspec

from marginwatch.model.severity import Severity
from marginwatch.model.silence import Matcher


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One rung of a rule: from ``bound`` on the alert has this severity, until it is back at ``clear``.

    Parameters
    ----------
    severity : Severity
        At this rung.
    bound : float
        In the measure's unit; crossed when the value is beyond it (above: >, below: <).
    clear : float
        Where this rung is left again (above: ≤ clear, below: ≥ clear); equal to ``bound`` without hysteresis.
    """

    severity: Severity
    bound: float
    clear: float


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """One rule.

    Parameters
    ----------
    name : str
        Unique.
    measure : str
        Name of a measure of :mod:`marginwatch.rules.measures`, scope first: ``account.maintenance_margin_usage``.
    side : {'above', 'below'}
        Which side of a bound is bad.
    steps : tuple of Step
        At least one, from the mildest to the worst; one alert climbs and descends them.
    change_over_s : float or None
        Judge how much the measure changed over so many seconds (``relative`` or absolute), not where it is.
    is_relative : bool
        Of a change: (value − old value) ÷ |old value| instead of value − old value.
    is_magnitude : bool
        Judge the absolute value: a fall counts as a rise.
    for_s : float
        Seconds out of bounds before it fires.
    keep_firing_for_s : float
        Seconds back within bounds before it resolves, so that flapping is one alert.
    repeat_every_s : float or None
        How often it is told while it fires; None takes the route's.
    only : tuple of Matcher
        Subjects whose labels meet all of them; empty for everyone.
    at_least : dict of str to float
        Further measures of the same scope that must be at least so large, or nobody is bothered: ``n_positions``,
        ``gross_exposure_usd``. A missing one counts as not reached.
    labels : dict of str to str
        Added to the alert's.
    route : str or None
        Name of a route of its own.
    message, action : str or None
        Template of the sentence, with ``{placeholders}``; what to do.
    suppresses : tuple of str
        Rules whose alerts on the same subject are inhibited while this one fires.
    is_watching_unknown : bool
        Whether missing data are told. Informational rules leave that to others.
    origin : str
        File and line, for messages; ``built-in`` for the default rules.
    """

    name: str
    measure: str
    side: Literal["above", "below"]
    steps: tuple[Step, ...]
    change_over_s: float | None = None
    is_relative: bool = False
    is_magnitude: bool = False
    for_s: float = 0.0
    keep_firing_for_s: float = 0.0
    repeat_every_s: float | None = None
    only: tuple[Matcher, ...] = ()
    at_least: dict[str, float] = msgspec.field(default_factory=dict[str, float])
    labels: dict[str, str] = msgspec.field(default_factory=dict[str, str])
    route: str | None = None
    message: str | None = None
    action: str | None = None
    suppresses: tuple[str, ...] = ()
    is_watching_unknown: bool = True
    origin: str = "built-in"
