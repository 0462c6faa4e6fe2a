"""A slot keeps its row as long as the row keeps its owner, against a dictionary that does the obvious."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from marginwatch.web.stream.slots import Slots

books = st.lists(st.dictionaries(st.integers(1, 12), st.integers(0, 3), max_size=8), max_size=12)


@given(books)
def test_owners_keep_their_slots_and_nobody_shares_one(history: list[dict[int, int]]) -> None:
    slots, held = Slots(), dict[int, tuple[int, int]]()
    for book in history:
        wanted = np.array(list(book), np.int64)
        # Numbers of owners are never given twice: another row has others.
        owners = np.array([100 * row + owner for row, owner in book.items()], np.int64)
        gone, new = slots.update(wanted, owners)
        now = {int(row): (slot, book[int(row)]) for slot, row in enumerate(slots.rows) if row}
        assert now.keys() == book.keys()
        stayed = {row for row, (_, owner) in held.items() if book.get(row) == owner}
        assert {row: now[row][0] for row in stayed} == {row: held[row][0] for row in stayed}
        assert sorted(gone.tolist()) == sorted(slot for row, (slot, _) in held.items() if row not in stayed)
        assert sorted(new.tolist()) == sorted(slot for row, (slot, _) in now.items() if row not in stayed)
        held = now


def test_slots_given_back_are_given_out_before_new_ones() -> None:
    slots = Slots()
    slots.update(np.array([1, 2, 3]), np.array([1, 2, 3]))
    gone, new = slots.update(np.array([1, 3, 7, 8]), np.array([1, 3, 7, 8]))
    assert (gone.tolist(), new.tolist(), slots.rows.tolist()) == ([1], [1, 3], [1, 7, 3, 8])
