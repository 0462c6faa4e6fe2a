"""What need not be told because something above it is told already."""

from collections.abc import Iterable, Iterator, Sequence

from marginwatch.model.alert import Alert
from marginwatch.model.silence import Matcher
from marginwatch.notify.routing import labels_of
from marginwatch.notify.settings import Inhibit

ACCOUNT_DOWN = "account-stale"
DATA_MISSING = "data-missing"
"""Names of the built-in rule and of the notice that it inhibits."""

SUPPRESSES = "suppresses"
"""Label of an alert with the names of rules that it makes superfluous on the same subject: ``,a,b,``."""

NEVER = ("margin_usage", "distance")
"""Parts of the names of measures whose alerts nothing inhibits: they fire on our own figures when all else is down."""


def is_exempt(alert: Alert) -> bool:
    """Return whether nothing may inhibit an alert: it says how near a liquidation is, and is no notice of missing data."""
    return not alert.is_unknown_notice and any(part in alert.measure for part in NEVER)


class _Sources:
    """Alerts that one ``[[inhibit]]`` table takes as its sources, with the same values of its ``equal`` labels."""

    __slots__ = ("first", "pure")

    def __init__(self) -> None:
        self.first: Alert | None = None
        """The foremost of all."""
        self.pure: Alert | None = None
        """The foremost of those that are not inhibited by the same table."""

    def add(self, alert: Alert, *, is_target: bool) -> None:
        if self.first is None or _rank(alert) > _rank(self.first):
            self.first = alert
        if not is_target and (self.pure is None or _rank(alert) > _rank(self.pure)):
            self.pure = alert


class Inhibitors:
    """What fires, arranged so that one alert is judged without looking at all others.

    Where alerts would inhibit each other, one of them is told: the most severe, of several the one that has fired longest.

    Parameters
    ----------
    firing : iterable of Alert
        Everything that fires.
    inhibits : sequence of Inhibit
        As configured.
    """

    def __init__(self, firing: Iterable[Alert], inhibits: Sequence[Inhibit] = ()) -> None:
        self._inhibits = inhibits
        self._down: dict[str, Alert] = {}
        self._suppressed: dict[tuple[str, str, str], Alert] = {}
        self._sources: list[dict[tuple[str, ...], _Sources]] = [{} for _ in inhibits]
        for alert in firing:
            self._add(alert)

    def _add(self, alert: Alert) -> None:
        subject = alert.subject
        if alert.rule == ACCOUNT_DOWN and not alert.is_unknown_notice:
            self._down[subject.account_id or subject.name] = alert
        for rule in alert.labels.get(SUPPRESSES, "").split(","):
            if rule := rule.strip():
                self._suppressed[rule, subject.scope, subject.name] = alert
        for inhibit, sources in zip(self._inhibits, self._sources, strict=True):
            if _all_match(inhibit.source, alert):
                is_target = not is_exempt(alert) and _all_match(inhibit.target, alert)
                sources.setdefault(_values(inhibit, alert), _Sources()).add(alert, is_target=is_target)

    def inhibitor_of(self, alert: Alert) -> str | None:
        """Return the key of an alert that makes this one superfluous, or None.

        An account that is down inhibits only the notice that its data are missing.
        """
        for above in self._above(alert):
            is_mutual = any(one.key == alert.key for one in self._above(above))
            if not (is_mutual and _rank(alert) > _rank(above)):
                return above.key
        return None

    def _above(self, alert: Alert) -> Iterator[Alert]:
        """Yield alerts that inhibit this one, at most two for each table."""
        if is_exempt(alert):
            return
        subject = alert.subject
        if alert.is_unknown_notice and alert.rule == DATA_MISSING and subject.account_id in self._down:
            yield self._down[subject.account_id]
        found = self._suppressed.get((alert.rule, subject.scope, subject.name))
        if found is not None and found.key != alert.key:
            yield found
        for inhibit, of in zip(self._inhibits, self._sources, strict=True):
            if not of or not _all_match(inhibit.target, alert):
                continue
            sources = of.get(_values(inhibit, alert))
            if sources is None:
                continue
            for one in (sources.first, sources.pure):
                if one is not None and one.key != alert.key:
                    yield one


def _rank(alert: Alert) -> tuple[int, int, str]:
    return (alert.severity, -(alert.fired_at_ns or 0), alert.key)


def _all_match(matchers: Sequence[Matcher], alert: Alert) -> bool:
    labels = labels_of(alert)
    return all(matcher.matches(labels) for matcher in matchers)


def _values(inhibit: Inhibit, alert: Alert) -> tuple[str, ...]:
    labels = labels_of(alert)
    return tuple(labels.get(label, "") for label in inhibit.equal)
