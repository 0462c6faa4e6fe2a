"""Rows of one alert become one item that is as new as the newest and names all."""

import msgspec
from hypothesis import given
from hypothesis import strategies as st
from tests.notify.samples import T, a_row, an_alert, over

from marginwatch.model.delivery import SendReason
from marginwatch.notify.stages.superseding import WEIGHT, merged

REASONS = st.sampled_from([reason for reason in SendReason if reason is not SendReason.TEST])


def test_every_reason_has_a_weight():
    assert set(WEIGHT) == set(SendReason) - {SendReason.TEST}


def test_what_fell_over_late_does_not_make_an_alert_that_is_over_fire_again():
    alert = an_alert()
    rows = [a_row(over(alert), SendReason.RESOLVED, 1), a_row(alert, SendReason.FELL_OVER, 2)]
    [item] = merged(rows)
    assert item.is_over
    assert item.reason is SendReason.RESOLVED


def test_a_transition_that_came_by_two_ways_is_named_once():
    alert = an_alert()
    rows = [a_row(alert, row_id=1), a_row(alert, SendReason.FELL_OVER, 2, transition_id="fired-alert-1")]
    [item] = merged(rows)
    assert [row.transition_id for row in item.told_rows()] == ["fired-alert-1", None]
    assert [row.row_id for row in item.told_rows()] == [1, 2]


@given(st.lists(st.tuples(st.integers(1, 4), REASONS, st.integers(0, 9)), min_size=1, max_size=20))
def test_no_row_vanishes_and_each_alert_is_one_item(given_rows):
    rows = []
    for row_id, (number, reason, later) in enumerate(given_rows, 1):
        alert = msgspec.structs.replace(an_alert(number, fired_at_ns=T + number), value_at_ns=T + later)
        rows.append(a_row(over(alert, T + later) if reason is SendReason.RESOLVED else alert, reason, row_id))
    items = merged(rows)
    assert sorted(row.row_id for item in items for row in item.rows) == [row.row_id for row in rows]
    assert len({item.alert.alert_id for item in items}) == len(items)
    assert [item.since_ns for item in items] == sorted(item.since_ns for item in items)
    for item in items:
        assert item.is_over == any(row.reason is SendReason.RESOLVED for row in item.rows)
        assert all(row.alert == item.alert for row in item.told_rows())
