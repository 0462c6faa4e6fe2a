"""Open orders: late, doubled and lost messages end in what is truly open; ended orders stay ended."""

import random

import msgspec
import pytest

from marginwatch.book import open_orders as module
from marginwatch.book.open_orders import OpenOrders
from marginwatch.model.activity import OpenOrder

S = 1_000_000_000


@pytest.fixture
def order(make):
    def build(name, at_s, *, is_open=True, symbol="BTCUSDT", **more):
        return OpenOrder(
            **{
                "order_id": name,
                "instrument": make.contract(symbol),
                "side": "buy",
                "quantity": "1",
                "remaining_quantity": "1",
                "price": "5",
                "is_open": is_open,
                "ts_venue_ns": None if at_s is None else int(at_s * S),
            }
            | more
        )

    return build


def ids(orders):
    return {one.order_id for one in orders}


def test_an_ended_order_is_not_opened_by_a_late_message_or_a_lagging_list(order):
    orders = OpenOrders()
    orders.hear(order("a", 1), S)
    orders.hear(order("a", 3, is_open=False), 3 * S)
    orders.hear(order("a", 2), 4 * S)
    assert ids(orders) == set()
    orders.sweep([order("a", 1)], as_of_ns=2 * S, settle_ns=2 * S)
    assert ids(orders) == set()


def test_the_end_may_come_before_the_beginning(order):
    orders = OpenOrders()
    orders.hear(order("a", 3, is_open=False), 3 * S)
    orders.hear(order("a", 1), 1 * S)
    assert len(orders) == 0


def test_a_list_ends_what_it_lacks_but_not_what_was_told_within_the_settle_time(order):
    orders = OpenOrders()
    for name, at_s in (("gone", 1), ("settling", 59), ("newer", 61)):
        orders.hear(order(name, at_s), int(at_s * S))
    assert not orders.is_known
    orders.sweep([order("there", 5)], as_of_ns=60 * S, settle_ns=2 * S)
    assert ids(orders) == {"there", "settling", "newer"}
    assert orders.is_known


def test_the_later_version_of_an_order_counts(order):
    orders = OpenOrders()
    orders.hear(order("a", 5, remaining_quantity="0.4"), 5 * S)
    orders.hear(order("a", 4, remaining_quantity="1"), 4 * S)
    orders.sweep([order("a", 3, remaining_quantity="1")], as_of_ns=10 * S, settle_ns=0)
    (kept,) = orders
    assert kept.remaining_quantity == "0.4"


def test_an_order_without_a_time_has_that_of_its_message(order):
    orders = OpenOrders()
    orders.hear(order("a", None), 5 * S)
    orders.hear(order("a", None, is_open=False), 4 * S)
    assert "a" in orders
    orders.hear(order("a", None, is_open=False), 6 * S)
    assert "a" not in orders


def test_orders_are_found_by_contract_and_changed_contracts_are_told(order):
    orders = OpenOrders()
    orders.hear(order("a", 1), S)
    orders.hear(order("b", 1, symbol="ETHUSDT"), S)
    assert ids(orders.of("bybit:linear:ETHUSDT")) == {"b"}
    orders.news.clear()
    orders.hear(order("b", 2, symbol="ETHUSDT", is_open=False), 2 * S)
    assert orders.news == {"bybit:linear:ETHUSDT"}
    assert not orders.of("bybit:linear:ETHUSDT")


def test_more_orders_than_are_kept_are_said_to_be_incomplete_until_a_list_says_otherwise(order, monkeypatch):
    monkeypatch.setattr(module, "ORDERS_MAX", 3)
    orders = OpenOrders()
    for number in range(4):
        orders.hear(order(str(number), 1), S)
    assert (len(orders), orders.is_complete) == (3, False)
    orders.sweep([order("0", 1)], as_of_ns=9 * S, settle_ns=0)
    assert (len(orders), orders.is_complete) == (1, True)


def test_the_memory_of_ends_is_bounded(order, monkeypatch):
    monkeypatch.setattr(module, "ENDED_MAX", 100)
    orders = OpenOrders()
    for number in range(1000):
        orders.hear(order(str(number), number, is_open=False), number * S)
    assert len(orders._ended) <= 100
    orders.hear(order("999", 998), 998 * S)
    assert len(orders) == 0


@pytest.mark.parametrize("seed", range(20))
def test_any_order_of_messages_ends_true_after_a_settled_list(order, seed):
    chance = random.Random(seed)
    true, sent = {}, []
    for step in range(1, 60):
        name = str(chance.randrange(6)) + ("" if chance.random() < 0.7 else f"-{step}")
        ended = {one.order_id for one in sent if not one.is_open}
        if name in ended:
            continue
        made = order(name, step, is_open=chance.random() < 0.6, remaining_quantity=str(step))
        true.pop(name, None)
        if made.is_open:
            true[name] = made
        sent.append(made)
    heard = [one for one in sent * 2 if chance.random() < 0.8]
    chance.shuffle(heard)
    orders = OpenOrders()
    for one in heard[: len(heard) // 2]:
        orders.hear(one, one.ts_venue_ns)
    orders.sweep(true.values(), as_of_ns=100 * S, settle_ns=2 * S)
    for one in heard[len(heard) // 2 :]:
        # What arrives after the list was made before it: only ends that were heard of can be told from it.
        if one.order_id in true or not one.is_open:
            orders.hear(one, one.ts_venue_ns)
    assert {one.order_id: one for one in orders} == true


def test_a_snapshot_brings_the_list_and_one_without_it_leaves_the_orders(book, make, order):
    first = order("a", 1)
    book.apply(msgspec.structs.replace(make.snapshot(at_s=60), open_orders=(first,)))
    assert ids(book.entry("a").orders) == {"a"}
    book.apply(make.snapshot(at_s=120))
    assert ids(book.entry("a").orders) == {"a"}
