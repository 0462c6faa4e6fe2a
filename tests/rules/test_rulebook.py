"""Each change that an alert can go through, by example."""

import math

import pytest
from tests.rules.desk import MEASURES, START_NS, Desk, kinds, ns_at, steps, stored, usage_rule

from marginwatch.model.alert import AlertState, TransitionKind
from marginwatch.model.severity import Severity
from marginwatch.model.silence import Matcher
from marginwatch.risk.answers import Answer
from marginwatch.rules.definition import Rule
from marginwatch.rules.identifiers import Identifiers
from marginwatch.rules.rulebook import RuleBook
from marginwatch.rules.series import Doubtful


def test_a_rule_that_waits_is_pending_first_and_fires_when_its_time_is_over() -> None:
    desk = Desk(usage_rule(for_s=10.0))
    assert desk.usage(0, 0.5) == []
    assert desk.usage(1, 0.51) == ["pending"]
    assert desk.usage(5, 0.6) == []
    assert desk.usage(10.9, 0.6) == []
    assert desk.usage(11, 0.6) == ["fired"]
    assert desk.usage(12, 0.6) == []
    fired = desk.told[-1].alert
    assert (fired.state, fired.pending_since_ns, fired.fired_at_ns) == (
        AlertState.FIRING,
        ns_at(1),
        ns_at(11),
    )


def test_a_pending_alert_that_comes_back_calms_and_nobody_heard_of_it() -> None:
    desk = Desk(usage_rule(for_s=10.0))
    desk.usage(0, 0.6)
    assert desk.usage(5, 0.46) == []  # within the bound, not yet within what it is left at
    assert desk.usage(6, 0.45) == ["calmed"]
    assert desk.usage(7, 0.46) == []
    assert desk.book.open_alerts() == ()


def test_a_worse_rung_while_pending_raises_the_severity_and_not_the_time() -> None:
    desk = Desk(usage_rule(for_s=10.0))
    desk.usage(0, 0.6)
    assert desk.usage(8, 0.9) == []
    (pending,) = desk.book.open_alerts()
    assert (pending.state, pending.severity, pending.labels["severity"]) == (
        "pending",
        Severity.CRITICAL,
        "critical",
    )
    assert desk.usage(10, 0.9) == ["fired"]
    assert (desk.told[-1].alert.severity, desk.told[-1].alert.bound) == (Severity.CRITICAL, 0.8)


def test_a_ladder_is_one_alert_that_rises_and_falls() -> None:
    desk = Desk(usage_rule())
    assert desk.usage(0, 0.6) == ["fired"]
    assert desk.usage(1, 0.81) == ["raised"]
    assert desk.usage(2, 0.71) == []
    assert desk.usage(3, 0.7) == ["lowered"]
    assert desk.usage(4, 0.8) == []
    assert desk.usage(5, 0.45) == ["resolved"]
    assert len({one.alert.alert_id for one in desk.told}) == 1
    assert [one.alert.severity for one in desk.told] == [20, 40, 20, 20]
    assert desk.usage(6, 0.6) == ["fired"]
    assert desk.told[-1].alert.alert_id != desk.told[0].alert.alert_id
    assert desk.told[-1].alert.key == desk.told[0].alert.key == "usage|account|a"


def test_it_resolves_only_after_it_was_back_for_as_long_as_the_rule_keeps_firing() -> None:
    desk = Desk(usage_rule(keep_firing_for_s=30.0))
    desk.usage(0, 0.6)
    assert desk.usage(10, 0.1) == []
    assert desk.usage(39, 0.1) == []
    assert desk.usage(39.5, 0.6) == []
    assert desk.usage(41, 0.1) == []
    assert desk.usage(70.9, 0.1) == []
    assert desk.usage(71, 0.1) == ["resolved"]


def test_what_is_below_can_be_bad_and_what_is_not_in_range_is_fine() -> None:
    rule = Rule(
        name="near", measure="account.distance", side="below", steps=steps((Severity.HIGH, 0.1, 0.12))
    )
    desk = Desk(rule)

    def distance(now_s: float, value: object) -> list[str]:
        return kinds(desk.at(now_s, {"account.distance": {"a": value}}))  # type: ignore[dict-item]

    assert distance(0, Answer.NONE_IN_RANGE) == []
    assert distance(1, 0.1) == []
    assert distance(2, 0.09) == ["fired"]
    assert distance(3, 0.11) == []
    assert distance(4, Answer.NONE_IN_RANGE) == ["resolved"]
    assert desk.told[-1].alert.value is None


