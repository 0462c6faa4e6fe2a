"""The book's rules of order, one by one."""

import math

import msgspec
import pytest

from marginwatch.errors import ProtocolError
from marginwatch.model.balance import AccountState
from marginwatch.model.connectivity import Connectivity, LinkState
from marginwatch.model.events import (
    AccountRemoved,
    ConnectivityUpdate,
    InstrumentsUpdate,
    MarksUpdate,
)
from marginwatch.model.failure import Failure
from marginwatch.model.price import Mark


def test_newer_sequence_replaces_and_older_does_not(book, make, quantities):
    book.apply(make.push(make.position("1", sequence=5), at_s=1))
    book.apply(make.push(make.position("2", sequence=6), at_s=2))
    book.apply(make.push(make.position("1", sequence=5), at_s=1))
    assert quantities(book) == {("BTCUSDT", "net"): "2"}


def test_equal_sequence_with_newer_row_time_is_a_change_of_settings(book, make):
    book.apply(make.push(make.position("1", sequence=5, at_s=1, leverage_setting="10"), at_s=1))
    book.apply(make.push(make.position("1", sequence=5, at_s=2, leverage_setting="20"), at_s=2))
    book.apply(make.push(make.position("1", sequence=5, at_s=1, leverage_setting="10"), at_s=1))
    row = next(iter(book.entry("a").rows.values()))
    assert book.columns.positions.positions[row].leverage_setting == "20"


def test_sequence_is_compared_within_one_contract_only(book, make, quantities):
    book.apply(make.push(make.position("1", sequence=900), at_s=1))
    book.apply(make.push(make.position("3", sequence=2, symbol="ETHUSDT"), at_s=1))
    assert quantities(book)["ETHUSDT", "net"] == "3"


def test_closed_row_is_not_resurrected_by_a_late_message_but_reopens(book, make, quantities):
    book.apply(make.push(make.position("1", sequence=5), at_s=1))
    book.apply(make.push(make.position("0", sequence=6), at_s=2))
    book.apply(make.push(make.position("1", sequence=5), at_s=1))
    assert quantities(book) == {}
    book.apply(make.push(make.position("4", sequence=7), at_s=3))
    assert quantities(book) == {("BTCUSDT", "net"): "4"}


def test_hedge_legs_are_rows_of_their_own(book, make, quantities):
    book.apply(make.push(make.position("1", 5, side="long"), make.position("-2", 6, side="short"), at_s=1))
    book.apply(make.push(make.position("0", 7, side="long"), at_s=2))
    assert quantities(book) == {("BTCUSDT", "short"): "-2"}


def test_rows_are_reused_and_columns_grow(book, make, quantities):
    table = book.columns.positions
    for i in range(600):
        book.apply(make.push(make.position("1", symbol=f"C{i}USDT"), at_s=1))
    assert table.in_use == 600
    assert table.capacity >= 601
    for i in range(600):
        book.apply(make.push(make.position("0", 2, symbol=f"C{i}USDT"), at_s=2))
    assert table.in_use == 0
    size = table.size
    book.apply(make.push(make.position("7", symbol="NEWUSDT"), at_s=3))
    assert table.size == size
    assert table.quantity.sum() == 7.0


def test_first_snapshot_brings_no_breaks_and_absent_rows_close(book, make, quantities):
    book.apply(make.push(make.position("1", symbol="OLDUSDT"), at_s=1))
    assert book.apply(make.snapshot(make.position("2"), at_s=60)) == ()
    assert quantities(book) == {("BTCUSDT", "net"): "2"}


@pytest.mark.parametrize("ahead_s", [-40, 40])
def test_a_venue_whose_clock_is_wrong_makes_no_account_younger_or_older(book, make, ahead_s):
    asked_ns = make.T0 + 10 * make.S
    told = make.snapshot(make.position("2"), at_s=10 + ahead_s)
    slow = msgspec.structs.replace(told, asked_at_ns=asked_ns, ts_received_ns=asked_ns + 5 * make.S)
    book.apply(slow)
    assert book.columns.accounts.reconciled_at_ns[book.entry("a").row] == asked_ns


