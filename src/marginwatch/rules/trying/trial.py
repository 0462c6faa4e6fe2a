"""One run of rules over series, step by step, and what it shows beside what was expected."""

from collections.abc import Mapping, Sequence

import msgspec

from marginwatch.model.alert import Alert, AlertState, Transition, TransitionKind
from marginwatch.model.severity import Severity
from marginwatch.risk.answers import Answer
from marginwatch.rules.column import Measure
from marginwatch.rules.definition import Rule
from marginwatch.rules.rulebook import RuleBook, RuleSettings
from marginwatch.rules.series import SeriesRows, SeriesSource, SeriesValue, scope_of
from marginwatch.rules.trying.notation import GONE, Point

START_NS = 1_704_067_200_000_000_000
"""2024-01-01 00:00 UTC: the moment of each first point."""

INACTIVE, RESOLVED = "inactive", "resolved"
NS_PER_S = 1e9


class Series(msgspec.Struct, frozen=True, kw_only=True):
    """A measure of a subject, point by point; the last one holds to the end of the run."""

    measure: str
    subject: str
    points: tuple[Point, ...]
    labels: Mapping[str, str]


class Expectation(msgspec.Struct, frozen=True, kw_only=True):
    """What shall be known of one rule and subject after the last step up to a moment; None expects nothing of it.

    Parameters
    ----------
    at_s : float
        Seconds since the first point.
    rule, subject : str
        Whose alert.
    state : str or None
        ``inactive``, ``pending``, ``firing``, or ``resolved``: inactive after it has fired.
    severity : Severity or None
        Of the open alert.
    is_unknown : bool or None
        Whether the open alert cannot be judged.
    n_fired : int or None
        How often it has fired up to then.
    line : int
        Of the file.
    """

    at_s: float
    rule: str
    subject: str
    state: str | None = None
    severity: Severity | None = None
    is_unknown: bool | None = None
    n_fired: int | None = None
    line: int = 0


class Mismatch(msgspec.Struct, frozen=True, kw_only=True):
    """An expectation that is not met: where it stands, what it says, and what there was instead."""

    line: int
    at_s: float
    rule: str
    subject: str
    expected: str
    got: str


