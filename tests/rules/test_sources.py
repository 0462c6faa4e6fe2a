"""Whose rows are, who is judged, and what a lane speaks of."""

import numpy as np
import pytest
from tests.rules.scene import BTC_MARK, BTCUSDT, ETHUSDT, NS, Scene, position

from marginwatch.model.connectivity import LinkState
from marginwatch.model.events import AccountRemoved
from marginwatch.model.severity import Severity
from marginwatch.rules.definition import Rule, Step
from marginwatch.rules.facts import Facts, Reading
from marginwatch.rules.measures.registry import MEASURES
from marginwatch.rules.reading import default_rules
from marginwatch.rules.sources import FrameSource


def identity(scene: Scene, scope: str, row: int) -> int:
    scene.refresh()
    return int(scene.source().subjects(scope).identities[row])


def names(scene: Scene, scope: str) -> list[str]:
    scene.refresh()
    subjects = scene.source().subjects(scope)
    return [subjects.subject(row).name for row in np.flatnonzero(subjects.identities).tolist()]


def test_everybody_has_a_name() -> None:
    scene = Scene()
    scene.hold("a", position(BTCUSDT, 1, "1"), position(ETHUSDT, -1, "1"), desk="d", tags=("x", "y"))
    scene.facts_known.by_name["channel.is_failing"] = {"phone": Reading(0.0), "mail": Reading(1.0)}
    assert names(scene, "portfolio") == ["all"]
    assert names(scene, "venue") == ["bybit"]
    assert names(scene, "desk") == ["d"]
    assert names(scene, "tag") == ["x", "y"]
    assert names(scene, "account") == ["a"]
    assert sorted(names(scene, "position")) == ["a/BTCUSDT/net", "a/ETHUSDT/net"]
    assert {"BTC", "ETH", "USDT"} <= set(names(scene, "asset"))
    assert names(scene, "service") == ["marginwatch"]
    assert names(scene, "channel") == ["phone", "mail"]


def test_a_position_that_was_closed_and_opened_again_is_another() -> None:
    scene = Scene()
    scene.hold("a", position(BTCUSDT, 1, "1"))
    row = scene.book.entry("a").rows[BTCUSDT.instrument_id, "net"]
    first = identity(scene, "position", row)
    scene.hold("a", position(BTCUSDT, 2, "1", sequence=2))
    assert identity(scene, "position", row) == first
    scene.hold("a")
    assert identity(scene, "position", row) == 0
    scene.hold("a", position(BTCUSDT, 3, "1", sequence=4))
    assert scene.book.entry("a").rows[BTCUSDT.instrument_id, "net"] == row
    assert identity(scene, "position", row) not in (0, first)


def test_an_account_keeps_its_identity_and_its_row_does_not() -> None:
    scene = Scene()
    scene.hold("a")
    row = scene.code("a")
    first = identity(scene, "account", row)
    scene.book.apply(AccountRemoved("a"))
    scene.accounts.remove("a")
    assert identity(scene, "account", row) == 0
    scene.hold("b")
    assert scene.code("b") == row
    assert identity(scene, "account", row) not in (0, first)
    scene.hold("a")
    assert identity(scene, "account", scene.code("a")) == first


def test_a_channel_keeps_its_row() -> None:
    scene = Scene()
    facts = scene.facts_known.by_name
    facts["channel.is_failing"] = {"phone": Reading(0.0), "mail": Reading(0.0)}
    assert names(scene, "channel") == ["phone", "mail"]
    facts["channel.is_failing"] = {"mail": Reading(1.0)}
    assert names(scene, "channel") == ["mail"]
    source = scene.source()
    assert source.subjects("channel").identities.tolist() == [0, 2]
    assert source.column(MEASURES["channel.is_failing"]).values[1] == 1.0


