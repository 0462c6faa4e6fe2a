"""When a document is made and when it is sent."""

import asyncio
import json
import time
from typing import Any

import pytest
from litestar import get
from litestar.datastructures import State
from litestar.exceptions import HTTPException
from tests.web.stream.scene import Play

from marginwatch.errors import ConnectivityError
from marginwatch.web.large_replies import EncodedResponse
from marginwatch.web.stream.document_feed import (
    BYTES_MAX,
    MOMENTS,
    PIECE_BYTES,
    DocumentFeed,
    RefusedError,
    said_in,
)
from marginwatch.web.stream.documents import Document, Pace


def feed_of(answer: dict[str, Any], **pace: Any) -> DocumentFeed:
    """Return the feed of a route that answers what is given, or raises or takes as long as it says."""

    @get("/api/v1/x")
    async def route(state: State) -> Any:
        del state
        if "raises" in answer:
            raise answer["raises"]
        until_s = time.thread_time() + answer.get("burns_s", 0.0)
        while time.thread_time() < until_s:
            pass
        return answer

    return DocumentFeed("x", Document(route, Pace(**pace)), {})


async def made(feed: DocumentFeed, frame: Any, now_s: float) -> bool:
    return await feed.make(State({}), frame, now_s)


async def test_what_differs_in_moments_and_ages_alone_is_sent_every_five_seconds() -> None:
    frame, answer = (
        Play(1).frame(),
        {"sequence": 1, "taken_at_ns": 1, "rows": [{"value": 2.5, "data_age_s": 1.0}]},
    )
    feed = feed_of(answer)
    assert await made(feed, frame, 0.0)
    answer |= {"sequence": 9, "taken_at_ns": 9, "rows": [{"value": 2.5, "data_age_s": 9.25}]}
    assert not await made(feed, frame, 1.0)
    assert json.loads(feed.message(None) or "")["document"]["sequence"] == 1
    assert await made(feed, frame, 5.0)
    answer["rows"] = [{"value": 2.6, "data_age_s": 9.25}]
    assert await made(feed, frame, 5.5)
    assert json.loads(feed.message(2) or "") == {"topic": "x", "sequence": 3, "document": answer}
    assert feed.message(3) is None


async def test_it_is_made_upon_a_new_frame_and_not_too_often() -> None:
    play, feed = Play(1), feed_of({}, every_s=0.25)
    frame = play.frame()
    assert feed.is_due(State({}), frame, 0.0)
    await made(feed, frame, 0.0)
    assert not feed.is_due(State({}), frame, 10.0), "the same frame"
    frame = play.frame()
    assert not feed.is_due(State({}), frame, 0.2)
    assert feed.is_due(State({}), frame, 0.25)
    assert not feed_of({}).is_due(State({}), None, 0.0)
    assert feed_of({}, at_least_every_s=2.0).is_due(State({}), None, 0.0), "alerts do not wait for frames"


async def test_what_takes_long_is_made_less_often() -> None:
    play, feed = Play(1), feed_of({"burns_s": 0.04})
    await made(feed, play.frame(), 0.0)
    # At most 2 % of the time: 40 ms every two seconds.
    assert not feed.is_due(State({}), play.frame(), 1.9)
    assert feed.took_s >= 0.04


async def test_a_refusal_for_good_is_told_and_one_that_passes_is_waited_out() -> None:
    play, answer = Play(1), {"raises": HTTPException(status_code=404, detail="no such thing")}
    feed = feed_of(answer)
    with pytest.raises(RefusedError, match="no such thing"):
        await made(feed, play.frame(), 0.0)
    answer["raises"] = HTTPException(status_code=503, detail="no picture yet")
    frame = play.frame()
    assert not await made(feed, frame, 1.0)
    assert feed.is_due(State({}), frame, 2.0), "the same frame will do once the route answers"
    del answer["raises"]
    assert await made(feed, frame, 2.0)


async def test_what_changes_while_it_is_made_makes_it_due_again() -> None:
    frame, alerts = Play(1).frame(), ["old"]

    @get("/api/v1/x")
    async def route(state: State) -> Any:
        del state
        found = list(alerts)
        # While the store is asked, one more fires.
        await asyncio.sleep(0)
        alerts.append("new")
        return found

    pace = Pace(version=lambda frame, state: len(alerts))
    feed = DocumentFeed("x", Document(route, pace), {})
    assert await made(feed, frame, 0.0)
    assert json.loads(feed.message(None) or "")["document"] == ["old"]
    assert feed.is_due(State({}), frame, 10.0)


