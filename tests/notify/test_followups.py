"""Repeats, escalations, and what is told when something that held an alert back has ended."""

import msgspec
import pytest
from tests.notify.samples import SECOND, Stand, T, a_row, a_setup, an_alert

from marginwatch.model.alert import Acknowledgement
from marginwatch.model.delivery import RowState, SendReason
from marginwatch.model.severity import Severity
from marginwatch.model.silence import Matcher, Silence
from marginwatch.notify.followups import FollowUps
from marginwatch.notify.settings import Escalation, Route


class Watched(Stand):
    """A dispatcher and its follow-ups, moved on second by second."""

    def __init__(self, setup=None, **more):
        super().__init__(setup, **more)
        self.new_followups()

    def new_followups(self):
        self.followups = FollowUps(
            self.setup,
            self.outbox,
            self.desk,
            lambda: tuple(self.alerts),
            self.dispatcher.memory,
            clock=self.clock,
            on_rows=self.dispatcher.wake_for,
        )

    async def pass_s(self, seconds, step_s=1):
        """Let time pass; return the reasons of what was told in it, with the second."""
        told = []
        for _ in range(int(seconds / step_s)):
            await self.clock.advance(step_s)
            before = len(self.outbox.deliveries)
            await self.followups.look()
            await self.turn()
            for delivery in self.outbox.deliveries[before:]:
                rows = [self.outbox.rows[row_id] for row_id in delivery.row_ids]
                told += [
                    (round((self.clock.now_ns() - T) / SECOND), delivery.channel, row.reason) for row in rows
                ]
        return told

    async def fire(self, *alerts):
        self.alerts += alerts
        await self.put(*(a_row(alert) for alert in alerts))


def a_silence(from_s, until_s, **changed):
    matchers = (Matcher.parse("account=mm-1"),)
    given = {"silence_id": "s1", "author": "eve", "comment": "known", "matchers": matchers}
    return Silence(from_ns=T + from_s * SECOND, until_ns=T + until_s * SECOND, **{**given, **changed})


def an_acknowledgement(alert, at_s, until_s):
    return Acknowledgement(
        key=alert.key,
        alert_id=alert.alert_id,
        severity=alert.severity,
        author="eve",
        comment="",
        at_ns=T + at_s * SECOND,
        until_ns=T + until_s * SECOND,
    )


def a_route(**changed):
    return Route(name="all", channels=("a",), **changed)


async def test_what_still_fires_is_told_again_at_its_interval_and_no_oftener():
    stand = Watched(a_setup(routes=(a_route(repeat_every_s=300.0),)))
    await stand.fire(an_alert())
    assert await stand.pass_s(1_000) == [(at, "a", SendReason.REPEATED) for at in (300, 600, 900)]


async def test_a_rules_own_interval_comes_before_its_routes():
    stand = Watched(a_setup(routes=(a_route(repeat_every_s=300.0),)))
    await stand.fire(an_alert(repeat_every_s=60.0))
    assert await stand.pass_s(130) == [(60, "a", SendReason.REPEATED), (120, "a", SendReason.REPEATED)]


async def test_nobody_acknowledged_so_the_next_ones_are_told_each_at_their_time():
    steps = (Escalation(after_s=60, channels=("b",)), Escalation(after_s=120, channels=("c", "a")))
    stand = Watched(a_setup("a", "b", "c", routes=(a_route(escalations=steps),)))
    await stand.fire(an_alert())
    told = await stand.pass_s(200)
    assert sorted(told) == [
        (60, "b", SendReason.ESCALATED),
        (120, "a", SendReason.ESCALATED),
        (120, "c", SendReason.ESCALATED),
    ]


async def test_a_restart_escalates_what_was_not_and_nothing_twice():
    steps = (Escalation(after_s=60, channels=("b",)), Escalation(after_s=120, channels=("c",)))
    stand = Watched(a_setup("a", "b", "c", routes=(a_route(escalations=steps),)))
    await stand.fire(an_alert())
    await stand.pass_s(70)
    after = Watched(stand.setup, outbox=stand.outbox, channels=stand.channels, alerts=stand.alerts)
    after.clock = stand.clock
    await after.dispatcher.memory.load(stand.outbox)
    after.dispatcher = stand.dispatcher
    after.new_followups()
    assert await after.pass_s(100) == [(120, "c", SendReason.ESCALATED)]


async def test_an_acknowledged_alert_neither_escalates_nor_repeats_until_that_ends():
    steps = (Escalation(after_s=60, channels=("b",)),)
    stand = Watched(a_setup("a", "b", routes=(a_route(escalations=steps, repeat_every_s=100.0),)))
    alert = an_alert()
    await stand.fire(alert)
    stand.desk.given = [an_acknowledgement(alert, 30, 330)]
    assert await stand.pass_s(329) == []
    told = await stand.pass_s(10)
    assert (330, "a", SendReason.ACKNOWLEDGEMENT_ENDED) in told
    assert {channel for _, channel, _ in told} == {"a", "b"}
    assert len(told) == 2


async def test_an_acknowledgement_that_ended_while_nothing_ran_is_told_of():
    stand = Watched()
    alert = an_alert()
    await stand.fire(alert)
    stand.desk.given = [an_acknowledgement(alert, 30, 330)]
    await stand.clock.advance(400)
    assert await stand.pass_s(5) == [(401, "a", SendReason.ACKNOWLEDGEMENT_ENDED)]


