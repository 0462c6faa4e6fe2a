"""One account's session on scripted sockets and manual time: order, replay, replacement, stops."""

import asyncio
import json
from collections.abc import Callable

import msgspec
import pytest

from marginwatch.collect.settings import CollectSettings
from marginwatch.errors import AuthError, ConnectivityError, ProtocolError, RateLimitedError
from marginwatch.model.account import AccountSpec
from marginwatch.model.activity import Fill
from marginwatch.model.events import ConnectivityUpdate, FillsUpdate, PositionsUpdate
from marginwatch.model.snapshots import AccountSnapshot

START_MS = 1_700_000_000_000
Spec = Callable[..., AccountSpec]
Push = Callable[[str, str, int, int], dict[str, object]]


def told(desk) -> list[str]:
    """Return the order of what matters: S for snapshots, the size for positions."""
    return [
        "S" if isinstance(event, AccountSnapshot) else event.positions[0].quantity
        for event in desk.events
        if isinstance(event, AccountSnapshot | PositionsUpdate)
    ]


async def test_starting_is_told_before_anything_is_heard(desk, make_spec: Spec) -> None:
    await desk.start(make_spec("a"))
    assert isinstance(desk.events[0], ConnectivityUpdate)
    assert desk.events[0].connectivity.link_state == "starting"


async def test_it_logs_in_subscribes_and_streams(desk, make_spec: Spec) -> None:
    await desk.start(make_spec("a"))
    await desk.clock.advance(2)
    peer = desk.wire.private[0]
    assert [message["op"] for message in peer.said[:2]] == ["auth", "subscribe"]
    assert peer.said[0]["args"][1] >= START_MS + 10_000
    assert peer.topics == [["position", "execution", "order", "wallet"], ["greeks"]]
    assert desk.state("a") == "streaming"
    assert len(desk.venue.account("a").swept_at_s) == 1


async def test_categorised_topics_have_a_request_of_their_own(desk, make_spec: Spec) -> None:
    await desk.start(make_spec("a", topics="categorised"))
    await desk.clock.advance(2)
    first, *others = desk.wire.private[0].topics
    assert {"position.linear", "position.inverse", "position.option"} < set(first)
    assert all("." in topic for topic in first)
    assert others == [["wallet"], ["greeks"]]


async def test_what_comes_before_the_snapshot_is_replayed_behind_it(
    desk, make_spec: Spec, push_position: Push
) -> None:
    account = desk.venue.account("a")
    account.gate = asyncio.Event()
    await desk.start(make_spec("a"))
    await desk.clock.advance(2)
    peer = desk.wire.private[0]
    for number, size in enumerate(("1", "2", "3")):
        peer.push(push_position("BTCUSDT", size, number, START_MS + number))
    assert told(desk) == []
    assert desk.state("a") == "starting"
    account.gate.set()
    await desk.clock.advance(0.2)
    assert told(desk) == ["S", "1", "2", "3"]
    peer.push(push_position("BTCUSDT", "4", 9, START_MS + 9))
    assert told(desk)[-1] == "4"


async def test_a_snapshot_begun_before_the_subscription_does_not_make_it_live(
    desk, make_spec: Spec, push_position: Push
) -> None:
    account = desk.venue.account("a")
    desk.wire.answers = lambda peer, message: None
    account.gate = asyncio.Event()
    await desk.start(make_spec("a"))
    await desk.clock.advance(3)
    assert len(account.swept_at_s) == 1
    peer = desk.wire.private[0]
    for kind in ("auth", "subscribe", "subscribe"):
        peer.push({"success": True, "ret_msg": "", "op": kind})
        await desk.clock.advance(0.1)
    peer.push(push_position("BTCUSDT", "1", 1, START_MS))
    first_gate, account.gate = account.gate, asyncio.Event()
    first_gate.set()
    await desk.clock.advance(0.2)
    assert told(desk) == ["S"]
    assert desk.state("a") == "polling"
    assert len(account.swept_at_s) == 2
    account.gate.set()
    await desk.clock.advance(0.2)
    assert told(desk) == ["S", "S", "1"]
    assert desk.state("a") == "streaming"