def test_message_older_than_the_snapshot_does_not_open_an_absent_row(book, make, quantities):
    book.apply(make.snapshot(at_s=60))
    book.apply(make.push(make.position("1"), at_s=50))
    assert quantities(book) == {}


def test_message_just_before_the_snapshot_is_believed_and_looked_at_again(book, make, quantities):
    book.apply(make.snapshot(at_s=60))
    book.apply(make.push(make.position("1", at_s=59), at_s=59))
    assert quantities(book) == {("BTCUSDT", "net"): "1"}
    assert book.needs_second_look("a")
    book.apply(make.snapshot(make.position("1", at_s=59), at_s=65))
    assert not book.needs_second_look("a")


def test_row_changed_after_the_snapshot_began_is_not_judged(book, make, quantities):
    book.apply(make.snapshot(at_s=0))
    book.apply(make.push(make.position("1", at_s=61), at_s=61))
    assert book.apply(make.snapshot(at_s=60)) == ()
    assert quantities(book) == {("BTCUSDT", "net"): "1"}
    assert not book.needs_second_look("a")


def test_lagging_reply_does_not_overwrite_a_change_within_the_settle_time(book, make, quantities):
    book.apply(make.snapshot(make.position("1", 5, at_s=0), at_s=1))
    book.apply(make.push(make.position("2", 6, at_s=59), at_s=59))
    assert book.apply(make.snapshot(make.position("1", 5, at_s=0), at_s=60)) == ()
    assert quantities(book) == {("BTCUSDT", "net"): "2"}
    assert book.needs_second_look("a")
    breaks = book.apply(make.snapshot(make.position("1", 5, at_s=0), at_s=64))
    assert [(b.subject, b.field, b.ours, b.theirs) for b in breaks] == [
        ("bybit:linear:BTCUSDT/net", "quantity", "2", "1")
    ]
    assert quantities(book) == {("BTCUSDT", "net"): "1"}


def test_lost_message_is_a_break_with_exact_values(book, make, quantities):
    book.apply(make.snapshot(make.position("1.0", 5), at_s=1))
    assert book.apply(make.snapshot(make.position("1", 5), at_s=30)) == ()
    breaks = book.apply(make.snapshot(make.position("1.5", 6, at_s=40, entry="101"), at_s=60))
    assert {(b.field, b.ours, b.theirs) for b in breaks} == {
        ("quantity", "1", "1.5"),
        ("entry_price", "100", "101"),
    }
    assert quantities(book) == {("BTCUSDT", "net"): "1.5"}


def test_message_on_its_way_during_the_snapshot_is_no_break(book, make):
    book.apply(make.snapshot(make.position("1", 5), at_s=1))
    changed = make.position("2", 6, at_s=59.9)
    assert book.apply(make.snapshot(changed, at_s=60)) == ()
    assert book.needs_second_look("a")
    book.apply(make.push(changed, at_s=59.9))
    assert book.apply(make.snapshot(changed, at_s=64)) == ()
    assert not book.needs_second_look("a")


def test_message_that_never_comes_is_a_break_at_the_second_look(book, make):
    book.apply(make.snapshot(make.position("1", 5), at_s=1))
    assert book.apply(make.snapshot(at_s=60)) == ()
    breaks = book.apply(make.snapshot(at_s=64))
    assert [(b.ours, b.theirs) for b in breaks] == [("1", None)]


def test_unreadable_contract_is_not_judged_absent(book, make, quantities):
    failure = Failure("protocol", "bybit:linear:BTCUSDT", "size is missing")
    book.apply(make.snapshot(make.position("1"), make.position("2", symbol="ETHUSDT"), at_s=1))
    book.apply(make.snapshot(at_s=60, failures=(failure,)))
    assert quantities(book) == {("BTCUSDT", "net"): "1"}
    unknown = Failure("protocol", "row 3", "nothing to be read")
    book.apply(make.snapshot(at_s=120, failures=(unknown,)))
    assert quantities(book) == {("BTCUSDT", "net"): "1"}


