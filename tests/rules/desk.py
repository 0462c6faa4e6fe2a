"""Measures, rules and sources that the tests of rules share."""

from collections.abc import Collection, Mapping

import numpy as np

from marginwatch.model.alert import Scope, Transition
from marginwatch.model.severity import Severity
from marginwatch.rules.column import Column, Measure, Moment
from marginwatch.rules.definition import Rule, Step
from marginwatch.rules.rulebook import RuleBook, RuleSettings
from marginwatch.rules.series import SeriesRows, SeriesSource, SeriesSubjects, SeriesValue, scope_of

SECOND_NS = 1_000_000_000
START_NS = 1_700_000_000 * SECOND_NS


def unread(_: Moment) -> Column:
    raise AssertionError("a series is not read through the measure")


def measure(name: str) -> Measure:
    return Measure(name, scope_of(name), "fraction", -np.inf, np.inf, "for tests", unread)


MEASURES = {
    name: measure(name)
    for name in (
        "account.usage",
        "account.distance",
        "account.n_positions",
        "account.equity_usd",
        "position.loss",
        "asset.net",
        "portfolio.var",
        "desk.bias",
    )
}


def steps(*rungs: tuple[Severity, float, float]) -> tuple[Step, ...]:
    return tuple(Step(severity=severity, bound=bound, clear=clear) for severity, bound, clear in rungs)


def usage_rule(name: str = "usage", **more: object) -> Rule:
    """Return a ladder of two steps: 50 % (left at 45 %) and 80 % (left at 70 %)."""
    ladder = steps((Severity.WARNING, 0.5, 0.45), (Severity.CRITICAL, 0.8, 0.7))
    return Rule(**({"name": name, "measure": "account.usage", "side": "above", "steps": ladder} | more))  # type: ignore[arg-type]


class Desk:
    """A book of rules and a clock that moves by hand."""

    def __init__(self, *rules: Rule, **settings: object) -> None:
        self.rules = rules
        self.settings = RuleSettings(**settings)  # type: ignore[arg-type]
        self.book = RuleBook(rules, MEASURES, self.settings)
        self.now_s = 0.0
        self.rows = SeriesRows()
        self.told: list[Transition] = []

    def at(
        self,
        now_s: float,
        values: Mapping[str, Mapping[str, SeriesValue]],
        labels: Mapping[str, Mapping[str, str]] | None = None,
        *,
        lane: Collection[str] | None = None,
        judged: Mapping[Scope, Collection[str]] | None = None,
    ) -> list[Transition]:
        """Evaluate one moment, seconds from the start; return what changed."""
        self.now_s = now_s
        source = SeriesSource(
            START_NS + round(now_s * SECOND_NS), values, labels, lane=lane, judged=judged, rows=self.rows
        )
        told = list(self.book.evaluate(source))
        self.told += told
        return told

    def usage(self, now_s: float, value: SeriesValue, account: str = "a", **more: object) -> list[str]:
        """Evaluate the usage of one account; return the kinds of what changed."""
        told = self.at(now_s, {"account.usage": {account: value}}, **more)  # type: ignore[arg-type]
        return [str(one.kind) for one in told]

    def restart(self, now_s: float, judged_until_s: float | None, *rules: Rule) -> None:
        """Begin anew with what a store would have kept: the last state of every open alert."""
        self.rules = rules or self.rules
        self.book = RuleBook(self.rules, MEASURES, self.settings)
        until_ns = None if judged_until_s is None else START_NS + round(judged_until_s * SECOND_NS)
        self.book.restore(stored(self.told), until_ns, START_NS + round(now_s * SECOND_NS))


def stored(told: list[Transition]) -> list:
    """Return the alerts that are open after some transitions."""
    latest = {one.alert.alert_id: one.alert for one in told}
    return [alert for alert in latest.values() if alert.resolved_at_ns is None]


def ns_at(now_s: float) -> int:
    return START_NS + round(now_s * SECOND_NS)


def kinds(told: list[Transition], rule: str | None = None) -> list[str]:
    return [str(one.kind) for one in told if rule in (None, one.alert.rule)]


class Reused(SeriesSource):
    """A series whose rows are given by the test, and may be given to others."""

    def __init__(
        self,
        at_ns: int,
        values: Mapping[str, Mapping[str, SeriesValue]],
        slots: Mapping[str, int],
        **more: object,
    ) -> None:
        rows = SeriesRows()
        rows.of("account").update(slots)
        self._identity = {
            slots[name]: 1 + sum(map(ord, name)) * 1_000 + int(name.split(".")[1]) for name in slots
        }
        super().__init__(at_ns, values, rows=rows, **more)  # type: ignore[arg-type]

    def subjects(self, scope: Scope) -> SeriesSubjects:
        made = super().subjects(scope)
        if scope == "account":
            for row, identity in self._identity.items():
                if made.identities[row]:
                    made.identities[row] = identity
        return made
