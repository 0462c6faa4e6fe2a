"""The rule book does what slow, obvious loops do, whatever comes and in whatever order."""

from collections.abc import Iterable

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.rules.desk import MEASURES, SECOND_NS, START_NS, Reused, steps, stored, usage_rule
from tests.rules.oracle import Oracle

from marginwatch.model.alert import AlertState, Transition
from marginwatch.model.severity import Severity
from marginwatch.model.silence import Matcher
from marginwatch.risk.answers import Answer
from marginwatch.rules.definition import Rule
from marginwatch.rules.rulebook import RuleBook, RuleSettings
from marginwatch.rules.series import Doubtful

GRACE_S = 7.0
RULES: list[Rule] = [
    usage_rule("at-once"),
    usage_rule("patient", for_s=4.0, keep_firing_for_s=5.0),
    usage_rule("picky", only=(Matcher("desk", "x"),), keep_firing_for_s=3.0, is_watching_unknown=False),
    Rule(
        name="near",
        measure="account.distance",
        side="below",
        for_s=2.0,
        steps=steps(
            (Severity.INFO, 0.2, 0.2), (Severity.WARNING, 0.1, 0.15), (Severity.CRITICAL, 0.05, 0.15)
        ),
    ),
    Rule(
        name="large",
        measure="account.usage",
        side="above",
        steps=steps((Severity.HIGH, 0.6, 0.55)),
        at_least={"n_positions": 4.0},
        for_s=3.0,
    ),
]

USAGE = st.sampled_from(
    [
        *(0.1, 0.45, 0.47, 0.5, 0.52, 0.57, 0.65, 0.7, 0.75, 0.8, 0.9),
        *(None, Answer.NOT_APPLICABLE, Answer.MISSING),
        *(Doubtful(0.3), Doubtful(0.47), Doubtful(0.75), Doubtful(0.9)),
    ]
)
DISTANCE = st.sampled_from(
    [0.5, 0.2, 0.18, 0.15, 0.12, 0.1, 0.07, 0.04, None, Answer.NONE_IN_RANGE, Doubtful(0.3), Doubtful(0.08)]
)
COUNT = st.sampled_from([5.0, 5.0, 4.0, 3.0, None, Doubtful(2.0), Doubtful(6.0), Answer.NOT_APPLICABLE])
VALUES = st.tuples(USAGE, DISTANCE, COUNT)
SLOTS = 3


@st.composite
def moments(draw: st.DrawFn) -> dict:
    """Return one thing that happens, and when."""
    return {
        "after_s": draw(st.sampled_from([1.0, 1.0, 2.0, 4.0, 9.0])),
        "kind": draw(st.sampled_from(["frame"] * 6 + ["lane", "lane", "restart"])),
        "values": draw(st.lists(VALUES, min_size=SLOTS, max_size=SLOTS)),
        "same": draw(st.lists(st.sampled_from([True, True, False]), min_size=SLOTS, max_size=SLOTS)),
        "reused": draw(st.sets(st.integers(0, SLOTS - 1), max_size=1))
        if draw(st.integers(0, 4)) == 0
        else set(),
        "absent": draw(st.sets(st.integers(0, SLOTS - 1), max_size=1))
        if draw(st.integers(0, 4)) == 0
        else set(),
        "unjudged": draw(st.sets(st.integers(0, SLOTS - 1), max_size=2))
        if draw(st.integers(0, 3)) == 0
        else set(),
        "lane": draw(st.sets(st.integers(0, SLOTS - 1), min_size=1)),
        "judged_until_s": draw(st.sampled_from([0.0, 0.5, 3.0])),
    }


