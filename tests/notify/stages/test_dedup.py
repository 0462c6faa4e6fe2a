"""Told again only what is news."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.notify.samples import SECOND, T, a_row, an_alert, over

from marginwatch.model.delivery import SendReason, Told
from marginwatch.model.severity import Severity
from marginwatch.notify.stages.dedup import (
    NEVER_TOLD,
    NO_ENDS,
    NO_MESSAGE,
    TOLD_OVER,
    TOLD_SAME,
    why_not_again,
)
from marginwatch.notify.stages.superseding import merged

ALERT = an_alert()
RAISED = msgspec.structs.replace(ALERT, severity=Severity.CRITICAL, value_at_ns=T + 1)
END = over(ALERT)


def told(**changed):
    given = {
        "is_firing": True,
        "severity": Severity.HIGH,
        "at_ns": T,
        "first_at_ns": T,
        "alert_id": "alert-1",
    }
    return Told(channel="a", key=ALERT.key, **{**given, **changed})


def why_not(memory, *rows, now_ns=T + 10 * SECOND, **more):
    numbered = [msgspec.structs.replace(row, row_id=number) for number, row in enumerate(rows, 1)]
    [item] = merged(numbered)
    return why_not_again(item, memory, now_ns=now_ns, repeat_every_s=60.0, **more)


FIRED, ROSE, ENDED = a_row(ALERT), a_row(RAISED, SendReason.RAISED), a_row(END, SendReason.RESOLVED)
LATER = {"made_at_ns": T + 5}


@pytest.mark.parametrize(
    ("memory", "rows", "expected"),
    [
        (None, (FIRED,), None),
        (told(), (FIRED,), TOLD_SAME),
        (told(), (ROSE,), None),
        (told(severity=Severity.CRITICAL), (ROSE,), TOLD_SAME),
        (told(alert_id="before"), (FIRED,), None),
        (told(is_firing=False), (FIRED,), TOLD_OVER),
        (None, (ENDED,), NEVER_TOLD),
        (None, (FIRED, ENDED), None),
        (told(), (ENDED,), None),
        (told(is_firing=False), (ENDED,), TOLD_OVER),
        (told(alert_id="before"), (ENDED,), NEVER_TOLD),
        (told(), (a_row(ALERT, SendReason.REPEATED, **LATER),), None),
        (told(at_ns=T + 6), (a_row(ALERT, SendReason.REPEATED, **LATER),), TOLD_SAME),
        (told(), (a_row(ALERT, SendReason.ESCALATED, **LATER),), None),
        (told(), (a_row(ALERT, SendReason.FELL_OVER, **LATER),), TOLD_SAME),
        (told(at_ns=T - 60 * SECOND), (a_row(ALERT, SendReason.FELL_OVER, **LATER),), None),
        (None, (a_row(END, SendReason.FELL_OVER),), None),
        (told(reference="m"), (a_row(ALERT, SendReason.UPDATED),), NO_MESSAGE),
    ],
)
def test_news_and_no_news(memory, rows, expected):
    assert why_not(memory, *rows) == expected


def test_a_channel_that_can_edit_changes_a_message_that_it_has():
    update = a_row(ALERT, SendReason.UPDATED)
    assert why_not(told(reference="m"), update, can_edit=True) is None
    assert why_not(told(), update, can_edit=True) == NO_MESSAGE
    assert why_not(None, update, can_edit=True) == NO_MESSAGE


def test_a_channel_that_wants_no_ends_hears_of_one_only_with_its_beginning():
    assert why_not(told(), ENDED, tells_ends=False) == NO_ENDS
    assert why_not(None, FIRED, ENDED, tells_ends=False) is None


@given(
    order=st.permutations([FIRED, ROSE, ENDED]),
    cuts=st.sets(st.integers(0, 2)),
)
def test_in_whatever_order_and_portions_rows_come_the_last_thing_told_is_that_it_is_over(order, cuts):
    """Rows of one claim are one item; whatever comes after the end has been told is not told as firing."""
    memory, last = None, None
    portions, start = [], 0
    for cut in sorted(cuts | {2}):
        portions.append(order[start : cut + 1])
        start = cut + 1
    for portion in portions:
        if not portion or why_not(memory, *portion) is not None:
            continue
        [item] = merged(
            [msgspec.structs.replace(row, row_id=number) for number, row in enumerate(portion, 1)]
        )
        last = not item.is_over
        memory = told(is_firing=last, severity=item.alert.severity)
    if any(FIRED in portion or ROSE in portion for portion in portions[: _portion_of_end(portions) + 1]):
        assert last is False


def _portion_of_end(portions):
    return next(number for number, portion in enumerate(portions) if ENDED in portion)
