"""An order book from its stream: the best levels in order, gaps found, repeats harmless."""

import random

import pytest

from marginwatch.collect.ladder import LEVELS_TOLD, Ladder
from marginwatch.model.market import BookChange
from marginwatch.venues.bybit.contract_names import infer_instrument

BTC = infer_instrument("bybit", "linear", "BTCUSDT")


def change(number, bids=(), asks=(), *, is_snapshot=False):
    return BookChange("orderbook.50.BTCUSDT", BTC, is_snapshot, number, tuple(bids), tuple(asks), number)


def test_a_snapshot_and_what_follows_it_make_the_book():
    ladder = Ladder()
    assert ladder.tell() is None
    assert ladder.take(change(5, [("9", "1"), ("10", "2")], [("12", "1"), ("11", "3")], is_snapshot=True))
    assert ladder.is_changed
    assert ladder.take(change(6, [("10.0", "0"), ("9.5", "4")], [("11", "2")]))
    told = ladder.tell()
    assert told.bids == (("9.5", "4"), ("9", "1"))
    assert told.asks == (("11", "2"), ("12", "1"))
    assert not ladder.is_changed


def test_a_gap_is_found_and_changes_nothing_and_a_repeat_is_left_out():
    ladder = Ladder()
    ladder.take(change(5, [("9", "1")], is_snapshot=True))
    assert ladder.take(change(5, [("9", "8")]))
    assert not ladder.take(change(7, [("9", "8")]))
    assert ladder.tell().bids == (("9", "1"),)
    assert ladder.take(change(1, [("8", "1")], is_snapshot=True))
    assert ladder.tell().bids == (("8", "1"),)


def test_only_the_best_levels_are_told():
    ladder = Ladder()
    ladder.take(change(1, [(str(price), "1") for price in range(1, 200)], is_snapshot=True))
    told = ladder.tell()
    assert [price for price, _ in told.bids] == [str(price) for price in range(199, 199 - LEVELS_TOLD, -1)]


@pytest.mark.parametrize("seed", range(10))
def test_changes_end_in_the_same_book_as_a_snapshot(seed):
    chance = random.Random(seed)
    ladder, true = Ladder(), {}
    ladder.take(change(0, is_snapshot=True))
    for number in range(1, 200):
        price, size = str(chance.randrange(1, 40)), str(chance.choice((0, 1, 2, 3)))
        true.pop(price, None)
        if size != "0":
            true[price] = size
        assert ladder.take(change(number, [(price, size)]))
    whole = Ladder()
    whole.take(change(1, list(true.items()), is_snapshot=True))
    assert ladder.tell().bids == whole.tell().bids
