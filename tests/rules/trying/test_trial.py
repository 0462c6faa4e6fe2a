"""Trials of a rule written here: each outcome follows from the series by counting steps."""

from marginwatch.model.severity import Severity
from marginwatch.rules.column import Measure
from marginwatch.rules.definition import Rule, Step
from marginwatch.rules.rulebook import RuleSettings
from marginwatch.rules.trying.notation import parse_series
from marginwatch.rules.trying.trial import Expectation, Outcome, Series, Trial, offset_words, run

USAGE = "account.maintenance_margin_usage"


def measure(name: str) -> Measure:
    def read(_: object) -> object:
        raise AssertionError("a series is read from no frame")

    return Measure(
        name=name,
        scope="account",
        unit="fraction",
        lowest=0.0,
        highest=float("inf"),
        description="",
        read=read,  # pyright: ignore[reportArgumentType]
    )


MEASURES = {name: measure(name) for name in (USAGE, "account.other")}
RULE = Rule(
    name="usage",
    measure=USAGE,
    side="above",
    for_s=120.0,
    steps=(
        Step(severity=Severity.WARNING, bound=0.5, clear=0.45),
        Step(severity=Severity.CRITICAL, bound=0.7, clear=0.65),
    ),
)


def tried(values: str, *expectations: Expectation, others: tuple[Series, ...] = ()) -> Outcome:
    own = Series(measure=USAGE, subject="mm-1", points=tuple(parse_series(values)), labels={"desk": "mm"})
    trial = Trial(
        rules=(RULE,),
        interval_s=60.0,
        settings=RuleSettings(unknown_after_s=120.0),
        series=(own, *others),
        expectations=expectations,
    )
    return run(trial, MEASURES)


def expect(minutes: float, state: str | None = None, **others: object) -> Expectation:
    return Expectation(at_s=minutes * 60, rule="usage", subject="mm-1", state=state, **others)


def test_expectations_that_are_met_say_nothing() -> None:
    out = tried(
        "0.4x2 0.6x4 0.8x3 0.4",
        expect(1, "inactive"),
        expect(2, "pending"),
        expect(3.9, "pending"),
        expect(4, "firing", severity=Severity.WARNING, n_fired=1, is_unknown=False),
        expect(8, "firing", severity=Severity.CRITICAL),
        expect(20, "resolved", n_fired=1),
        expect(20, "inactive"),
    )
    assert out.mismatches == ()
    assert out.n_steps == 21
    kinds = [one.kind.value for one in out.transitions]
    assert kinds[:2] == ["pending", "fired"]
    assert kinds[-1] == "resolved"
    assert out.transitions[0].alert.labels["desk"] == "mm"


def test_a_mismatch_says_what_there_was_instead() -> None:
    out = tried(
        "0.4x2 0.6x4",
        expect(4, "inactive", line=9),
        expect(1, "firing", line=7),
        expect(3, "pending", severity=Severity.CRITICAL, n_fired=2, is_unknown=True, line=8),
    )
    first, second, third = out.mismatches
    assert (first.line, first.at_s, first.expected, first.got) == (7, 60.0, "firing", "inactive")
    assert (second.line, second.expected) == (8, "pending, critical, unknown, fired 2 times")
    assert second.got == "pending, warning, value 0.6, since 2m, fired 0 times"
    assert (third.line, third.expected, third.got) == (9, "inactive", "firing, warning, value 0.6, since 4m")


def test_missing_and_doubtful_values_resolve_nothing() -> None:
    out = tried("0.6x4 _x3 ~0.4x3 0.4", expect(9, "firing", is_unknown=True), expect(10, "resolved"))
    assert out.mismatches == ()
    notice = Expectation(at_s=360.0, rule="data-missing", subject="mm-1", state="firing")
    assert tried("0.6x4 _x3", notice).mismatches == ()


def test_a_subject_that_goes_and_one_without_this_measure() -> None:
    other = Series(measure="account.other", subject="arb-1", points=(1.0,), labels={})
    silent = Expectation(at_s=600.0, rule="data-missing", subject="arb-1", state="inactive")
    out = tried("0.6x4 gonex7", expect(3, "firing"), expect(4, "resolved"), silent, others=(other,))
    assert out.mismatches == ()


def test_offsets_are_written_as_durations() -> None:
    assert [offset_words(one) for one in (0.0, 90.0, 7_200.0, 90_061.0, 0.5)] == [
        "0s",
        "1m30s",
        "2h",
        "1d1h1m1s",
        "0.5s",
    ]
