"""A replica that applies changes has what the table has, whatever it was and however much of it was missed."""

import math
from types import SimpleNamespace
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.web.stream.replica import OutOfStepError, Replica

from marginwatch.web.stream import tables
from marginwatch.web.stream.slots import Slots
from marginwatch.web.stream.tables import Look, TableFeed


class Words(msgspec.Struct, frozen=True):
    name: str
    word: str


State = dict[int, tuple[str, float, float]]


class Given:
    """A view that shows what it is given: row → a word and two numbers."""

    columns = ("one", "two")

    def __init__(self) -> None:
        self.state: State = {}
        self.n_left_out = 0
        self.slots = Slots()
        self.words: list[Words | None] = []

    def look(self, frame: Any) -> Look:
        del frame
        wanted = np.array(sorted(self.state), np.int64)
        moved = self.slots.update(wanted, wanted)
        self.words.extend([None] * (self.slots.size - len(self.words)))
        values = np.full((2, self.slots.size), np.nan)
        renewed: list[int] = []
        for slot in moved.gone.tolist():
            self.words[slot] = None
        for slot, row in enumerate(self.slots.rows.tolist()):
            if not row:
                continue
            word, *values[:, slot] = self.state[row]
            if self.words[slot] != Words(str(row), word):
                self.words[slot] = Words(str(row), word)
                renewed.append(slot)
        return Look(
            values=values,
            texts=self.words,
            gone=moved.gone,
            renewed=np.array(renewed, np.int64),
            n_rows=len(self.state),
            n_left_out=self.n_left_out,
        )


class AnyFrame:
    at_ns, sequence = 5, 1


def shown(replica: Replica) -> dict[int, tuple[str, str, str]]:
    return {
        int(row["name"]): (row["word"], repr(row["one"]), repr(row["two"])) for row in replica.rows().values()
    }


values = st.sampled_from([0.0, 1.5, -2.0, math.nan, math.inf, -math.inf])
states = st.dictionaries(st.integers(1, 9), st.tuples(st.sampled_from("ab"), values, values), max_size=7)


@given(st.lists(st.tuples(states, st.booleans()), min_size=1, max_size=10))
def test_changes_or_a_whole_lead_to_the_same(history: list[tuple[State, bool]]) -> None:
    view = Given()
    feed, steady, slow = TableFeed("t", view), Replica(), Replica()
    for state, reads in history:
        view.state = state
        feed.hear(AnyFrame())
        expected = {row: (word, repr(one), repr(two)) for row, (word, one, two) in state.items()}
        for replica in [steady, slow] if reads else [steady]:
            if (message := feed.message(replica.sequence)) is not None:
                replica.apply(message)
            assert shown(replica) == expected
            assert replica.n_rows == len(state)
            assert feed.message(replica.sequence) is None


def test_nothing_is_sent_while_nothing_changes() -> None:
    view = Given()
    feed = TableFeed("t", view)
    view.state = {1: ("a", 1.0, math.nan)}
    assert [feed.hear(AnyFrame()) for _ in range(3)] == [True, False, False]
    view.n_left_out = 4
    assert feed.hear(AnyFrame())
    assert feed.sequence == 2


def test_whoever_has_nothing_or_missed_a_change_gets_all() -> None:
    view = Given()
    feed = TableFeed("t", view)
    assert feed.message(None) is None
    for number in range(3):
        view.state = {1: ("a", float(number), 0.0)}
        feed.hear(AnyFrame())
    change, late = feed.message(2), feed.message(1)
    assert change is not None
    assert late is not None
    assert late is feed.message(None), "encoded once for all who need it"
    stranger = Replica()
    stranger.apply(late)
    assert shown(stranger) == {1: ("a", "2.0", "0.0")}
    stranger.sequence = 1
    try:
        stranger.apply(change)
    except OutOfStepError:
        return
    raise AssertionError("a change was applied to what it is not of")


