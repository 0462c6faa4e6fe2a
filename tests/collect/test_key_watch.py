"""A key is judged while it is used: rights change at the exchange without a word to us."""

from collections.abc import Callable

import msgspec
import pytest

from marginwatch.collect.key_watch import KeyWatch
from marginwatch.errors import AuthError, ConnectivityError
from marginwatch.model.account import AccountSpec

Spec = Callable[..., AccountSpec]
HOUR_NS = 3_600_000_000_000


@pytest.fixture(autouse=True)
def often(desk) -> None:
    """Judge keys every minute: hours of manual time are long to walk through."""
    desk.settings = msgspec.structs.replace(desk.settings, key_check_s=60.0)


async def test_a_running_account_whose_key_becomes_able_to_trade_is_stopped(desk, make_spec: Spec) -> None:
    fleet = await desk.start(make_spec("a"), make_spec("b"))
    await desk.clock.advance(3)
    assert (desk.state("a"), desk.state("b")) == ("streaming", "streaming")
    desk.venue.account("a").is_read_only = False
    await desk.clock.advance(
        130
    )  # the key may come due just after one snapshot, and is then judged after the next
    assert (desk.state("a"), desk.state("b")) == ("stopped", "streaming")
    told = fleet.statuses()[0].connectivity
    assert told.reason_code == "key_refused"
    assert "make a read-only key" in told.reason
    assert [notice.kind for notice in desk.notices] == ["account_refused"]
    assert not desk.wire.private[0].is_open


async def test_a_key_that_was_taken_away_stops_the_account(desk, make_spec: Spec) -> None:
    await desk.start(make_spec("a"))
    await desk.clock.advance(3)
    desk.venue.account("a").key_error = AuthError("the key was deleted: make a new one", code=10003)
    await desk.clock.advance(130)
    assert desk.state("a") == "stopped"


async def test_it_is_asked_about_as_often_as_configured_and_not_all_at_once(desk, make_spec: Spec) -> None:
    desk.settings = msgspec.structs.replace(desk.settings, key_check_s=200.0)
    names = [f"a{number}" for number in range(8)]
    await desk.start(*map(make_spec, names))
    await desk.clock.advance(3)
    asked = {name: desk.venue.account(name).n_key_reports for name in names}
    assert set(asked.values()) == {1}
    at_s: dict[str, float] = {}
    for _ in range(54):
        await desk.clock.advance(5)
        for name in names:
            if desk.venue.account(name).n_key_reports == 2:
                at_s.setdefault(name, desk.clock.monotonic_s())
    assert set(at_s) == set(names)
    assert max(at_s.values()) - min(at_s.values()) > 15


async def test_an_answer_that_does_not_come_changes_nothing(desk, make_spec: Spec) -> None:
    await desk.start(make_spec("a"))
    await desk.clock.advance(3)
    account = desk.venue.account("a")
    account.key_error = ConnectivityError("HTTP 502")
    await desk.clock.advance(130)
    assert account.n_key_reports >= 2
    assert desk.state("a") == "streaming"
    assert desk.notices == []


async def test_an_expiry_is_told_again_once_a_day_though_its_words_change(desk, make_spec: Spec) -> None:
    fleet = await desk.start(make_spec("a"))
    session = fleet._sessions["a"]
    await fleet.stop()
    keys = KeyWatch(session.spec, session._venue, session._services)
    client = desk.venue.client(session.spec)
    client.account.expires_at_ns = desk.clock.now_ns() + 84 * HOUR_NS
    told: list[int] = []
    for _ in range(3):
        for _ in range(24):
            await keys.check(client)
            await desk.clock.advance(3600)
        told.append(len(desk.notices))
    assert told == [1, 2, 3]
    assert {notice.kind for notice in desk.notices} == {"key_warning"}
    assert [notice.message.split(";")[0] for notice in desk.notices] == [
        "the key expires in 3 days",
        "the key expires in 2 days",
        "the key expires in 36 hours",
    ]


async def test_an_unsafe_key_is_one_line(desk, make_spec: Spec, capsys: pytest.CaptureFixture[str]) -> None:
    desk.venue.account("a").is_read_only = False
    await desk.start(make_spec("a"))
    await desk.clock.advance(20)
    assert [notice.kind for notice in desk.notices] == ["account_refused"]
    # The service writes each notice; the collector must not say the same beside it.
    assert "can do more than read" not in capsys.readouterr().out
