"""The routes of alerts, rules, silences and channels; the only ones that change anything."""

from typing import Annotated

from litestar import Response, delete, get, post
from litestar.datastructures import State
from litestar.exceptions import HTTPException
from litestar.params import FromPath, JSONBody, Parameter, QueryParameter

from marginwatch.model.alert import Alert
from marginwatch.web.alert_ports import AlertModel
from marginwatch.web.alert_replies import (
    AcknowledgementRow,
    AlertsReply,
    ChannelTestsReply,
    DeliveriesReply,
    RulesReply,
    SilenceRow,
    SilencesReply,
    TransitionsReply,
)
from marginwatch.web.alert_rows import (
    STATES,
    Told,
    acknowledgement_row,
    alert_row,
    chosen,
    delivery_row,
    in_order,
    is_unknown,
    require_rule,
    rule_row,
    silence_row,
    teller_of,
    transition_row,
)
from marginwatch.web.bodies import (
    BODY_BYTES_MAX,
    AcknowledgeBody,
    SilenceBody,
    from_ns_of,
    matchers_of,
    require_said,
)
from marginwatch.web.large_replies import made_beside
from marginwatch.web.names import as_written, require_heard_of
from marginwatch.web.words_routes import InLanguage

Name = Annotated[str | None, Parameter(max_length=128)]
Key = Annotated[str | None, Parameter(max_length=512)]
Id = Annotated[int | None, Parameter(ge=1, le=2**63 - 1)]
PageSize = Annotated[int, Parameter(ge=1, le=1_000)]
RecentSize = Annotated[int, Parameter(ge=0, le=1_000)]

NO_ALERTING = "this service judges no rules: there are no alerts, silences or channels here"
NS_PER_S = 1_000_000_000


def alerting_of(state: State) -> AlertModel:
    """Return the alerts of the service; without any, the answer is 404 with the reason."""
    model: AlertModel | None = state["alerting"]
    if model is None:
        raise HTTPException(status_code=404, detail=NO_ALERTING)
    return model


async def told_of(model: AlertModel, alerts: list[Alert]) -> Told:
    """Return what people were told of alerts and what they did."""
    return Told(
        channels=await model.channel_standings([one.alert_id for one in alerts]),
        acknowledgements={one.alert_id: one for one in await model.acknowledgements()},
        silences=await model.silences(),
    )


@get("/api/v1/alerts")
async def alerts(
    state: State,
    alert_state: Annotated[str | None, QueryParameter(name="state", max_length=16)] = None,
    severity: Name = None,
    account: Name = None,
    rule: Name = None,
    recent: RecentSize = 20,
    language: InLanguage = "en",
) -> Response[AlertsReply]:
    """Return alerts: ``state`` is ``firing``, ``pending``, ``unknown`` or ``resolved``; ``severity`` that or worse.

    ``recent`` is how many resolved ones are among them, ``language`` the one of headlines and of what to do.
    """
    model = alerting_of(state)
    opened = list(model.open_alerts())
    n_recent = recent if alert_state in (None, STATES[-1]) else 0
    everything = [*opened, *(await model.resolved_alerts(n_recent) if n_recent else ())]
    standings = model.standings()
    require_rule(rule, (one.rule for one in standings), everything)
    found = chosen(everything, state=alert_state, severity=severity, account=account, rule=rule)
    require_heard_of(state, account, has_rows=bool(found))
    told = await told_of(model, found)
    now_ns = model.now_ns()

    def make() -> AlertsReply:
        teller = teller_of(now_ns, language)
        return AlertsReply(
            taken_at_ns=now_ns,
            n_firing=sum(one.state == "firing" for one in opened),
            n_pending=sum(one.state == "pending" for one in opened),
            n_unknown=sum(is_unknown(one) for one in opened),
            n_unjudged=sum(one.n_unknown for one in standings),
            rows=tuple(alert_row(one, told, teller) for one in in_order(found)),
        )

    # After a crash there are thousands.
    return await made_beside(make)


@get("/api/v1/alerts/transitions")
async def transitions(
    state: State, key: Key = None, account: Name = None, before: Id = None, limit: PageSize = 100
) -> TransitionsReply:
    """Return every change of alerts, newest first; ``before`` continues after an id."""
    model = alerting_of(state)
    whose = as_written(state, account)
    found = await model.transitions(before_id=before, limit=limit, key=key, account_id=whose)
    require_heard_of(state, account, has_rows=bool(found) or before is not None)
    return TransitionsReply(taken_at_ns=model.now_ns(), rows=tuple(transition_row(one) for one in found))