async def test_a_higher_severity_than_acknowledged_is_told():
    stand = Watched()
    alert = an_alert()
    await stand.fire(alert)
    stand.desk.given = [an_acknowledgement(alert, 10, 1_000)]
    await stand.pass_s(20)
    worse = msgspec.structs.replace(alert, severity=Severity.CRITICAL, value_at_ns=stand.clock.now_ns())
    stand.alerts = [worse]
    await stand.put(a_row(worse, SendReason.RAISED))
    assert [item.severity for item in stand.channels["a"].items] == [Severity.HIGH, Severity.CRITICAL]
    assert await stand.pass_s(60) == []


async def test_what_changes_in_place_all_the_time_escalates_all_the_same():
    stand = Watched(
        a_setup("a", "b", routes=(a_route(escalations=(Escalation(after_s=60, channels=("b",)),)),))
    )
    alert = an_alert()
    await stand.fire(alert)
    change = a_row(alert, SendReason.UPDATED, channel="b", due_ns=T + 1_000 * SECOND)
    await stand.outbox.add([change])
    assert await stand.pass_s(100) == [(60, "b", SendReason.UPDATED), (60, "b", SendReason.ESCALATED)]


@pytest.mark.parametrize("is_restarted", [False, True])
async def test_what_outgrew_its_acknowledgement_escalates_when_nobody_acknowledges_it_anew(is_restarted):
    steps = (Escalation(after_s=60, channels=("b",)), Escalation(after_s=90, channels=("c",)))
    stand = Watched(a_setup("a", "b", "c", routes=(a_route(escalations=steps),)))
    alert = an_alert()
    await stand.fire(alert)
    assert await stand.pass_s(70) == [(60, "b", SendReason.ESCALATED)]
    stand.desk.given = [an_acknowledgement(alert, 70, 10_000)]
    assert await stand.pass_s(80) == []
    worse = msgspec.structs.replace(alert, severity=Severity.CRITICAL, value_at_ns=stand.clock.now_ns())
    stand.alerts = [worse]
    await stand.put(a_row(worse, SendReason.RAISED))
    if is_restarted:
        stand.new_followups()
    told = await stand.pass_s(100)
    if is_restarted:
        assert {channel for _, channel, _ in told} == {"b", "c"}
    else:
        # Whoever knew hears soon that it has become worse; the steps begin anew, and nobody is called at once.
        assert [(channel, reason) for _, channel, reason in told] == [
            ("b", SendReason.RAISED),
            ("b", SendReason.ESCALATED),
            ("c", SendReason.ESCALATED),
        ]
        assert [at - 150 for at, _, reason in told if reason is SendReason.ESCALATED] == [61, 91]


@pytest.mark.parametrize("told_before", [False, True])
async def test_what_still_fires_when_a_silence_ends_is_told_then(told_before):
    stand = Watched()
    silence = a_silence(5 if told_before else 0, 100)
    if not told_before:
        stand.desk.silenced = [silence]
    await stand.fire(an_alert())
    stand.desk.silenced = [silence]
    assert len(stand.channels["a"].items) == told_before
    assert await stand.pass_s(99) == []
    assert await stand.pass_s(30) == [(100, "a", SendReason.SILENCE_ENDED)]


async def test_a_silence_that_is_ended_early_ends_then():
    stand = Watched()
    stand.desk.silenced = [a_silence(0, 1_000)]
    await stand.fire(an_alert())
    await stand.pass_s(50)
    stand.desk.silenced = [a_silence(0, 1_000, ended_at_ns=T + 50 * SECOND)]
    assert await stand.pass_s(30) == [(51, "a", SendReason.SILENCE_ENDED)]
    assert "silenced by eve" in stand.outbox.why(1)


async def test_an_inhibition_that_ends_tells_only_what_was_never_told():
    down = an_alert(7, rule="account-stale", measure="account.is_stale", account="mm-1")
    notice = an_alert(
        8, rule="data-missing", measure="", account="mm-1", is_unknown_notice=True, key="?|account|mm-1"
    )
    stand = Watched()
    stand.alerts = [down]
    await stand.put(a_row(down))
    await stand.fire(notice)
    assert "inhibited by account-stale" in stand.outbox.why(2)
    await stand.pass_s(60)
    stand.alerts = [notice]
    assert await stand.pass_s(20) == [(61, "a", SendReason.INHIBITION_ENDED)]
    stand.alerts = [down, notice]
    await stand.pass_s(20)
    stand.alerts = [notice]
    assert await stand.pass_s(20) == []


async def test_what_fires_and_was_told_nowhere_is_told_after_a_moment():
    stand = Watched()
    stand.alerts = [an_alert()]
    assert await stand.pass_s(30) == [(11, "a", SendReason.FIRED)]


async def test_what_waits_in_the_outbox_is_not_asked_for_again():
    stand = Watched(a_setup(routes=(a_route(repeat_every_s=60.0),)))
    await stand.fire(an_alert())
    stand.channels["a"].send = None
    await stand.pass_s(200)
    waiting = [row for row in stand.outbox.rows.values() if row.state is RowState.WAITING]
    assert len(waiting) == 1


async def test_pending_alerts_are_nobodys_business():
    stand = Watched()
    from marginwatch.model.alert import AlertState

    stand.alerts = [an_alert(state=AlertState.PENDING, fired_at_ns=None)]
    assert await stand.pass_s(60) == []
