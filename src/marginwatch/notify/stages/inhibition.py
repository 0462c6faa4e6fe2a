"""What need not be told because something above it is told already."""

from collections.abc import Iterable, Sequence

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


class Inhibitors:
    """What fires, arranged so that one alert is judged without looking at all others.

    Parameters
    ----------
    firing : iterable of Alert
        Everything that fires.
    inhibits : sequence of Inhibit
        As configured.
    """

    def __init__(self, firing: Iterable[Alert], inhibits: Sequence[Inhibit] = ()) -> None:
        self._inhibits = inhibits
        self._down: dict[str, str] = {}
        self._suppressed: dict[tuple[str, str, str], str] = {}
        self._sources: list[dict[tuple[str, ...], list[str]]] = [{} for _ in inhibits]
        for alert in firing:
            self._add(alert)

    def _add(self, alert: Alert) -> None:
        subject = alert.subject
        if alert.rule == ACCOUNT_DOWN and not alert.is_unknown_notice:
            self._down[subject.account_id or subject.name] = alert.key
        for rule in alert.labels.get(SUPPRESSES, "").split(","):
            if rule := rule.strip():
                self._suppressed[rule, subject.scope, subject.name] = alert.key
        for inhibit, sources in zip(self._inhibits, self._sources, strict=True):
            if _all_match(inhibit.source, alert):
                sources.setdefault(_values(inhibit, alert), []).append(alert.key)

    def inhibitor_of(self, alert: Alert) -> str | None:
        """Return the key of an alert that makes this one superfluous, or None.

        An account that is down inhibits only the notice that its data are missing.
        """
        if is_exempt(alert):
            return None
        subject = alert.subject
        if alert.is_unknown_notice and alert.rule == DATA_MISSING and subject.account_id in self._down:
            return self._down[subject.account_id]
        found = self._suppressed.get((alert.rule, subject.scope, subject.name))
        if found is not None and found != alert.key:
            return found
        for inhibit, sources in zip(self._inhibits, self._sources, strict=True):
            if not sources or not _all_match(inhibit.target, alert):
                continue
            for key in sources.get(_values(inhibit, alert), ()):
                if key != alert.key:
                    return key
        return None


def _all_match(matchers: Sequence[Matcher], alert: Alert) -> bool:
    labels = labels_of(alert)
    return all(matcher.matches(labels) for matcher in matchers)


def _values(inhibit: Inhibit, alert: Alert) -> tuple[str, ...]:
    labels = labels_of(alert)
    return tuple(labels.get(label, "") for label in inhibit.equal)