def test_accounts_are_judged_one_by_one_and_totals_together() -> None:
    scene = Scene()
    scene.hold("a", position(BTCUSDT, 1, "1"), desk="d", tags=("x",))
    scene.refresh()
    whole = scene.source()
    scopes = ("portfolio", "venue", "desk", "tag", "account", "asset", "position", "service", "channel")
    assert {scope: whole.is_judged(scope) for scope in scopes} == dict.fromkeys(scopes)
    scene.register("late", desk="e", tags=("y",))
    source = scene.source()
    accounts = source.is_judged("account")
    assert (accounts[scene.code("a")], accounts[scene.code("late")]) == (True, False)
    held = scene.book.entry("a").rows[BTCUSDT.instrument_id, "net"]
    assert source.is_judged("position")[held]
    assert not source.is_judged("portfolio")[1]
    assert not source.is_judged("asset").any()
    frame = scene.frame_now
    desks = dict(zip(frame.desk_names, source.is_judged("desk").tolist(), strict=True))
    tags = dict(zip(frame.tag_names, source.is_judged("tag").tolist(), strict=True))
    assert (desks["d"], desks["e"], tags["x"], tags["y"]) == (True, False, True, False)
    # Who is refused is not waited for.
    scene.link("late", LinkState.STOPPED, reconciled_at_ns=None, socket_replied_at_ns=None)
    assert {scope: scene.source().is_judged(scope) for scope in scopes} == dict.fromkeys(scopes)


SINGLE_POSITION = next(rule for rule in default_rules() if rule.name == "single-position")


def test_a_share_of_everything_waits_until_everything_was_heard() -> None:
    """The first account heard holds all that is known: its largest position is no news before the others are there."""
    scene = Scene(SINGLE_POSITION)
    scene.hold("a", position(BTCUSDT, 1, "1"))
    scene.register("late")
    for _ in range(10):
        scene.look(30.0)
    assert scene.rules.open_alerts() == ()
    scene.accounts.append("late")
    scene.hold("late", position(BTCUSDT, -3, "1"))
    scene.look(30.0)
    assert [alert.subject.name for alert in scene.rules.open_alerts()] == ["late/BTCUSDT/net"]


def test_a_change_is_not_to_a_total_of_those_who_were_heard_first() -> None:
    rule = Rule(
        name="jump",
        measure="portfolio.equity_usd",
        side="above",
        is_magnitude=True,
        is_relative=True,
        change_over_s=60.0,
        steps=(Step(severity=Severity.HIGH, bound=0.05, clear=0.04),),
    )
    scene = Scene(rule)
    scene.hold("a", cash=1e6)
    scene.register("late")
    for _ in range(30):
        scene.look(1.0)
    scene.accounts.append("late")
    scene.hold("late", cash=9e6)
    for _ in range(90):
        scene.look(1.0)
        assert scene.rules.open_alerts() == ()
    scene.hold("late", cash=5e6)
    scene.look(1.0)
    assert scene.is_firing("all", "jump")


def test_a_timer_stands_still_while_the_whole_is_not_heard() -> None:
    """Forty seconds out of bounds, ten minutes in which nothing could be said, and a minute is not over."""
    scene = Scene(SINGLE_POSITION)
    scene.hold("a", position(BTCUSDT, 1, "1"))
    scene.look(1.0)
    scene.look(40.0)
    scene.register("late")
    scene.look(0.1)
    for _ in range(20):
        scene.look(30.0)
    scene.accounts.append("late")
    scene.hold("late")
    scene.look(0.1)
    assert scene.alert("a/BTCUSDT/net", "single-position") is not None
    assert not scene.is_firing("a/BTCUSDT/net", "single-position")
    scene.look(25.0)
    assert scene.is_firing("a/BTCUSDT/net", "single-position")


def test_a_share_of_everything_does_not_grow_because_somebody_is_not_heard() -> None:
    scene = Scene()
    scene.hold("a", position(BTCUSDT, 1, "1"))
    scene.hold("b", position(BTCUSDT, -3, "1"))
    measure, row = (
        MEASURES["position.exposure_share"],
        scene.book.entry("a").rows[BTCUSDT.instrument_id, "net"],
    )
    scene.refresh()
    assert scene.source().column(measure).values[row] == pytest.approx(0.25)
    scene.quiet.add("b")
    scene.link("b", LinkState.LOST)
    scene.refresh()
    assert scene.source().column(measure).values[row] == pytest.approx(0.25)


