"""Alerts, rules, transitions and deliveries as rows of replies; filters over alerts."""

import difflib
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from marginwatch.errors import ConfigError
from marginwatch.model.alert import Acknowledgement, Alert, AlertState
from marginwatch.model.delivery import ChannelStanding
from marginwatch.model.severity import Severity
from marginwatch.model.silence import Silence
from marginwatch.notify.messages.catalog import catalog
from marginwatch.notify.messages.figures import Figures, Language
from marginwatch.notify.messages.sentences import Teller
from marginwatch.rules.definition import Rule
from marginwatch.rules.measures.registry import MEASURES
from marginwatch.rules.standing import RuleStanding
from marginwatch.web.alert_ports import DeliveryRecord, TransitionRecord
from marginwatch.web.alert_replies import (
    AcknowledgementRow,
    AlertRow,
    ChannelRow,
    DeliveryRow,
    RuleRow,
    SilenceRow,
    StandingRow,
    StepRow,
    TransitionRow,
)

NS_PER_S = 1e9
STATES = ("firing", "pending", "unknown", "resolved")
_STATE_ORDER = {AlertState.FIRING: 0, AlertState.PENDING: 1, AlertState.RESOLVED: 2}


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """What people were told of alerts and what they did about them.

    Parameters
    ----------
    channels : mapping
        Alert's id → its standing in each channel.
    acknowledgements : mapping
        Alert's id → its last acknowledgement.
    silences : sequence of Silence
        That hold now or will.
    """

    channels: Mapping[str, Sequence[ChannelStanding]] = {}
    acknowledgements: Mapping[str, Acknowledgement] = {}
    silences: Sequence[Silence] = ()


def since_ns(alert: Alert) -> int:
    """Return when an alert came into its state, UTC nanoseconds."""
    if alert.state is AlertState.RESOLVED:
        return alert.resolved_at_ns or alert.value_at_ns
    if alert.state is AlertState.FIRING:
        return alert.fired_at_ns or alert.pending_since_ns
    return alert.pending_since_ns


def is_unknown(alert: Alert) -> bool:
    """Return whether an open alert cannot be judged now, or says that another cannot."""
    is_open = alert.state is not AlertState.RESOLVED
    return is_open and (alert.unknown_since_ns is not None or alert.is_unknown_notice)


def in_order(alerts: Iterable[Alert]) -> list[Alert]:
    """Return alerts: firing, pending, resolved; in each the most severe first, and the newest first among equals.

    What has resolved is in the order of time alone.
    """

    def place(alert: Alert) -> tuple[int, int, int, str]:
        severity = 0 if alert.state is AlertState.RESOLVED else -alert.severity
        return _STATE_ORDER[alert.state], severity, -since_ns(alert), alert.key

    return sorted(alerts, key=place)


def chosen(
    alerts: Sequence[Alert],
    *,
    state: str | None = None,
    severity: str | None = None,
    account: str | None = None,
    rule: str | None = None,
) -> list[Alert]:
    """Return the alerts in a state, at least so severe, of an account, of a rule; None wants any.

    Raises
    ------
    ConfigError
        If there is no such state or severity, with those there are.
    """
    if state is not None and state not in STATES:
        raise ConfigError(f"state {state!r} is unknown; there is: {', '.join(STATES)}")
    least = Severity.INFO if severity is None else severity_of(severity)
    return [
        one
        for one in alerts
        if (state is None or (is_unknown(one) if state == "unknown" else one.state == state))
        and one.severity >= least
        and (account is None or (one.subject.account_id or "").casefold() == account.casefold())
        and (rule is None or one.rule == rule)
    ]


def severity_of(word: str) -> Severity:
    """Return the severity of a word.

    Raises
    ------
    ConfigError
        If there is none of that word.
    """
    try:
        return Severity.of_word(word.lower())
    except ValueError as error:
        raise ConfigError(str(error)) from None


def require_rule(name: str | None, rules: Iterable[Rule], alerts: Iterable[Alert]) -> None:
    """Raise for a rule that is neither in force nor has an alert: no rows would be taken for an answer.

    Raises
    ------
    ConfigError
        With the most similar name, or where to see all of them.
    """
    known = {one.name for one in rules} | {one.rule for one in alerts}
    if name is None or name in known:
        return
    similar = difflib.get_close_matches(name, known, n=1)
    remedy = f"did you mean {similar[0]!r}?" if similar else "marginwatch rules list names all"
    raise ConfigError(f"there is no rule {name!r}; {remedy}")


def teller_of(now_ns: int, language: Language = "en") -> Teller:
    """Return who puts alerts into words of a language, with UTC times."""
    return Teller(catalog(language), Figures(language, "UTC"), now_ns)


