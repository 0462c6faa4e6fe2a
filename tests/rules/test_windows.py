"""What a measure was some time ago, against a plain list of everything that was ever seen."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from marginwatch.risk.answers import Answer
from marginwatch.rules.column import Column
from marginwatch.rules.sight import Sight
from marginwatch.rules.windows import SAMPLES, Window

EVERYBODY = np.ones(8, np.bool_)

SECOND_NS = 1_000_000_000
ROWS = 3


def sight(values: list[float | None], at_ns: int, rows: list[int] | None = None) -> Sight:
    numbers = np.array([np.nan if value is None else value for value in values])
    answers = np.where(np.isnan(numbers), Answer.MISSING, Answer.NUMBER).astype(np.uint8)
    column = Column(numbers, answers, lambda _: "gone", at_ns)
    return Sight.of(column, None if rows is None else np.array(rows))


@settings(max_examples=80, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from([1, 1, 1, 2, 5]),
            st.lists(st.sampled_from([None, 1.0, 2.0, 4.0, -2.0]), min_size=ROWS, max_size=ROWS),
            st.sets(st.integers(0, ROWS - 1), max_size=1),
        ),
        min_size=8,
        max_size=40,
    ),
    st.booleans(),
)
def test_a_change_is_to_what_was_seen_then_of_the_same_subject(
    series: list[tuple[int, list[float | None], set[int]]], is_relative: bool
) -> None:
    window, seen, now_s = Window(10.0), [], 0
    since_s = [0] * ROWS
    for step_s, values, reused in series:
        now_s += step_s
        for row in reused:
            since_s[row] = now_s
        change = window.change(
            sight(values, now_s * SECOND_NS),
            now_s * SECOND_NS,
            np.array(since_s) * SECOND_NS,
            is_relative=is_relative,
        )
        # A window of ten seconds takes every moment here, for none is closer than a second.
        then = [moment for moment in seen if moment[0] <= now_s - 10]
        for row in range(ROWS):
            # Before the window is full, the change is to the first moment of all.
            old, reference = None, (then or seen[:1] or [None])[-1]
            if reference and now_s - 10 - reference[0] <= 2.5 and reference[0] >= since_s[row]:
                old = reference[1][row]
            new = values[row]
            if new is None or old is None:
                assert change.answers[row] == Answer.MISSING
            else:
                expected = (new - old) / abs(old) if is_relative else new - old
                assert change.answers[row] == Answer.NUMBER
                assert abs(change.values[row] - expected) < 1e-12
                assert (change.is_doubtful is not None and bool(change.is_doubtful[row])) == (not then)
        window.keep(sight(values, now_s * SECOND_NS), EVERYBODY, now_s * SECOND_NS)
        seen.append((now_s, values))


def test_a_long_window_keeps_few_samples_and_is_never_short() -> None:
    window = Window(86_400.0)
    nothing = np.zeros(1, np.int64)
    for minute in range(3 * 1_440):
        now_ns = (1 + minute * 60) * SECOND_NS
        change = window.change(sight([float(minute)], now_ns), now_ns, nothing, is_relative=False)
        window.keep(sight([float(minute)], now_ns), EVERYBODY, now_ns)
        if minute == 0:
            assert change.answers[0] == Answer.MISSING
        elif minute < 1_440:
            assert change.values[0] == minute
            assert change.is_doubtful is not None
        else:
            assert change.is_doubtful is None
            assert 1_440 <= change.values[0] <= 1_440 + 1_440 / SAMPLES
    assert len(window._samples) <= SAMPLES * 1.25 + 3


def test_a_gap_in_watching_is_not_taken_for_the_window() -> None:
    window, nothing = Window(100.0), np.zeros(1, np.int64)
    window.keep(sight([1.0], SECOND_NS), EVERYBODY, SECOND_NS)
    for now_s, is_known in ((100, False), (101, True), (126, True), (127, False)):
        at_ns = now_s * SECOND_NS
        change = window.change(sight([2.0], at_ns), at_ns, nothing, is_relative=False)
        assert (change.answers[0] == Answer.NUMBER and change.is_doubtful is None) == is_known
        assert (
            is_known or (change.doubt if now_s < 101 else change.reason)(0) == "watched for less than 100 s"
        )


def test_a_lane_has_the_changes_of_its_rows_and_new_rows_have_none() -> None:
    window, since = Window(10.0), np.zeros(4, np.int64)
    window.keep(sight([1.0, 2.0, 4.0], SECOND_NS), EVERYBODY, SECOND_NS)
    change = window.change(
        sight([5.0, 5.0, 5.0], 11 * SECOND_NS, [2, 0, 3]), 11 * SECOND_NS, since, is_relative=False
    )
    assert change.values[:2].tolist() == [1.0, 4.0]
    assert change.answers.tolist() == [0, 0, Answer.MISSING]


def test_from_nothing_there_is_no_relative_change_and_doubt_is_handed_on() -> None:
    window, since = Window(10.0), np.zeros(1, np.int64)
    then = sight([0.0], SECOND_NS)
    then.is_doubtful = np.array([True])
    window.keep(then, EVERYBODY, SECOND_NS)
    now_ns = 11 * SECOND_NS
    relative = window.change(sight([5.0], now_ns), now_ns, since, is_relative=True)
    assert relative.answers[0] == Answer.MISSING
    absolute = window.change(sight([5.0], now_ns), now_ns, since, is_relative=False)
    assert absolute.is_doubtful is not None
    assert absolute.is_doubtful.tolist() == [True]