def test_known_gap_makes_no_breaks(book, make):
    link = Connectivity(account_id="a", link_state=LinkState.STREAMING)
    book.apply(ConnectivityUpdate(link))
    book.apply(make.snapshot(make.position("1", 5), at_s=1))
    book.apply(ConnectivityUpdate(Connectivity(account_id="a", link_state=LinkState.LOST)))
    book.apply(ConnectivityUpdate(link))
    assert book.apply(make.snapshot(make.position("2", 6, at_s=10), at_s=60)) == ()
    breaks = book.apply(make.snapshot(make.position("3", 7, at_s=70), at_s=120))
    assert [b.theirs for b in breaks] == ["3"]


def test_wallet_messages_patch_and_snapshots_replace(book, make, coins):
    book.apply(make.snapshot(at_s=1, coins=(("USDT", "100"), ("BTC", "1"))))
    book.apply(make.wallet("USDT", "90", at_s=10))
    book.apply(make.wallet("USDT", "95", at_s=9))
    assert coins(book) == {"USDT": "90", "BTC": "1"}
    book.apply(make.snapshot(at_s=60, coins=(("USDT", "90.0"),)))
    assert coins(book) == {"USDT": "90.0"}
    book.apply(make.wallet("BTC", "1", at_s=5))
    assert "BTC" not in coins(book)


def test_totals_are_replaced_but_margin_mode_is_kept_and_its_change_noticed(book, make):
    book.apply(
        make.snapshot(at_s=1, account=AccountState(equity="10", margin_mode="cross", account_type="UTA2.0"))
    )
    book.apply(make.wallet("USDT", "1", at_s=2, account=AccountState(equity="11", initial_margin="1")))
    entry = book.entry("a")
    assert (entry.state.equity, entry.state.margin_mode, entry.state.account_type) == (
        "11",
        "cross",
        "UTA2.0",
    )
    assert math.isnan(book.columns.accounts.maintenance_margin[entry.row])
    book.apply(make.snapshot(at_s=60, account=AccountState(margin_mode="isolated")))
    (notice,) = book.take_notices()
    assert (notice.kind, notice.account_id) == ("margin_mode_changed", "a")
    assert "margin mode changed from cross to isolated" in notice.message
    assert book.take_notices() == ()


def test_a_snapshot_overtaken_by_a_push_still_tells_the_margin_mode(book, make):
    book.apply(make.snapshot(at_s=1, account=AccountState(equity="10", margin_mode="cross")))
    book.apply(make.wallet("USDT", "1", at_s=60.5, account=AccountState(equity="11")))
    book.apply(make.snapshot(at_s=60, account=AccountState(equity="9", margin_mode="portfolio")))
    state = book.entry("a").state
    assert (state.equity, state.margin_mode) == ("11", "portfolio")
    assert [notice.kind for notice in book.take_notices()] == ["margin_mode_changed"]


def test_unknown_contract_is_revalued_when_known(book, make):
    guess = make.contract("XYZUSDT", is_inferred=True)
    for i in range(2):
        book.apply(make.push(make.position("1", 5 + i, instrument=guess), at_s=1 + i))
    book.apply(InstrumentsUpdate((make.contract("XYZUSDT", multiplier="10"),)))
    row = next(iter(book.entry("a").rows.values()))
    assert book.columns.positions.entry_value[row] == 1000.0
    book.apply(make.push(make.position("1", 9, instrument=guess), at_s=9))
    assert book.columns.positions.entry_value[row] == 1000.0