def test_a_lane_knows_accounts_that_came_after_the_frame() -> None:
    scene = Scene()
    scene.hold("a", position(BTCUSDT, 1, str(BTC_MARK)))
    scene.refresh()
    scene.source()
    scene.hold("b", position(BTCUSDT, 1, str(BTC_MARK)), cash=1_000)
    scene.register("c")
    entries = tuple(scene.book.entry(name) for name in ("b", "c"))
    lane = FrameSource(scene.press.lane(entries, scene.now), Facts(), scene.subjects)
    rows = lane.rows("account").tolist()
    assert rows == [scene.code("b"), scene.code("c")]
    subjects = lane.subjects("account")
    assert [subjects.subject(row).name for row in rows] == ["b", "c"]
    assert (subjects.identities[rows] > 0).all()
    # A snapshot alone is not heard yet; an account without one even less.
    assert lane.is_judged("account")[rows].tolist() == [False, False]
    scene.link("b", LinkState.STREAMING)
    lane = FrameSource(scene.press.lane(entries, scene.now), Facts(), scene.subjects)
    assert lane.is_judged("account")[rows].tolist() == [True, False]
    assert lane.is_judged("account")[scene.code("a")]
    assert subjects.context(rows[0])["equity"].startswith("9")
    assert lane.column(MEASURES["account.liquidation_distance"]) is None


def test_a_lane_before_all_frames_judges_nobody() -> None:
    scene = Scene()
    scene.hold("a", position(BTCUSDT, 1, str(BTC_MARK)))
    scene.refresh()
    lane = scene.press.lane((scene.book.entry("a"),), scene.now)
    assert not FrameSource(lane, Facts(), scene.subjects).is_judged("account").any()
    scene.source()
    assert FrameSource(lane, Facts(), scene.subjects).is_judged("account")[scene.code("a")]


def test_a_lost_account_is_doubted_in_a_lane_as_in_a_frame() -> None:
    scene = Scene()
    scene.hold("a", position(BTCUSDT, 1, str(BTC_MARK)))
    scene.refresh()
    scene.source()
    scene.link("a", LinkState.LOST, reason="the network is down")
    entries = (scene.book.entry("a"),)
    measure = MEASURES["account.maintenance_margin_usage"]
    column = FrameSource(scene.press.lane(entries, scene.now), Facts(), scene.subjects).column(measure)
    assert column.is_doubtful.tolist() == [True]
    scene.quiet.add("a")
    scene.refresh()
    column = scene.source().column(measure)
    assert column.doubt(scene.code("a")) == "the network is down"


def test_a_margin_alert_fires_while_the_private_data_stand_still_and_does_not_end_by_that() -> None:
    from marginwatch.rules.reading import default_rules  # this test alone plays whole rules

    rule = next(rule for rule in default_rules() if rule.name == "maintenance-margin")
    scene = Scene(rule)
    scene.hold("a", position(BTCUSDT, 1, str(BTC_MARK)), cash=5_000)
    scene.look()
    assert scene.alert("a", rule.name) is None
    scene.quiet.add("a")
    scene.link("a", LinkState.LOST)
    scene.prices[BTCUSDT] = str(BTC_MARK - 4_300)
    scene.look()
    assert scene.is_firing("a", rule.name)
    scene.prices[BTCUSDT] = str(BTC_MARK)
    for _ in range(5):
        scene.look(60.0)
    assert scene.is_firing("a", rule.name)
    assert scene.alert("a", rule.name).unknown_since_ns is not None
    scene.quiet.discard("a")
    scene.hold("a", position(BTCUSDT, 1, str(BTC_MARK)), cash=5_000)
    for _ in range(3):
        scene.look(60.0)
    assert scene.alert("a", rule.name) is None


def test_groups_have_the_tags_that_all_of_their_accounts_have() -> None:
    scene = Scene()
    scene.hold("a", desk="d", tags=("x", "y"))
    scene.hold("b", desk="d", tags=("y",))
    scene.refresh()
    subjects = scene.source().subjects("desk")
    row = scene.frame_now.desk_names.index("d")
    assert subjects.labels(row) == {"desk": "d", "tags": ",y,"}
    assert subjects.data_age_s(row) == pytest.approx(5.0, abs=6.0)


def test_ages_are_of_the_oldest_data_behind_a_row() -> None:
    scene = Scene()
    scene.hold("a", position(BTCUSDT, 1, "1"))
    scene.clock.ns += 20 * NS
    scene.hold("b")
    scene.clock.ns += 3 * NS
    scene.refresh()
    source = scene.source()
    accounts = source.subjects("account")
    assert accounts.data_age_s(scene.code("b")) == pytest.approx(3.0)
    assert accounts.data_age_s(scene.code("a")) == pytest.approx(28.0)
    held = scene.book.entry("a").rows[BTCUSDT.instrument_id, "net"]
    assert source.subjects("position").data_age_s(held) == pytest.approx(28.0)
    assert source.subjects("portfolio").data_age_s(1) == pytest.approx(28.0)
