"""One channel's rows: in order, at least once, never more often than the channel bears."""

import asyncio

import msgspec
import pytest
from tests.notify.samples import (
    SECOND,
    FakeChannel,
    MemoryOutbox,
    Stand,
    T,
    a_row,
    a_setup,
    an_alert,
    over,
    refused,
    unreachable,
)

from marginwatch.errors import ConnectivityError
from marginwatch.model.delivery import RowState, SendReason
from marginwatch.model.severity import Severity
from marginwatch.model.silence import Matcher, Silence
from marginwatch.notify import worker
from marginwatch.notify.settings import DispatchSettings


async def test_a_row_is_told_once_and_recorded_with_its_message():
    stand = Stand()
    await stand.put(a_row())
    await stand.turn()
    [outgoing] = stand.channels["a"].outgoing
    assert outgoing.message.items[0].transition_ids == ("fired-alert-1",)
    assert stand.outbox.state(1) is RowState.SENT
    [delivery] = stand.outbox.deliveries
    assert delivery.is_delivered
    assert delivery.message_id == outgoing.message.message_id
    assert stand.outbox.memory["a", "margin|account|mm-1"].is_firing


async def test_what_fired_rose_and_ended_while_nobody_was_told_is_one_item_that_names_all():
    stand = Stand()
    alert = an_alert()
    worse = msgspec.structs.replace(alert, severity=Severity.CRITICAL, value_at_ns=T + 1)
    await stand.put(a_row(alert), a_row(worse, SendReason.RAISED), a_row(over(worse), SendReason.RESOLVED))
    [item] = stand.channels["a"].items
    assert item.transition_ids == ("fired-alert-1", "raised-alert-1", "resolved-alert-1")
    assert not item.is_firing


async def test_a_refused_attempt_is_tried_again_after_a_while_and_not_before():
    stand = Stand()
    channel = stand.channels["a"]
    channel.answers = [unreachable()]
    await stand.put(a_row())
    await stand.turn()
    assert len(channel.tried) == 1
    await stand.clock.advance(2.1)
    await stand.turn()
    assert len(channel.outgoing) == 1
    first, second = (one.message.message_id for one in channel.tried)
    assert first == second
    assert stand.outbox.rows[1].attempts == 2


async def test_a_platform_that_says_when_is_left_alone_until_then_by_all_rows():
    stand = Stand()
    channel = stand.channels["a"]
    channel.answers = [unreachable(retry_after_s=30)]
    await stand.put(a_row(an_alert(1)), a_row(an_alert(2), group="other"))
    await stand.clock.advance(10)
    await stand.put(a_row(an_alert(3), group="third"))
    await stand.clock.advance(19)
    await stand.turn()
    assert len(channel.tried) == 1
    await stand.clock.advance(2)
    await stand.turn()
    assert sorted(channel.transition_ids) == ["fired-alert-1", "fired-alert-2", "fired-alert-3"]


async def test_a_final_refusal_goes_to_the_next_channel_in_the_same_transaction():
    stand = Stand(a_setup("a", "b", a={"fall_over_to": "b"}))
    stand.channels["a"].answers = [refused()]
    await stand.outbox.add([a_row()])
    await stand.turn("a")
    assert stand.outbox.state(1) is RowState.FAILED
    assert stand.outbox.rows[2].channel == "b"
    assert stand.outbox.rows[2].reason is SendReason.FELL_OVER
    await stand.turn("b")
    assert stand.channels["b"].transition_ids == ["fired-alert-1"]
    assert stand.dispatcher.channel_health()["a"].is_failing
    assert not stand.dispatcher.channel_health()["b"].is_failing


async def test_a_final_refusal_with_no_other_channel_is_tried_seldom_and_not_given_up():
    stand = Stand()
    channel = stand.channels["a"]
    channel.answers = [refused()]
    await stand.put(a_row())
    await stand.clock.advance(200)
    await stand.turn()
    assert len(channel.tried) == 1
    await stand.clock.advance(101)
    await stand.turn()
    assert channel.transition_ids == ["fired-alert-1"]
    assert not stand.dispatcher.channel_health()["a"].is_failing


async def test_what_nobody_takes_is_given_up_after_a_day():
    stand = Stand(settings=DispatchSettings(give_up_after_s=600))
    stand.channels["a"].answers = [refused() for _ in range(9)]
    await stand.put(a_row())
    for _ in range(3):
        await stand.clock.advance(301)
        await stand.turn()
    assert stand.outbox.state(1) is RowState.FAILED
    assert "given up" in stand.outbox.why(1)