async def test_trouble_is_told_once_and_again_after_it_was_over() -> None:
    frame, answer = Play(1).frame(), {"raises": ConnectivityError("the store is busy")}
    feed = feed_of(answer)
    for expected in ("the store is busy", None):
        with pytest.raises(ConnectivityError) as caught:
            await made(feed, frame, 0.0)
        assert feed.trouble(caught.value) == expected
    answer.clear()
    assert await made(feed, frame, 1.0)
    assert feed.trouble(ConnectivityError("the store is busy")) == "the store is busy"


def encoded_feed(answer: dict[str, Any]) -> DocumentFeed:
    """Return the feed of a route that answers the bytes given, which took as long as it says."""

    @get("/api/v1/x")
    async def route(state: State) -> Any:
        del state
        await asyncio.sleep(0)
        return EncodedResponse(answer["body"], answer.get("took_s", 0.0))

    return DocumentFeed("x", Document(route, Pace()), {})


@pytest.mark.parametrize("n", [1, 40, 4_000])
async def test_what_is_encoded_already_is_sent_as_it_is(n: int) -> None:
    def body(age_s: float) -> bytes:
        rows = [{"name": f"row {number}", "data_age_s": age_s, "of": [number]} for number in range(n)]
        return json.dumps({"sequence": 1, "rows": rows}, separators=(",", ":")).encode()

    assert n < 4_000 or len(body(1.0)) > 3 * PIECE_BYTES
    assert said_in(body(1.5)) == MOMENTS.sub(b"", body(1.5))
    play, answer = Play(1), {"body": body(1.25), "took_s": 0.1}
    feed = encoded_feed(answer)
    assert await made(feed, play.frame(), 0.0)
    assert json.loads(feed.message(None) or "")["document"] == json.loads(body(1.25))
    assert not feed.is_due(State({}), play.frame(), 4.9), "what was spent in a thread counts too"
    answer["body"] = body(987.5)
    assert not await made(feed, play.frame(), 4.95), "nothing but ages has changed"


async def test_a_document_that_is_too_large_is_refused() -> None:
    feed = encoded_feed({"body": b'"' + b"x" * BYTES_MAX + b'"'})
    with pytest.raises(RefusedError, match="8 MB is too large to be followed"):
        await made(feed, Play(1).frame(), 0.0)


async def test_of_a_document_that_is_too_large_some_rows_are_sent() -> None:
    limits: list[int | None] = []

    @get("/api/v1/x")
    async def route(state: State, limit: int | None = None, offset: int = 0) -> Any:
        del state, offset
        limits.append(limit)
        await asyncio.sleep(0)
        n_rows = 5_000 if limit is None else min(limit, 5_000)
        body = {"n_rows": 5_000, "rows": ["x" * 20_000] * n_rows}
        return EncodedResponse(json.dumps(body).encode(), 0.001)

    frame, feed = Play(1).frame(), DocumentFeed("x", Document(route, Pace()), {})
    assert await made(feed, frame, 0.0)
    assert limits == [None, 1_000, 250]
    assert feed.took_s >= 0.003
    document = json.loads(feed.message(None) or "")["document"]
    assert (document["n_rows"], len(document["rows"])) == (5_000, 250)
    await made(feed, frame, 10.0)
    assert limits == [None, 1_000, 250, 250], "what was found out is remembered"
    asking = DocumentFeed("x?limit=4000", Document(route, Pace()), {"limit": 4_000})
    with pytest.raises(RefusedError, match="ask for a part of it"):
        await made(asking, frame, 0.0)


async def test_what_others_do_while_it_waits_does_not_make_it_rarer() -> None:
    may_go_on = asyncio.Event()

    @get("/api/v1/x")
    async def route(state: State) -> Any:
        del state
        await may_go_on.wait()
        return {"a": 1}

    play, feed = Play(1), DocumentFeed("x", Document(route, Pace()), {})
    task = asyncio.create_task(made(feed, play.frame(), 0.0))
    await asyncio.sleep(0)
    until_s = time.thread_time() + 0.2
    while time.thread_time() < until_s:
        pass
    may_go_on.set()
    assert await task
    assert feed.took_s < 0.1


async def test_what_somebody_waits_for_is_made_at_once_whatever_it_costs() -> None:
    frame, done = Play(1).frame(), [0]

    @get("/api/v1/x")
    async def route(state: State) -> Any:
        del state
        until_s = time.thread_time() + 0.04
        while time.thread_time() < until_s:
            pass
        return done

    pace = Pace(every_s=0.5, version=lambda frame, state: done[0], prompt=lambda state: done[0])
    feed = DocumentFeed("x", Document(route, pace), {})
    await made(feed, frame, 0.0)
    assert not feed.is_due(State({}), frame, 1.0)
    done[0] += 1
    assert not feed.is_due(State({}), frame, 0.05)
    assert feed.is_due(State({}), frame, 0.15)
    await made(feed, frame, 0.15)
    assert not feed.is_due(State({}), frame, 1.9)