def test_a_magnitude_counts_falls_as_rises_and_shows_which_it_was() -> None:
    rule = Rule(
        name="net",
        measure="asset.net",
        side="above",
        is_magnitude=True,
        steps=steps((Severity.HIGH, 0.2, 0.2)),
    )
    desk = Desk(rule)
    told = desk.at(0, {"asset.net": {"BTC": -0.3, "ETH": 0.1, "SOL": 0.25}})
    assert {one.alert.subject.name: one.alert.value for one in told} == {"BTC": -0.3, "SOL": 0.25}


def test_nothing_resolves_on_missing_or_doubtful_data_and_timers_rest() -> None:
    desk = Desk(usage_rule(for_s=10.0, keep_firing_for_s=5.0), unknown_after_s=1e6)
    desk.usage(0, 0.6)
    assert desk.usage(4, None) == ["went_unknown"]
    assert desk.usage(500, None) == []
    assert desk.usage(501, 0.6) == ["known_again"]
    assert desk.usage(506.9, 0.6) == []
    assert desk.usage(507, 0.6) == ["fired"]
    assert desk.usage(508, Doubtful(0.1)) == ["went_unknown"]
    assert desk.told[-1].alert.unknown_reason == "doubtful in the series"
    assert (desk.told[-1].alert.value, desk.told[-1].alert.state) == (0.6, AlertState.FIRING)
    assert desk.usage(520, Answer.MISSING) == []
    assert desk.usage(530, 0.1) == ["known_again"]
    assert desk.usage(533, None) == ["went_unknown"]
    assert desk.usage(600, 0.1) == ["known_again"]
    assert desk.usage(601.9, 0.1) == []
    assert desk.usage(602, 0.1) == ["resolved"]


def test_a_doubtful_number_out_of_bounds_fires_and_rises_and_never_lowers() -> None:
    desk = Desk(usage_rule())
    assert desk.usage(0, Doubtful(0.4)) == []
    assert desk.usage(1, Doubtful(0.6)) == ["fired"]
    assert desk.usage(2, Doubtful(0.9)) == ["raised"]
    assert desk.usage(3, Doubtful(0.6)) == []
    assert desk.usage(4, Doubtful(0.2)) == ["went_unknown"]
    assert desk.usage(5, 0.6) == ["known_again", "lowered"]
    assert desk.usage(6, 0.2) == ["resolved"]


def test_who_was_never_heard_is_not_judged_and_not_missing_either() -> None:
    desk = Desk(usage_rule(for_s=10.0), unknown_after_s=5.0)
    nobody = {"account": ()}
    assert desk.usage(0, None, judged=nobody) == []
    assert desk.usage(100, 0.9, judged=nobody) == []
    assert desk.usage(101, 0.9) == ["pending"]
    assert desk.usage(105, 0.1, judged=nobody) == []
    assert desk.usage(900, 0.9) == ["known_again"]
    assert desk.usage(905.9, 0.9) == []
    assert desk.usage(906, 0.9) == ["fired"]


def test_a_subject_that_is_gone_resolves_and_says_so() -> None:
    desk = Desk(usage_rule(), usage_rule("slow", for_s=60.0))
    desk.at(0, {"account.usage": {"a": 0.9, "b": 0.1}})
    told = desk.at(1, {"account.usage": {"b": 0.1}})
    assert sorted(kinds(told)) == ["calmed", "resolved"]
    assert all("gone" in one.alert.context for one in told)
    assert desk.usage(2, 0.9) == ["fired", "pending"]


def test_only_those_whose_labels_match_are_judged() -> None:
    desk = Desk(usage_rule(only=(Matcher("tag", "hedged"), Matcher("desk", "x", is_negated=True))))
    labels = {"a": {"tags": ",hedged,"}, "b": {"tags": ",other,"}, "c": {"tags": ",hedged,", "desk": "x"}}
    told = desk.at(0, {"account.usage": dict.fromkeys("abc", 0.9)}, labels)
    assert [one.alert.subject.name for one in told] == ["a"]
    assert desk.book.standings()[0].n_judged == 1


def test_nobody_is_bothered_below_the_least_and_nothing_ends_because_that_is_missing() -> None:
    desk = Desk(usage_rule(at_least={"n_positions": 4.0, "equity_usd": 1e6}))

    def look(now_s: float, usage: object, positions: object, equity: object = 2e6) -> list[str]:
        values = {"account.usage": usage, "account.n_positions": positions, "account.equity_usd": equity}
        return kinds(desk.at(now_s, {name: {"a": value} for name, value in values.items()}))  # type: ignore[misc]

    assert look(0, 0.9, 3.0) == []
    assert look(1, 0.9, None) == []
    assert look(2, 0.9, 4.0, 1e5) == []
    assert look(3, 0.9, 4.0) == ["fired"]
    assert look(4, 0.9, None) == ["went_unknown"]
    assert desk.told[-1].alert.unknown_reason == "n_positions: missing in the series"
    assert look(5, 0.9, 3.0, None) == []
    assert look(6, 0.9, 4.0) == ["known_again"]
    assert look(7, 0.9, 3.0) == ["resolved"]


