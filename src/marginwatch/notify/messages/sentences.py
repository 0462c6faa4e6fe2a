"""What one alert says: its sentence, its figures and what to do, in one language."""

from dataclasses import dataclass, field

from marginwatch.model.alert import Alert, AlertState, Unit
from marginwatch.notify.messages.catalog import Catalog
from marginwatch.notify.messages.clean import one_line
from marginwatch.notify.messages.context import context_text
from marginwatch.notify.messages.figures import Figures
from marginwatch.notify.messages.message import Line
from marginwatch.notify.messages.phrases import told
from marginwatch.notify.messages.template import fill, placeholders

HEADLINE_MAX = 400
ACTION_MAX = 400
VALUE_MAX = 600
CONTEXT_LINES_MAX = 30

ONE_OF_A_KIND = ("portfolio", "service")
"""Scopes of which there is one subject: its name says nothing beside theirs."""


@dataclass(slots=True, frozen=True)
class Teller:
    """Puts alerts into words at one moment.

    Parameters
    ----------
    catalog : Catalog
        Words.
    figures : Figures
        How numbers and times are written.
    now_ns : int
        The moment, UTC nanoseconds.
    """

    catalog: Catalog
    figures: Figures
    now_ns: int
    _contexts: dict[tuple[str, str], str] = field(default_factory=dict[tuple[str, str], str])

    def headline(self, alert: Alert) -> str:
        """Return one sentence: whom it concerns and what happened."""
        if alert.is_unknown_notice:
            text = self._unknown_sentence(alert)
        elif alert.state is AlertState.RESOLVED:
            text = self._over_sentence(alert)
        else:
            text = self._firing_sentence(alert)
            if alert.unknown_since_ns is not None:
                text = self._sentence("last_known", text=text, duration=self._since(alert.unknown_since_ns))
        return one_line(text, HEADLINE_MAX)

    def action(self, alert: Alert) -> str:
        """Return what to do; the rule's own words where it has some."""
        if alert.state is AlertState.RESOLVED:
            return self.catalog.words("actions", "over")
        if alert.is_unknown_notice:
            return self.catalog.words("actions", "unknown")
        own = self.catalog.rule_text(alert.rule, "action", alert.action)
        if own:
            own = self._filled(own, alert, self._plain(alert))
        return one_line(own or self.catalog.words("actions", "fallback"), ACTION_MAX)

    def lines(self, alert: Alert) -> tuple[Line, ...]:
        """Return figures, ages and times; every number with its unit, every value with its age."""
        return (*self._figure_lines(alert), *self._time_lines(alert), *self._other_lines(alert))

    def subject(self, alert: Alert) -> str:
        """Return whom it concerns; scopes other than accounts and positions are named as such."""
        name = one_line(alert.subject.name, 120)
        if alert.subject.scope in ("account", "position"):
            return name
        scope = self.catalog.name("scopes", alert.subject.scope)
        return scope if alert.subject.scope in ONE_OF_A_KIND else f"{scope} {name}"

    def figure(self, number: float | None, unit: Unit, shown: str | None = None) -> str:
        """Return a figure with its unit, nouns of counts included; words where there is no number."""
        if number is None or number != number:  # the second is NaN
            return self._sentence("no_value")
        text = shown or self.figures.value(number, unit)
        if unit == "count":
            return self._sentence("count_one" if self.figures.is_one(number) else "count_other", n=text)
        return self._sentence("rank", n=text) if unit == "rank" else text

    def _pair(self, alert: Alert) -> tuple[str, str]:
        if alert.value is None or alert.bound is None:
            return self.figure(alert.value, alert.unit), self.figure(alert.bound, alert.unit)
        value, bound = self.figures.pair(alert.value, alert.bound, alert.unit)
        return (
            self.figure(alert.value, alert.unit, value),
            self.figure(alert.bound, alert.unit, f"±{bound}" if is_either_way(alert) else bound),
        )

    def _sentence(self, key: str, **values: str) -> str:
        return fill(self.catalog.words("sentences", key), values)

    def _about(self, key: str, alert: Alert, **values: str) -> str:
        """Return a sentence about an alert."""
        return self._filled(self.catalog.words("sentences", key), alert, values)

    def _filled(self, template: str, alert: Alert, values: dict[str, str]) -> str:
        """Return a template with what stands for its placeholders: these values, else what the alert says."""
        wanted = placeholders(template)
        return fill(template, self._values(alert, wanted - values.keys()) | values) if wanted else template

    def _measure(self, alert: Alert) -> str:
        return self.catalog.name("measures", alert.measure.rpartition(".")[2])

    def _since(self, since_ns: int | None) -> str:
        return self.figures.duration((self.now_ns - (since_ns or self.now_ns)) / 1e9)

    def _firing_sentence(self, alert: Alert) -> str:
        own = self.catalog.rule_text(alert.rule, "message", alert.message)
        if own and (is_beyond(alert) or not self.catalog.is_built_in(alert.rule, "message", alert.message)):
            text = self._filled(own, alert, self._plain(alert))
            named = text if self._is_named(alert, text) else self._about("about", alert, text=text)
            return named if is_beyond(alert) else self._about("inside_own", alert, text=named)
        if alert.value is None or alert.bound is None:
            return self._about("no_number", alert)
        if not is_beyond(alert):
            # A built-in rule's own sentence tells of a bound that is crossed, which is not so any more.
            return self._about(_inside(alert), alert)
        if is_flag(alert):
            return self._about("flag", alert)
        return self._about("change" if alert.window_s else "level", alert)

    def _is_named(self, alert: Alert, text: str) -> bool:
        """Return whether a rule's own text says whom it concerns."""
        return alert.subject.scope in ONE_OF_A_KIND or is_word_in(one_line(alert.subject.name, 120), text)

    def _over_sentence(self, alert: Alert) -> str:
        if "gone" in alert.context:
            return self._about("gone", alert, reason=self._gone(alert))
        if alert.value is None or alert.bound is None or is_flag(alert) or alert.window_s:
            return self._about("over", alert)
        return self._about("over_at", alert)

    def _unknown_sentence(self, alert: Alert) -> str:
        since_ns = alert.unknown_since_ns or alert.pending_since_ns
        if alert.state is AlertState.RESOLVED and "gone" in alert.context:
            return self._sentence("unknown_gone", subject=self.subject(alert), reason=self._gone(alert))
        if alert.state is AlertState.RESOLVED:
            lasted_s = ((alert.resolved_at_ns or self.now_ns) - since_ns) / 1e9
            return self._sentence(
                "unknown_over", subject=self.subject(alert), duration=self.figures.duration(lasted_s)
            )
        return self._sentence(
            "unknown",
            subject=self.subject(alert),
            duration=self._since(since_ns),
            reason=self._reason(alert),
        )

    def _reason(self, alert: Alert) -> str:
        if not alert.unknown_reason:
            return self._sentence("no_reason")
        return one_line(told(self.catalog.language, one_line(alert.unknown_reason, VALUE_MAX)), VALUE_MAX)

    def _age(self, alert: Alert) -> str | None:
        """Return how old the data behind the value are now, None where that is not known."""
        if alert.data_age_s is None:
            return None
        return self.figures.duration((self.now_ns - alert.value_at_ns) / 1e9 + alert.data_age_s)

    def _aged(self, alert: Alert, value: str) -> str:
        age = self._age(alert)
        return (
            self._sentence("aged", value=value, age=age)
            if age
            else self._sentence("age_unknown", value=value)
        )

    def _figure_lines(self, alert: Alert) -> list[Line]:
        if alert.is_unknown_notice or alert.value is None or alert.bound is None or is_flag(alert):
            return []
        value, bound = self._pair(alert)
        label = self._label("value")
        if alert.window_s:
            label = fill(self._label("change"), {"window": self.figures.duration(alert.window_s)})
        return [Line(label, self._aged(alert, value)), Line(self._label("bound"), bound)]

    def _time_lines(self, alert: Alert) -> list[Line]:
        moment = self.figures.moment
        lines: list[Line] = []
        if alert.state is AlertState.RESOLVED:
            if alert.fired_at_ns is not None:
                lines.append(Line(self._label("fired_at"), moment(alert.fired_at_ns)))
            if alert.resolved_at_ns is not None:
                lines.append(Line(self._label("over_at"), moment(alert.resolved_at_ns)))
                began_ns = alert.fired_at_ns or alert.pending_since_ns
                lasted = self.figures.duration((alert.resolved_at_ns - began_ns) / 1e9)
                lines.append(Line(self._label("lasted"), lasted))
        elif alert.fired_at_ns is not None:
            lines.append(Line(self._label("fired"), moment(alert.fired_at_ns)))
        else:
            lines.append(Line(self._label("pending"), moment(alert.pending_since_ns)))
        if alert.unknown_since_ns is not None and alert.state is not AlertState.RESOLVED:
            lines.append(Line(self._label("unknown_since"), moment(alert.unknown_since_ns)))
            if not alert.is_unknown_notice:
                said = self._sentence(
                    "not_judged", duration=self._since(alert.unknown_since_ns), reason=self._reason(alert)
                )
                lines.append(Line(self._label("unknown"), said))
        return lines

    def _other_lines(self, alert: Alert) -> list[Line]:
        # A notice has told its reason in its headline already.
        told = {"gone", "reason"} if alert.is_unknown_notice else {"gone"}
        further = [
            Line(self.catalog.name("context", one_line(name, 60)), self._context(name, text))
            for name, text in list(alert.context.items())[:CONTEXT_LINES_MAX]
            if name not in told
        ]
        where = ", ".join(
            one_line(alert.labels[label], 60)
            for label in ("account", "venue", "desk")
            if alert.labels.get(label)
        )
        if where:
            further.append(Line(self._label("where"), where))
        return [*further, Line(self._label("rule"), one_line(alert.rule, 120))]

    def _gone(self, alert: Alert) -> str:
        return self._context("gone", alert.context["gone"])

    def _context(self, name: str, text: str) -> str:
        # Sentence, advice and lines of an alert tell the same figures, and neighbors many of them again.
        if (known := self._contexts.get((name, text))) is None:
            known = self._contexts[name, text] = context_text(name, text, self.catalog, self.figures)
        return known

    def _label(self, key: str) -> str:
        return self.catalog.words("lines", key)

    def _plain(self, alert: Alert) -> dict[str, str]:
        """Return value and bound of a count or rank without a noun: a rule's own text names what is counted."""
        if alert.unit not in ("count", "rank") or alert.value is None or alert.bound is None:
            return {}
        value, bound = self.figures.pair(alert.value, alert.bound, alert.unit)
        return {"value": value, "bound": bound}

    def _values(self, alert: Alert, wanted: frozenset[str]) -> dict[str, str]:
        """Return what placeholders of a rule's texts stand for: the alert's own, else further figures, else labels."""
        pair = self._pair(alert) if wanted & {"value", "bound"} else ("", "")
        found = {name: self._value(name, alert, pair) for name in wanted}
        return {name: text for name, text in found.items() if text is not None}

    def _value(self, name: str, alert: Alert, pair: tuple[str, str]) -> str | None:
        # One by one: a sentence needs few of them, and there may be thousands of alerts.
        match name:
            case "subject":
                return self.subject(alert)
            case "account":
                account = alert.subject.account_id or alert.labels.get("account", alert.subject.name)
                return one_line(account, 120)
            case "severity":
                return self.catalog.words("severities", alert.severity.word)
            case "rule":
                return one_line(alert.rule, 120)
            case "measure":
                return self._measure(alert)
            case "side":
                return self.catalog.words("sides", "beyond" if is_either_way(alert) else alert.side)
            case "within":
                return self.catalog.words("sides", _within(alert))
            case "value" | "bound":
                return pair[name == "bound"]
            case _:
                return self._time(name, alert) or self._further(name, alert)

    def _time(self, name: str, alert: Alert) -> str | None:
        match name:
            case "window":
                return self.figures.duration(alert.window_s or 0.0)
            case "age":
                return self._age(alert) or self._sentence("no_value")
            case "since":
                return self.figures.moment(alert.fired_at_ns or alert.pending_since_ns)
            case "duration":
                return self._since(alert.fired_at_ns or alert.pending_since_ns)
            case _:
                return None

    def _further(self, name: str, alert: Alert) -> str | None:
        if name in alert.context:
            return self._context(name, alert.context[name])
        return one_line(alert.labels[name], VALUE_MAX) if name in alert.labels else None


