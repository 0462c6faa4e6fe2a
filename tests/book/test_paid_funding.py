"""Funding paid and received: signs, sums, hours, duplicates, and what was never heard."""

import pytest

from marginwatch.book.paid_funding import HeardFunding
from marginwatch.errors import ProtocolError
from marginwatch.model.activity import Fill
from marginwatch.model.connectivity import Connectivity, LinkState
from marginwatch.model.events import AccountRemoved, ConnectivityUpdate, FillsUpdate

HOUR_S = 3600


@pytest.fixture
def pay(make, book):
    """Return a function that tells the book of one execution, by default a funding payment."""

    def tell(fee, at_s=0.0, fill_id=None, symbol="BTCUSDT", kind="funding", is_backfill=False):
        at_ns = make.T0 + int(at_s * make.S)
        one = Fill(
            fill_id=fill_id or f"{symbol}-{at_s}-{fee}",
            instrument=make.contract(symbol),
            side="buy",
            quantity="1",
            price="100",
            fee=fee,
            kind=kind,
            ts_venue_ns=at_ns,
        )
        book.apply(FillsUpdate("a", (one,), at_ns, at_ns, is_backfill))

    return tell


def follow(book, make, state=LinkState.STREAMING):
    link = Connectivity(account_id="a", link_state=state, socket_replied_at_ns=make.T0)
    book.apply(ConnectivityUpdate(link))


def heard(book):
    return book.entry("a").funding.heard()


def day(book, at_ns):
    (contract,) = heard(book).contracts
    return [(one.paid, one.received) for one in contract.last_day(at_ns)]


def test_an_account_never_followed_has_no_beginning(book, make):
    follow(book, make, LinkState.POLLING)
    assert heard(book) == HeardFunding(None, ())


async def test_the_beginning_is_when_the_stream_was_first_live(book, make):
    follow(book, make)
    await book._clock.advance(50.0)
    follow(book, make, LinkState.POLLING)
    follow(book, make)
    assert heard(book) == HeardFunding(make.T0, ())


def test_a_positive_fee_is_paid_and_trades_are_no_funding(book, make, pay):
    follow(book, make)
    pay("0.75", 10)
    pay("-0.25", 20)
    pay("9", 30, kind="trade")
    (contract,) = heard(book).contracts
    assert (contract.instrument_id, contract.coin) == ("bybit:linear:BTCUSDT", "USDT")
    assert (contract.total.n_paid, contract.total.paid) == (1, 0.75)
    assert (contract.total.n_received, contract.total.received) == (1, 0.25)


def test_inverse_contracts_pay_in_their_coin(book, make, pay):
    pay("0.001", symbol="BTCUSD")
    (contract,) = heard(book).contracts
    assert contract.coin == "BTC"


def test_the_same_execution_counts_once_and_the_legs_of_a_hedge_twice(book, make, pay):
    for is_backfill in (False, True, False):
        pay("2", fill_id="long", is_backfill=is_backfill)
        pay("-1", fill_id="short", is_backfill=is_backfill)
    (contract,) = heard(book).contracts
    assert (contract.total.paid, contract.total.received) == (2.0, 1.0)


def test_what_is_found_afterwards_moves_the_beginning_back(book, make, pay):
    follow(book, make)
    pay("2", at_s=-100, is_backfill=True)
    assert heard(book).since_ns == make.T0 - 100 * make.S


def test_hours_are_kept_for_a_day_and_the_total_for_good(book, make, pay):
    for hour in range(0, 80, 8):
        pay("1", hour * HOUR_S)
    now_ns = make.T0 + 72 * HOUR_S * make.S
    assert day(book, now_ns) == [(1.0, 0.0)] * 3
    assert day(book, now_ns + 20 * HOUR_S * make.S) == [(1.0, 0.0)]
    assert day(book, now_ns + 30 * HOUR_S * make.S) == []
    (contract,) = heard(book).contracts
    assert contract.total.paid == 10.0
    for hour in range(100, 200):
        pay("1", hour * HOUR_S)
    (contract,) = heard(book).contracts
    assert len(contract.by_hour) == 24
    assert len(contract.latest_ids) == 8


def test_a_payment_without_an_amount_is_counted_and_in_no_sum(book, make, pay):
    pay(None)
    (contract,) = heard(book).contracts
    assert (contract.total.n_unread, contract.total.paid, contract.total.n_received) == (1, 0.0, 0)


def test_what_is_no_decimal_changes_nothing(book, make, pay):
    pay("1")
    before = heard(book)
    with pytest.raises(ProtocolError, match="funding of a"):
        pay("much", 5)
    assert heard(book) == before


def test_it_is_forgotten_with_the_account(book, make, pay):
    pay("1")
    book.apply(AccountRemoved("a"))
    pay("1", 5)
    book.register(make.spec())
    assert heard(book) == HeardFunding(None, ())