class Trial(msgspec.Struct, frozen=True, kw_only=True):
    """Rules, series and expectations of one file.

    Parameters
    ----------
    rules : tuple of Rule
        To be tried.
    interval_s : float
        Seconds between two points; rules are judged at each.
    settings : RuleSettings
        Grace and severity of what is unknown.
    series : tuple of Series
        At least one.
    expectations : tuple of Expectation
        In the order of the file.
    """

    rules: tuple[Rule, ...]
    interval_s: float
    settings: RuleSettings
    series: tuple[Series, ...]
    expectations: tuple[Expectation, ...] = ()

    @property
    def n_steps(self) -> int:
        """How many steps it takes: to the end of the longest series and to the last expectation."""
        last_s = max((one.at_s for one in self.expectations), default=0.0)
        return max(*(len(one.points) for one in self.series), int(last_s / self.interval_s + 1e-9) + 1)


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What a run showed."""

    n_steps: int
    transitions: tuple[Transition, ...]
    mismatches: tuple[Mismatch, ...]


def run(trial: Trial, measures: Mapping[str, Measure]) -> Outcome:
    """Return what changed when, and each expectation that is not met."""
    book = RuleBook(trial.rules, measures, trial.settings)
    rows = SeriesRows()
    labels: dict[str, dict[str, str]] = {}
    for one in trial.series:
        labels.setdefault(one.subject, {}).update(one.labels)
    transitions: list[Transition] = []
    mismatches: list[Mismatch] = []
    waiting = sorted(trial.expectations, key=lambda one: one.at_s)
    for step in range(trial.n_steps):
        at_ns = START_NS + round(step * trial.interval_s * NS_PER_S)
        transitions += book.evaluate(SeriesSource(at_ns, values_at(trial.series, step), labels, rows=rows))
        next_s = (step + 1) * trial.interval_s
        while waiting and waiting[0].at_s < next_s - 1e-9:
            found = compare(waiting.pop(0), book.open_alerts(), transitions)
            mismatches += [] if found is None else [found]
    return Outcome(
        n_steps=trial.n_steps,
        transitions=tuple(transitions),
        mismatches=tuple(sorted(mismatches, key=lambda one: one.line)),
    )


def values_at(series: Sequence[Series], step: int) -> dict[str, dict[str, SeriesValue]]:
    """Return the values of one step by measure and subject.

    A subject of which any series says that it is gone is left out altogether; a measure of which it has no series does not
    apply to it, for else it would be missing.
    """
    points = [(one, one.points[min(step, len(one.points) - 1)]) for one in series]
    gone = {(scope_of(one.measure), one.subject) for one, point in points if point == GONE}
    there = {(scope_of(one.measure), one.subject) for one in series} - gone
    values: dict[str, dict[str, SeriesValue]] = {
        one.measure: {name: Answer.NOT_APPLICABLE for scope, name in there if scope == scope_of(one.measure)}
        for one in series
    }
    for one, point in points:
        if not isinstance(point, str) and one.subject in values[one.measure]:
            values[one.measure][one.subject] = point
    return values


def compare(
    wanted: Expectation, alerts: Sequence[Alert], transitions: Sequence[Transition]
) -> Mismatch | None:
    """Return how an expectation is not met; None if it is."""

    def is_its(alert: Alert) -> bool:
        return alert.rule == wanted.rule and alert.subject.name == wanted.subject

    alert = next((one for one in alerts if is_its(one)), None)
    n_fired = sum(one.kind is TransitionKind.FIRED and is_its(one.alert) for one in transitions)
    state = alert.state.value if alert is not None else RESOLVED if n_fired else INACTIVE
    is_met = (
        _is_state(wanted.state, state)
        and wanted.severity in (None, None if alert is None else alert.severity)
        and wanted.is_unknown in (None, alert is not None and alert.unknown_since_ns is not None)
        and wanted.n_fired in (None, n_fired)
    )
    if is_met:
        return None
    return Mismatch(
        line=wanted.line,
        at_s=wanted.at_s,
        rule=wanted.rule,
        subject=wanted.subject,
        expected=_expected(wanted),
        got=_got(state, alert, n_fired, wanted),
    )


def _is_state(wanted: str | None, state: str) -> bool:
    return wanted in (None, state) or (wanted == INACTIVE and state == RESOLVED)


def _expected(wanted: Expectation) -> str:
    parts = [wanted.state] if wanted.state is not None else []
    if wanted.severity is not None:
        parts.append(wanted.severity.word)
    if wanted.is_unknown is not None:
        parts.append("unknown" if wanted.is_unknown else "not unknown")
    if wanted.n_fired is not None:
        parts.append(f"fired {wanted.n_fired} times")
    return ", ".join(parts)


def _got(state: str, alert: Alert | None, n_fired: int, wanted: Expectation) -> str:
    parts = [state]
    if alert is not None:
        parts.append(alert.severity.word)
        if alert.unknown_since_ns is not None:
            parts.append(f"unknown ({alert.unknown_reason or 'no reason known'})")
        if alert.value is not None:
            parts.append(f"value {alert.value:g}")
        since_ns = alert.pending_since_ns if alert.state is AlertState.PENDING else alert.fired_at_ns
        if since_ns is not None:
            parts.append(f"since {offset_words((since_ns - START_NS) / NS_PER_S)}")
    if wanted.n_fired is not None:
        parts.append(f"fired {n_fired} times")
    return ", ".join(parts)


def offset_words(seconds: float) -> str:
    """Return a time since the beginning as people write it: ``0s``, ``90s`` as ``1m30s``, ``2h``."""
    if seconds != int(seconds):
        return f"{seconds:g}s"
    parts: list[str] = []
    rest = int(seconds)
    for unit, length in (("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1)):
        count, rest = divmod(rest, length)
        if count:
            parts.append(f"{count}{unit}")
    return "".join(parts) or "0s"