async def test_a_critical_alert_does_not_wait_long_for_a_channel_that_only_asks_for_patience():
    stand = Stand(a_setup("a", "b", a={"fall_over_to": "b"}))
    stand.channels["a"].answers = [unreachable(retry_after_s=120)]
    await stand.put(a_row(an_alert(1, severity=Severity.CRITICAL)), a_row(an_alert(2)))
    await stand.turn()
    assert stand.channels["b"].transition_ids == ["fired-alert-1"]
    assert stand.outbox.state(2) is RowState.WAITING


async def test_the_end_follows_its_beginning_to_the_channel_it_fell_over_to():
    stand = Stand(a_setup("a", "b", a={"fall_over_to": "b"}))
    stand.channels["a"].answers = [refused()]
    await stand.put(a_row())
    await stand.put(
        a_row(over(an_alert()), SendReason.RESOLVED),
        a_row(over(an_alert()), SendReason.RESOLVED, channel="b"),
    )
    await stand.clock.advance(30)
    await stand.turn()
    assert [item.is_firing for item in stand.channels["b"].items] == [True, False]
    assert not stand.channels["a"].items


async def test_one_alert_that_is_refused_in_company_does_not_take_the_others_along():
    stand = Stand()
    channel = stand.channels["a"]
    bad = refused("rejected")

    original = channel.send

    async def picky(outgoing):
        if any(alert.alert_id == "alert-2" for alert in outgoing.alerts):
            channel.answers = [bad]
        return await original(outgoing)

    channel.send = picky
    await stand.put(*(a_row(an_alert(number)) for number in (1, 2, 3)))
    await stand.turn()
    assert sorted(channel.transition_ids) == ["fired-alert-1", "fired-alert-3"]


async def test_twenty_alerts_at_once_are_one_message_and_the_critical_one_is_its_own():
    stand = Stand()
    alerts = [an_alert(number) for number in range(20)]
    critical = an_alert(99, severity=Severity.CRITICAL)
    await stand.put(
        *(a_row(alert, group=f"g{number}") for number, alert in enumerate(alerts)),
        a_row(critical, group="g99"),
    )
    first, second = stand.channels["a"].outgoing
    assert [item.alert_id for item in first.message.items] == ["alert-99"]
    assert len(second.message.items) == 20
    assert [alert.alert_id for alert in second.alerts] == [item.alert_id for item in second.message.items]


async def test_a_critical_alert_goes_at_once_even_when_the_channel_has_spoken_its_fill():
    setup = a_setup(a={"messages_per_minute": 4.0})
    stand = Stand(setup)
    for number in range(6):
        await stand.put(a_row(an_alert(number), group=f"g{number}"))
    before = len(stand.channels["a"].outgoing)
    assert before == 1
    for number in range(90, 95):
        await stand.put(a_row(an_alert(number, severity=Severity.CRITICAL), group=f"g{number}"))
    assert len(stand.channels["a"].outgoing) == before + 5
    # Six took more than there was; the others are told together once the bucket has filled again.
    await stand.clock.advance(90)
    await stand.turn()
    assert len(stand.channels["a"].outgoing) == before + 6
    assert len(stand.channels["a"].items) == 11


async def test_a_group_that_has_just_spoken_waits_for_company_but_not_with_what_is_critical():
    stand = Stand()
    await stand.put(a_row(an_alert(1)))
    await stand.put(a_row(an_alert(2)), a_row(an_alert(3, severity=Severity.CRITICAL)))
    await stand.put(a_row(an_alert(4)))
    assert [item.alert_id for item in stand.channels["a"].items] == ["alert-1", "alert-3"]
    await stand.clock.advance(30)
    await stand.turn()
    last = stand.channels["a"].outgoing[-1].message
    assert {item.alert_id for item in last.items} == {"alert-2", "alert-4"}


async def test_a_killed_dispatchers_rows_go_on_at_once_with_its_successor_and_with_others_after_the_lease():
    outbox = MemoryOutbox()
    await outbox.add([a_row()])
    await outbox.claim("somebody-else", "a", T, 60 * SECOND, 10)
    stand = Stand(outbox=outbox)
    await stand.turn()
    assert not stand.channels["a"].tried
    await stand.clock.advance(61)
    await stand.turn()
    assert len(stand.channels["a"].outgoing) == 1

    own = MemoryOutbox()
    await own.add([a_row()])
    await own.claim("marginwatch", "a", T, 60 * SECOND, 10)
    successor = Stand(outbox=own)
    await successor.turn()
    assert len(successor.channels["a"].outgoing) == 1


async def test_a_channel_that_hangs_is_cut_off_and_the_others_go_on():
    stand = Stand(a_setup("a", "b", a={"timeout_s": 0.01}))
    stand.channels["a"].send = lambda outgoing: asyncio.Event().wait()
    from marginwatch.notify import worker

    before, worker.ROOM_TO_ANSWER_S = worker.ROOM_TO_ANSWER_S, 0.01
    try:
        await stand.put(a_row(channel="a"), a_row(channel="b"))
    finally:
        worker.ROOM_TO_ANSWER_S = before
    assert stand.channels["b"].transition_ids == ["fired-alert-1"]
    assert stand.outbox.state(1) is RowState.WAITING
    assert stand.dispatcher.channel_health()["a"].reason == "timeout"