def test_a_change_is_judged_once_the_window_is_full_and_only_of_the_same_subject() -> None:
    rule = Rule(
        name="move", measure="asset.net", side="above", is_magnitude=True, is_relative=True, change_over_s=60.0,
        steps=steps((Severity.HIGH, 0.05, 0.04)),
    )  # fmt: skip
    desk = Desk(rule, unknown_after_s=5.0)
    for second in range(60):
        assert desk.at(second, {"asset.net": {"BTC": 100.0 + second * 0.05}}) == []
    assert desk.at(60, {"asset.net": {"BTC": 104.9}}) == []
    (fired,) = desk.at(61, {"asset.net": {"BTC": 94.9}})
    assert fired.alert.value == pytest.approx(94.9 / 100.05 - 1)
    assert (fired.alert.window_s, fired.alert.side, fired.alert.bound) == (60.0, "above", 0.05)
    assert kinds(desk.at(62, {"asset.net": {}})) == ["resolved"]
    assert desk.at(63, {"asset.net": {"BTC": 200.0}}) == []


def test_a_change_is_told_before_its_window_is_full_and_within_bounds_says_nothing_then() -> None:
    """A restart amid a fall does not wait for five minutes; and it takes no calm minute for the end of anything."""
    rule = Rule(
        name="move", measure="asset.net", side="above", is_magnitude=True, is_relative=True, change_over_s=60.0,
        steps=steps((Severity.HIGH, 0.05, 0.04)),
    )  # fmt: skip
    desk = Desk(rule, unknown_after_s=5.0)
    for second in range(20):
        assert desk.at(second, {"asset.net": {"BTC": 100.0}}) == []
    (fired,) = desk.at(20, {"asset.net": {"BTC": 94.0}})
    assert fired.alert.value == pytest.approx(-0.06)
    assert kinds(desk.at(21, {"asset.net": {"BTC": 99.0}})) == ["went_unknown"]
    for second in range(22, 60):
        assert desk.at(second, {"asset.net": {"BTC": 99.0}}) == []
    assert kinds(desk.at(60, {"asset.net": {"BTC": 99.0}})) == ["known_again", "resolved"]


def test_an_alert_has_all_that_it_is_told_with() -> None:
    rule = usage_rule(
        labels={"team": "night", "desk": "of the rule", "severity": "no"}, message="{value}", action="Reduce.",
        route="phones", repeat_every_s=600.0,
    )  # fmt: skip
    desk = Desk(rule)
    (fired,) = desk.at(7, {"account.usage": {"a": 0.9}}, {"a": {"venue": "bybit", "desk": "mm"}})
    alert = fired.alert
    assert alert.labels == {
        "account": "a", "venue": "bybit", "desk": "of the rule", "team": "night", "rule": "usage",
        "scope": "account", "severity": "critical",
    }  # fmt: skip
    assert (alert.value, alert.bound, alert.side, alert.unit, alert.measure) == (
        0.9,
        0.8,
        "above",
        "fraction",
        "account.usage",
    )
    assert (alert.message, alert.action, alert.route, alert.repeat_every_s) == (
        "{value}",
        "Reduce.",
        "phones",
        600.0,
    )
    assert (alert.value_at_ns, alert.data_age_s, alert.subject.account_id) == (ns_at(7), 0.0, "a")
    assert (fired.kind, fired.at_ns) == (TransitionKind.FIRED, ns_at(7))


def test_open_alerts_show_the_values_of_the_last_look() -> None:
    desk = Desk(usage_rule())
    desk.usage(0, 0.6)
    assert desk.usage(5, 0.61) == []
    (alert,) = desk.book.open_alerts()
    assert (alert.value, alert.value_at_ns) == (0.61, ns_at(5))
    desk.usage(6, None)
    (alert,) = desk.book.open_alerts()
    assert (alert.value, alert.value_at_ns, alert.unknown_since_ns) == (0.61, ns_at(5), ns_at(6))


def test_standings_say_how_far_the_worst_is_from_its_first_bound() -> None:
    near = Rule(
        name="near", measure="account.distance", side="below", steps=steps((Severity.HIGH, 0.1, 0.12))
    )
    desk = Desk(usage_rule(), usage_rule("slow", for_s=60.0), near)
    desk.at(
        0,
        {
            "account.usage": {"a": 0.2, "b": 0.7, "c": None},
            "account.distance": {"a": 0.3, "b": 0.25, "c": 0.9},
        },
    )
    usage, slow, distance = desk.book.standings()
    assert (usage.n_judged, usage.n_firing, usage.n_pending, usage.n_unknown) == (2, 1, 0, 1)
    assert (slow.n_firing, slow.n_pending) == (0, 1)
    assert usage.worst is not None
    assert (usage.worst.name, usage.value) == ("b", 0.7)
    assert usage.distance == pytest.approx(-0.2)
    assert distance.worst is not None
    assert (distance.worst.name, distance.value) == ("b", 0.25)
    assert distance.distance == pytest.approx(0.15)


