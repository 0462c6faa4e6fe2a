"""Every built-in rule, and every guide, fires at each of its steps and resolves again, through a real book or real facts."""

import math
from pathlib import Path

import pytest
from tests.rules.plays import TRIALS, Trial
from tests.rules.scene import BTCPERP, BTCUSD, BTCUSDT, ETHUSD, ETHUSDT, PEPE, USUAL, Scene, position

from marginwatch.config.table import Complaints
from marginwatch.model.severity import Severity
from marginwatch.rules.definition import Rule
from marginwatch.rules.measures.registry import MEASURES
from marginwatch.rules.reading import GUIDES, check_suppressed, default_rules, rule_file

RULES = {rule.name: rule for rule in (*default_rules(), *rule_file(GUIDES))}


def beyond(rule: Rule, place: int, at_most: float) -> float:
    """Return a value beyond a step and not beyond the next: a little from the bound, half the way at most."""
    bound = rule.steps[place].bound
    if rule.side == "below":
        following = rule.steps[place + 1].bound if place + 1 < len(rule.steps) else bound - 0.2 * abs(bound)
        return bound + 0.4 * (following - bound)
    usual = bound * 1.2 if bound else 1.0
    if place + 1 < len(rule.steps):
        following = rule.steps[place + 1].bound
        usual = bound + 0.4 * (following - bound) if bound else min(1.0, following)
    whole = MEASURES[rule.measure].unit in ("count", "rank")
    return min(math.floor(bound) + 1.0 if whole else usual, at_most)


def calm_value(rule: Rule, trial: Trial) -> float:
    if trial.calm is not None:
        return trial.calm
    clear = rule.steps[0].clear
    return clear * 0.5 if rule.side == "above" else clear + abs(clear)


def tick_s(rule: Rule) -> float:
    """Return how far looks are apart: close enough that nothing in the rule is skipped."""
    return max(2.0, min(60.0, max(rule.for_s, rule.keep_firing_for_s) / 3.0))


def wait(scene: Scene, rule: Rule, longest_s: float) -> None:
    waited_s = 0.0
    while waited_s <= longest_s + tick_s(rule):
        scene.look(tick_s(rule))
        waited_s += tick_s(rule)


def test_every_rule_is_played() -> None:
    assert set(TRIALS) == set(RULES)


@pytest.mark.parametrize("name", sorted(RULES))
def test_it_fires_at_each_step_and_resolves(name: str) -> None:
    rule, trial = RULES[name], TRIALS[name]
    scene = Scene(rule, heavy=trial.heavy)
    calm = calm_value(rule, trial)
    trial.play(scene, calm)
    wait(scene, rule, rule.for_s)
    assert scene.alert(trial.subject, name) is None
    for place, step in enumerate(rule.steps):
        trial.play(scene, beyond(rule, place, trial.at_most))
        wait(scene, rule, rule.for_s)
        alert = scene.alert(trial.subject, name)
        assert alert is not None, f"silent at {step}"
        assert scene.is_firing(trial.subject, name)
        assert alert.severity is step.severity, alert.value
        assert alert.unknown_since_ns is None
    trial.play(scene, calm)
    wait(scene, rule, rule.keep_firing_for_s + (rule.change_over_s or 0.0))
    assert scene.alert(trial.subject, name) is None


@pytest.mark.parametrize("name", sorted(RULES))
def test_it_says_what_happened_and_what_to_do(name: str) -> None:
    rule = RULES[name]
    assert rule.message is not None
    assert rule.action is not None
    # A short message has 300 characters for both.
    assert len(rule.message) <= 160
    assert len(rule.action) <= 160
    assert rule.origin == "built-in"


def test_a_ladder_is_one_rule() -> None:
    """No two built-in rules tell the same people of the same measure."""
    default = default_rules()
    looked_at = {(rule.measure, rule.only, rule.side) for rule in default}
    assert len(looked_at) == len(default)


def test_nothing_but_what_is_tagged_neutral_hears_of_hedges() -> None:
    """A book that means to have a direction is not told all day that it has one."""
    for name in ("weak-hedge", "desk-weak-hedge", "direction-bias", "one-sided-market"):
        assert [str(one) for one in RULES[name].only] == ["tag=delta-neutral"]
        assert not RULES[name].is_watching_unknown
    scene = Scene(*default_rules())
    scene.hold("a", *(position(one, 1, price) for one, price in USUAL.items()), cash=1e7)
    for _ in range(12):
        scene.look(60.0)
    told = {alert.rule for alert in scene.rules.open_alerts() if alert.severity is Severity.INFO}
    assert told == set()


def test_small_books_are_not_told_of_hedges() -> None:
    rule = RULES["weak-hedge"]
    for quantity, is_told in ((1.0, True), (0.01, False)):
        scene = Scene(rule)
        contracts = (BTCUSDT, BTCPERP, ETHUSDT, PEPE)
        scene.hold("a", *(position(one, quantity, "1") for one in contracts), tags=("delta-neutral",))
        for _ in range(5):
            scene.look(30.0)
        assert scene.is_firing("a", rule.name) is is_told


def test_futures_sold_against_coins_held_are_a_hedge() -> None:
    """A basis desk has all of its longs in wallets: it is not told for ever that it is unhedged."""
    names = ("weak-hedge", "desk-weak-hedge", "direction-bias", "one-sided-market", "opposing-positions")
    scene = Scene(*(RULES[name] for name in names), heavy=("value_at_risk",))
    scene.returns(0.03, together=0.95)
    sizes = {BTCUSDT: -1, BTCPERP: -1, ETHUSDT: -1, ETHUSD: -3_000}
    sold = [position(one, size, USUAL[one]) for one, size in sizes.items()]
    spec = {"desk": "basis", "tags": ("delta-neutral",)}

    def open_after(minutes: int) -> set[str]:
        for _ in range(2 * minutes):
            scene.look(30.0)
        return {alert.rule for alert in scene.rules.open_alerts()}

    scene.hold("a", *sold, coins={"BTC": 2, "ETH": 2}, **spec)
    # One more takes the other side, so that somebody is there to bet against; it is hedged too.
    sizes = {BTCUSDT: 1, BTCPERP: 1, BTCUSD: -100_000, ETHUSDT: 0.1}
    scene.hold("b", *(position(one, size, USUAL[one]) for one, size in sizes.items()), **spec)
    assert open_after(10) == set()
    # The coins leave, and the futures stay.
    scene.hold("a", *sold, coins={"BTC": 0.01, "ETH": 0}, **spec)
    assert {"weak-hedge", "desk-weak-hedge", "one-sided-market"} <= open_after(10)


def test_full_hedges_take_the_place_of_opposing_positions() -> None:
    rule = RULES["full-hedge"]
    assert rule.suppresses == ("opposing-positions",)
    assert rule.labels["suppresses"] == ",opposing-positions,"
    complaints = Complaints(Path("rules.toml"), {})
    check_suppressed(complaints, default_rules())
    complaints.raise_if_any()


def test_a_relative_change_is_told_as_a_fraction() -> None:
    scene = Scene(RULES["price-move"])
    trial = TRIALS["price-move"]
    trial.play(scene, -0.07)
    scene.look(1.0)
    alert = scene.alert("BTC", "price-move")
    assert alert is not None
    assert alert.unit == "fraction"
    assert alert.value == pytest.approx(-0.07, abs=1e-9)
