"""One copy of a frame serves all who ask for it, and what was overwritten meanwhile is never answered from."""

import asyncio
import threading
from types import SimpleNamespace

import pytest
from litestar.datastructures import State
from tests.risk.conftest import BTCUSDT, random_world

from marginwatch.risk.frame import Frame
from marginwatch.risk.tables import position_rows
from marginwatch.web import kept_frames
from marginwatch.web.kept_frames import KeptFrames, latest_kept
from marginwatch.web.risk_routes import advice, levels, margin


class Copies:
    """Counts the copies that are made, and lets something happen while one is."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.made_in: list[int] = []
        self.meanwhile = threading.Event()
        self.meanwhile.set()
        copy = kept_frames.kept_frame

        def counted(frame: Frame) -> Frame:
            self.made_in.append(threading.get_ident())
            made = copy(frame)
            self.meanwhile.wait(5.0)
            return made

        monkeypatch.setattr(kept_frames, "kept_frame", counted)


@pytest.fixture
def copies(monkeypatch: pytest.MonkeyPatch) -> Copies:
    return Copies(monkeypatch)


async def test_all_documents_of_a_frame_are_made_of_one_copy(copies: Copies) -> None:
    world = random_world(2, 20)
    picture = SimpleNamespace(frame=world.frame())
    picture.latest_frame, picture.is_alive = lambda: picture.frame, lambda: True
    state = State({"model": picture})
    replies = await asyncio.gather(*(route.fn(state=state) for route in (margin, levels, advice, margin)))
    assert len(copies.made_in) == 1
    assert replies[0].body == replies[3].body
    picture.frame = world.frame()
    await margin.fn(state=state)
    assert len(copies.made_in) == 2, "another frame"


async def test_a_large_frame_is_copied_beside_the_loop(
    copies: Copies, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept_frames, "SMALL_ROWS", 0)
    frame = random_world(2, 20).frame()
    kept = await KeptFrames().kept(frame)
    assert kept is not None
    assert position_rows(kept) == position_rows(frame)
    assert copies.made_in
    assert threading.get_ident() not in copies.made_in


async def test_a_frame_that_was_overwritten_while_it_was_copied_is_not_answered_from(
    copies: Copies, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept_frames, "SMALL_ROWS", 0)
    world = random_world(2, 20)
    picture = SimpleNamespace(frame=world.frame())
    state = State({"model": SimpleNamespace(latest_frame=lambda: picture.frame, is_alive=lambda: True)})
    copies.meanwhile.clear()
    asking = asyncio.create_task(latest_kept(state))
    while not copies.made_in:
        await asyncio.sleep(0)
    for price in ("41000", "42000"):
        world.mark(BTCUSDT, price)
        picture.frame = world.frame()
    copies.meanwhile.set()
    assert (await asking).sequence == picture.frame.sequence
    assert len(copies.made_in) == 2


async def test_where_no_copy_beside_the_loop_is_ever_in_time_it_is_made_there(
    copies: Copies, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept_frames, "SMALL_ROWS", 0)
    world = random_world(2, 20)

    def overtaken(self: Frame) -> bool:
        del self
        return False

    monkeypatch.setattr(Frame, "is_intact", overtaken)
    picture = SimpleNamespace(latest_frame=world.frame, is_alive=lambda: True)
    kept = await latest_kept(State({"model": picture}))
    assert position_rows(kept)
    assert copies.made_in[-1] == threading.get_ident()


async def test_nothing_is_held_of_a_copy_that_nobody_asks_for_again(
    copies: Copies, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept_frames, "FORGET_S", 0.0)
    frames, frame = KeptFrames(), random_world(2, 20).frame()
    await frames.kept(frame)
    for _ in range(5):
        await asyncio.sleep(0)
    await frames.kept(frame)
    assert len(copies.made_in) == 2
