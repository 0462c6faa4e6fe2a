"""Who is told that data are missing, when, once, and what of."""

from tests.rules.desk import Desk, kinds, ns_at, steps, usage_rule

from marginwatch.model.severity import Severity
from marginwatch.model.silence import Matcher
from marginwatch.rules.definition import Rule
from marginwatch.rules.series import Doubtful

LOSS = Rule(name="loss", measure="position.loss", side="above", steps=steps((Severity.HIGH, 0.5, 0.5)))
NEAR = Rule(name="near", measure="account.distance", side="below", steps=steps((Severity.HIGH, 0.1, 0.1)))


def test_one_notice_for_an_account_whatever_of_it_is_missing() -> None:
    desk = Desk(usage_rule(), usage_rule("slow", for_s=60.0), NEAR, LOSS, unknown_after_s=30.0)
    values = {
        "account.usage": {"a": None, "b": 0.1},
        "account.distance": {"a": None, "b": 0.5},
        "position.loss": {"a/BTC/net": None, "a/ETH/net": None, "b/BTC/net": 0.1},
    }
    labels = {"a/BTC/net": {"venue": "bybit", "symbol": "BTCUSDT"}, "a": {"venue": "bybit"}}
    assert desk.at(0, values, labels) == []
    assert desk.at(29.9, values, labels) == []
    (fired,) = desk.at(30, values, labels)
    notice = fired.alert
    assert (str(fired.kind), notice.key, notice.rule) == ("fired", "?|account|a", "data-missing")
    assert notice.is_unknown_notice
    assert notice.context["rules"] == "usage, slow, near, loss"
    assert notice.context["reason"] == "missing in the series"
    assert (notice.severity, notice.subject.account_id) == (Severity.WARNING, "a")
    assert notice.labels == {
        "account": "a", "venue": "bybit", "rule": "data-missing", "scope": "account", "severity": "warning",
    }  # fmt: skip
    assert (notice.value, notice.bound, notice.unit) == (30.0, 30.0, "seconds")
    assert notice.unknown_since_ns == ns_at(0)
    assert desk.at(300, values, labels) == []
    assert [alert.value for alert in desk.book.open_alerts()] == [300.0]
    values["account.usage"]["a"] = values["account.distance"]["a"] = 0.2
    assert desk.at(301, values, labels) == []
    values["position.loss"] = dict.fromkeys(values["position.loss"], 0.1)
    (resolved,) = desk.at(302, values, labels)
    assert (str(resolved.kind), resolved.alert.key) == ("resolved", "?|account|a")
    assert desk.book.open_alerts() == ()


def test_what_is_of_no_account_has_a_notice_of_its_own() -> None:
    rule = Rule(name="var", measure="portfolio.var", side="above", steps=steps((Severity.HIGH, 0.5, 0.5)))
    desk = Desk(rule, unknown_after_s=10.0)
    desk.at(0, {"portfolio.var": {"all": None}})
    (fired,) = desk.at(10, {"portfolio.var": {"all": None}})
    assert fired.alert.key == "?|portfolio|all"


def test_a_gap_shorter_than_the_grace_is_told_nobody_and_counts_from_its_own_begin() -> None:
    desk = Desk(usage_rule(), unknown_after_s=10.0)
    for second in range(0, 100, 10):
        assert desk.usage(second, None) == []
        assert desk.usage(second + 9.9, 0.1) == []


def test_one_lack_after_another_without_a_break_is_one() -> None:
    desk = Desk(usage_rule(), NEAR, unknown_after_s=10.0)
    desk.at(0, {"account.usage": {"a": None}, "account.distance": {"a": 0.5}})
    desk.at(6, {"account.usage": {"a": 0.1}, "account.distance": {"a": None}})
    assert kinds(desk.at(10, {"account.usage": {"a": 0.1}, "account.distance": {"a": None}})) == ["fired"]


def test_rules_that_do_not_watch_and_subjects_of_no_concern_are_not_missed() -> None:
    quiet = usage_rule(is_watching_unknown=False)
    picky = usage_rule("picky", only=(Matcher("desk", "x"),))
    least = usage_rule("least", at_least={"n_positions": 4.0})
    change = usage_rule("change", change_over_s=600.0)
    desk = Desk(quiet, picky, least, change, unknown_after_s=1.0)
    values = {"account.usage": {"a": 0.1}, "account.n_positions": {"a": None}}
    assert [desk.at(second, values) for second in range(5)] == [[]] * 5
    for second in range(5, 10):
        assert (
            kinds(desk.at(second, {"account.usage": {"a": None}, "account.n_positions": {"a": 1.0}}), "picky")
            == []
        )
    assert (
        desk.told[-1].alert.context["rules"] == "change"
    )  # the measure itself is missing, which its rule tells


def test_a_doubtful_number_is_missed_by_the_rules_in_whose_bounds_it_is() -> None:
    low = usage_rule("low", steps=steps((Severity.INFO, 0.2, 0.1)))
    desk = Desk(usage_rule(), low, unknown_after_s=10.0)
    assert desk.usage(0, Doubtful(0.3)) == ["fired"]
    assert desk.usage(10, Doubtful(0.15)) == ["fired"]  # back in its bounds only at 0.1
    assert desk.told[-1].alert.context == {"rules": "usage", "reason": "doubtful in the series"}


def test_an_account_that_is_gone_is_missed_no_more() -> None:
    desk = Desk(usage_rule(), unknown_after_s=5.0)
    desk.at(0, {"account.usage": {"a": None, "b": 0.1}})
    assert kinds(desk.at(5, {"account.usage": {"a": None, "b": 0.1}})) == ["fired"]
    (resolved,) = desk.at(6, {"account.usage": {"b": 0.1}})
    assert "gone" in resolved.alert.context


def test_a_position_that_is_closed_takes_its_lack_with_it_and_not_its_account() -> None:
    desk = Desk(LOSS, unknown_after_s=5.0)
    desk.at(0, {"position.loss": {"a/BTC/net": None, "a/ETH/net": 0.1}})
    desk.at(5, {"position.loss": {"a/BTC/net": None, "a/ETH/net": 0.1}})
    (resolved,) = desk.at(6, {"position.loss": {"a/ETH/net": 0.1}})
    assert resolved.alert.key == "?|account|a"
    assert "gone" not in resolved.alert.context


def test_firing_alerts_stay_and_their_owner_is_told_once() -> None:
    desk = Desk(usage_rule(), unknown_after_s=5.0)
    desk.usage(0, 0.9)
    assert desk.usage(1, None) == ["went_unknown"]
    assert desk.usage(6, None) == ["fired"]
    assert [str(alert.state) for alert in desk.book.open_alerts()] == ["firing", "firing"]
    assert desk.usage(7, 0.9) == ["known_again", "resolved"]
    assert [alert.rule for alert in desk.book.open_alerts()] == ["usage"]


def test_many_notices_at_once_are_spread_over_several_looks() -> None:
    desk = Desk(usage_rule(), unknown_after_s=5.0, edges_max=50)
    values = {"account.usage": {f"a{n}": None for n in range(200)}}
    counts = [len(desk.at(second, values)) for second in range(80)]
    assert sum(counts) == 200
    assert max(counts) <= 5
