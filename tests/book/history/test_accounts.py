"""Daily P&L, its share of the capital and drawdown of single accounts, and when there is none of them."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.book.history.conftest import DAY_NS, Desk, S

from marginwatch.book.history.accounts import DAY_START_WITHIN_NS, READS_MAX, Kept
from marginwatch.book.history.moves import Move
from marginwatch.book.history.why import Why


def of(desk, row=1):
    found = desk.rows.figures()
    return {
        "pnl": found.pnl_usd[row],
        "share": found.loss_share[row],
        "drawdown": found.drawdown[row],
        "why": tuple(Why(int(why[row])) for why in (found.pnl_why, found.loss_share_why, found.drawdown_why)),
    }


KNOWN = (Why.NUMBER,) * 3


def test_a_loss_is_a_share_of_what_the_day_began_with(make_desk):
    desk = make_desk(1)
    desk.begin_day()
    desk.mark(1, -100.0)
    desk.look()
    assert of(desk) == {
        "pnl": -100.0,
        "share": pytest.approx(0.1),
        "drawdown": pytest.approx(0.1),
        "why": KNOWN,
    }
    desk.mark(1, 150.0)
    desk.look()
    assert of(desk) == {"pnl": 50.0, "share": pytest.approx(-0.05), "drawdown": 0.0, "why": KNOWN}
    desk.mark(1, -105.0)
    desk.look()
    assert of(desk)["drawdown"] == pytest.approx(105.0 / 1_050.0)


def test_an_account_s_first_day_begins_when_it_is_first_seen(make_desk):
    desk = make_desk(1)
    desk.look()
    assert of(desk)["why"] == (Why.LEDGER_UNREAD,) * 3
    desk.read()
    desk.mark(1, -10.0)
    desk.look()
    assert of(desk)["why"] == KNOWN
    assert of(desk)["pnl"] == pytest.approx(-10.0)
    assert of(desk)["drawdown"] == pytest.approx(0.01)


def test_an_account_known_before_but_not_when_the_day_began_has_no_daily_figure_but_a_drawdown(make_desk):
    desk = make_desk(1)
    desk.rows.restore(1, None, Kept(1_000.0, desk.now_ns - 7_200 * S, 1.0, 1.0), ())
    desk.look()
    desk.read()
    desk.mark(1, -10.0)
    desk.look()
    assert of(desk)["why"] == (Why.NO_DAY_START, Why.NO_DAY_START, Why.NUMBER)
    assert math.isnan(of(desk)["pnl"])
    assert of(desk)["drawdown"] == pytest.approx(0.01)


@pytest.mark.parametrize("amount", [400.0, -400.0, 2.0, -2.0])
def test_money_that_is_moved_is_neither_gain_nor_loss(make_desk, amount):
    desk = make_desk(1)
    desk.begin_day()
    desk.mark(1, -50.0)
    desk.look()
    desk.read()
    before = of(desk)
    desk.book(1, amount, is_flow=True)
    desk.look()
    if abs(amount) > 5.0:
        # More than 0.5 % of equity: judged only when it is known what it was.
        assert of(desk)["why"] == (Why.MONEY_UNEXPLAINED,) * 3
        assert desk.rows.unexplained() == (1,)
    desk.read()
    desk.look()
    after = of(desk)
    assert after["why"] == KNOWN
    assert after["pnl"] == pytest.approx(before["pnl"])
    assert after["drawdown"] == pytest.approx(before["drawdown"])
    assert after["share"] == pytest.approx(50.0 / (1_000.0 + max(amount, 0.0)))


def test_money_that_comes_and_goes_again_and_again_makes_no_capital(make_desk):
    desk = make_desk(1)
    desk.begin_day()
    for _ in range(5):
        for amount in (300.0, -300.0):
            desk.book(1, amount, is_flow=True)
            desk.look()
            desk.read()
    desk.mark(1, -130.0)
    desk.look()
    assert of(desk)["share"] == pytest.approx(0.1)


def test_trades_and_funding_are_performance_and_need_no_second_look(make_desk):
    desk = make_desk(1)
    desk.begin_day()
    desk.book(1, -80.0, is_flow=False)
    desk.look()
    assert of(desk)["why"] == (Why.MONEY_UNEXPLAINED,) * 3
    desk.read()
    desk.look()
    assert of(desk) == {
        "pnl": -80.0,
        "share": pytest.approx(0.08),
        "drawdown": pytest.approx(0.08),
        "why": KNOWN,
    }


def test_a_move_of_prices_alone_is_never_waited_for(make_desk):
    desk = make_desk(1)
    desk.begin_day()
    desk.mark(1, -500.0)
    desk.look()
    assert of(desk)["share"] == pytest.approx(0.5)
    assert desk.rows.unexplained() == ()


def test_a_realized_profit_that_was_there_before_is_not_looked_into(make_desk):
    desk = make_desk(1)
    desk.begin_day()
    desk.mark(1, 200.0)
    desk.look()
    desk.read()
    # Closing turns unrealized profit into money: equity stays.
    desk.mark(1, -200.0)
    desk.book(1, 200.0, is_flow=False)
    desk.look()
    assert of(desk)["why"] == KNOWN
    assert of(desk)["pnl"] == 200.0


@pytest.mark.parametrize("has_day", [True, False])
def test_a_list_that_lags_is_read_again_and_believed_in_the_end(make_desk, has_day):
    desk = make_desk(1)
    if has_day:
        desk.begin_day()
    else:
        desk.look()
        desk.read()
    desk.book(1, -300.0, is_flow=True)
    lagging, desk.lines[1] = desk.lines[1], []
    for _ in range(READS_MAX - 1):
        desk.look()
        desk.read()
        desk.look()
        assert of(desk)["why"][-1] is Why.MONEY_UNEXPLAINED
    desk.read()
    desk.look()
    assert of(desk)["drawdown"] == pytest.approx(0.3)
    if has_day:
        assert of(desk)["pnl"] == pytest.approx(-300.0)
    # When the line comes at last, all is well again.
    desk.lines[1] = lagging
    desk.read()
    desk.look()
    assert of(desk)["drawdown"] == pytest.approx(0.0)
    if has_day:
        assert of(desk)["pnl"] == pytest.approx(0.0)


def test_a_deposit_that_the_balances_do_not_show_yet_is_not_missed_in_them(make_desk):
    desk = make_desk(1)
    desk.begin_day()
    desk.rows.begin_read(1)
    desk.rows.take(1, [Move(desk.now_ns + 5 * S, 700.0, True, "early")])
    desk.rows.end_read(1)
    desk.look()
    assert of(desk)["pnl"] == 0.0
    desk.equity[1] += 700.0
    desk.wallet[1] += 700.0
    desk.wait(5.0)
    desk.look()
    assert (of(desk)["pnl"], of(desk)["why"]) == (0.0, KNOWN)


def test_a_flow_without_a_value_leaves_no_figure_until_it_has_one(make_desk):
    desk = make_desk(1)
    desk.begin_day()
    desk.book(1, 4.0, is_flow=True)
    desk.lines[1] = [desk.lines[1][0]._replace(usd=math.nan, line_key="coin")]
    desk.look()
    desk.read()
    desk.look()
    assert of(desk)["why"] == (Why.FLOW_UNVALUED,) * 3
    desk.rows.value(1, "coin", 4.0)
    desk.look()
    assert (of(desk)["pnl"], of(desk)["why"]) == (0.0, KNOWN)


@pytest.mark.parametrize(
    ("silent_ns", "is_known"), [(DAY_START_WITHIN_NS - S, True), (DAY_START_WITHIN_NS + 9 * S, False)]
)
def test_an_account_that_is_silent_at_midnight_begins_with_what_was_known_shortly_before(
    make_desk, silent_ns, is_known
):
    desk = make_desk(1)
    desk.look()
    desk.read()
    desk.now_ns = 11 * DAY_NS - silent_ns - S
    desk.look()
    desk.is_live[1] = False
    desk.equity[1] = 900.0
    desk.now_ns = 11 * DAY_NS + 60 * S
    desk.look()
    found = of(desk)
    assert found["why"][0] is (Why.NUMBER if is_known else Why.NO_DAY_START)
    if is_known:
        # What is not fresh is a number all the same: at live marks it is 100 less.
        assert found["pnl"] == -100.0


def test_an_equity_that_is_missing_is_no_loss(make_desk):
    desk = make_desk(1)
    desk.begin_day()
    desk.equity[1] = math.nan
    desk.look()
    assert of(desk)["why"] == (Why.NO_EQUITY,) * 3
    desk.equity[1] = 990.0
    desk.look()
    assert of(desk)["pnl"] == -10.0


def test_what_has_no_capital_has_a_gain_but_no_share_of_it(make_desk):
    desk = make_desk(1, start=0.0)
    desk.begin_day()
    assert of(desk)["why"] == (Why.NUMBER, Why.NO_CAPITAL, Why.NUMBER)
    assert (of(desk)["pnl"], of(desk)["drawdown"]) == (0.0, 0.0)


def test_an_account_that_loses_all_is_down_by_all_and_stays_so(make_desk):
    desk = make_desk(1)
    desk.begin_day()
    desk.mark(1, -1_200.0)
    desk.look()
    assert of(desk)["drawdown"] == 1.0
    assert of(desk)["share"] == pytest.approx(1.2)


def test_a_row_that_is_given_to_another_account_knows_nothing_of_the_first(make_desk):
    desk = make_desk(2)
    desk.begin_day()
    assert desk.rows.follow([None, "a1", "b"]) == (2,)
    desk.look()
    assert of(desk, 1)["why"] == KNOWN
    assert of(desk, 2)["why"] == (Why.LEDGER_UNREAD,) * 3


def test_after_a_restart_the_day_goes_on_where_it_was(make_desk):
    first = make_desk(1)
    first.begin_day()
    first.mark(1, 200.0)
    first.look()
    first.read()
    index, peak = (column[1] for column in first.rows.index_and_peak())
    assert (index, peak) == (pytest.approx(1.2), pytest.approx(1.2))
    second = Desk(1, now_ns=first.now_ns + 600 * S)
    last = Kept(1_200.0, first.now_ns, index, peak)
    second.rows.restore(1, Kept(1_000.0, 11 * DAY_NS, 1.0, 1.0), last, ())
    # While it was down 500 came and 320 were lost.
    second.equity[1] = second.wallet[1] = 1_380.0
    second.lines[1] = [Move(first.now_ns + 60 * S, 500.0, True, "while down")]
    second.look()
    assert of(second)["why"] == (Why.LEDGER_UNREAD,) * 3
    second.read()
    second.look()
    found = of(second)
    assert found["pnl"] == pytest.approx(-120.0)
    assert found["share"] == pytest.approx(120.0 / 1_500.0)
    assert found["drawdown"] == pytest.approx(320.0 / 1_700.0)


STEPS = st.lists(
    st.tuples(st.sampled_from(["mark", "trade", "flow", "look", "read"]), st.floats(-0.3, 0.4)), max_size=30
)


@settings(max_examples=60)
@given(STEPS)
def test_any_course_of_events_adds_up(steps):
    desk = Desk(1)
    desk.begin_day()
    began, gained, put_in, most = desk.equity[1], 0.0, 0.0, 0.0
    index = peak = 1.0
    for what, share in steps:
        usd = round(share * float(desk.equity[1]), 2)
        if what in ("mark", "trade"):
            # One growth after the other, each of the equity just before it.
            index *= 1.0 + usd / float(desk.equity[1])
            gained += usd
            desk.mark(1, usd) if what == "mark" else desk.book(1, usd, is_flow=False)
        elif what == "flow":
            put_in += usd
            most = max(most, put_in)
            desk.book(1, usd, is_flow=True)
        elif what == "look":
            desk.look()
        if what != "look":
            for _ in range(2):
                desk.look()
                desk.read()
            peak = max(peak, index)
    desk.look()
    found = of(desk)
    assert found["why"] == KNOWN
    assert found["pnl"] == pytest.approx(gained, abs=1e-6)
    assert found["share"] == pytest.approx(-gained / (began + most), abs=1e-9)
    assert found["drawdown"] == pytest.approx(1.0 - index / peak, abs=1e-9)
    assert np.isnan(desk.rows.figures().pnl_usd[0])