@get("/api/v1/alerts/deliveries")
async def deliveries(
    state: State, channel: Name = None, key: Key = None, before: Id = None, limit: PageSize = 100
) -> DeliveriesReply:
    """Return every attempt to send, newest first; ``before`` continues after an id."""
    model = alerting_of(state)
    found = await model.deliveries(before_id=before, limit=limit, channel=channel, key=key)
    return DeliveriesReply(taken_at_ns=model.now_ns(), rows=tuple(delivery_row(one) for one in found))


@get("/api/v1/rules")
async def rules(state: State, rule: Name = None, language: InLanguage = "en") -> RulesReply:
    """Return every rule in force with how it stands: how many are judged, and how far the worst is from firing.

    ``language`` is the one of what built-in rules tell to do.
    """
    model = alerting_of(state)
    standings = model.standings()
    require_rule(rule, (one.rule for one in standings), ())
    return RulesReply(
        taken_at_ns=model.now_ns(),
        rows=tuple(rule_row(one.rule, one, language) for one in standings if rule in (None, one.rule.name)),
    )


@post("/api/v1/alerts/{alert_id:str}/ack", request_max_body_size=BODY_BYTES_MAX, status_code=200)
async def acknowledge(
    state: State, alert_id: FromPath[str], data: JSONBody[AcknowledgeBody]
) -> AcknowledgementRow:
    """Acknowledge a firing alert: it is not told again at this severity or below until the time is over."""
    model = alerting_of(state)
    require_said(data.author, data.comment, is_needed=False)
    given = await model.acknowledge(alert_id, data.author.strip(), data.comment.strip(), data.for_s)
    if given is None:
        raise HTTPException(
            status_code=404, detail=f"no alert {alert_id[:64]!r} fires; /api/v1/alerts has those that do"
        )
    return acknowledgement_row(given, model.now_ns())


@get("/api/v1/silences")
async def silences(state: State) -> Response[SilencesReply]:
    """Return silences that hold now or will, the first to end first."""
    model = alerting_of(state)
    found = sorted(await model.silences(), key=lambda one: (one.until_ns, one.silence_id))
    opened, now_ns = tuple(model.open_alerts()), model.now_ns()
    # Each is held against every alert.
    return await made_beside(
        lambda: SilencesReply(
            taken_at_ns=now_ns, rows=tuple(silence_row(one, opened, now_ns) for one in found)
        )
    )


@post("/api/v1/silences", request_max_body_size=BODY_BYTES_MAX)
async def add_silence(state: State, data: JSONBody[SilenceBody]) -> SilenceRow:
    """Add a silence; its reply says how many open alerts it covers."""
    model = alerting_of(state)
    matchers = matchers_of(data.matchers)
    require_said(data.author, data.comment, is_needed=True)
    now_ns = model.now_ns()
    from_ns = from_ns_of(data.from_ns, now_ns)
    until_ns = from_ns + round(data.for_s * NS_PER_S)
    made = await model.add_silence(matchers, data.author.strip(), data.comment.strip(), from_ns, until_ns)
    return silence_row(made, model.open_alerts(), now_ns)


@delete("/api/v1/silences/{silence_id:str}", status_code=204)
async def end_silence(state: State, silence_id: FromPath[str]) -> None:
    """End a silence now: what it held back and still fires is told."""
    if not await alerting_of(state).end_silence(silence_id):
        raise HTTPException(
            status_code=404,
            detail=f"no silence {silence_id[:64]!r} holds or will; /api/v1/silences has those",
        )


@post("/api/v1/channels/test", status_code=200)
async def test_channels(state: State) -> ChannelTestsReply:
    """Send a test through every channel and return what came of each."""
    model = alerting_of(state)
    return ChannelTestsReply(rows=tuple(await model.test_channels()), taken_at_ns=model.now_ns())


ALERT_ROUTES = (
    alerts,
    transitions,
    deliveries,
    rules,
    acknowledge,
    silences,
    add_silence,
    end_silence,
    test_channels,
)
