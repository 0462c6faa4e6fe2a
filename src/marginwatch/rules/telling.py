"""Alerts and transitions as they are handed on: figures, labels and texts of the moment."""

import math
from collections.abc import Callable
from dataclasses import dataclass

from msgspec.structs import replace

from marginwatch.model.alert import Alert, AlertState, Transition, TransitionKind, Unit
from marginwatch.rules.column import Subjects
from marginwatch.rules.held import Held
from marginwatch.rules.watch import Watch


@dataclass(slots=True)
class Teller:
    """Makes the transitions of one evaluation.

    Parameters
    ----------
    name : callable
        Gives identifiers.
    now_ns : int
        The moment.
    told : list of Transition
        What came of it so far.
    """

    name: Callable[[int], str]
    now_ns: int
    told: list[Transition]

    def tell(self, kind: TransitionKind, alert: Alert) -> None:
        """Take down one transition."""
        self.told.append(
            Transition(transition_id=self.name(self.now_ns), kind=kind, at_ns=self.now_ns, alert=alert)
        )


def figure(value: float) -> float | None:
    """Return a number, or None for NaN."""
    return None if math.isnan(value) else float(value)


def labels_of(watch: Watch, level: int, own: dict[str, str]) -> dict[str, str]:
    """Return the labels of an alert: the subject's, over them the rule's, over them what nobody may change."""
    rule = watch.rule
    fixed = {
        "rule": rule.name,
        "scope": watch.measure.scope,
        "severity": rule.steps[level - 1].severity.word,
    }
    return own | rule.labels | fixed


def unit_of(watch: Watch) -> Unit:
    """Return the unit of what is judged: a relative change is a fraction, whatever changed."""
    return "fraction" if watch.rule.is_relative else watch.measure.unit


def new_alert(teller: Teller, watch: Watch, level: int, subjects: Subjects, row: int) -> Alert:
    """Return the alert of a row that has just left rest."""
    rule, step = watch.rule, watch.rule.steps[level - 1]
    subject = subjects.subject(row)
    return Alert(
        alert_id=teller.name(teller.now_ns),
        key=f"{rule.name}|{subject.scope}|{subject.name}",
        rule=rule.name,
        subject=subject,
        state=AlertState.PENDING,
        severity=step.severity,
        labels=labels_of(watch, level, subjects.labels(row)),
        measure=rule.measure,
        unit=unit_of(watch),
        side=rule.side,
        value=None,
        bound=step.bound,
        value_at_ns=teller.now_ns,
        pending_since_ns=teller.now_ns,
        window_s=rule.change_over_s,
        message=rule.message,
        action=rule.action,
        route=rule.route,
        repeat_every_s=rule.repeat_every_s,
    )


def at_level(alert: Alert, watch: Watch, level: int) -> Alert:
    """Return an alert at another rung."""
    step = watch.rule.steps[level - 1]
    labels = alert.labels | {"severity": step.severity.word}
    return replace(alert, severity=step.severity, bound=step.bound, labels=labels)


def refreshed(alert: Alert, subjects: Subjects, row: int, value: float, value_at_ns: int) -> Alert:
    """Return an alert with the figures of now, and the texts of its rule as it is now."""
    return replace(
        alert,
        value=figure(value),
        value_at_ns=value_at_ns,
        data_age_s=subjects.data_age_s(row),
        context=subjects.context(row),
    )


def reworded(held: Held) -> Alert:
    """Return a restored alert with what its rule says by now."""
    rule, step = held.watch.rule, held.watch.rule.steps[held.level - 1]
    return replace(
        held.alert,
        severity=step.severity,
        bound=step.bound,
        labels=labels_of(held.watch, held.level, held.alert.labels),
        measure=rule.measure,
        unit=unit_of(held.watch),
        side=rule.side,
        window_s=rule.change_over_s,
        message=rule.message,
        action=rule.action,
        route=rule.route,
        repeat_every_s=rule.repeat_every_s,
    )
