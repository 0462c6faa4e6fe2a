"""A socket that says nothing but pongs is told as alive often enough to be judged so."""

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
    desk.settings = CollectSettings(ping_s=ping_s, socket_alive_for_s=alive_s)
    await desk.start(make_spec("a"))
    await desk.clock.advance(2)
    for _ in range(120):
        await desk.clock.advance(0.5)
        assert desk.of(ConnectivityUpdate)[-1].connectivity.is_fresh(desk.clock.now_ns())
