"""Twenty alerts become one message; a critical one is neither late nor among others; nothing vanishes."""

from hypothesis import given
from hypothesis import strategies as st
from tests.notify.samples import a_row, an_alert

from marginwatch.model.delivery import SendReason
from marginwatch.model.severity import Severity
from marginwatch.notify.stages.digest import packed
from marginwatch.notify.stages.grouping import Draft
from marginwatch.notify.stages.superseding import merged


def a_draft(number, *, size=1, is_critical=False, is_update=False, is_alone=False):
    severity = Severity.CRITICAL if is_critical else Severity.HIGH
    reason = SendReason.UPDATED if is_update else SendReason.FIRED
    rows = [
        a_row(an_alert(100 * number + one, severity=severity), reason, 100 * number + one)
        for one in range(size)
    ]
    return Draft(items=merged(rows), is_alone=is_update or is_alone)


def ids(drafts):
    return [item.alert.alert_id for draft in drafts for item in draft.items]


def test_what_fits_goes_as_it_is():
    drafts = [a_draft(number, size=2) for number in range(3)]
    found = packed(drafts, room=5, reserved=1, items_max=50, digest_max=50)
    assert list(found.now) == drafts
    assert found.later == ()


def test_twenty_become_one():
    drafts = [a_draft(number) for number in range(20)]
    [one] = packed(drafts, room=5, reserved=1, items_max=50, digest_max=50).now
    assert len(one.items) == 20


def test_a_message_that_stands_for_many_holds_more_than_one_with_room_for_what_each_says():
    crowd = Draft(items=tuple(item for number in range(20) for item in a_draft(number).items))
    roomy = packed([crowd], room=5, reserved=1, items_max=6, digest_max=20)
    assert [len(draft.items) for draft in roomy.now] == [6, 6, 6, 2]
    drafts = [a_draft(number) for number in range(20)]
    assert [
        len(draft.items) for draft in packed(drafts, room=5, reserved=1, items_max=6, digest_max=20).now
    ] == [20]


def test_the_last_tokens_are_kept_for_what_is_critical():
    found = packed([a_draft(1)], room=1, reserved=1, items_max=50, digest_max=50)
    assert found.now == ()
    assert len(found.later) == 1
    assert (
        len(packed([a_draft(1, is_critical=True)], room=1, reserved=1, items_max=50, digest_max=50).now) == 1
    )


def test_critical_alerts_go_even_without_room_and_together_rather_than_late():
    drafts = [a_draft(number, is_critical=True) for number in range(6)]
    found = packed(drafts, room=3, reserved=1, items_max=50, digest_max=50)
    assert [len(draft.items) for draft in found.now] == [1, 1, 4]
    assert len(packed(drafts[:1], room=0, reserved=1, items_max=50, digest_max=50).now) == 1


def test_a_change_in_place_is_never_part_of_a_digest():
    drafts = [a_draft(number) for number in range(9)] + [a_draft(50, is_update=True)]
    found = packed(drafts, room=3, reserved=1, items_max=50, digest_max=50)
    assert [len(draft.items) for draft in found.now] == [9, 1]


KINDS = st.fixed_dictionaries(
    {
        "size": st.integers(1, 9),
        "is_critical": st.booleans(),
        "is_update": st.booleans(),
        "is_alone": st.booleans(),
    }
)


@given(
    kinds=st.lists(KINDS, max_size=12),
    room=st.integers(0, 10),
    reserved=st.integers(1, 3),
    items_max=st.integers(1, 12),
)
def test_everything_is_sent_or_waits_and_what_is_critical_never_waits(kinds, room, reserved, items_max):
    drafts = [
        a_draft(
            number,
            **(kind | ({"size": 1} if kind["is_critical"] or kind["is_update"] or kind["is_alone"] else {})),
        )
        for number, kind in enumerate(kinds)
    ]
    found = packed(drafts, room=room, reserved=reserved, items_max=items_max, digest_max=2 * items_max)
    assert sorted(ids([*found.now, *found.later])) == sorted(ids(drafts))
    critical = [item.is_critical for draft in found.now for item in draft.items]
    assert sum(critical) == sum(item.is_critical for draft in drafts for item in draft.items)
    # First all that is critical, and each message holds either kind alone.
    assert critical == sorted(critical, reverse=True)
    assert all(len({item.is_critical for item in draft.items}) == 1 for draft in found.now)
    assert all(len(draft.items) <= 2 * items_max for draft in found.now)
    n_others = sum(not draft.is_critical for draft in found.now)
    n_critical = len(found.now) - n_others
    assert n_others <= max(0, room - n_critical - reserved)