async def test_a_defect_in_a_channel_loses_nothing_and_tells_no_secret(caplog):
    stand = Stand()
    stand.channels["a"].answers = [KeyError("the-secret")]
    await stand.put(a_row())
    assert stand.outbox.state(1) is RowState.WAITING
    assert "the-secret" not in caplog.text
    assert "the-secret" not in stand.outbox.why(1)
    await stand.clock.advance(301)
    await stand.turn()
    assert stand.channels["a"].transition_ids == ["fired-alert-1"]


class Unwritable(MemoryOutbox):
    """Cannot record for a while."""

    n_failures = 3

    async def finish(self, owner, outcomes, **more):
        if self.n_failures:
            self.n_failures -= 1
            raise ConnectivityError("disk full", reason="store")
        await super().finish(owner, outcomes, **more)


async def test_what_was_sent_is_recorded_as_soon_as_it_can_be_and_not_sent_again_meanwhile():
    stand = Stand(outbox=Unwritable())
    await stand.outbox.add([a_row()])
    work = asyncio.ensure_future(stand.turn())
    await stand.clock.advance(1)
    assert not stand.dispatcher.is_working()
    await stand.clock.advance(5)
    await work
    assert len(stand.channels["a"].outgoing) == 1
    assert stand.outbox.state(1) is RowState.SENT
    assert stand.dispatcher.is_working()


async def test_a_channel_that_can_edit_changes_its_message_for_what_is_quiet_and_sends_what_is_loud():
    stand = Stand(channels={"a": FakeChannel(can_edit=True)})
    alert = an_alert()
    lower = msgspec.structs.replace(alert, severity=Severity.WARNING, value_at_ns=T + 1)
    worse = msgspec.structs.replace(alert, severity=Severity.CRITICAL, value_at_ns=T + 2)
    await stand.put(a_row(alert))
    await stand.put(a_row(lower, SendReason.UPDATED))
    await stand.put(a_row(worse, SendReason.RAISED))
    await stand.put(a_row(over(worse), SendReason.RESOLVED))
    assert [one.replaces for one in stand.channels["a"].outgoing] == [None, "m1", None, "m3"]


async def test_run_wakes_delivers_and_stops():
    stand = Stand()
    task = asyncio.create_task(stand.dispatcher.run())
    await stand.clock.advance(0.1)
    await stand.outbox.add([a_row(due_ns=stand.clock.now_ns())])
    stand.dispatcher.wake()
    await stand.clock.advance(0.0)
    assert stand.channels["a"].transition_ids == ["fired-alert-1"]
    assert await stand.dispatcher.drain(1)
    assert stand.dispatcher.is_working()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_whoever_drains_waits_for_what_is_taken_in_hand_while_the_outbox_is_asked(monkeypatch):
    stand, may_arrive = Stand(), asyncio.Event()
    channel, outbox = stand.channels["a"], stand.outbox
    send, next_due_ns = channel.send, outbox.next_due_ns

    async def slow_send(outgoing):
        await may_arrive.wait()
        return await send(outgoing)

    async def slow_answer(name):
        if not outbox.rows:
            await outbox.add([a_row(due_ns=stand.clock.now_ns())])
            stand.dispatcher.wake()
            await stand.clock.advance(0.0)
        return await next_due_ns(name)

    monkeypatch.setattr(channel, "send", slow_send)
    task = asyncio.create_task(stand.dispatcher.run())
    await stand.clock.advance(0.1)
    monkeypatch.setattr(outbox, "next_due_ns", slow_answer)
    draining = asyncio.create_task(stand.dispatcher.drain(10))
    await stand.clock.advance(1.0)
    assert outbox.rows
    assert not draining.done()
    may_arrive.set()
    await stand.clock.advance(1.0)
    assert await draining
    assert channel.transition_ids == ["fired-alert-1"]
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_the_end_of_what_was_told_waits_for_the_end_of_a_silence_even_of_one_ended_early():
    stand = Stand()
    await stand.put(a_row())
    silence = Silence(
        silence_id="s",
        matchers=(Matcher.parse("account=mm-1"),),
        author="eve",
        comment="",
        from_ns=T,
        until_ns=T + 3_600 * SECOND,
    )
    stand.desk.silenced = [silence]
    await stand.put(a_row(over(an_alert()), SendReason.RESOLVED))
    assert stand.outbox.state(2) is RowState.WAITING
    await stand.clock.advance(61)
    await stand.turn()
    assert len(stand.channels["a"].items) == 1
    stand.desk.silenced = [msgspec.structs.replace(silence, ended_at_ns=stand.clock.now_ns())]
    await stand.clock.advance(61)
    await stand.turn()
    assert [item.is_firing for item in stand.channels["a"].items] == [True, False]


