"""Who gets what and when, on a manual clock."""

import asyncio
import json
import threading
from types import SimpleNamespace
from typing import Any

import pytest
from litestar import get
from litestar.datastructures import State
from tests.risk.conftest import BTCUSDT
from tests.web.stream.likeness import assert_accounts, assert_positions
from tests.web.stream.replica import Replica
from tests.web.stream.scene import Play

from marginwatch.clock import ManualClock
from marginwatch.errors import ConnectivityError
from marginwatch.risk.frame import Frame
from marginwatch.risk.kept_frame import kept_frame
from marginwatch.web import kept_frames
from marginwatch.web.app import summary
from marginwatch.web.risk_routes import RISK_ROUTES
from marginwatch.web.stream import account_source, position_view
from marginwatch.web.stream import hub as hub_module
from marginwatch.web.stream import tables as tables_module
from marginwatch.web.stream.client import Client
from marginwatch.web.stream.documents import documents
from marginwatch.web.stream.hub import CLIENTS_MAX, StreamHub
from marginwatch.web.stream.tables import TableFeed


class Picture:
    """A live picture that moves when told to."""

    def __init__(self, play: Play) -> None:
        self.play = play
        self.frame: Frame | None = play.frame()
        self.is_running = True

    def latest_frame(self) -> Frame | None:
        return self.frame

    def is_alive(self) -> bool:
        return self.is_running

    def gather_book(self) -> Any:
        raise NotImplementedError

    def move(self, price: str = "51000") -> None:
        self.play.world.mark(BTCUSDT, price)
        self.frame = self.play.frame()


def hear_all(client: Client) -> list[dict[str, Any] | bytes]:
    """Return every message that a client is owed."""
    found: list[dict[str, Any] | bytes] = []
    while (message := client.next()) is not None:
        found.append(message if isinstance(message, bytes) else json.loads(message))
    return found


def of_kind(kind: str, messages: list[dict[str, Any] | bytes]) -> list[dict[str, Any]]:
    return [one for one in messages if isinstance(one, dict) and kind in one]


@pytest.fixture
def scene() -> SimpleNamespace:
    """A hub with a client: ``say`` and ``turn``."""
    picture, clock = Picture(Play(3)), ManualClock()
    trouble: dict[str, Exception] = {}

    @get("/api/v1/rules")
    async def rules(state: State) -> Any:
        del state
        if "rules" in trouble:
            raise trouble["rules"]
        return {"rows": []}

    state = State({"model": picture, "alerting": None})
    hub = StreamHub(picture, documents([summary, rules, *RISK_ROUTES]), state, clock)
    return SimpleNamespace(hub=hub, picture=picture, clock=clock, trouble=trouble)


def said(hub: StreamHub, client: Client, *topics: str) -> None:
    hub.hear(client, json.dumps({"subscribe": topics}))


async def test_a_beat_comes_at_once_and_every_second_and_tells_a_picture_that_stands_still(scene) -> None:
    client = scene.hub.join()
    [beat] = of_kind("beat", hear_all(client))
    assert beat["beat"]["is_alive"] is True
    assert beat["beat"]["frame_sequence"] == scene.picture.frame.sequence
    assert beat["beat"]["frame_at_ns"] == scene.picture.frame.at_ns
    await scene.clock.advance(0.1)
    hear_all(client)
    await scene.clock.advance(0.5)
    assert hear_all(client) == []
    scene.picture.is_running = False
    await scene.clock.advance(0.4)
    [beat] = of_kind("beat", hear_all(client))
    assert (beat["beat"]["is_alive"], beat["beat"]["at_ns"]) == (False, scene.clock.now_ns())
    scene.hub.leave(client)


async def test_a_table_is_looked_at_once_for_all_and_only_while_somebody_wants_it(scene) -> None:
    one, two = scene.hub.join(), scene.hub.join()
    for client in (one, two):
        said(scene.hub, client, "accounts")
    [first], [same] = ([m for m in hear_all(client) if isinstance(m, bytes)] for client in (one, two))
    assert first is same
    scene.picture.move()
    await scene.clock.advance(0.05)
    [change], [same] = ([m for m in hear_all(client) if isinstance(m, bytes)] for client in (one, two))
    assert change is same
    replica = Replica()
    replica.apply(first)
    replica.apply(change)
    assert_accounts(replica.rows(), scene.picture.frame)
    for client in (one, two):
        said(scene.hub, client)
    assert not scene.hub._tables
    scene.hub.leave(one)
    scene.hub.leave(two)


async def settle(hub: StreamHub) -> None:
    """Let what threads do come to an end."""
    while hub._making:
        await asyncio.gather(*hub._making)


