"""A restart tells nothing anew, counts no time in which nobody looked, and ends only what is certainly gone."""

from tests.rules.desk import Desk, kinds, ns_at, steps, usage_rule

from marginwatch.model.alert import AlertState
from marginwatch.model.severity import Severity
from marginwatch.model.silence import Matcher
from marginwatch.rules.definition import Rule

LOSS = Rule(name="loss", measure="position.loss", side="above", steps=steps((Severity.HIGH, 0.5, 0.5)))
NET = Rule(name="net", measure="asset.net", side="above", steps=steps((Severity.HIGH, 0.5, 0.5)))


def test_what_fires_goes_on_firing_and_is_not_told_again() -> None:
    desk = Desk(usage_rule(keep_firing_for_s=10.0))
    desk.usage(0, 0.9)
    fired = desk.told[0].alert
    desk.restart(100, 5)
    assert desk.book.open_alerts() == (fired,)
    assert desk.usage(101, 0.9) == []
    (still,) = desk.book.open_alerts()
    assert (still.alert_id, still.fired_at_ns, still.state) == (
        fired.alert_id,
        fired.fired_at_ns,
        AlertState.FIRING,
    )
    desk.restart(200, 101)
    assert desk.usage(201, 0.1) == []  # it must be back for ten seconds that somebody saw
    assert desk.usage(211, 0.1) == ["resolved"]
    assert desk.told[-1].alert.alert_id == fired.alert_id


def test_time_without_anybody_looking_moves_no_timer() -> None:
    desk = Desk(usage_rule(for_s=60.0))
    desk.usage(0, 0.6)
    desk.restart(1_000, 20)
    assert desk.usage(1_001, 0.6) == ["known_again"]
    assert desk.usage(1_040.9, 0.6) == []
    desk.restart(5_000, 1_031)
    assert desk.usage(5_001, 0.6) == ["known_again"]
    assert desk.usage(5_010.9, 0.6) == []
    assert desk.usage(5_011, 0.6) == ["fired"]
    assert desk.told[-1].alert.pending_since_ns == ns_at(0)


def test_a_pause_goes_on_over_a_restart() -> None:
    desk = Desk(usage_rule(for_s=60.0), unknown_after_s=1e6)
    desk.usage(0, 0.6)
    assert desk.usage(20, None) == ["went_unknown"]
    desk.restart(1_000, 500)
    assert desk.usage(1_001, None) == []
    assert desk.usage(1_100, 0.6) == ["known_again"]
    assert desk.usage(1_139.9, 0.6) == []
    assert desk.usage(1_140, 0.6) == ["fired"]


def test_who_was_not_heard_since_the_start_keeps_its_alert() -> None:
    desk = Desk(usage_rule())
    desk.at(0, {"account.usage": {"a": 0.9, "b": 0.9}})
    desk.restart(100, 5)
    assert desk.at(101, {"account.usage": {"a": 0.1, "b": 0.1}}, judged={"account": ()}) == []
    assert (
        desk.at(102, {"account.usage": {"a": None, "b": 0.1}}, judged={"account": ("b",)})[
            0
        ].alert.subject.name
        == "b"
    )
    assert [alert.subject.name for alert in desk.book.open_alerts()] == ["a"]
    assert kinds(desk.at(103, {"account.usage": {"a": None, "b": 0.1}})) == ["went_unknown"]


def test_rules_and_subjects_that_are_gone_end_after_the_first_judged_frame_and_say_so() -> None:
    desk = Desk(usage_rule(), usage_rule("old"), usage_rule("picky"))
    desk.at(0, {"account.usage": {"a": 0.9, "b": 0.9}})
    desk.restart(100, 5, usage_rule(), usage_rule("picky", only=(Matcher("desk", "x"),)))
    values = {"account.usage": {"a": 0.9}}
    assert desk.at(101, values, judged={"account": ()}) == []
    assert desk.at(101.5, values, lane=["a"]) == []
    told = desk.at(102, values)
    assert {(one.alert.rule, one.alert.subject.name) for one in told} == {
        ("old", "a"), ("old", "b"), ("picky", "a"), ("picky", "b"), ("usage", "b"),
    }  # fmt: skip
    assert all(str(one.kind) == "resolved" and "gone" in one.alert.context for one in told)
    assert desk.at(103, values) == []


def test_a_position_is_gone_once_its_own_account_was_heard() -> None:
    desk = Desk(LOSS, usage_rule())
    desk.at(0, {"position.loss": {"a/BTC/net": 0.9, "b/BTC/net": 0.9}, "account.usage": {"a": 0.1, "b": 0.1}})
    desk.restart(100, 5)
    values = {"position.loss": {"b/ETH/net": 0.1}, "account.usage": {"a": 0.1, "b": 0.1}}
    told = desk.at(101, values, judged={"account": ("b",)})
    assert [one.alert.subject.name for one in told] == ["b/BTC/net"]
    assert [one.alert.subject.name for one in desk.at(102, values)] == ["a/BTC/net"]


def test_a_coin_is_gone_once_everybody_was_heard() -> None:
    desk = Desk(NET)
    desk.at(0, {"asset.net": {"BTC": 0.9, "ETH": 0.1}, "portfolio.var": {"all": 0.1}})
    desk.restart(100, 5)
    values = {"asset.net": {"ETH": 0.1}, "portfolio.var": {"all": 0.1}}
    assert desk.at(101, values, judged={"portfolio": ()}) == []
    assert kinds(desk.at(102, values)) == ["resolved"]


