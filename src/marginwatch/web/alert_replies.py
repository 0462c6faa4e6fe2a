"""What the routes of alerts answer: alerts with what was told of them and what people did about them."""

import msgspec

from marginwatch.model.alert import AlertState, Scope, TransitionKind, Unit
from marginwatch.model.delivery import ChannelTest, RowState, SendReason
from marginwatch.model.ids import AccountId


class ChannelRow(msgspec.Struct, frozen=True, kw_only=True):
    """What became of an alert in one channel; see :class:`marginwatch.model.delivery.ChannelStanding`."""

    channel: str
    state: RowState
    reason: SendReason
    detail: str
    attempts: int
    at_ns: int


class AcknowledgementRow(msgspec.Struct, frozen=True, kw_only=True):
    """Who takes care of an alert, at which severity, and until when others are not told again."""

    alert_id: str
    severity: str
    author: str
    comment: str
    at_ns: int
    until_ns: int
    is_active: bool


class SilenceRow(msgspec.Struct, frozen=True, kw_only=True):
    """A silence; ``n_alerts`` counts the open alerts that it covers now, whether or not it holds yet."""

    silence_id: str
    matchers: tuple[str, ...]
    author: str
    comment: str
    from_ns: int
    until_ns: int
    is_active: bool
    n_alerts: int


class AlertRow(msgspec.Struct, frozen=True, kw_only=True):
    """One alert. Times are UTC nanoseconds, values in the measure's unit.

    ``headline`` is the sentence that messages open with and ``action`` what to do, in the language asked for; a text that
    somebody wrote for a rule stays as it is written. ``since_ns`` is when it came into its state and ``age_s`` how long ago
    that was; ``is_unknown`` says that it cannot be judged now, whatever its state; ``channels`` is empty where nobody was
    to be told; ``silenced_by`` names the silences that cover it now.
    """

    alert_id: str
    key: str
    rule: str
    scope: Scope
    subject: str
    account_id: AccountId | None
    state: AlertState
    severity: str
    since_ns: int
    age_s: float
    is_unknown: bool
    unknown_since_ns: int | None
    unknown_reason: str | None
    is_unknown_notice: bool
    measure: str
    unit: Unit
    side: str
    value: float | None
    bound: float | None
    window_s: float | None
    value_at_ns: int
    data_age_s: float | None
    pending_since_ns: int
    fired_at_ns: int | None
    resolved_at_ns: int | None
    labels: dict[str, str]
    context: dict[str, str]
    headline: str
    action: str
    channels: tuple[ChannelRow, ...]
    acknowledgement: AcknowledgementRow | None
    silenced_by: tuple[str, ...]


class AlertsReply(msgspec.Struct, frozen=True, kw_only=True):
    """Alerts, those that fire first, then pending ones, then the last that resolved.

    The counts are of all open alerts, whatever rows are shown; ``n_unknown`` counts alerts that cannot be judged and
    ``n_unjudged`` pairs of a rule and a subject, most of which have no alert.
    """

    taken_at_ns: int
    n_firing: int
    n_pending: int
    n_unknown: int
    n_unjudged: int
    rows: tuple[AlertRow, ...]


class TransitionRow(msgspec.Struct, frozen=True, kw_only=True):
    """One change of one alert, with the alert as it was then."""

    id: int
    transition_id: str
    kind: TransitionKind
    at_ns: int
    alert_id: str
    key: str
    rule: str
    scope: Scope
    subject: str
    account_id: AccountId | None
    state: AlertState
    severity: str
    measure: str
    unit: Unit
    value: float | None
    bound: float | None
    data_age_s: float | None
    unknown_reason: str | None
    context: dict[str, str]


class TransitionsReply(msgspec.Struct, frozen=True, kw_only=True):
    """Transitions, newest first."""

    taken_at_ns: int
    rows: tuple[TransitionRow, ...]


class DeliveryRow(msgspec.Struct, frozen=True, kw_only=True):
    """One attempt to send one message; see :class:`marginwatch.model.delivery.Delivery`."""

    id: int
    message_id: str
    channel: str
    row_ids: tuple[int, ...]
    at_ns: int
    took_s: float
    is_delivered: bool
    reason: str
    detail: str


class DeliveriesReply(msgspec.Struct, frozen=True, kw_only=True):
    """Attempts to send, newest first."""

    taken_at_ns: int
    rows: tuple[DeliveryRow, ...]


class StepRow(msgspec.Struct, frozen=True, kw_only=True):
    """One rung of a rule; see :class:`marginwatch.rules.definition.Step`."""

    severity: str
    bound: float
    clear: float


class StandingRow(msgspec.Struct, frozen=True, kw_only=True):
    """How a rule stands with all of its subjects; see :class:`marginwatch.rules.standing.RuleStanding`.

    ``distance`` is how far the worst value is within the first bound, in the measure's unit, negative beyond it.
    """

    n_judged: int
    n_pending: int
    n_firing: int
    n_unknown: int
    worst: str | None
    value: float | None
    distance: float | None


class RuleRow(msgspec.Struct, frozen=True, kw_only=True):
    """One rule in force, and how it stands; that is null where no service judges it."""

    rule: str
    measure: str
    unit: Unit | None
    side: str
    steps: tuple[StepRow, ...]
    change_over_s: float | None
    is_relative: bool
    is_magnitude: bool
    for_s: float
    keep_firing_for_s: float
    repeat_every_s: float | None
    only: tuple[str, ...]
    at_least: dict[str, float]
    labels: dict[str, str]
    route: str | None
    action: str | None
    suppresses: tuple[str, ...]
    origin: str
    standing: StandingRow | None = None


class RulesReply(msgspec.Struct, frozen=True, kw_only=True):
    """Rules in force, in their order."""

    taken_at_ns: int
    rows: tuple[RuleRow, ...]


class SilencesReply(msgspec.Struct, frozen=True, kw_only=True):
    """Silences that hold now or will, the first to end first."""

    taken_at_ns: int
    rows: tuple[SilenceRow, ...]


class ChannelTestsReply(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a test through each channel."""

    taken_at_ns: int
    rows: tuple[ChannelTest, ...]