@pytest.mark.parametrize("bad", ["", "abc", "nan", "inf"])
def test_unreadable_number_changes_nothing(book, make, quantities, bad):
    book.apply(make.push(make.position("1", 5), at_s=1))
    broken = make.position("2", 6, at_s=2)
    for field in ("quantity", "entry_price"):
        if field == "entry_price" and bad in ("nan", "inf"):
            continue
        values = {name: getattr(broken, name) for name in broken.__struct_fields__} | {field: bad}
        with pytest.raises(ProtocolError, match="BTCUSDT/net"):
            book.apply(make.push(type(broken)(**values), at_s=2))
    assert quantities(book) == {("BTCUSDT", "net"): "1"}
    with pytest.raises(ProtocolError):
        book.apply(make.push(make.position("1", symbol="ETHUSDT", entry="x"), at_s=2))
    assert quantities(book) == {("BTCUSDT", "net"): "1"}
    assert book.columns.positions.in_use == 1


def test_removed_account_leaves_nothing_and_its_late_messages_are_ignored(book, make):
    book.register(make.spec("b"))
    book.apply(make.push(make.position("5"), at_s=1, account_id="b"))
    book.apply(make.snapshot(make.position("1"), at_s=1, coins=(("USDT", "1"),)))
    book.apply(AccountRemoved("a"))
    book.apply(make.push(make.position("1", 9), at_s=9))
    assert book.columns.positions.in_use == 1
    assert {book.columns.holdings.account[r] for r in book.entry("b").coins.values()} == {book.entry("b").row}
    book.register(make.spec("a"))
    assert book.entry("a").rows == {}


def test_delta_keeps_and_snapshot_clears_what_it_does_not_name(book, make):
    btc, at = make.contract(), make.T0
    table = book.columns.instruments
    book.apply(MarksUpdate((Mark(instrument=btc, mark_price="100", is_snapshot=False, ts_venue_ns=at),), at))
    book.apply(
        MarksUpdate((Mark(instrument=btc, index_price="99", is_snapshot=False, ts_venue_ns=at + 1),), at + 1)
    )
    row = table.find(btc.instrument_id)
    assert (table.mark_price[row], table.index_price[row]) == (100.0, 99.0)
    book.apply(
        MarksUpdate((Mark(instrument=btc, mark_price="1", is_snapshot=False, ts_venue_ns=at - 1),), at + 2)
    )
    assert table.mark_price[row] == 100.0
    book.apply(MarksUpdate((Mark(instrument=btc, mark_price="101", ts_venue_ns=at + 3),), at + 3))
    assert table.mark_price[row] == 101.0
    assert math.isnan(table.index_price[row])


def test_frozen_book_does_not_move(book, make):
    book.apply(make.push(make.position("1", 5), at_s=1))
    frozen = book.freeze()
    book.apply(make.push(make.position("2", 6), at_s=2))
    account = book.entry("a").row
    assert [p.quantity for p in frozen.positions_of(account).values()] == ["1"]
    again = book.freeze(frozen)
    assert again is frozen
    assert [p.quantity for p in again.positions_of(account).values()] == ["2"]


def test_snapshot_with_an_unreadable_number_is_left_out_whole(book, make, quantities, coins):
    book.apply(make.snapshot(make.position("1", 5), at_s=1, coins=(("USDT", "1"),)))
    for bad in (
        make.snapshot(make.position("2", 6), make.position("3", symbol="ETHUSDT", entry="x"), at_s=60),
        make.snapshot(make.position("2", 6), at_s=60, coins=(("USDT", "1,5"),)),
        make.snapshot(make.position("2", 6), at_s=60, account=AccountState(equity="inf")),
    ):
        with pytest.raises(ProtocolError):
            book.apply(bad)
        assert quantities(book) == {("BTCUSDT", "net"): "1"}
        assert coins(book) == {"USDT": "1"}


def test_unreadable_price_changes_nothing(book, make):
    btc, at = make.contract(), make.T0
    table = book.columns.instruments
    book.apply(MarksUpdate((Mark(instrument=btc, mark_price="100", ts_venue_ns=at),), at))
    with pytest.raises(ProtocolError, match="BTCUSDT"):
        book.apply(
            MarksUpdate(
                (Mark(instrument=btc, mark_price="101", index_price="?", ts_venue_ns=at + 1),), at + 1
            )
        )
    assert table.mark_price[table.find(btc.instrument_id)] == 100.0
