"""Columns and texts of positions are those of the rows, whatever happens between frames."""

import pytest
from tests.risk.conftest import BTCUSDT, World, contract, position
from tests.web.stream.likeness import assert_positions
from tests.web.stream.replica import Replica
from tests.web.stream.scene import Play

from marginwatch.risk.frame import Frame
from marginwatch.risk.kept_frame import kept_frame
from marginwatch.web.replies import positions_reply
from marginwatch.web.stream.filters import Filter
from marginwatch.web.stream.position_view import PositionView
from marginwatch.web.stream.tables import TableFeed


@pytest.mark.parametrize("seed", range(4))
def test_a_replica_of_changes_shows_what_the_rows_say(seed: int) -> None:
    play, feed, replica = Play(seed), TableFeed("positions", PositionView(Filter())), Replica()
    frame = play.frame()
    for _ in range(30):
        feed.hear(frame)
        if (message := feed.message(replica.sequence)) is not None:
            replica.apply(message)
        assert_positions(replica.rows(), frame)
        frame = play.next()


def shown(view: PositionView, frame: Frame) -> set[tuple[str, str]]:
    return {(texts.account_id, texts.instrument_id) for texts in view.look(frame).texts if texts is not None}


def test_a_filter_shows_the_rows_of_the_route_of_the_same_words() -> None:
    play = Play(5)
    frame = play.frame()
    asked = ({"account": "A3"}, {"desk": "MM"}, {"asset": "btc"}, {"desk": "arb", "asset": "ETH"})
    for names in asked:
        expected = {(row.account_id, row.instrument_id) for row in positions_reply(frame, **names).rows}
        assert shown(PositionView(Filter(**names)), frame) == expected
    assert shown(PositionView(Filter(desk="mm")), frame)


def test_of_too_many_the_largest_are_shown_and_chosen_anew_each_second() -> None:
    world, view = World(), PositionView(Filter(), rows_max=3)
    world.usual_marks()
    for number in range(1, 7):
        world.account(f"a{number}", position(BTCUSDT, number if number % 2 else -number, "50000"))
    # Without a price nobody knows how large it is.
    world.account("odd", position(contract("NEWUSDT", "NEW", "USDT"), 1))

    def accounts() -> set[str]:
        look = view.look(world.frame())
        assert (look.n_rows, look.n_left_out) == (3, 4)
        return {texts.account_id for texts in look.texts if texts is not None}

    assert accounts() == {"odd", "a6", "a5"}
    world.sweep("a1", position(BTCUSDT, 100, "50000", sequence=2))
    world.clock._elapsed_ns += 900_000_000
    assert accounts() == {"odd", "a6", "a5"}
    world.clock._elapsed_ns += 100_000_000
    assert accounts() == {"odd", "a6", "a1"}


def test_a_row_that_did_not_change_is_not_written_again() -> None:
    play = Play(5)
    view = PositionView(Filter())
    before = list(view.look(play.frame()).texts)
    look = view.look(play.frame())
    assert (look.renewed.tolist(), look.gone.tolist()) == ([], [])
    assert all(one is other for one, other in zip(look.texts, before, strict=True))


@pytest.mark.parametrize("seed", range(4))
def test_what_was_begun_and_overtaken_by_another_frame_is_not_forgotten(seed: int) -> None:
    play, view, replica = Play(seed), PositionView(Filter()), Replica()
    feed = TableFeed("positions", view)
    frame = play.frame()
    for _ in range(30):
        if play.pick.random() < 0.6:
            view.prepare(frame)
        if play.pick.random() < 0.5:
            # A thread looks at a copy of the frame that was begun with, or at the frame itself.
            feed.hear(kept_frame(frame))
            if (message := feed.message(replica.sequence)) is not None:
                replica.apply(message)
            assert_positions(replica.rows(), frame)
        frame = play.next()