def test_all_of_a_long_table_is_written_down_for_some_frames_only(monkeypatch: pytest.MonkeyPatch) -> None:
    used_s, now_s = 0.0, 100.0

    def thread_time() -> float:
        nonlocal used_s
        used_s += 0.05
        return used_s

    monkeypatch.setattr(tables, "time", SimpleNamespace(thread_time=thread_time))
    view = Given()
    feed = TableFeed("t", view, None, lambda: now_s)
    n_written = 0
    for number in range(100):
        view.state = {1: ("a", float(number), 0.0)}
        feed.hear(AnyFrame())
        assert feed.is_ready(feed.sequence)
        assert feed.is_ready(feed.sequence - 1) or feed.sequence == 1, "a change is short"
        if feed.is_ready(None):
            n_written += 1
            assert feed.message(None) is not None
            assert feed.is_ready(None), "what is written already costs nothing"
        now_s += 0.1
    assert n_written == 10


moves = st.lists(
    st.tuples(states, st.booleans(), st.sampled_from(["", "begin", "end"])), min_size=1, max_size=14
)


@given(moves)
def test_a_long_table_that_a_thread_writes_down_is_caught_up_with(
    history: list[tuple[State, bool, str]],
) -> None:
    now_s = 0.0
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tables, "FEW_ROWS", 0)
        patch.setattr(tables, "BASES_MAX", 2)
        view = Given()
        feed = TableFeed("t", view, None, lambda: now_s)
        steady, slow, written = Replica(), Replica(), None

        def take(replica: Replica) -> None:
            while feed.is_ready(replica.sequence):
                if (message := feed.message(replica.sequence)) is None:
                    assert shown(replica) == expected
                    return
                replica.apply(message)
                assert replica.sequence == feed.told

        for state, reads, step in history:
            now_s += 0.5
            view.state = state
            feed.hear(AnyFrame())
            expected = {row: (word, repr(one), repr(two)) for row, (word, one, two) in state.items()}
            for replica in [steady, slow] if reads else [steady]:
                take(replica)
            if step == "begin" and written is None and (base := feed.begin_whole()) is not None:
                written = feed.write_whole(base)
            elif step == "end" and written is not None:
                feed.end_whole(written)
                written = None
        if written is not None:
            feed.end_whole(written)
        for replica in (steady, slow):
            take(replica)
            if not feed.is_ready(replica.sequence):
                now_s += 10.0
                if not feed.is_ready(replica.sequence):
                    base = feed.begin_whole()
                    assert base is not None
                    feed.end_whole(feed.write_whole(base))
                take(replica)
            assert shown(replica) == expected


def test_whoever_comes_soon_gets_what_was_written_down_and_the_rest_behind_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(tables, "FEW_ROWS", 0)
    now_s = 0.0
    view = Given()
    feed = TableFeed("t", view, None, lambda: now_s)

    def hear(number: float) -> None:
        view.state = {1: ("a", number, 0.0)}
        feed.hear(AnyFrame())

    hear(1.0)
    assert feed.begin_whole() is None, "nobody wants it"
    assert not feed.is_ready(None)
    base = feed.begin_whole()
    assert base is not None
    assert feed.begin_whole() is None, "one at a time"
    written = feed.write_whole(base)
    hear(2.0)
    hear(3.0)
    feed.end_whole(written)
    late = Replica()
    for expected in ("1.0", "3.0"):
        assert feed.is_ready(late.sequence)
        message = feed.message(late.sequence)
        assert message is not None
        late.apply(message)
        assert shown(late) == {1: ("a", expected, "0.0")}
    now_s = tables.WHOLE_GOOD_S + 0.1
    assert not feed.is_ready(None), "nobody is shown what is old"


def test_nothing_is_asked_of_a_table_that_a_thread_looks_at() -> None:
    view = Given()
    view.state = {1: ("a", 1.0, 0.0)}
    feed = TableFeed("t", view)
    feed.hear(AnyFrame())
    feed.is_busy = True
    assert not feed.is_ready(None)
    assert not feed.is_ready(feed.sequence)
