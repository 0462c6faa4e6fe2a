"""A channel leaves the configuration, or gets another name, while something waits for it."""

import asyncio
from pathlib import Path

import msgspec
import pytest
from tests.notify.samples import SECOND, MemoryOutbox, Stand, T, a_row, a_setup, an_alert, over

from marginwatch.clock import ManualClock
from marginwatch.errors import ConnectivityError
from marginwatch.model.delivery import RowState, SendReason
from marginwatch.notify.dispatcher import OWNER
from marginwatch.notify.handing_over import hand_over
from marginwatch.notify.settings import Route
from marginwatch.store import Store
from marginwatch.store.outbox import StoredOutbox


def waiting_for_old():
    """Return what came about while the channel ``old`` was out of order, a repeat that is due later among it."""
    alert = an_alert()
    return [
        a_row(alert, channel="old"),
        a_row(over(alert), SendReason.RESOLVED, channel="old"),
        a_row(an_alert(2), SendReason.REPEATED, channel="old", due_ns=T + 3_600 * SECOND),
        a_row(an_alert(3), SendReason.UPDATED, channel="old"),
    ]


async def test_what_waits_for_a_channel_of_another_name_is_told_by_its_successor():
    stand = Stand(a_setup("new"))
    await stand.outbox.add(waiting_for_old())
    await stand.outbox.claim(OWNER, "old", T, 60 * SECOND, 10)
    assert await hand_over(stand.setup, stand.outbox, OWNER, T) == 4
    await stand.turn()
    assert stand.channels["new"].transition_ids == ["fired-alert-1", "resolved-alert-1"]
    assert sorted(key for _, key in stand.outbox.memory) == ["margin|account|mm-1", "margin|account|mm-2"]
    assert [stand.outbox.state(number) for number in (1, 2, 3, 4)] == [RowState.FAILED] * 4
    assert stand.outbox.why(1) == "there is no channel 'old' any more; goes to new"
    assert stand.outbox.why(4) == "there is no channel 'old' any more; nobody else has to be told"
    assert await hand_over(stand.setup, stand.outbox, OWNER, T) == 0


async def test_a_channel_that_has_its_own_row_is_not_told_again():
    stand = Stand(a_setup("new"))
    alert = an_alert()
    again = an_alert(alert_id="later", fired_at_ns=T + 5 * SECOND, value_at_ns=T + 5 * SECOND)
    for row in (a_row(alert), a_row(over(alert), SendReason.RESOLVED), a_row(again)):
        await stand.put(msgspec.structs.replace(row, channel="new"))
        await stand.clock.advance(60)
    await stand.turn()
    told = stand.channels["new"].transition_ids
    await stand.outbox.add(waiting_for_old()[:2])
    await hand_over(stand.setup, stand.outbox, OWNER, T)
    await stand.clock.advance(60)
    await stand.turn()
    assert stand.channels["new"].transition_ids == told
    assert await stand.outbox.waiting() == frozenset()


async def test_routes_say_who_is_told_instead():
    setup = a_setup("a", "b", routes=(Route(name="all", channels=("b",)),))
    outbox = MemoryOutbox()
    await outbox.add(waiting_for_old()[:1])
    await hand_over(setup, outbox, OWNER, T)
    assert await outbox.waiting() == {("b", "alert-1")}


async def test_without_any_channel_nothing_waits_and_the_reason_is_kept():
    setup = a_setup()
    setup.channels.clear()
    outbox = MemoryOutbox()
    await outbox.add(waiting_for_old())
    assert await hand_over(setup, outbox, OWNER, T) == 4
    assert await outbox.waiting() == frozenset()
    assert outbox.why(1) == "there is no channel 'old' any more; nobody else has to be told"


async def test_the_database_does_the_same(tmp_path: Path):
    store = await Store.open(tmp_path / "store.sqlite")
    outbox = StoredOutbox(store, ManualClock(T))
    await outbox.add(waiting_for_old())
    await outbox.claim(OWNER, "old", T, 60 * SECOND, 10)
    assert await hand_over(a_setup("new", "more"), outbox, OWNER, T) == 4
    assert await outbox.waiting() == {
        (channel, alert_id) for channel in ("new", "more") for alert_id in ("alert-1", "alert-2")
    }
    await store.close()


async def test_a_dispatcher_hands_over_before_it_delivers_and_waits_for_the_database(
    monkeypatch: pytest.MonkeyPatch,
):
    stand = Stand(a_setup("new"))
    await stand.outbox.add(waiting_for_old()[:1])
    asked = stand.outbox.waiting
    fails = [ConnectivityError("full")]

    async def waiting():
        if fails:
            raise fails.pop()
        return await asked()

    monkeypatch.setattr(stand.outbox, "waiting", waiting)
    running = asyncio.create_task(stand.dispatcher.run())
    for _ in range(100):
        await stand.clock.advance(0.5)
        if stand.channels["new"].outgoing:
            break
    running.cancel()
    assert stand.channels["new"].transition_ids == ["fired-alert-1"]
