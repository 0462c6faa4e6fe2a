"""A venue sets its clock back: the book must not stand still until that clock has caught up."""

import msgspec

from marginwatch.model.balance import AccountState


def asked(make, told, at_s):
    """The same snapshot, begun ``at_s`` by our clock, whatever the venue's says."""
    begun_ns = make.T0 + int(at_s * make.S)
    return msgspec.structs.replace(told, asked_at_ns=begun_ns, ts_received_ns=begun_ns + make.S // 10)


def test_after_a_clock_was_set_back_a_snapshot_still_replaces_what_is_known(book, make, quantities, coins):
    rich, poor = AccountState(equity="900"), AccountState(equity="500")
    book.apply(
        make.push(
            make.position("5", sequence=4, at_s=59), make.position("1", symbol="ETHUSDT", at_s=59), at_s=60
        )
    )
    book.apply(make.wallet("USDT", "900", at_s=60, account=rich))
    # Half a minute was taken off the venue's clock; we ask it ten seconds later.
    later = make.snapshot(
        make.position("7", sequence=6, at_s=35), at_s=40, coins=[("USDT", "500")], account=poor
    )
    book.apply(asked(make, later, 70))
    assert quantities(book) == {("BTCUSDT", "net"): "7"}
    assert coins(book) == {"USDT": "500"}
    assert book.entry("a").state.equity == "500"


def test_a_clock_set_back_by_a_little_does_not_hold_money_either(book, make, coins):
    book.apply(make.wallet("USDT", "900", at_s=60))
    book.apply(asked(make, make.snapshot(at_s=59, coins=[("USDT", "500")]), 62))
    assert coins(book) == {"USDT": "500"}


def test_after_a_clock_was_set_back_messages_count_again(book, make, quantities, coins):
    before = make.snapshot(at_s=60, coins=[("USDT", "900")])
    book.apply(asked(make, before, 60))
    book.apply(asked(make, make.snapshot(at_s=40, coins=[("USDT", "900")]), 70))
    book.apply(make.push(make.position("2", at_s=41), at_s=41))
    book.apply(make.wallet("USDT", "800", at_s=42))
    assert quantities(book) == {("BTCUSDT", "net"): "2"}
    assert coins(book) == {"USDT": "800"}


def test_a_message_heard_while_a_slow_snapshot_was_on_its_way_is_no_clock_set_back(book, make, quantities):
    book.apply(make.push(make.position("3", sequence=9, at_s=18), at_s=18))
    assert book.columns.accounts.data_at_ns[book.entry("a").row] == make.T0 + 18 * make.S
    slow = make.snapshot(make.position("1", sequence=8, at_s=9), at_s=10)
    begun_ns = make.T0 + 10 * make.S
    book.apply(msgspec.structs.replace(slow, asked_at_ns=begun_ns, ts_received_ns=begun_ns + 9 * make.S))
    assert quantities(book) == {("BTCUSDT", "net"): "3"}


def test_a_newer_sequence_outlives_a_clock_set_back(book, make, quantities):
    book.apply(make.push(make.position("3", sequence=9, at_s=59), at_s=60))
    book.apply(asked(make, make.snapshot(make.position("1", sequence=8, at_s=30), at_s=40), 70))
    assert quantities(book) == {("BTCUSDT", "net"): "3"}, "looked at again before it is given up"
    assert book.needs_second_look("a")


def test_a_clock_set_back_by_less_than_the_account_was_silent_keeps_no_row_that_is_gone(
    book, make, quantities, coins
):
    told = make.snapshot(make.position("1", at_s=5), at_s=10, coins=[("USDT", "900")])
    book.apply(asked(make, told, 10))
    # Four seconds were taken off the venue's clock; by it, only one has passed when we ask five seconds later.
    book.apply(asked(make, make.snapshot(at_s=11, coins=[("USDT", "500")]), 15))
    assert quantities(book) == {}
    assert coins(book) == {"USDT": "500"}


def test_what_was_held_back_until_a_snapshot_was_in_does_not_pass_for_the_last_that_was_heard(
    book, make, quantities
):
    book.apply(asked(make, make.snapshot(make.position("1", sequence=4, at_s=5), at_s=10), 10))
    book.apply(make.push(make.position("2", symbol="ETHUSDT", at_s=8), at_s=8))
    book.apply(asked(make, make.snapshot(make.position("2", symbol="ETHUSDT", at_s=8), at_s=11), 11))
    assert quantities(book) == {("BTCUSDT", "net"): "1", ("ETHUSDT", "net"): "2"}, (
        "too lately told to be gone"
    )