async def test_an_overflowing_buffer_means_another_snapshot(
    desk, make_spec: Spec, push_position: Push
) -> None:
    desk.settings = CollectSettings(depth=False, buffer_max=3)
    account = desk.venue.account("a")
    account.gate = asyncio.Event()
    fleet = await desk.start(make_spec("a"))
    await desk.clock.advance(2)
    for number in range(5):
        desk.wire.private[0].push(push_position("BTCUSDT", str(number + 1), number, START_MS + number))
    account.gate.set()
    await desk.clock.advance(0.2)
    assert told(desk) == ["S"]
    assert desk.state("a") == "polling"
    await desk.clock.advance(3)
    assert told(desk) == ["S", "S"]
    assert desk.state("a") == "streaming"
    assert fleet.statuses()[0].n_resyncs == 1


async def test_a_half_open_socket_is_found_and_replaced(desk, make_spec: Spec) -> None:
    await desk.start(make_spec("a"))
    await desk.clock.advance(2)
    first = desk.wire.private[0]
    await desk.clock.advance(60)
    assert [message["op"] for message in first.said].count("ping") == 3
    assert len(desk.wire.private) == 1
    first.is_mute = True
    await desk.clock.advance(35)
    assert not first.is_open
    second = desk.wire.private[1]
    assert second.topics == first.topics
    assert desk.state("a") == "streaming"


async def test_after_a_cut_it_polls_at_once_resubscribes_and_asks_for_the_executions(
    desk, make_spec: Spec
) -> None:
    account = desk.venue.account("a")
    await desk.start(make_spec("a"))
    await desk.clock.advance(100)
    instrument = desk.venue.catalog.resolve("linear", "BTCUSDT")
    cut_ns = desk.clock.now_ns()
    account.fills = (
        Fill(
            fill_id="f1",
            instrument=instrument,
            side="sell",
            quantity="1",
            price="60000",
            fee="1",
            kind="liquidation",
            ts_venue_ns=cut_ns + 1,
        ),
    )
    sweeps = len(account.swept_at_s)
    desk.wire.private[0].cut()
    await desk.clock.advance(0.1)
    assert desk.state("a") == "polling"
    assert len(account.swept_at_s) == sweeps + 1
    await desk.clock.advance(5)
    assert desk.state("a") == "streaming"
    backfills = desk.of(FillsUpdate)
    assert [(event.is_backfill, event.fills[0].kind) for event in backfills] == [(True, "liquidation")]
    (notice,) = (one for one in desk.notices if one.kind == "liquidation")
    assert notice.account_id == "a"
    assert "while the stream was down: sell 1 BTCUSDT at 60000" in notice.message
    assert all(since <= cut_ns for since in account.fills_since)
    push = {
        "topic": "execution",
        "creationTime": START_MS,
        "data": [
            {
                "category": "linear",
                "symbol": "BTCUSDT",
                "execId": "f1",
                "execType": "BustTrade",
                "execPrice": "60000",
                "execQty": "1",
                "execFee": "1",
                "side": "Sell",
                "execTime": str(START_MS),
                "seq": 5,
            }
        ],
    }
    desk.wire.private[1].push(push)
    assert len(desk.of(FillsUpdate)) == 1
    push["data"][0]["execId"] = "f2"
    desk.wire.private[1].push(push)
    assert [fill.fill_id for fill in desk.of(FillsUpdate)[1].fills] == ["f2"]


async def test_an_account_without_a_socket_is_polled_and_a_live_one_reconciled(desk, make_spec: Spec) -> None:
    desk.settings = CollectSettings(depth=False, jitter_share=0.0)
    desk.wire.is_down = True
    account = desk.venue.account("a")
    await desk.start(make_spec("a"))
    await desk.clock.advance(30)
    gaps = [b - a for a, b in zip(account.swept_at_s[1:], account.swept_at_s[2:], strict=False)]
    assert gaps
    assert all(4.9 < gap < 5.3 for gap in gaps)
    assert desk.state("a") == "polling"
    desk.wire.is_down = False
    await desk.clock.advance(70)
    assert desk.state("a") == "streaming"
    account.swept_at_s.clear()
    await desk.clock.advance(185)
    gaps = [b - a for a, b in zip(account.swept_at_s, account.swept_at_s[1:], strict=False)]
    assert gaps
    assert all(59.9 < gap < 60.3 for gap in gaps)