async def test_a_long_table_is_looked_at_and_written_down_beside_the_loop(
    scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept_frames, "SMALL_ROWS", 0)
    for module in (tables_module, account_source, position_view):
        monkeypatch.setattr(module, "FEW_ROWS", 0)
    looked_in, written_in = list[int](), list[int]()
    hear, write = TableFeed.hear, TableFeed.write_whole

    def heard(self: TableFeed, frame: Frame) -> bool:
        looked_in.append(threading.get_ident())
        return hear(self, frame)

    def written(self: TableFeed, base: Any) -> Any:
        written_in.append(threading.get_ident())
        return write(self, base)

    monkeypatch.setattr(TableFeed, "hear", heard)
    monkeypatch.setattr(TableFeed, "write_whole", written)
    client, hub = scene.hub.join(), scene.hub
    replicas = {"accounts": Replica(), "positions": Replica()}
    said(hub, client, *replicas)
    assert not [one for one in hear_all(client) if isinstance(one, bytes)]
    for number in range(8):
        await settle(hub)
        scene.picture.move(str(45_000 + number))
        await scene.clock.advance(0.05)
        for message in hear_all(client):
            if isinstance(message, bytes):
                replicas["positions" if b'"topic":"positions"' in message[:40] else "accounts"].apply(message)
    await settle(hub)
    await scene.clock.advance(0.05)
    await settle(hub)
    for message in hear_all(client):
        if isinstance(message, bytes):
            replicas["positions" if b'"topic":"positions"' in message[:40] else "accounts"].apply(message)
    assert_accounts(replicas["accounts"].rows(), scene.picture.frame)
    assert_positions(replicas["positions"].rows(), scene.picture.frame)
    here = threading.get_ident()
    assert looked_in[:2]
    assert here not in looked_in[:2], "the first looks"
    assert len(written_in) == 2
    assert here not in written_in
    hub.leave(client)


async def test_whoever_comes_to_a_long_table_gets_it_though_tables_take_more_time_than_they_have(
    scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tables_module, "FEW_ROWS", 0)
    hub = scene.hub
    early, late = hub.join(), hub.join()
    said(hub, early, "positions")
    await scene.clock.advance(0.05)
    # Whatever is looked at, others wait.
    monkeypatch.setattr(hub._table_time, "is_left", lambda: False)
    said(hub, late, "positions")
    assert not [one for one in hear_all(late) if isinstance(one, bytes)]
    for number in range(3):
        scene.picture.move(str(45_000 + number))
        await scene.clock.advance(0.05)
        await settle(hub)
    assert len([one for one in hear_all(late) if isinstance(one, bytes)]) == 1
    for client in (early, late):
        hub.leave(client)


