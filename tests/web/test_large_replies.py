"""Large replies: encoded piece by piece they are the same document."""

import msgspec
import pytest
from tests.risk.conftest import random_world

from marginwatch.web.large_replies import ROWS_AT_ONCE, encoded
from marginwatch.web.replies import AccountsReply, accounts_reply, positions_reply


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
