"""Single accounts: what the store keeps of them is read when it may have changed, not whenever somebody looks."""

from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

from marginwatch.app.live_accounts import KEYS_EVERY_S, READ_EVERY_S, SETTLED_AFTER_S, LiveAccounts
from marginwatch.clock import ManualClock
from marginwatch.collect.statuses import SessionCounts
from marginwatch.model.ids import AccountId
from marginwatch.model.snapshots import Break
from marginwatch.store import Store

MAIN = AccountId("main")


def found(number: int) -> Break:
    return Break(
        account_id=MAIN, subject="x", field="quantity", ours=str(number), theirs=None, found_at_ns=number
    )


async def test_breaks_are_read_when_one_was_found_and_once_a_minute(tmp_path: Path) -> None:
    store, clock = await Store.open(tmp_path / "db.sqlite"), ManualClock()
    real, n_reads = store.breaks, 0

    async def counting(**asked: Any) -> Sequence[Any]:
        nonlocal n_reads
        n_reads += 1
        return await real(**asked)

    store.breaks = counting  # type: ignore[method-assign]  # counted
    service = SimpleNamespace(store=store, clock=clock, n_breaks=0)
    live = LiveAccounts(cast("Any", service))

    async def shown() -> list[str | None]:
        return [one.value.ours for one in await live.breaks(MAIN, 50)]

    for _ in range(20):
        assert await shown() == []
        await clock.advance(0.5)
    assert n_reads == 1

    # It is found now, and written down two seconds later.
    service.n_breaks += 1
    assert await shown() == []
    await clock.advance(2.0)
    async with store.transaction() as unit:
        await unit.add_breaks([found(1)])
    await clock.advance(0.5)
    assert await shown() == ["1"]

    await clock.advance(SETTLED_AFTER_S)
    assert await shown() == ["1"]
    n_before = n_reads
    for _ in range(20):
        await clock.advance(0.5)
        assert await shown() == ["1"]
    assert n_reads == n_before
    async with store.transaction() as unit:
        await unit.add_breaks([found(2)])
    await clock.advance(READ_EVERY_S)
    assert await shown() == ["2", "1"], "however it came about, a minute later it is seen"
    await store.close()


async def test_what_is_known_of_keys_is_gathered_now_and_then_and_not_for_each_look() -> None:
    clock, n_looks = ManualClock(), 0
    counts = {
        "bybit": SessionCounts(unsafe_keys=[AccountId("a")], unchecked_keys=[AccountId("b")]),
        "other": SessionCounts(unsafe_keys=[AccountId("c")]),
    }

    def session_counts() -> dict[str, SessionCounts]:
        nonlocal n_looks
        n_looks += 1
        return counts

    live = LiveAccounts(
        cast("Any", SimpleNamespace(store=None, clock=clock, n_breaks=0, session_counts=session_counts))
    )
    for _ in range(4):
        assert live.keys() == (("a", "c"), ("b",))
    assert n_looks == 1
    counts["bybit"] = SessionCounts()
    await clock.advance(KEYS_EVERY_S)
    assert live.keys() == (("c",), ())
