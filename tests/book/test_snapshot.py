"""What frozen books carry beside the numbers: whose a row is since when, and what the venue says of it."""

import pytest
from tests.risk.conftest import BTCUSDT, ETHUSDT, PEPE, World, position

from marginwatch.book.snapshot import ACCOUNT_CODES, LEG_COLUMNS, BookSnapshot


@pytest.mark.parametrize("n_rows", [2, 60])
def test_both_buffers_follow_the_book_through_openings_and_closings(n_rows: int) -> None:
    """With few rows buffers are copied whole, with many only what changed."""
    world = World()
    crowd = [f"c{number}" for number in range(n_rows)]
    for name in crowd:
        world.account(name, position(ETHUSDT, 1))
    buffers = (BookSnapshot(), BookSnapshot())
    changes = (
        [position(BTCUSDT, 1, adl_rank=2)],
        [position(BTCUSDT, 1, adl_rank=4, sequence=2, status="liquidating", is_reduce_only=True)],
        [],
        [position(PEPE, 1, sequence=3, margin_change_at_ns=77)],
        [position(PEPE, 1, sequence=3), position(BTCUSDT, 3, sequence=9, status="adl")],
    )
    world.register("a")
    for turn, rows in enumerate(changes):
        world.clock._elapsed_ns += 5_000_000_000  # time that nobody sleeps through
        world.sweep("a", *rows)
        frozen = world.book.freeze(buffers[turn % 2])
        table, legs, accounts = (
            world.book.columns.positions,
            world.book.columns.facts.legs,
            world.book.columns.accounts,
        )
        assert frozen.opened.tolist() == table.opened[: table.size].tolist()
        assert frozen.n_opened == table.n_opened
        for name in LEG_COLUMNS:
            assert getattr(frozen, name).tolist() == getattr(legs, name)[: table.size].tolist(), name
        for theirs, ours in ACCOUNT_CODES.items():
            assert getattr(frozen, ours).tolist() == getattr(accounts, theirs)[: accounts.size].tolist()
        assert frozen.groups_version == accounts.groups_version
        for row, held in enumerate(frozen.positions):
            assert (frozen.opened[row] > 0) == (held is not None)
            assert frozen.is_seized[row] == (held is not None and held.status in ("liquidating", "adl"))
            assert frozen.is_reduce_only[row] == (held is not None and held.is_reduce_only is True)


def test_a_number_of_an_opening_is_never_given_twice() -> None:
    world = World()
    world.register("a")
    seen: list[int] = []
    for turn in range(4):
        world.clock._elapsed_ns += 5_000_000_000  # time that nobody sleeps through
        world.sweep("a", *([position(BTCUSDT, 1, sequence=turn + 1)] if turn % 2 == 0 else []))
        seen += [number for number in world.book.freeze().opened.tolist() if number]
    assert seen == sorted(set(seen))
    assert len(seen) == 2
