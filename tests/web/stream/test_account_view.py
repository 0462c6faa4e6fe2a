"""Columns and texts of accounts are those of the rows, whatever happens between frames."""

import pytest
from tests.web.stream.likeness import assert_accounts
from tests.web.stream.replica import Replica
from tests.web.stream.scene import Play

from marginwatch.risk.kept_frame import kept_frame
from marginwatch.web.replies import accounts_reply
from marginwatch.web.stream.account_source import AccountSource
from marginwatch.web.stream.account_view import AccountView
from marginwatch.web.stream.filters import Filter
from marginwatch.web.stream.tables import TableFeed


@pytest.mark.parametrize("seed", range(4))
def test_a_replica_of_changes_shows_what_the_rows_say(seed: int) -> None:
    play, replica = Play(seed), Replica()
    feed = TableFeed("accounts", AccountView(AccountSource(), Filter()))
    frame = play.frame()
    for _ in range(30):
        feed.hear(frame)
        if (message := feed.message(replica.sequence)) is not None:
            replica.apply(message)
        assert_accounts(replica.rows(), frame)
        frame = play.next()


def test_a_filter_shows_the_rows_of_the_route_of_the_same_words() -> None:
    frame = Play(5).frame()
    for names in ({"account": "A3"}, {"desk": "MM"}, {"venue": "bybit", "desk": "arb"}):
        texts = AccountView(AccountSource(), Filter(**names)).look(frame).texts
        expected = {row.account_id for row in accounts_reply(frame, **names).rows}
        assert {one.account_id for one in texts if one is not None} == expected
        assert expected


def test_topics_share_what_is_looked_at_and_a_row_that_did_not_change_is_not_written_again() -> None:
    play, source = Play(5), AccountSource()
    views = [AccountView(source, Filter()), AccountView(source, Filter(desk="mm"))]
    frame = play.frame()
    every, some = (view.look(frame).texts for view in views)
    known = {one.account_id: one for one in every if one is not None}
    assert all(one is known[one.account_id] for one in some if one is not None)
    looks = [view.look(play.frame()) for view in views]
    assert [look.renewed.tolist() for look in looks] == [[], []]


@pytest.mark.parametrize("seed", range(4))
def test_what_was_begun_and_overtaken_by_another_frame_is_not_forgotten(seed: int) -> None:
    play, view, replica = Play(seed), AccountView(AccountSource(), Filter()), Replica()
    feed = TableFeed("accounts", view)
    frame = play.frame()
    for _ in range(30):
        if play.pick.random() < 0.6:
            view.prepare(frame)
        if play.pick.random() < 0.5:
            # A thread looks at a copy of the frame that was begun with, or at the frame itself.
            feed.hear(kept_frame(frame))
            if (message := feed.message(replica.sequence)) is not None:
                replica.apply(message)
            assert_accounts(replica.rows(), frame)
        frame = play.next()
