"""Fifty seeds of the whole monitor against the exchange, in virtual time; more with ``make simulate SEEDS=500``.

A failure prints the command that repeats it, to the last byte.
"""

import pytest
from simulation.run import simulate

SEEDS = range(1, 51)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_seed_ends_in_the_truth_and_shows_nothing_stale_as_fresh(seed: int) -> None:
    outcome = simulate(seed)
    again = f"seed {seed}, faults {outcome.plan.faults!r}; again: make simulate SEEDS=1 FIRST={seed}"
    assert not outcome.wrong, "\n".join([again, *outcome.wrong])
    assert outcome.counts["frames"] > 10
    assert outcome.counts["fresh accounts"] > 0, "a monitor that shows nothing is never wrong"
