import pytest

from marginwatch.sim.scenario import SCENARIOS, regime_at, scenario_named


def test_acts_follow_each_other() -> None:
    acts = scenario_named("calm-then-crash")
    assert regime_at(acts, 24.9).drift_per_s == 0.0
    assert regime_at(acts, 25.1).drift_per_s < 0.0
    assert regime_at(acts, 1e6) is acts[-1].regime


def test_every_story_goes_on_for_ever() -> None:
    assert {"calm", "crash", "calm-then-crash", "squeeze", "depeg"} <= SCENARIOS.keys()
    assert all(acts[-1].duration_s is None for acts in SCENARIOS.values())


def test_unknown_stories_are_refused_by_name() -> None:
    with pytest.raises(ValueError, match="calm-then-crash"):
        scenario_named("apocalypse")