def alert_row(alert: Alert, told: Told, teller: Teller) -> AlertRow:
    """Return one alert as a row, at the moment of its words."""
    now_ns = teller.now_ns
    at_ns = since_ns(alert)
    given = told.acknowledgements.get(alert.alert_id)
    is_open = alert.state is not AlertState.RESOLVED
    covering = (one for one in told.silences if is_open and one.is_active(now_ns))
    return AlertRow(
        alert_id=alert.alert_id,
        key=alert.key,
        rule=alert.rule,
        scope=alert.subject.scope,
        subject=alert.subject.name,
        account_id=alert.subject.account_id,
        state=alert.state,
        severity=alert.severity.word,
        since_ns=at_ns,
        age_s=max(0.0, (now_ns - at_ns) / NS_PER_S),
        is_unknown=is_unknown(alert),
        unknown_since_ns=alert.unknown_since_ns,
        unknown_reason=alert.unknown_reason,
        is_unknown_notice=alert.is_unknown_notice,
        measure=alert.measure,
        unit=alert.unit,
        side=alert.side,
        value=alert.value,
        bound=alert.bound,
        window_s=alert.window_s,
        value_at_ns=alert.value_at_ns,
        data_age_s=alert.data_age_s,
        pending_since_ns=alert.pending_since_ns,
        fired_at_ns=alert.fired_at_ns,
        resolved_at_ns=alert.resolved_at_ns,
        labels=alert.labels,
        context=alert.context,
        headline=teller.headline(alert),
        action=teller.action(alert),
        channels=tuple(channel_row(one) for one in told.channels.get(alert.alert_id, ())),
        acknowledgement=None if given is None else acknowledgement_row(given, now_ns),
        silenced_by=tuple(one.silence_id for one in covering if one.covers(alert.labels)),
    )


def channel_row(one: ChannelStanding) -> ChannelRow:
    """Return an alert's standing in a channel as a row."""
    return ChannelRow(
        channel=one.channel,
        state=one.state,
        reason=one.reason,
        detail=one.detail,
        attempts=one.attempts,
        at_ns=one.at_ns,
    )


def acknowledgement_row(given: Acknowledgement, now_ns: int) -> AcknowledgementRow:
    """Return an acknowledgement as a row."""
    return AcknowledgementRow(
        alert_id=given.alert_id,
        severity=given.severity.word,
        author=given.author,
        comment=given.comment,
        at_ns=given.at_ns,
        until_ns=given.until_ns,
        is_active=given.at_ns <= now_ns < given.until_ns,
    )


def silence_row(silence: Silence, alerts: Iterable[Alert], now_ns: int) -> SilenceRow:
    """Return a silence as a row, with how many of the open alerts it covers."""
    return SilenceRow(
        silence_id=silence.silence_id,
        matchers=tuple(str(one) for one in silence.matchers),
        author=silence.author,
        comment=silence.comment,
        from_ns=silence.from_ns,
        until_ns=silence.until_ns,
        is_active=silence.is_active(now_ns),
        n_alerts=sum(silence.covers(one.labels) for one in alerts),
    )


def transition_row(record: TransitionRecord) -> TransitionRow:
    """Return a stored transition as a row."""
    alert = record.value.alert
    return TransitionRow(
        id=record.id,
        transition_id=record.value.transition_id,
        kind=record.value.kind,
        at_ns=record.value.at_ns,
        alert_id=alert.alert_id,
        key=alert.key,
        rule=alert.rule,
        scope=alert.subject.scope,
        subject=alert.subject.name,
        account_id=alert.subject.account_id,
        state=alert.state,
        severity=alert.severity.word,
        measure=alert.measure,
        unit=alert.unit,
        value=alert.value,
        bound=alert.bound,
        data_age_s=alert.data_age_s,
        unknown_reason=alert.unknown_reason,
        context=alert.context,
    )


def delivery_row(record: DeliveryRecord) -> DeliveryRow:
    """Return a stored attempt to send as a row."""
    one = record.value
    return DeliveryRow(
        id=record.id,
        message_id=one.message_id,
        channel=one.channel,
        row_ids=one.row_ids,
        at_ns=one.at_ns,
        took_s=one.took_ns / NS_PER_S,
        is_delivered=one.is_delivered,
        reason=one.reason,
        detail=one.detail,
    )


def rule_row(rule: Rule, at: RuleStanding | None = None, language: Language = "en") -> RuleRow:
    """Return a rule as a row, with how it stands where a service judges it; a built-in rule's advice in a language."""
    measure = MEASURES.get(rule.measure)
    return RuleRow(
        rule=rule.name,
        measure=rule.measure,
        unit=None if measure is None else measure.unit,
        side=rule.side,
        steps=tuple(
            StepRow(severity=one.severity.word, bound=one.bound, clear=one.clear) for one in rule.steps
        ),
        change_over_s=rule.change_over_s,
        is_relative=rule.is_relative,
        is_magnitude=rule.is_magnitude,
        for_s=rule.for_s,
        keep_firing_for_s=rule.keep_firing_for_s,
        repeat_every_s=rule.repeat_every_s,
        only=tuple(str(one) for one in rule.only),
        at_least=rule.at_least,
        labels=rule.labels,
        route=rule.route,
        action=catalog(language).rule_text(rule.name, "action", rule.action),
        suppresses=rule.suppresses,
        origin=rule.origin,
        standing=None if at is None else standing_row(at),
    )


def standing_row(at: RuleStanding) -> StandingRow:
    """Return how a rule stands as a row."""
    return StandingRow(
        n_judged=at.n_judged,
        n_pending=at.n_pending,
        n_firing=at.n_firing,
        n_unknown=at.n_unknown,
        worst=None if at.worst is None else at.worst.name,
        value=at.value,
        distance=at.distance,
    )