def test_a_changed_ladder_takes_an_alert_over_at_the_rung_of_its_severity() -> None:
    desk = Desk(usage_rule())
    desk.usage(0, 0.9)
    more = usage_rule(
        steps=steps((Severity.INFO, 0.3, 0.3), (Severity.HIGH, 0.4, 0.4), (Severity.CRITICAL, 0.95, 0.85))
    )
    desk.restart(100, 5, more)
    assert desk.usage(101, 0.9) == []
    assert desk.usage(102, 0.84) == ["lowered"]
    assert desk.told[-1].alert.severity == Severity.HIGH


def test_a_notice_is_neither_told_again_nor_over_before_its_owner_is_heard() -> None:
    desk = Desk(usage_rule(), unknown_after_s=5.0)
    desk.usage(0, None)
    assert desk.usage(5, None) == ["fired"]
    desk.restart(100, 5)
    assert [alert.key for alert in desk.book.open_alerts()] == ["?|account|a"]
    assert desk.usage(101, 0.1, judged={"account": ()}) == []
    assert desk.usage(102, None) == []
    assert desk.usage(200, None) == []
    assert desk.usage(201, 0.1) == ["resolved"]
    desk.usage(300, None)
    assert desk.usage(305, None) == ["fired"]
    desk.restart(400, 305)
    (resolved,) = desk.at(401, {"account.usage": {"b": 0.1}})
    assert resolved.alert.key == "?|account|a"
    assert "gone" in resolved.alert.context
    assert desk.book.open_alerts() == ()


def test_names_are_read_a_few_at_a_time_and_nothing_fires_anew_meanwhile() -> None:
    desk = Desk(usage_rule(), edges_max=10)
    values = {"account.usage": {f"a{n}": 0.9 for n in range(35)}}
    for second in range(4):
        desk.at(second, values)
    desk.restart(100, 4)
    assert [desk.at(101 + second, values) for second in range(6)] == [[]] * 6
    assert len(desk.book.open_alerts()) == 35


def test_what_is_on_its_way_after_a_start_makes_nothing_unknown_for_a_while() -> None:
    desk = Desk(usage_rule(), settle_s=10.0)
    desk.at(0, {"account.usage": {"a": 0.9, "b": 0.9}})
    desk.restart(100, 5)
    both = {"account.usage": {"a": None, "b": None}}
    # Time begins to run for each when it is heard, however long that takes.
    assert desk.at(150, both, judged={"account": ()}) == []
    assert desk.at(160, both, judged={"account": ("a",)}) == []
    assert desk.at(161, both, lane=["a"], judged={"account": ("a",)}) == []
    assert [one.alert_id for one in desk.book.open_alerts()] == [one.alert.alert_id for one in desk.told[:2]]
    assert all(one.unknown_since_ns is None for one in desk.book.open_alerts())
    assert desk.at(169.9, both) == []
    told = desk.at(170, both)
    assert [(one.alert.subject.name, str(one.kind)) for one in told] == [("a", "went_unknown")]
    assert told[0].alert.unknown_since_ns == ns_at(170)
    # The other one's number came in time; that it is missing again later is told at once.
    assert desk.at(175, {"account.usage": {"a": 0.9, "b": 0.9}})[0].alert.subject.name == "a"
    assert kinds(desk.at(176, both)) == ["went_unknown", "went_unknown"]


def test_what_settles_fires_on_and_ends_as_any_other() -> None:
    desk = Desk(usage_rule(for_s=60.0), settle_s=10.0)
    desk.at(0, {"account.usage": {"a": 0.9, "b": 0.9, "c": 0.9}})
    desk.restart(100, 40)
    assert desk.at(101, {"account.usage": {"a": None, "b": None, "c": None}}) == []
    told = desk.at(105, {"account.usage": {"a": 0.1, "b": 0.9, "c": None}})
    assert {one.alert.subject.name: str(one.kind) for one in told} == {"a": "calmed", "b": "known_again"}
    # Twenty seconds of the sixty were still to come, and nobody judged before.
    assert kinds(desk.at(124.9, {"account.usage": {"b": 0.9, "c": None}})) == ["went_unknown"]
    assert kinds(desk.at(125, {"account.usage": {"b": 0.9, "c": None}})) == ["fired"]


def test_what_was_unknown_before_a_start_stays_so() -> None:
    desk = Desk(usage_rule(), settle_s=10.0)
    desk.usage(0, 0.9)
    assert desk.usage(1, None) == ["went_unknown"]
    desk.restart(100, 5)
    assert desk.usage(101, None) == []
    (still,) = desk.book.open_alerts()
    assert still.unknown_since_ns == ns_at(1)
    assert desk.usage(102, 0.9) == ["known_again"]


def test_a_clock_set_back_makes_nothing_settle_longer() -> None:
    desk = Desk(usage_rule(), settle_s=10.0)
    desk.usage(0, 0.9)
    desk.restart(10_000, 5)
    assert desk.usage(10_001, None) == []
    assert desk.usage(6_405, None) == []
    assert desk.usage(6_414, None) == []
    assert desk.usage(6_416, None) == ["went_unknown"]