def test_flapping_for_an_hour_is_told_as_rarely_as_the_rule_says() -> None:
    hysteresis = usage_rule("hysteresis")
    keeps = usage_rule("keeps", keep_firing_for_s=60.0)
    waits = usage_rule("waits", for_s=5.0)
    desk = Desk(hysteresis, keeps, waits)
    for second in range(3_600):
        desk.usage(second, 0.49 if second % 2 else 0.51)
    assert kinds(desk.told, "hysteresis") == ["fired"]
    wide = Desk(hysteresis, keeps, waits)
    for second in range(3_600):
        # Ten seconds out and ten within, across every bound that there is.
        wide.usage(second, 0.9 if second % 20 < 10 else 0.1)
    assert kinds(wide.told, "keeps") == ["fired"]
    assert kinds(wide.told, "hysteresis") == ["fired", "resolved"] * 180
    assert kinds(wide.told, "waits") == ["pending", "fired", "resolved"] * 180
    edge = Desk(keeps)
    for second in range(3_600):
        # Across the upper rung only: raised once, never lowered, though each time it is left for ten seconds.
        edge.usage(second, 0.9 if second % 20 < 10 else 0.6)
    assert kinds(edge.told) == ["fired"]


def test_too_much_at_once_takes_several_looks_the_worst_first_and_loses_nothing() -> None:
    desk = Desk(usage_rule(for_s=0.0), edges_max=10)
    values = {"account.usage": {f"a{n}": 0.9 if n % 4 == 0 else 0.6 for n in range(40)}}
    first = desk.at(0, values)
    assert [one.alert.severity for one in first] == [Severity.CRITICAL] * 10
    assert [len(desk.at(second, values)) for second in range(1, 5)] == [10, 10, 10, 0]
    assert len(desk.book.open_alerts()) == 40
    gone = [len(desk.at(second, {"account.usage": {"a0": 0.9}})) for second in range(5, 10)]
    assert gone == [10, 10, 10, 9, 0]


def test_a_lane_judges_its_accounts_and_touches_nobody_else() -> None:
    desk = Desk(usage_rule(), unknown_after_s=5.0)
    desk.at(0, {"account.usage": {"a": 0.1, "b": 0.6, "c": 0.1}})
    told = desk.at(0.1, {"account.usage": {"a": 0.6, "b": 0.1, "c": 0.9}}, lane=["a"])
    assert [(one.alert.subject.name, str(one.kind)) for one in told] == [("a", "fired")]
    assert desk.at(0.2, {"account.usage": {"a": 0.6, "b": 0.6, "c": 0.1}}) == []


def test_names_of_alerts_are_in_order_and_never_twice() -> None:
    give = Identifiers("x")
    names = [give(1_000), give(1_000), give(999), give(1_001), give(1_001)]
    assert names == sorted(set(names))
    assert Identifiers()(5) != Identifiers()(5)
    many = [give(2_000) for _ in range(70_000)]
    assert many == sorted(set(many))
    again = [RuleBook([usage_rule()], MEASURES, name=Identifiers("f")) for _ in range(2)]
    assert all(book.open_alerts() == () for book in again)


def test_bad_rules_are_refused_with_their_name() -> None:
    wrong = [
        ([usage_rule(), usage_rule()], "there twice"),
        ([usage_rule(measure="account.nothing")], "account.nothing"),
        ([usage_rule(at_least={"nothing": 1.0})], "account.nothing"),
        ([usage_rule(steps=steps((Severity.HIGH, 0.8, 0.7), (Severity.INFO, 0.5, 0.4)))], "mildest"),
        ([usage_rule(steps=steps((Severity.HIGH, 0.5, 0.6)))], "left within"),
    ]
    for rules, words in wrong:
        with pytest.raises(ValueError, match=words):
            RuleBook(rules, MEASURES)


def test_a_number_that_is_none_is_missing() -> None:
    desk = Desk(usage_rule())
    desk.usage(0, 0.9)
    assert desk.usage(1, math.nan) == ["went_unknown"]


def test_stored_alerts_are_those_that_are_open() -> None:
    desk = Desk(usage_rule())
    desk.usage(0, 0.9)
    assert [alert.alert_id for alert in stored(desk.told)] == [desk.told[0].alert.alert_id]
    desk.usage(1, 0.1)
    assert stored(desk.told) == []
    assert desk.told[0].at_ns == START_NS
