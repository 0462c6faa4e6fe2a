"""What is told of an account is never younger than what was heard, nor so old that it looks dead."""

import asyncio
from collections.abc import Callable

import pytest

from marginwatch.collect.settings import CollectSettings
from marginwatch.model.account import AccountSpec
from marginwatch.model.events import ConnectivityUpdate


@pytest.mark.parametrize(("ping_s", "alive_s"), [(1.0, 4.0), (2.0, 6.0), (20.0, 30.0)])
async def test_a_quiet_socket_never_looks_dead_whatever_its_patience(
    desk, make_spec: Callable[..., AccountSpec], ping_s: float, alive_s: float
) -> None:
    """Pongs that were told seldom made quiet accounts stale where silence was judged after a few seconds."""
    desk.settings = CollectSettings(depth=False, ping_s=ping_s, socket_alive_for_s=alive_s)
    await desk.start(make_spec("a"))
    await desk.clock.advance(2)
    for _ in range(120):
        await desk.clock.advance(0.5)
        assert desk.of(ConnectivityUpdate)[-1].connectivity.is_fresh(desk.clock.now_ns())


async def test_a_snapshot_is_as_old_as_its_beginning(desk, make_spec: Callable[..., AccountSpec]) -> None:
    """Its calls wait for the budget: an account was fresh for as long as that after its rows had become too old."""
    account = desk.venue.account("a")
    account.gate = asyncio.Event()
    await desk.start(make_spec("a"))
    began_ns = desk.clock.now_ns()
    await desk.clock.advance(9)
    account.gate.set()
    await desk.clock.advance(1)
    told = [one.connectivity.reconciled_at_ns for one in desk.of(ConnectivityUpdate)]
    assert told[-1] is not None
    assert told[-1] < began_ns + 3e9
