"""Which rows a transition makes, and when they are due."""

import msgspec
from tests.notify.samples import SECOND, T, a_setup, a_transition, an_alert, over

from marginwatch.model.alert import Subject, TransitionKind
from marginwatch.model.delivery import SendReason
from marginwatch.model.severity import Severity
from marginwatch.model.silence import Matcher
from marginwatch.notify.planner import rows_for
from marginwatch.notify.settings import Route


def rows(setup, *transitions, editing=()):
    return rows_for(transitions, setup, T, editing=editing)


def a_route(name, *channels, match=(), **changed):
    return Route(name=name, channels=channels, matchers=tuple(Matcher.parse(one) for one in match), **changed)


def test_without_a_route_every_channel_is_told():
    found = rows(a_setup("a", "b"), a_transition(TransitionKind.FIRED, an_alert()))
    assert [(row.channel, row.reason) for row in found] == [("a", SendReason.FIRED), ("b", SendReason.FIRED)]
    assert {row.transition_id for row in found} == {"fired-alert-1-1"}


def test_what_is_pending_or_was_concerns_nobody():
    alert = an_alert()
    kinds = (TransitionKind.PENDING, TransitionKind.CALMED)
    assert rows(a_setup(), *(a_transition(kind, alert) for kind in kinds)) == ()
    never_fired = msgspec.structs.replace(over(alert), fired_at_ns=None)
    assert rows(a_setup(), a_transition(TransitionKind.RESOLVED, never_fired)) == ()


def test_the_first_route_that_matches_takes_it_unless_it_is_continued():
    routes = (
        a_route("worst", "b", match=["severity=critical"], is_continued=True),
        a_route("desk", "a", match=["account=~mm-.*"]),
        a_route("rest", "c"),
    )
    setup = a_setup("a", "b", "c", routes=routes)
    told = {
        severity: [
            row.channel
            for row in rows(setup, a_transition(TransitionKind.FIRED, an_alert(severity=severity)))
        ]
        for severity in (Severity.CRITICAL, Severity.HIGH)
    }
    assert told == {Severity.CRITICAL: ["b", "a"], Severity.HIGH: ["a"]}


def test_what_no_route_wants_goes_to_every_channel():
    setup = a_setup("a", "b", routes=(a_route("worst", "b", match=["severity=critical"]),))
    found = rows(setup, a_transition(TransitionKind.FIRED, an_alert()))
    assert [row.channel for row in found] == ["a", "b"]


def test_the_route_that_a_rule_names_is_the_only_one():
    setup = a_setup("a", "b", routes=(a_route("all", "a"), a_route("own", "b", match=["account=nobody"])))
    assert [
        row.channel for row in rows(setup, a_transition(TransitionKind.FIRED, an_alert(route="own")))
    ] == ["b"]
    # A name that there is not must not swallow the alert.
    assert [row.channel for row in rows(setup, a_transition(TransitionKind.FIRED, an_alert(route="x")))] == [
        "a"
    ]


def test_a_channel_is_told_once_a_transition_whatever_leads_there():
    routes = (a_route("one", "a", is_continued=True), a_route("two", "a"))
    assert len(rows(a_setup("a", routes=routes), a_transition(TransitionKind.FIRED, an_alert()))) == 1


def test_milder_alerts_than_a_channel_wants_are_left_out_until_they_rise():
    setup = a_setup("a", "b", b={"min_severity": "critical"})
    mild, worse = an_alert(), an_alert(severity=Severity.CRITICAL)
    assert [row.channel for row in rows(setup, a_transition(TransitionKind.FIRED, mild))] == ["a"]
    assert [row.channel for row in rows(setup, a_transition(TransitionKind.RAISED, worse))] == ["a", "b"]


def test_the_end_goes_wherever_the_beginning_may_have_been_told():
    routes = (a_route("worst", "b", match=["severity=critical"]), a_route("rest", "a"))
    setup = a_setup("a", "b", routes=routes, b={"min_severity": "critical"})
    found = rows(setup, a_transition(TransitionKind.RESOLVED, over(an_alert())))
    assert [row.channel for row in found] == ["a", "b"]


def test_critical_alerts_are_due_at_once_and_others_after_their_groups_wait():
    setup = a_setup(routes=(a_route("all", "a", group_wait_s=7.0),))
    due = [
        rows(setup, a_transition(TransitionKind.FIRED, an_alert(severity=severity)))[0].due_ns - T
        for severity in (Severity.CRITICAL, Severity.HIGH)
    ]
    assert due == [0, 7 * SECOND]


def test_groups_are_made_of_the_labels_that_the_route_names():
    def groups(*labels):
        setup = a_setup(routes=(a_route("all", "a", group_by=labels),))
        alerts = (an_alert(1), an_alert(2), an_alert(3, rule="other"))
        return len({rows(setup, a_transition(TransitionKind.FIRED, one))[0].group for one in alerts})

    assert (groups("account"), groups("rule"), groups(), groups("rule", "account")) == (3, 2, 1, 3)


def test_quiet_changes_only_reach_channels_that_edit():
    kinds = (TransitionKind.LOWERED, TransitionKind.WENT_UNKNOWN, TransitionKind.KNOWN_AGAIN)
    changes = [a_transition(kind, an_alert()) for kind in kinds]
    assert rows(a_setup("a", "b"), *changes) == ()
    found = rows(a_setup("a", "b"), *changes, editing={"b"})
    assert [(row.channel, row.reason) for row in found] == [("b", SendReason.UPDATED)] * 3


def test_what_is_wrong_with_a_channel_is_told_by_all_others():
    def failing(name):
        subject = Subject(scope="channel", name=name)
        return a_transition(
            TransitionKind.FIRED,
            an_alert(subject=subject, measure="channel.is_failing", labels={"scope": "channel"}),
        )

    setup = a_setup("a", "b", "c", routes=(a_route("all", "a"),), b={"min_severity": "critical"})
    assert [row.channel for row in rows(setup, failing("a"))] == ["b", "c"]
    assert [row.channel for row in rows(setup, failing("b"))] == ["a", "c"]
    assert [row.channel for row in rows(a_setup("a"), failing("a"))] == ["a"]


def test_a_change_in_place_waits_for_the_next_whatever_the_severity():
    alert = an_alert(severity=Severity.CRITICAL)
    for wait_s, due_s in ((2.0, 5), (20.0, 20)):
        setup = a_setup("a", routes=(a_route("all", "a", group_wait_s=wait_s),))
        found = rows(setup, a_transition(TransitionKind.WENT_UNKNOWN, alert), editing={"a"})
        assert [row.due_ns - T for row in found] == [due_s * SECOND]


def test_a_rule_may_want_the_default_route_whatever_the_others_match():
    setup = a_setup("a", "b", routes=(a_route("all", "a"),))
    found = rows(setup, a_transition(TransitionKind.FIRED, an_alert(route="default")))
    assert [row.channel for row in found] == ["a", "b"]