def is_word_in(name: str, text: str) -> bool:
    """Return whether a name stands in a text, and not as part of a longer one."""
    at = text.find(name)
    while at >= 0:
        around = text[max(0, at - 1) : at] + text[at + len(name) : at + len(name) + 1]
        if not any(one.isascii() and one.isalnum() for one in around):
            return True
        at = text.find(name, at + 1)
    return False


def is_flag(alert: Alert) -> bool:
    """Return whether the measure only says yes or no: "1, above its limit of 0" would tell nobody anything."""
    return (
        alert.unit == "count"
        and alert.value in (0.0, 1.0)
        and alert.bound is not None
        and 0 <= alert.bound < 1
    )


def is_either_way(alert: Alert) -> bool:
    """Return whether the magnitude was judged: a value far below 0 crossed a bound that lies above."""
    return (
        alert.side == "above"
        and alert.value is not None
        and alert.bound is not None
        and alert.value < 0 < alert.bound < -alert.value
    )


def is_beyond(alert: Alert) -> bool:
    """Return whether the value is beyond its bound now; an alert fires on until it is back where its rule clears."""
    if alert.value is None or alert.bound is None:
        return True
    beyond = alert.value > alert.bound if alert.side == "above" else alert.value < alert.bound
    return beyond or is_either_way(alert)


def _inside(alert: Alert) -> str:
    """Return which sentence says that an alert fires on although its value is inside its bound."""
    if is_flag(alert):
        return "inside_flag"
    return "inside_change" if alert.window_s else "inside"


def _within(alert: Alert) -> str:
    """Return on which side of its bound the value is now, seen from the bound."""
    if alert.value is None or alert.bound is None or alert.value == alert.bound:
        return "at"
    return "below" if alert.value < alert.bound else "above"