async def test_a_doubtful_snapshot_is_taken_again_soon_but_not_forever(desk, make_spec: Spec) -> None:
    account = desk.venue.account("a")
    desk.doubted.add("a")
    await desk.start(make_spec("a"))
    await desk.clock.advance(30)
    assert 3 <= len(account.swept_at_s) <= 5
    assert account.swept_at_s[1] - account.swept_at_s[0] < 2.5


@pytest.mark.parametrize(
    "frame", [b"{", b'{"topic":"position","data":[{}]}', b"\xff\xfe", b'{"topic":"dance"}']
)
async def test_a_malformed_frame_changes_nothing_and_is_kept(
    desk, make_spec: Spec, push_position: Push, frame: bytes
) -> None:
    fleet = await desk.start(make_spec("a"))
    await desk.clock.advance(2)
    before = len(desk.events)
    desk.wire.private[0].push(frame)
    assert len(desk.events) == before
    assert [one.payload for one in desk.quarantined] == [frame]
    assert desk.quarantined[0].account_id == "a"
    desk.wire.private[0].push(push_position("BTCUSDT", "1", 1, START_MS))
    assert told(desk)[-1] == "1"
    sweeps = len(desk.venue.account("a").swept_at_s)
    await desk.clock.advance(3)
    assert len(desk.venue.account("a").swept_at_s) == sweeps + 1
    assert fleet.statuses()[0].n_connects == 1


async def test_many_malformed_frames_in_a_row_replace_the_socket(desk, make_spec: Spec) -> None:
    await desk.start(make_spec("a"))
    await desk.clock.advance(2)
    for _ in range(10):
        desk.wire.private[0].push(b"{")
    await desk.clock.advance(5)
    assert len(desk.wire.private) == 2
    assert desk.state("a") == "streaming"
    assert [notice.kind for notice in desk.notices if notice.account_id == "a"] == ["malformed_stream"]


async def test_already_subscribed_is_harmless_and_a_refused_topic_is_not(desk, make_spec: Spec) -> None:
    def answers(peer, message) -> None:
        if message["op"] == "subscribe":
            refusal = (
                "error:already subscribed,topic:position"
                if peer.key == "key-a"
                else "error:handler not found,topic:position"
            )
            peer.push({"success": False, "ret_msg": refusal, "op": "subscribe"})
        else:
            peer.push({"success": True, "ret_msg": "", "op": message["op"]})

    desk.wire.answers = answers
    await desk.start(make_spec("a"), make_spec("b"))
    await desk.clock.advance(3)
    assert desk.state("a") == "streaming"
    assert desk.state("b") == "polling"
    assert len([peer for peer in desk.wire.private if peer.key == "key-b"]) == 1


async def test_a_log_in_out_of_time_measures_the_clock_and_tries_again(desk, make_spec: Spec) -> None:
    def answers(peer, message) -> None:
        if message["op"] == "auth" and desk.venue.n_clock_syncs == 0:
            peer.push({"success": False, "ret_msg": "Params Error", "op": "auth"})
        else:
            peer.push({"success": True, "ret_msg": "", "op": message["op"]})

    desk.wire.answers = answers
    await desk.start(make_spec("a"))
    await desk.clock.advance(5)
    assert desk.venue.n_clock_syncs == 1
    assert desk.state("a") == "streaming"


async def test_a_refused_log_in_stops_the_account_if_rest_refuses_the_key_too(desk, make_spec: Spec) -> None:
    def answers(peer, message) -> None:
        desk.venue.account("a").key_error = AuthError("the key was deleted: make a new one", code=10003)
        peer.push({"success": False, "ret_msg": "Invalid apikey", "op": "auth"})

    desk.wire.answers = answers
    fleet = await desk.start(make_spec("a"))
    await desk.clock.advance(5)
    assert desk.state("a") == "stopped"
    assert "make a new one" in fleet.statuses()[0].connectivity.reason
    assert len(desk.wire.private) == 1


