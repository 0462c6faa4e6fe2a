import itertools

import pytest

from marginwatch.sim.scenario import STRESSED, Turns
from marginwatch.sim.switching import Switch

TURNS = Turns(STRESSED, mean_s=60.0, other_mean_s=20.0)


def spells(seed: int, until_s: int = 40_000) -> list[bool]:
    switch = Switch(seed)
    return [switch.is_other(TURNS, float(second)) for second in range(until_s)]


def test_it_begins_with_its_own_regime_and_same_seed_same_spells() -> None:
    assert spells(1, 500) == spells(1, 500)
    assert spells(1, 500) != spells(2, 500)
    assert spells(1, 1) == [False]


def test_either_regime_lasts_as_long_as_it_should_on_average() -> None:
    said = spells(3)
    changes = sum(a != b for a, b in itertools.pairwise(said))
    assert sum(said) / len(said) == pytest.approx(20 / 80, abs=0.05)
    assert len(said) / changes == pytest.approx(40.0, rel=0.15)
