"""Rungs as numbers, against each rung looked at by itself."""

from hypothesis import given
from hypothesis import strategies as st
from tests.rules.desk import steps

from marginwatch.model.severity import Severity
from marginwatch.rules.definition import Rule
from marginwatch.rules.ladder import Ladder

BOUNDS = st.lists(st.integers(1, 20), min_size=1, max_size=4, unique=True).map(sorted)


@given(BOUNDS, st.integers(0, 3), st.booleans(), st.lists(st.integers(0, 45), max_size=30))
def test_each_rung_is_held_between_its_clear_and_its_bound(
    bounds: list[int], slack: int, is_above: bool, halves: list[int]
) -> None:
    sign = 1 if is_above else -1
    rungs = [(Severity.HIGH, sign * bound / 10, sign * (bound - slack) / 10) for bound in bounds]
    ladder = Ladder.of(
        Rule(name="r", measure="m", side="above" if is_above else "below", steps=steps(*rungs))
    )
    is_on, rung = [False] * len(bounds), 0
    for half in halves:
        worse = half / 20
        is_on = [
            worse > b / 10 or (was and worse > (b - slack) / 10) for b, was in zip(bounds, is_on, strict=True)
        ]
        before, rung = rung, ladder.rung(worse, rung)
        assert rung == max((place for place, on in enumerate(is_on, 1) if on), default=0)
        # What evaluation compares must say exactly when the rung changes.
        assert (worse > ladder.up(before) or worse <= ladder.down(before)) == (rung != before)