async def test_a_refused_log_in_with_a_good_key_polls_and_does_not_hammer(desk, make_spec: Spec) -> None:
    desk.wire.answers = lambda peer, message: peer.push({"success": False, "ret_msg": "no", "op": "auth"})
    await desk.start(make_spec("a"))
    await desk.clock.advance(100)
    assert desk.state("a") == "polling"
    assert len(desk.wire.private) == 1
    assert "stream_refused" in {notice.kind for notice in desk.notices}


async def test_an_unsafe_key_is_refused_with_a_remedy_and_the_others_run(desk, make_spec: Spec) -> None:
    desk.venue.account("bad").is_read_only = False
    fleet = await desk.start(make_spec("bad"), make_spec("good"))
    (counts,) = fleet.counts().values()
    assert (counts.unsafe_keys, counts.unchecked_keys) == ([], ["bad", "good"]), "nobody has looked yet"
    await desk.clock.advance(3)
    assert (desk.state("bad"), desk.state("good")) == ("stopped", "streaming")
    assert fleet.statuses()[0].connectivity.reason_code == "key_refused"
    assert desk.of(AccountSnapshot, "bad") == []
    assert [notice.kind for notice in desk.notices] == ["account_refused"]
    (counts,) = fleet.counts().values()
    assert (counts.unsafe_keys, counts.unchecked_keys) == (["bad"], []), (
        "what the check found, refused or not"
    )
    assert len(desk.wire.private) == 1
    desk.venue.account("bad").is_read_only = True
    await desk.clock.advance(900)
    assert desk.state("bad") == "streaming"


async def test_lost_rest_is_told_with_its_reason_and_comes_back(desk, make_spec: Spec) -> None:
    account = desk.venue.account("a")
    account.sweep_error = ConnectivityError("HTTP 502")
    fleet = await desk.start(make_spec("a"))
    await desk.clock.advance(3)
    assert desk.state("a") == "lost"
    assert "502" in fleet.statuses()[0].connectivity.reason
    account.sweep_error = None
    await desk.clock.advance(60)
    assert desk.state("a") == "streaming"
    assert fleet.statuses()[0].connectivity.reason is None


async def test_a_polled_account_counts_while_its_data_is_fresh_and_is_lost_when_calls_keep_failing(
    desk, make_spec: Spec, capsys: pytest.CaptureFixture[str]
) -> None:
    desk.wire.is_down = True
    account = desk.venue.account("a")
    await desk.start(make_spec("a"))
    await desk.clock.advance(4)
    assert desk.state("a") == "polling"
    account.sweep_error = ConnectivityError("HTTP 502")
    before = len(account.swept_at_s)
    while len(account.swept_at_s) == before:
        await desk.clock.advance(0.5)
    last = desk.of(ConnectivityUpdate)[-1].connectivity
    assert (last.link_state, last.is_fresh(desk.clock.now_ns())) == ("polling", True)
    assert "HTTP 502" in last.reason
    assert "account lost" not in capsys.readouterr().out
    await desk.clock.advance(12)
    assert len(account.swept_at_s) - before >= 3
    assert desk.state("a") == "lost"
    account.sweep_error = None
    await desk.clock.advance(60)
    assert (desk.state("a"), desk.of(ConnectivityUpdate)[-1].connectivity.reason) == ("polling", None)
    said = capsys.readouterr().out
    assert (said.count("account lost"), said.count("account back")) == (1, 1)


async def test_a_polled_account_is_lost_when_its_data_is_too_old_though_nothing_more_was_tried(
    desk, make_spec: Spec
) -> None:
    desk.wire.is_down = True
    account = desk.venue.account("a")
    await desk.start(make_spec("a"))
    await desk.clock.advance(4)
    account.sweep_error = RateLimitedError("wait", retry_after_s=300.0)
    before = len(account.swept_at_s)
    while len(account.swept_at_s) == before:
        await desk.clock.advance(0.5)
    assert desk.state("a") == "polling"
    await desk.clock.advance(17)
    assert len(account.swept_at_s) == before + 1
    last = desk.of(ConnectivityUpdate)[-1].connectivity
    assert (last.link_state, last.reason_code) == ("lost", "rate_limited")


