"""Columns and texts of positions are those of the rows, whatever happens between frames."""

import numpy as np
import pytest
from tests.web.stream.likeness import assert_positions
from tests.web.stream.replica import Replica
from tests.web.stream.scene import Play

from marginwatch.web.stream.filters import Filter
from marginwatch.web.stream.position_view import PositionView
from marginwatch.web.stream.tables import TableFeed


@pytest.mark.parametrize("seed", range(8))
def test_a_replica_of_changes_shows_what_the_rows_say(seed: int) -> None:
    play, feed, replica = Play(seed), TableFeed("positions", PositionView(Filter())), Replica()
    frame = play.frame()
    for _ in range(40):
        feed.hear(frame)
        if (message := feed.message(replica.sequence)) is not None:
            replica.apply(message)
        assert_positions(replica.rows(), frame)
        frame = play.next()
