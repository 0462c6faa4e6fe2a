"""Columns and texts of accounts are those of the rows, whatever happens between frames."""

import pytest
from tests.web.stream.likeness import assert_accounts
from tests.web.stream.replica import Replica
from tests.web.stream.scene import Play

from marginwatch.web.stream.account_source import AccountSource
from marginwatch.web.stream.account_view import AccountView
from marginwatch.web.stream.filters import Filter
from marginwatch.web.stream.tables import TableFeed


@pytest.mark.parametrize("seed", range(8))
def test_a_replica_of_changes_shows_what_the_rows_say(seed: int) -> None:
    play, replica = Play(seed), Replica()
    feed = TableFeed("accounts", AccountView(AccountSource(), Filter()))
    frame = play.frame()
    for _ in range(40):
        feed.hear(frame)
        if (message := feed.message(replica.sequence)) is not None:
            replica.apply(message)
        assert_accounts(replica.rows(), frame)
        frame = play.next()
