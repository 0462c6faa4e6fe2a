"""Rules over a real book: lanes between frames, accounts that come in a lane, positions that are closed, a restart."""

from tests.risk.conftest import BTCUSDT, position
from tests.rules.desk import steps, stored
from tests.rules.scene import BTC_MARK, NS, Scene

from marginwatch.model.alert import AlertState
from marginwatch.model.severity import Severity
from marginwatch.rules.definition import Rule
from marginwatch.rules.facts import Facts
from marginwatch.rules.measures.registry import MEASURES
from marginwatch.rules.rulebook import RuleBook
from marginwatch.rules.sources import FrameSource
from marginwatch.rules.subjects.book import SubjectBook

USAGE = Rule(
    name="usage",
    measure="account.maintenance_margin_usage",
    side="above",
    steps=steps((Severity.HIGH, 0.3, 0.25), (Severity.CRITICAL, 0.6, 0.5)),
)
SHARE = Rule(
    name="share", measure="position.exposure_share", side="above", steps=steps((Severity.INFO, 0.3, 0.3))
)


def lane(scene: Scene, *names: str) -> FrameSource:
    entries = tuple(scene.book.entry(name) for name in names)
    return FrameSource(scene.press.lane(entries, scene.now), scene.facts_known, scene.subjects)


def lines(told: tuple) -> list[tuple[str, str, str]]:
    return [(one.alert.rule, one.alert.subject.name, str(one.kind)) for one in told]


def test_a_lane_fires_for_its_account_and_the_next_frame_has_nothing_to_add() -> None:
    scene = Scene(USAGE)
    scene.hold("a", position(BTCUSDT, 1, str(BTC_MARK)))
    scene.hold("b", position(BTCUSDT, 1, str(BTC_MARK)))
    scene.refresh()
    assert scene.rules.evaluate(scene.source()) == ()
    scene.hold("b", position(BTCUSDT, 1, str(BTC_MARK)), cash=600)
    scene.hold("c", position(BTCUSDT, 1, str(BTC_MARK)), cash=600)
    scene.refresh()
    told = scene.rules.evaluate(lane(scene, "b", "c"))
    assert lines(told) == [("usage", "b", "fired"), ("usage", "c", "fired")]
    assert told[0].alert.labels["account"] == "b"
    assert told[0].alert.context["equity"]
    scene.clock.ns += NS // 10
    assert scene.rules.evaluate(scene.source()) == ()
    scene.hold("b", position(BTCUSDT, 1, str(BTC_MARK)))
    scene.refresh()
    assert scene.rules.evaluate(lane(scene, "a")) == ()
    assert lines(scene.rules.evaluate(scene.source())) == [("usage", "b", "resolved")]


def test_a_closed_position_is_gone_and_one_opened_in_its_place_is_another() -> None:
    scene = Scene(SHARE)
    scene.hold("a", position(BTCUSDT, 1, str(BTC_MARK)))
    scene.refresh()
    (fired,) = scene.rules.evaluate(scene.source())
    assert (fired.alert.subject.scope, fired.alert.subject.account_id) == ("position", "a")
    scene.hold("a")
    scene.refresh()
    (resolved,) = scene.rules.evaluate(scene.source())
    assert (str(resolved.kind), "gone" in resolved.alert.context) == ("resolved", True)
    scene.hold("a", position(BTCUSDT, 1, str(BTC_MARK)))
    scene.refresh()
    (again,) = scene.rules.evaluate(scene.source())
    assert again.alert.alert_id != fired.alert.alert_id
    assert again.alert.key == fired.alert.key


def test_a_restart_with_an_empty_book_ends_nothing_until_its_account_is_heard() -> None:
    before = Scene(USAGE, SHARE)
    before.hold("a", position(BTCUSDT, 1, str(BTC_MARK)), cash=600)
    before.hold("b", position(BTCUSDT, 1, str(BTC_MARK)), cash=600)
    before.refresh()
    told = list(before.rules.evaluate(before.source()))
    assert len(told) == 4
    after = Scene(USAGE, SHARE)
    after.clock.ns = before.now + 60 * NS
    after.rules.restore(stored(told), before.now, after.now)
    for name in ("a", "b"):
        after.register(name)
    assert after.rules.evaluate(after.source()) == ()
    assert len(after.rules.open_alerts()) == 4
    after.hold("a", position(BTCUSDT, 1, str(BTC_MARK)), cash=600)
    after.hold("b")
    after.accounts = ["a", "b"]
    after.quiet = {"b"}
    after.refresh()
    assert after.rules.evaluate(after.source()) == ()
    after.quiet = set()
    after.refresh()
    ended = lines(after.rules.evaluate(after.source()))
    assert ended == [("usage", "b", "resolved"), ("share", "b/BTCUSDT/net", "resolved")]
    assert {alert.alert_id for alert in after.rules.open_alerts()} <= {one.alert.alert_id for one in told}
    assert all(alert.state is AlertState.FIRING for alert in after.rules.open_alerts())


def test_a_lane_before_any_frame_judges_nobody_and_one_after_it_is_judged_alone() -> None:
    scene = Scene(USAGE)
    scene.hold("a", position(BTCUSDT, 1, str(BTC_MARK)), cash=600)
    scene.refresh()
    book, subjects = RuleBook([USAGE, SHARE], MEASURES), SubjectBook()
    entries = (scene.book.entry("a"),)
    assert book.evaluate(FrameSource(scene.press.lane(entries, scene.now), Facts(), subjects)) == ()
    subjects.see(scene.measured())
    told = book.evaluate(FrameSource(scene.press.lane(entries, scene.now), Facts(), subjects))
    assert lines(told) == [("usage", "a", "fired")]
