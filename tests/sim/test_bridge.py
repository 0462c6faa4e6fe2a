import itertools
import statistics

import pytest

from marginwatch.sim.bridge import Bridge, Segment
from marginwatch.sim.coins import COINS


def flat(move: float, duration_s: float = 10.0, noise: float = 0.05) -> Segment:
    return Segment(duration_s, {coin.name: move for coin in COINS}, noise)


@pytest.mark.parametrize("steps", [[25.0], [0.7] * 40, [3.0, 0.1, 19.9, 2.0], [0.1] * 250])
def test_steps_of_any_length_end_on_the_record(steps) -> None:
    bridge = Bridge(iter([flat(-0.2), flat(0.05, 15.0)]), 1)
    total = 0.0
    for seconds in steps:
        total += bridge.advance(seconds)["ETH"]
    assert bridge.segment is None
    assert total == pytest.approx(-0.15, abs=1e-12)
    assert set(bridge.advance(5.0).values()) == {0.0}


def test_each_segment_ends_where_it_should() -> None:
    bridge = Bridge(iter([flat(0.1), flat(-0.3)]), 2)
    levels = list(itertools.accumulate(bridge.advance(1.0)["SOL"] for _ in range(20)))
    assert (levels[9], levels[19]) == (pytest.approx(0.1, abs=1e-12), pytest.approx(-0.2, abs=1e-12))
    assert levels[4] != pytest.approx(0.05, abs=1e-6)


def test_the_noise_is_as_wide_in_the_middle_as_a_bridge_is() -> None:
    """Half-way a Brownian bridge has half the standard deviation of the walk; beta and own noise scale it."""
    middles = []
    for seed in range(600):
        bridge = Bridge(iter([flat(0.0, noise=0.04)]), seed)
        middles.append(bridge.advance(2.0)["BTC"] + bridge.advance(3.0)["BTC"])
    assert statistics.pstdev(middles) == pytest.approx(0.02 * 1.01**0.5, rel=0.1)
    assert abs(statistics.fmean(middles)) < 0.004
