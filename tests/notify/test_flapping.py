"""An hour at the threshold: no more messages than hysteresis and the repeat interval allow."""

import random
from itertools import pairwise

import numpy as np
import pytest
from tests.notify.samples import SECOND, T, a_setup
from tests.notify.test_followups import Watched

from marginwatch.model.delivery import SendReason
from marginwatch.model.severity import Severity
from marginwatch.notify.planner import rows_for
from marginwatch.notify.settings import Escalation, Route
from marginwatch.rules.column import Measure
from marginwatch.rules.definition import Rule, Step
from marginwatch.rules.rulebook import RuleBook
from marginwatch.rules.series import SeriesRows, SeriesSource

USAGE = Measure(
    "account.maintenance_margin_usage",
    "account",
    "fraction",
    0.0,
    np.inf,
    "Of margin.",
    lambda source: source.column(USAGE),
)
HOUR_S = 3_600


def a_rule(**changed):
    given = {
        "steps": (
            Step(severity=Severity.HIGH, bound=0.70, clear=0.65),
            Step(severity=Severity.CRITICAL, bound=0.85, clear=0.80),
        ),
        "for_s": 0.0,
        "keep_firing_for_s": 0.0,
    }
    return Rule(name="margin", measure=USAGE.name, side="above", **{**given, **changed})


async def an_hour(rule, usage_at, *, repeat_every_s=900.0, escalations=()):
    """Return what was told in an hour in which ``usage_at(second)`` was measured each second."""
    routes = (
        Route(
            name="all",
            channels=("a",),
            escalations=escalations,
            group_wait_s=2.0,
            group_interval_s=30.0,
            repeat_every_s=repeat_every_s,
        ),
    )
    stand = Watched(a_setup("a", "b", routes=routes))
    book, series = RuleBook([rule], {USAGE.name: USAGE}), SeriesRows()
    n_transitions = 0
    for second in range(HOUR_S):
        await stand.clock.advance(1)
        now_ns = stand.clock.now_ns()
        transitions = book.evaluate(
            SeriesSource(now_ns, {USAGE.name: {"mm-1": usage_at(second)}}, rows=series)
        )
        n_transitions += len(transitions)
        stand.alerts = list(book.open_alerts())
        await stand.outbox.add(rows_for(transitions, stand.setup, now_ns))
        await stand.followups.look()
        for name in ("a", "b"):
            due_ns = await stand.outbox.next_due_ns(name)
            if due_ns is not None and due_ns <= now_ns:
                await stand.turn(name)
    sent = [one for one in stand.outbox.deliveries if one.is_delivered]
    reasons = [stand.outbox.rows[row_id].reason for one in sent for row_id in one.row_ids]
    return sent, reasons, n_transitions


async def test_noise_within_the_hysteresis_is_one_alert_told_at_its_repeat_interval():
    chance = random.Random(5)
    sent, reasons, _ = await an_hour(a_rule(), lambda _: chance.uniform(0.66, 0.74))
    # Fired within the first seconds; 900 s after each message the next one, of which four fit at most.
    assert reasons == [SendReason.FIRED] + [SendReason.REPEATED] * 3
    assert len(sent) == 4


async def test_keep_firing_for_makes_one_alert_of_what_crosses_the_hysteresis_too():
    sent, reasons, _ = await an_hour(
        a_rule(keep_firing_for_s=60.0), lambda second: 0.72 if second % 20 < 10 else 0.5
    )
    assert reasons == [SendReason.FIRED] + [SendReason.REPEATED] * 3
    assert len(sent) == 4


async def test_for_lets_nobody_hear_of_spikes():
    sent, _, n_transitions = await an_hour(
        a_rule(for_s=30.0), lambda second: 0.72 if second % 20 < 10 else 0.5
    )
    assert sent == []
    assert n_transitions > 300


async def test_a_ladder_climbed_up_and_down_all_hour_is_told_once_a_severity():
    def usage_at(second):
        return (0.72, 0.9)[second // 10 % 2]

    sent, reasons, n_transitions = await an_hour(a_rule(), usage_at, repeat_every_s=7_200.0)
    assert reasons == [SendReason.FIRED, SendReason.RAISED]
    assert len(sent) == 2
    assert n_transitions > 300


async def test_real_crossings_without_any_damping_are_bounded_by_the_groups_interval():
    """The worst case: no hysteresis worth the name, a new alert every 20 seconds, each fired and over."""
    sent, _, n_transitions = await an_hour(a_rule(), lambda second: 0.72 if second % 20 < 10 else 0.5)
    assert n_transitions > 350
    assert len(sent) <= HOUR_S / 30 + 1


async def test_escalations_add_their_own_and_no_more():
    repeat_every_s = 1_200.0
    step = (Escalation(after_s=300, channels=("b",)),)
    sent, reasons, _ = await an_hour(
        a_rule(), lambda _: 0.75, repeat_every_s=repeat_every_s, escalations=step
    )
    by_channel = {name: [one.at_ns for one in sent if one.channel == name] for name in ("a", "b")}
    for times in by_channel.values():
        assert all(later - before >= repeat_every_s * SECOND for before, later in pairwise(times))
    assert reasons.count(SendReason.ESCALATED) == 1
    assert by_channel["b"][0] - T == pytest.approx(301 * SECOND, abs=2 * SECOND)