async def test_a_channel_that_wants_no_ends_still_hears_of_one_that_overtook_its_beginning():
    stand = Stand(a_setup(a={"send_resolved": False}))
    alert = an_alert()
    await stand.put(a_row(alert))
    await stand.put(a_row(over(alert), SendReason.RESOLVED))
    assert [item.is_firing for item in stand.channels["a"].items] == [True]
    late = an_alert(2)
    await stand.clock.advance(40)
    await stand.put(a_row(late), a_row(over(late), SendReason.RESOLVED))
    assert [item.is_firing for item in stand.channels["a"].items] == [True, False]


async def test_every_row_ends_with_a_state_and_whoever_was_not_told_has_a_reason():
    stand = Stand(a_setup("a", "b", b={"fall_over_to": "a"}))
    alerts = [an_alert(number) for number in range(6)]
    stand.channels["b"].answers = [refused(), unreachable()]
    for alert in alerts:
        await stand.put(a_row(alert), a_row(alert, channel="b"))
        await stand.put(*(a_row(over(alert), SendReason.RESOLVED, channel=name) for name in "ab"))
    for _ in range(30):
        await stand.clock.advance(31)
        await stand.turn()
    states = {row.state for row in stand.outbox.rows.values()}
    assert RowState.WAITING not in states
    reasons = {one.row_id: one.detail for one in stand.outbox.outcomes}
    assert all(reasons[row_id] for row_id in stand.outbox.rows)


async def test_a_critical_alert_overtakes_what_a_slow_platform_has_still_to_take():
    stand = Stand(a_setup(a={"messages_per_minute": 600.0}))
    channel = stand.channels["a"]
    take = channel.send

    async def slowly(outgoing):
        await stand.clock.sleep(2.0)
        return await take(outgoing)

    channel.send = slowly
    await stand.outbox.add([a_row(an_alert(number), group=f"g{number}") for number in range(4)])
    work = asyncio.ensure_future(stand.turn())
    await stand.clock.advance(1.0)
    await stand.outbox.add([a_row(an_alert(9, severity=Severity.CRITICAL))])
    for _ in range(20):
        await stand.clock.advance(1.0)
    await work
    assert [item.alert_id for item in channel.items] == [
        "alert-0",
        "alert-9",
        "alert-1",
        "alert-2",
        "alert-3",
    ]


async def test_a_platform_that_says_now_is_not_asked_without_a_pause():
    stand = Stand()
    stand.channels["a"].answers = [unreachable(retry_after_s=0.0)]
    await stand.put(a_row())
    await stand.clock.advance(1.9)
    await stand.turn()
    assert len(stand.channels["a"].tried) == 1
    await stand.clock.advance(0.2)
    await stand.turn()
    assert len(stand.channels["a"].outgoing) == 1


async def test_a_dispatcher_that_dies_again_and_again_of_a_defect_does_not_work(monkeypatch):
    stand = Stand()
    await stand.put(a_row())
    assert stand.dispatcher.is_working()

    def broken(*_):
        raise RuntimeError("a defect")

    monkeypatch.setattr(worker, "plan", broken)
    await stand.outbox.add([a_row(an_alert(2))])
    for _ in range(10):
        with pytest.raises(RuntimeError):
            await stand.turn()
        await stand.clock.advance(10)
    assert not stand.dispatcher.is_working()
    monkeypatch.undo()
    await stand.turn()
    assert stand.dispatcher.is_working()


async def test_the_end_of_what_was_told_changes_each_message_even_if_room_is_short():
    channels = {"a": FakeChannel(can_edit=True)}
    stand = Stand(a_setup("a", a={"messages_per_minute": 20.0}), channels=channels)
    alerts = [an_alert(number, severity=Severity.CRITICAL) for number in range(1, 7)]
    await stand.put(*(a_row(one) for one in alerts))
    told = len(channels["a"].outgoing)
    in_place = [f"m{number}" for number, one in enumerate(channels["a"].outgoing, 1) if len(one.alerts) == 1]
    assert len(in_place) > 3
    await stand.clock.advance(3)
    await stand.put(*(a_row(over(one), SendReason.RESOLVED) for one in alerts))
    for _ in range(60):
        await stand.clock.advance(1)
        await stand.turn()
    ended = channels["a"].outgoing[told:]
    assert sorted(one.replaces for one in ended if one.replaces) == in_place
    assert len([item for one in ended for item in one.message.items]) == len(alerts)
