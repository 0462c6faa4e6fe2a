"""Large replies: encoded piece by piece they are the same document."""

import threading
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest
from litestar.datastructures import State
from tests.risk.conftest import random_world
from tests.web.alerts import Desk, alert_of

from marginwatch.web.alert_replies import AlertsReply
from marginwatch.web.alert_routes import alerts, silences
from marginwatch.web.app import exposure
from marginwatch.web.large_replies import ROWS_AT_ONCE, EncodedResponse, encoded, large_reply
from marginwatch.web.matrix_routes import matrix
from marginwatch.web.replies import AccountsReply, accounts_reply, positions_reply
from marginwatch.web.risk_routes import advice, calendars, levels, margin, stress, value_at_risk


@pytest.mark.parametrize("times", [0, 1, 60])
def test_piece_by_piece_it_is_the_same(times: int) -> None:
    world = random_world(2, 20)
    world.register('"rows":[] \\"rows\\":[]')
    frame = world.frame()
    for reply in (accounts_reply(frame), positions_reply(frame)):
        large = msgspec.structs.replace(reply, rows=reply.rows * times)
        assert times < 60 or len(large.rows) > 2 * ROWS_AT_ONCE
        assert encoded(large) == msgspec.json.encode(large)
    assert msgspec.json.decode(encoded(accounts_reply(frame)), type=AccountsReply) == accounts_reply(frame)


class Leaf(msgspec.Struct, frozen=True):
    name: str
    parts: tuple[int, ...] = ()


class Renamed(msgspec.Struct, frozen=True, rename="camel"):
    two_words: str | None
    of_it: dict[str, tuple[int, ...]]


class Sparse(msgspec.Struct, frozen=True, omit_defaults=True):
    given: int
    left_out: tuple[Leaf, ...] = ()


class Tagged(msgspec.Struct, frozen=True, tag=True):
    rows: tuple[int, ...]


class Nothing(msgspec.Struct, frozen=True):
    pass


class Tree(msgspec.Struct, frozen=True):
    groups: tuple[Any, ...]
    rows: list[Leaf]
    few: tuple[Leaf, ...]
    one: Any


@pytest.mark.parametrize("n", [0, 1, 499, 500, 501, 1_001])
@pytest.mark.parametrize(
    "one",
    [
        None,
        Renamed('"rows":[]', {"a": (1,)}),
        Sparse(1),
        Tagged((1, 2)),
        Nothing(),
        {"a": [Leaf("x")]},
        "text",
        2.5,
    ],
)
def test_whatever_it_holds_it_is_the_same(n: int, one: object) -> None:
    leaves = [Leaf(f"{number}}},{{", tuple(range(number % 3))) for number in range(n)]
    tree = Tree((Leaf("big", tuple(range(n))), one, tuple(leaves), ()), leaves, tuple(leaves[:3]), one)
    assert encoded(tree) == msgspec.json.encode(tree)


async def test_what_takes_long_is_made_beside_the_loop() -> None:
    frame = random_world(2, 20).frame()
    made_in: list[int] = []

    def make(kept: Any) -> AccountsReply:
        made_in.append(threading.get_ident())
        return accounts_reply(kept)

    picture = SimpleNamespace(latest_frame=lambda: frame, is_alive=lambda: True)
    reply: Any = await large_reply(State({"model": picture}), make)
    assert made_in
    assert made_in != [threading.get_ident()]
    assert reply.body == msgspec.json.encode(accounts_reply(frame))
    assert reply.took_s > 0.0


@pytest.mark.parametrize(
    "route", [exposure, matrix, margin, stress, value_at_risk, levels, calendars, advice]
)
async def test_routes_whose_cost_grows_with_the_book_answer_with_what_is_encoded(route: Any) -> None:
    frame = random_world(2, 20).frame()
    picture = SimpleNamespace(latest_frame=lambda: frame, is_alive=lambda: True)
    reply = await route.fn(state=State({"model": picture}))
    assert isinstance(reply, EncodedResponse)
    assert msgspec.json.decode(reply.body)["sequence"] == frame.sequence


@pytest.mark.parametrize("route", [alerts, silences])
async def test_alerts_of_which_there_may_be_thousands_are_told_beside_the_loop(route: Any) -> None:
    desk = Desk(alerts=[alert_of(f"mm-{number}") for number in range(600)])
    reply = await route.fn(state=State({"alerting": desk}))
    assert isinstance(reply, EncodedResponse)
    assert reply.took_s > 0.0
    if route is alerts:
        body = msgspec.json.decode(reply.body, type=AlertsReply)
        assert [row.account_id for row in body.rows] == sorted(f"mm-{number}" for number in range(600))
