"""A kept frame says the same however many frames come after it."""

from tests.risk.conftest import random_world

from marginwatch.risk.kept_frame import kept_frame
from marginwatch.risk.tables import account_rows, not_included, portfolio_summary, position_rows


def said(frame):
    return account_rows(frame), position_rows(frame), not_included(frame), portfolio_summary(frame)


def test_it_stays_what_it_was_while_the_world_goes_on(parts):
    world = random_world(3, 25)
    frame = world.frame()
    before = said(frame)
    kept = kept_frame(frame)
    for step in range(3):
        world.mark(parts.BTCUSDT, str(40_000 + step))
        world.mark(parts.ETHUSDT, str(1_000 + step))
        world.account(f"new-{step}", parts.position(parts.BTCUSDT, 5))
        world.frame()
    assert said(kept) == before
    assert not frame.is_intact()