async def test_a_table_whose_frame_is_gone_before_it_is_copied_is_looked_at_in_the_next(
    scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (tables_module, account_source, position_view):
        monkeypatch.setattr(module, "FEW_ROWS", 0)
    lost: list[int] = []

    async def kept(self: kept_frames.KeptFrames, frame: Frame) -> Frame | None:
        del self
        if len(lost) < 3:
            lost.append(frame.sequence)
            return None
        return kept_frame(frame)

    monkeypatch.setattr(kept_frames.KeptFrames, "kept", kept)
    client, hub, replica = scene.hub.join(), scene.hub, Replica()
    said(hub, client, "positions")
    for number in range(12):
        await settle(hub)
        scene.picture.move(str(45_000 + number))
        await scene.clock.advance(0.05)
        for message in hear_all(client):
            if isinstance(message, bytes):
                replica.apply(message)
    await settle(hub)
    for message in hear_all(client):
        if isinstance(message, bytes):
            replica.apply(message)
    assert len(lost) == 3
    assert_positions(replica.rows(), scene.picture.frame)
    hub.leave(client)


async def test_tables_together_take_a_share_of_the_time_however_many_are_subscribed_to(
    scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    used_s, looks = 0.0, list[str]()

    def thread_time() -> float:
        nonlocal used_s
        used_s += 0.03
        return used_s

    hear = TableFeed.hear

    def counted(self: TableFeed, frame: Frame) -> bool:
        looks.append(self.topic)
        return hear(self, frame)

    monkeypatch.setattr(hub_module, "time", SimpleNamespace(thread_time=thread_time))
    monkeypatch.setattr(TableFeed, "hear", counted)
    clients = [scene.hub.join() for _ in range(3)]
    topics = [f"accounts?account={name}" for name in scene.picture.play.names()[:10]]
    for number, client in enumerate(clients):
        said(scene.hub, client, *topics[number * 3 : number * 3 + 3])
    assert len(looks) == 4, "a tenth of a second was saved up"
    for number in range(100):
        scene.picture.move(str(50_000 + number))
        await scene.clock.advance(0.05)
    # 5 s pass, of which 1.25 are for tables.
    assert 38 <= len(looks) <= 47
    assert set(looks) == set(topics[:9])
    assert max(looks.count(one) for one in topics[:9]) - min(looks.count(one) for one in topics[:9]) <= 1
    for client in clients:
        assert [message for message in hear_all(client) if isinstance(message, bytes)]
        scene.hub.leave(client)


async def test_more_rows_than_all_may_watch_are_refused_and_the_others_go_on(
    scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub_module, "ROWS_OF_ALL_MAX", 15)
    first, second = scene.hub.join(), scene.hub.join()
    said(scene.hub, first, "accounts")
    said(scene.hub, second, "accounts", "accounts?venue=bybit")
    (error,) = of_kind("error", hear_all(second))
    assert error["topic"] == "accounts?venue=bybit"
    assert "ask for fewer" in error["error"]
    scene.picture.move()
    await scene.clock.advance(0.05)
    assert [message for message in hear_all(first) if isinstance(message, bytes)]
    assert list(scene.hub._tables) == ["accounts"]
    for client in (first, second):
        scene.hub.leave(client)


async def test_a_slow_client_is_owed_the_newest_and_not_what_it_missed(scene) -> None:
    slow, quick = scene.hub.join(), scene.hub.join()
    for client in (slow, quick):
        said(scene.hub, client, "positions")
    of_slow, of_quick = Replica(), Replica()
    of_slow.apply(hear_all(slow)[-1])
    of_quick.apply(hear_all(quick)[-1])
    for number in range(6):
        scene.picture.move(str(40_000 + number))
        await scene.clock.advance(0.05)
        for message in hear_all(quick):
            if isinstance(message, bytes):
                of_quick.apply(message)
    owed = [message for message in hear_all(slow) if isinstance(message, bytes)]
    assert len(owed) == 1
    of_slow.apply(owed[0])
    assert repr(of_slow.rows()) == repr(of_quick.rows())
    assert (scene.hub.n_dropped, scene.hub.n_clients) == (5, 2)
    for client in (slow, quick):
        scene.hub.leave(client)
    assert (scene.hub.n_dropped, scene.hub.n_clients) == (5, 0)


async def test_what_is_no_topic_is_told_and_the_others_go_on(scene) -> None:
    client = scene.hub.join()
    topics = ["accounts", "nonsense", "accounts?colour=red", "positions?account=nobody", "stress?by=moon"]
    topics += ["var?confidence=2", "var?confidence=x", "summary?a", "accounts?desk=mm&desk=arb", "advice?x=1"]
    said(scene.hub, client, *topics)
    await scene.clock.advance(0.05)
    messages = hear_all(client)
    errors = {one["topic"]: one["error"] for one in of_kind("error", messages)}
    assert set(errors) == set(topics) - {"accounts"}
    assert "there is: accounts, positions, summary" in errors["nonsense"]
    assert (
        "'colour' cannot be asked for here; there is: account, desk, venue" in errors["accounts?colour=red"]
    )
    assert errors["positions?account=nobody"].startswith("there is no account 'nobody'")
    assert errors["stress?by=moon"] == "by 'moon' is unknown; there is: portfolio, desk, account, asset"
    assert errors["var?confidence=2"].startswith("confidence: ")
    assert errors["summary?a"].startswith("'a' is no query")
    assert errors["accounts?desk=mm&desk=arb"].endswith("says something twice")
    assert errors["advice?x=1"] == "'x' cannot be asked for here; there is: limit"
    assert len([one for one in messages if isinstance(one, bytes)]) == 1
    scene.hub.leave(client)


@pytest.mark.parametrize(
    "text",
    ["", "no json", "[]", "{}", '{"subscribe": "accounts"}', '{"subscribe": [], "resync": "a"}', "[" * 2000],
)
async def test_what_is_no_message_is_told_and_changes_nothing(scene, text: str) -> None:
    client = scene.hub.join()
    said(scene.hub, client, "accounts")
    hear_all(client)
    scene.hub.hear(client, text)
    [error] = hear_all(client)
    assert error["topic"] is None
    assert '{"subscribe": ["overview", "accounts"]}' in error["error"]
    assert list(client.feeds) == ["accounts"]
    scene.hub.leave(client)


async def test_more_topics_than_allowed_change_nothing(scene) -> None:
    client = scene.hub.join()
    said(scene.hub, client, "summary")
    said(scene.hub, client, *(f"positions?asset={number}" for number in range(17)))
    assert [one["error"][:28] for one in of_kind("error", hear_all(client))] == [
        "subscribe: at most 16 topics"
    ]
    assert list(client.feeds) == ["summary"]
    scene.hub.leave(client)


async def test_all_of_a_topic_comes_again_when_asked_for(scene) -> None:
    client = scene.hub.join()
    said(scene.hub, client, "accounts")
    first = hear_all(client)[-1]
    scene.hub.hear(client, '{"resync": "accounts"}')
    assert hear_all(client) == [first]
    scene.hub.hear(client, '{"resync": "positions"}')
    assert hear_all(client) == [{"error": "not subscribed to", "topic": "positions"}]
    scene.hub.leave(client)


async def test_topics_that_stay_are_not_sent_again(scene) -> None:
    client = scene.hub.join()
    said(scene.hub, client, "accounts")
    hear_all(client)
    said(scene.hub, client, "positions", "accounts")
    [positions] = hear_all(client)
    assert b'"topic":"positions"' in positions
    said(scene.hub, client, "positions")
    said(scene.hub, client, "positions", "accounts")
    [again] = hear_all(client)
    assert b'"topic":"accounts"' in again
    assert b'"base":null' in again
    scene.hub.leave(client)


async def test_a_document_comes_when_it_says_something_else(scene) -> None:
    client = scene.hub.join()
    said(scene.hub, client, "summary", "stress")
    await scene.clock.advance(0.05)
    first = of_kind("document", hear_all(client))
    assert [(one["topic"], one["sequence"]) for one in first] == [("summary", 1), ("stress", 1)]
    assert first[0]["document"]["summary"]["at_ns"] == scene.picture.frame.at_ns
    scene.picture.frame = scene.picture.play.frame()
    await scene.clock.advance(1.0)
    assert of_kind("document", hear_all(client)) == [], "only its moment is another"
    scene.picture.move("77000")
    await scene.clock.advance(0.3)
    [second] = of_kind("document", hear_all(client))
    assert (second["topic"], second["sequence"]) == ("summary", 2)
    assert second["document"] != first[0]["document"]
    scene.hub.leave(client)


async def test_trouble_that_may_pass_is_told_once_and_the_document_comes_when_it_has(scene) -> None:
    client = scene.hub.join()
    scene.trouble["rules"] = ConnectivityError("the database is locked")
    said(scene.hub, client, "rules")
    await scene.clock.advance(3.0)
    [error] = of_kind("error", hear_all(client))
    assert (error["topic"], error["error"]) == ("rules", "the database is locked")
    scene.trouble.clear()
    await scene.clock.advance(3.0)
    assert [one["topic"] for one in of_kind("document", hear_all(client))] == ["rules"]
    scene.hub.leave(client)


async def test_a_defect_of_a_document_takes_away_this_topic_alone(scene) -> None:
    client = scene.hub.join()
    scene.trouble["rules"] = KeyError("oops")
    said(scene.hub, client, "rules", "summary")
    await scene.clock.advance(0.05)
    messages = hear_all(client)
    assert [one["topic"] for one in of_kind("error", messages)] == ["rules"]
    assert [one["topic"] for one in of_kind("document", messages)] == ["summary"]
    assert list(client.feeds) == ["summary"]
    scene.hub.leave(client)


async def test_before_the_first_frame_nothing_comes_but_beats_and_then_everything(scene) -> None:
    frame, scene.picture.frame = scene.picture.frame, None
    client = scene.hub.join()
    said(scene.hub, client, "accounts", "summary")
    await scene.clock.advance(1.0)
    assert [list(one) for one in hear_all(client)] == [["beat"]]
    scene.picture.frame = frame
    await scene.clock.advance(0.3)
    kinds = [type(one) for one in hear_all(client)]
    assert sorted(kind.__name__ for kind in kinds) == ["bytes", "dict"]
    scene.hub.leave(client)


async def test_whoever_is_signed_out_is_sent_away_at_the_next_beat(scene) -> None:
    holds = [True]
    client = scene.hub.join(lambda: holds[0])
    await scene.clock.advance(1.0)
    assert client.over is None
    holds[0] = False
    await scene.clock.advance(1.0)
    assert client.over == (1008, "signed out")
    scene.hub.leave(client)


async def test_one_client_too_many_is_refused_until_another_leaves(scene) -> None:
    clients = [scene.hub.join() for _ in range(CLIENTS_MAX)]
    assert all(isinstance(one, Client) for one in clients)
    assert scene.hub.join() == "there are 64 already; close one"
    assert (scene.hub.n_clients, scene.hub.n_refused) == (CLIENTS_MAX, 1)
    scene.hub.leave(clients.pop())
    last = scene.hub.join()
    assert last is not None
    for client in [*clients, last]:
        scene.hub.leave(client)