class Machine:
    """A book of rules and the oracle, shown the same."""

    def __init__(self, rules: list[Rule], edges_max: int = 2_000) -> None:
        self.rules = rules
        self.settings = RuleSettings(unknown_after_s=GRACE_S, edges_max=edges_max)
        self.book = RuleBook(rules, MEASURES, self.settings)
        self.oracle = Oracle(rules, GRACE_S)
        self.now_s = self.judged_until_s = 0.0
        self.is_at_work = True
        self.generation = [0] * SLOTS
        self.last: list = [(0.1, 0.5, 5.0)] * SLOTS
        self.told: list = []

    def play(self, moment: dict) -> None:
        if moment["kind"] == "restart":
            if self.is_at_work:
                self.judged_until_s = self.now_s + moment["judged_until_s"]
            until_s, self.is_at_work = self.judged_until_s, False
            self.now_s += moment["after_s"] + moment["judged_until_s"]
            self.book = RuleBook(self.rules, MEASURES, self.settings)
            self.book.restore(stored(self.told), ns(until_s), ns(self.now_s))
            self.oracle.restart(until_s)
            return
        self.now_s += moment["after_s"]
        self.is_at_work = True
        is_lane = moment["kind"] == "lane"
        if not is_lane:
            for slot in moment["reused"]:
                self.generation[slot] += 1
        absent = set() if is_lane else moment["absent"]
        names = {f"a{slot}.{self.generation[slot]}": slot for slot in range(SLOTS)}
        for slot in range(SLOTS):
            if not moment["same"][slot]:
                self.last[slot] = moment["values"][slot]
        values = {
            name: {who: self.last[slot][at] for who, slot in names.items() if slot not in absent}
            for at, name in enumerate(("account.usage", "account.distance", "account.n_positions"))
        }
        labels = {name: {"desk": "x" if slot else "y"} for name, slot in names.items()}
        judged = {name for name, slot in names.items() if slot not in moment["unjudged"]}
        there = self.oracle.there
        lane = (
            {name for name, slot in names.items() if slot in moment["lane"] and name in there}
            if is_lane
            else None
        )
        self.told += self.book.evaluate(
            Reused(ns(self.now_s), values, names, labels=labels, judged={"account": judged}, lane=lane)
        )
        self.oracle.moment(self.now_s, values, labels, judged, lane)

    def compare(self) -> None:
        for name in ("rule", "notice"):
            ours = sorted(line for line in self.lines() if (line[1] == "data-missing") == (name == "notice"))
            theirs = sorted(
                line for line in self.oracle.log if (line[1] == "data-missing") == (name == "notice")
            )
            assert ours == theirs

    def lines(self) -> Iterable[tuple]:
        for one in self.told:
            alert = one.alert
            yield (seconds(one.at_ns), alert.rule, alert.subject.name, str(one.kind), alert.severity)


def ns(now_s: float) -> int:
    return START_NS + round(now_s * SECOND_NS)


def seconds(at_ns: int) -> float:
    return (at_ns - START_NS) / SECOND_NS


@settings(
    max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
@given(st.lists(moments(), min_size=3, max_size=30))
def test_every_transition_is_the_one_that_slow_loops_find(happening: list[dict]) -> None:
    machine = Machine(RULES)
    for moment in happening:
        machine.play(moment)
        machine.compare()


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
@given(st.lists(moments(), min_size=3, max_size=20))
def test_lanes_between_frames_end_where_frames_alone_do(happening: list[dict]) -> None:
    alone, mixed = Machine(RULES), Machine(RULES)
    for moment in happening:
        frame = moment | {"kind": "frame"}
        alone.play(frame)
        # The same numbers, known of some accounts a moment earlier: nothing may come of it but the moment.
        mixed.play(frame)
        mixed.play(moment | {"kind": "lane", "after_s": 0.0, "same": [True] * SLOTS})
    assert [line[:5] for line in alone.lines()] == [line[:5] for line in mixed.lines()]


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
@given(st.lists(moments(), min_size=3, max_size=20), st.integers(1, 4))
def test_what_there_was_no_time_for_is_made_up_for(happening: list[dict], edges_max: int) -> None:
    rules = [rule for rule in RULES if not rule.for_s and not rule.keep_firing_for_s]
    unhurried, hurried = Machine(rules), Machine(rules, edges_max)
    for moment in happening:
        frame = moment | {"kind": "frame"}
        unhurried.play(frame)
        hurried.play(frame)
        for _ in range(12):
            before = len(hurried.told)
            hurried.play(frame | {"after_s": 0.0, "same": [True] * SLOTS, "reused": set()})
            assert len(hurried.told) - before <= 2 * edges_max + 1
        assert firing(hurried.told) == firing(unhurried.told)


def firing(told: list[Transition]) -> set[tuple[str, int, bool]]:
    """Return what fires after some transitions, how badly, and whether that is known."""
    latest = {one.alert.key: one.alert for one in told if not one.alert.is_unknown_notice}
    return {
        (key, alert.severity, alert.unknown_since_ns is None)
        for key, alert in latest.items()
        if alert.state is AlertState.FIRING
    }


@settings(
    max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
@given(st.lists(moments(), min_size=3, max_size=30))
def test_nothing_ends_on_data_that_are_missing_or_doubtful(happening: list[dict]) -> None:
    machine = Machine(RULES)
    for moment in happening:
        before = len(machine.told)
        machine.play(moment)
        for one in machine.told[before:]:
            alert = one.alert
            if alert.state is not AlertState.RESOLVED or alert.is_unknown_notice or "gone" in alert.context:
                continue
            slot = int(alert.subject.name[1])
            usage, distance, _ = machine.last[slot]
            value = distance if alert.rule == "near" else usage
            assert value is not None
            assert value is not Answer.MISSING
            assert not isinstance(value, Doubtful)
