"""Binary messages: what is read back is what was written, bit by bit."""

import math
import struct

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from tests.web.stream.replica import decode

from marginwatch.risk.answers import Answer
from marginwatch.web.stream.wire import SPECIAL, Block, RowChanges, TableHead, changed, encode, whole

ODD = [math.nan, math.inf, -math.inf, 0.0, -0.0, 5e-324]
numbers = st.one_of(st.floats(), st.sampled_from(ODD))


def head(blocks: list[Block], size: int, topic: str = "positions") -> TableHead:
    return TableHead(
        topic=topic,
        sequence=7,
        base=6,
        at_ns=1_700_000_000_123_456_789,
        size=size,
        n_rows=1,
        n_left_out=2,
        rows=RowChanges([], [3]),
        blocks=[block.head() for block in blocks],
    )


def bits(values: list[float]) -> list[bytes]:
    return [struct.pack("<d", value) for value in values]


@given(st.text(max_size=40), st.lists(st.tuples(st.booleans(), st.lists(numbers, max_size=9)), max_size=5))
def test_what_is_read_is_what_was_written(topic: str, columns: list[tuple[bool, list[float]]]) -> None:
    blocks = [
        Block(
            f"c{place}",
            np.array(values, float),
            np.arange(len(values), dtype="<u4") * 3 if is_sparse else None,
        )
        for place, (is_sparse, values) in enumerate(columns)
    ]
    read, found = decode(encode(head(blocks, 30, topic), blocks))
    assert (read["topic"], read["sequence"], read["base"], read["at_ns"]) == (
        topic,
        7,
        6,
        1_700_000_000_123_456_789,
    )
    assert (read["size"], read["n_rows"], read["n_left_out"], read["rows"]) == (
        30,
        1,
        2,
        {"set": [], "gone": [3]},
    )
    for place, (is_sparse, values) in enumerate(columns):
        kind, held = found[f"c{place}"]
        assert kind == ("sparse" if is_sparse else "dense")
        if is_sparse:
            assert list(held) == [3 * slot for slot in range(len(values))]
        assert bits(list(held.values()) if is_sparse else held) == bits(values)


def test_the_bytes_are_those_of_the_page() -> None:
    block = Block("mark_price", np.array([1.5, 2.0]), np.array([4, 9], "<u4"))
    message = encode(head([block], 10), [block])
    (length,) = struct.unpack("<I", message[:4])
    assert (4 + length) % 8 == 0
    assert message[4:5] == b"{"
    assert message[4 + length :] == struct.pack("<IIdd", 4, 9, 1.5, 2.0)


def test_an_odd_number_of_slots_is_padded() -> None:
    block = Block("mark_price", np.array([1.5]), np.array([4], "<u4"))
    assert encode(head([block], 10), [block]).endswith(struct.pack("<IId", 4, 0, 1.5))


pair_of_tables = st.tuples(st.integers(1, 3), st.integers(0, 12)).flatmap(
    lambda shape: st.tuples(
        *(arrays(np.float64, shape, elements=st.sampled_from([*ODD, 1.0, 2.0])) for _ in "ab")
    )
)


@given(pair_of_tables)
def test_changes_upon_the_table_before_are_the_table_after(tables: tuple[np.ndarray, np.ndarray]) -> None:
    before, after = tables
    names = [f"c{place}" for place in range(before.shape[0])]
    copy = {name: list(row) for name, row in zip(names, before, strict=True)}
    blocks = changed(names, before, after)
    for block in blocks:
        slots = range(before.shape[1]) if block.slots is None else block.slots.tolist()
        for slot, value in zip(slots, block.values.tolist(), strict=True):
            copy[block.column][slot] = value
    for name, row in zip(names, after, strict=True):
        assert bits(copy[name]) == bits(row.tolist())
    same = [
        name
        for name, one, other in zip(names, before, after, strict=True)
        if one.tobytes() == other.tobytes()
    ]
    assert not {block.column for block in blocks} & set(same)


def test_few_changes_are_sent_by_slot_and_many_as_a_column() -> None:
    before = np.zeros((2, 100))
    after = before.copy()
    after[0, :3], after[1, :80] = 1.0, 1.0
    few, many = changed(("a", "b"), before, after)
    assert (few.head().kind, few.head().count) == ("sparse", 3)
    assert (many.head().kind, many.head().count) == ("dense", 100)
    assert [block.head().count for block in whole(("a", "b"), after)] == [100, 100]


def test_each_answer_that_is_no_number_has_its_value() -> None:
    assert math.isnan(SPECIAL[Answer.MISSING])
    assert (SPECIAL[Answer.NONE_IN_RANGE], SPECIAL[Answer.NOT_APPLICABLE]) == (math.inf, -math.inf)
    assert set(SPECIAL) == set(Answer) - {Answer.NUMBER}
