"""The machine's clock is set back: timers go on, and nothing is told an hour late."""

import pytest

from marginwatch.model.severity import Severity
from marginwatch.rules.definition import Rule, Step
from marginwatch.rules.measures.registry import MEASURES
from marginwatch.rules.rulebook import RuleBook
from marginwatch.rules.series import SeriesSource

S = 1_000_000_000
T0 = 1_700_000_000 * S
USAGE = "account.maintenance_margin_usage"
RULE = Rule(
    name="usage",
    measure=USAGE,
    side="above",
    steps=(Step(severity=Severity.WARNING, bound=0.5, clear=0.45),),
    for_s=30.0,
    keep_firing_for_s=60.0,
    labels={},
    origin="here",
)


def value(name: str, second: int) -> float | None:
    if name == "hot":
        return 0.9 if second < 100 else 0.1
    return None if second >= 5 else 0.1


def play(set_back_s: int, at: int) -> list[tuple[int, str, str]]:
    """Return second, kind and subject of all that is told when the clock is set back at a second."""
    book = RuleBook((RULE,), MEASURES)
    found: list[tuple[int, str, str]] = []
    for second in range(200):
        now_ns = T0 + (second - (set_back_s if second >= at else 0)) * S
        values = {name: value(name, second) for name in ("hot", "dumb")}
        told = book.evaluate(SeriesSource(now_ns, {USAGE: values}))
        found += [(second, one.kind.value, one.alert.subject.name) for one in told]
    return found


@pytest.mark.parametrize("at", [10, 31, 60, 110, 150])
def test_what_comes_comes_when_it_would_have_come(at: int) -> None:
    usual = play(0, 0)
    assert [(kind, name) for _, kind, name in usual] == [
        ("pending", "hot"),
        ("fired", "hot"),
        ("fired", "dumb"),
        ("resolved", "hot"),
    ]
    # The second in which the clock was set back is not counted by anybody.
    for (second, *what), (later, *same) in zip(usual, play(3_600, at), strict=True):
        assert same == what
        assert second <= later <= second + 1
