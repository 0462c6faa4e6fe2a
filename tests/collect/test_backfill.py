"""Which executions are told, and when the missed ones are asked for: without a session around it."""

from collections.abc import Callable
from typing import Any

import pytest

from marginwatch.collect.backfill import Backfill
from marginwatch.errors import AuthError, ConnectivityError
from marginwatch.model.account import AccountSpec
from marginwatch.model.activity import Fill
from marginwatch.model.events import FillsUpdate

Spec = Callable[..., AccountSpec]


@pytest.fixture
async def backfill(desk, make_spec: Spec) -> Any:
    fleet = await desk.start(make_spec("a"))
    await desk.clock.advance(2)
    session = fleet._sessions["a"]
    backfill = Backfill("a", session._venue, session._services)
    backfill.begin()
    return backfill, desk.venue.client(make_spec("a"))


def fill(desk, name: str, at_ns: int) -> Fill:
    instrument = desk.venue.catalog.resolve("linear", "BTCUSDT")
    return Fill(
        fill_id=name,
        instrument=instrument,
        side="buy",
        quantity="1",
        price="5",
        fee="0",
        kind="trade",
        ts_venue_ns=at_ns,
    )


async def test_a_quick_first_socket_leaves_no_gap(desk, backfill) -> None:
    parts, client = backfill
    assert await parts.fetch(client) is None
    assert client.account.fills_since == []


async def test_a_late_first_socket_and_every_gap_are_asked_about_twice(desk, backfill) -> None:
    parts, client = backfill
    started_ns = desk.clock.now_ns()
    await desk.clock.advance(40)
    await parts.fetch(client)
    assert client.account.fills_since == [], "not while others wait for their first picture"
    for _ in range(3):
        await parts.fetch(client)
    assert client.account.fills_since == [started_ns] * 2
    parts.on_gap(was_live=True)
    for _ in range(3):
        await parts.fetch(client)
    assert len(client.account.fills_since) == 4


async def test_an_execution_is_told_once_whichever_way_it_came(desk, backfill) -> None:
    parts, client = backfill
    await desk.clock.advance(40)
    now_ns = desk.clock.now_ns()
    first, second = fill(desk, "1", now_ns), fill(desk, "2", now_ns + 1)
    assert parts.only_new(FillsUpdate("a", (first,), now_ns, now_ns)).fills == (first,)
    client.account.fills = (first, second)
    assert await parts.fetch(client) is None
    told = await parts.fetch(client)
    assert (told.fills, told.is_backfill) == ((second,), True)
    assert parts.only_new(FillsUpdate("a", (first, second), now_ns, now_ns)) is None
    assert await parts.fetch(client) is None


async def test_what_only_the_owner_can_mend_is_raised_and_the_rest_asked_again(desk, backfill) -> None:
    parts, _ = backfill
    await desk.clock.advance(40)

    class Refusing:
        error: Exception = ConnectivityError("HTTP 502")

        async def fetch_fills_since(self, since_ns: int) -> tuple[Fill, ...]:
            raise self.error

    client = Refusing()
    assert await parts.fetch(client) is None
    assert await parts.fetch(client) is None
    client.error = AuthError("closed to this key", reason="permission")
    assert await parts.fetch(client) is None
    client.error = AuthError("the key was deleted")
    with pytest.raises(AuthError):
        await parts.fetch(client)