async def test_a_silent_private_api_ends_freshness_though_the_socket_answers(desk, make_spec: Spec) -> None:
    account = desk.venue.account("a")
    await desk.start(make_spec("a"))
    await desk.clock.advance(2)
    account.sweep_error = ProtocolError("cut body")
    await desk.clock.advance(170)
    last = desk.of(ConnectivityUpdate)[-1].connectivity
    assert last.link_state == "streaming"
    assert last.is_fresh(desk.clock.now_ns())
    await desk.clock.advance(20)
    last = desk.of(ConnectivityUpdate)[-1].connectivity
    assert desk.clock.now_ns() - last.socket_replied_at_ns < 30e9
    assert not last.is_fresh(desk.clock.now_ns())


async def test_a_quiet_account_stays_fresh_and_costs_few_events(desk, make_spec: Spec) -> None:
    await desk.start(make_spec("a"))
    await desk.clock.advance(2)
    before = len(desk.of(ConnectivityUpdate))
    for _ in range(12):
        await desk.clock.advance(10)
        assert desk.of(ConnectivityUpdate)[-1].connectivity.is_fresh(desk.clock.now_ns())
    # In 120 s: a pong every 20 s and two reconciliations.
    assert len(desk.of(ConnectivityUpdate)) - before <= 10


async def test_open_orders_are_asked_for_every_five_minutes_and_not_at_first(desk, make_spec: Spec) -> None:
    account = desk.venue.account("a")
    await desk.start(make_spec("a"))
    await desk.clock.advance(25)
    assert account.swept_at_s
    assert account.orders_asked_at_s == []
    await desk.clock.advance(700)
    first, second, *more = account.orders_asked_at_s
    assert 30 <= first <= 65
    assert 300 <= second - first <= 365
    assert len(more) <= 1


async def test_a_stream_that_cannot_be_reconciled_says_why_and_logs_it_once(
    desk, make_spec: Spec, capsys: pytest.CaptureFixture[str]
) -> None:
    account = desk.venue.account("a")
    await desk.start(make_spec("a"))
    await desk.clock.advance(2)
    account.sweep_error = RateLimitedError("address banned until noon", retry_after_s=100.0)
    await desk.clock.advance(400)
    told = desk.of(ConnectivityUpdate)[-1].connectivity
    assert told.link_state == "streaming"
    assert "address banned until noon" in told.reason
    assert told.reason_code == "rate_limited"
    assert not told.is_fresh(desk.clock.now_ns())
    assert capsys.readouterr().out.count("reconciliation failed") == 1
    account.sweep_error = None
    await desk.clock.advance(120)
    told = desk.of(ConnectivityUpdate)[-1].connectivity
    assert (told.reason, told.is_fresh(desk.clock.now_ns())) == (None, True)


async def test_no_secret_is_told(desk, make_spec: Spec, capsys: pytest.CaptureFixture[str]) -> None:
    desk.wire.answers = lambda peer, message: peer.push(
        {"success": False, "ret_msg": "bad key-a secret-a", "op": "auth"}
    )
    await desk.start(make_spec("a"))
    await desk.clock.advance(10)
    everything = (
        capsys.readouterr().out + repr(desk.notices) + json.dumps(msgspec.to_builtins(desk.fleet.statuses()))
    )
    assert "stream_refused" in everything
    assert "key-a" not in everything
    assert "secret-a" not in everything


async def test_a_sink_that_crashes_costs_the_socket_and_not_the_session(
    desk, make_spec: Spec, push_position: Push
) -> None:
    await desk.start(make_spec("a"))
    await desk.clock.advance(2)
    hear = desk.events.append

    class Trap(list):
        def append(self, event: object) -> None:
            if isinstance(event, PositionsUpdate):
                raise ZeroDivisionError("broken invariant")
            hear(event)

    session = next(iter(desk.fleet._sessions.values()))
    session._services.sink = Trap().append
    desk.wire.private[0].push(push_position("BTCUSDT", "1", 1, START_MS))
    await desk.clock.advance(5)
    assert len(desk.wire.private) == 2
    assert desk.state("a") == "streaming"
    assert "session_crashed" in {notice.kind for notice in desk.notices}
