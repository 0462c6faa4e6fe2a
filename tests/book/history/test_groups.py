"""Desks: what moves inside cancels, what is not known is not summed in silence."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.book.history.conftest import DAY_NS, Desk, S

from marginwatch.book.history.accounts import Kept
from marginwatch.book.history.why import Why


def of(desk, group=0):
    found = desk.groups.figures()
    return {
        "pnl": found.pnl_usd[group],
        "share": found.loss_share[group],
        "drawdown": found.drawdown[group],
        "why": tuple(
            Why(int(why[group])) for why in (found.pnl_why, found.loss_share_why, found.drawdown_why)
        ),
    }


KNOWN = (Why.NUMBER,) * 3


def test_a_desk_gains_what_its_accounts_gain(make_desk):
    desk = make_desk(3, desk_of=(0, 0, 1))
    desk.begin_day()
    desk.mark(1, -300.0)
    desk.mark(2, 100.0)
    desk.mark(3, 50.0)
    desk.look()
    assert of(desk) == {
        "pnl": -200.0,
        "share": pytest.approx(0.1),
        "drawdown": pytest.approx(0.1),
        "why": KNOWN,
    }
    assert of(desk, 1) == {"pnl": 50.0, "share": pytest.approx(-0.05), "drawdown": 0.0, "why": KNOWN}


@pytest.mark.parametrize("order", [(1, 2), (2, 1)])
def test_a_transfer_inside_changes_nothing_at_any_moment_of_its_becoming_known(make_desk, order):
    desk = make_desk(2)
    desk.begin_day()
    desk.mark(1, -100.0)
    desk.look()
    before = of(desk)
    desk.transfer(1, 2, 600.0)
    seen = []
    desk.look()
    seen.append(of(desk))
    for row in order:
        desk.read(row)
        desk.look()
        seen.append(of(desk))
        desk.groups.bring_up_to_date()
        seen.append(of(desk))
    # With one side known it is not yet known that it stayed inside; then nothing is said rather than a loss.
    assert [one["why"] == KNOWN for one in seen] == [True, False, False, True, True]
    for one in seen:
        for figure in ("pnl", "share", "drawdown"):
            is_unsaid = one["why"] == (Why.MONEY_UNEXPLAINED,) * 3 and math.isnan(one[figure])
            assert is_unsaid or one[figure] == pytest.approx(before[figure])


def test_a_withdrawal_is_no_loss_of_the_desk(make_desk):
    desk = make_desk(2)
    desk.begin_day()
    desk.book(1, -700.0, is_flow=True)
    desk.look()
    assert of(desk)["why"] == (Why.MONEY_UNEXPLAINED,) * 3
    desk.read(1)
    for _ in range(3):
        desk.look()
        assert of(desk) == {"pnl": 0.0, "share": 0.0, "drawdown": 0.0, "why": KNOWN}
        desk.groups.bring_up_to_date()


def test_a_large_account_without_a_figure_leaves_the_desk_without_one_and_a_small_one_does_not(make_desk):
    desk = make_desk(3)
    desk.equity[3] = desk.wallet[3] = 50.0
    desk.begin_day()
    desk.equity[3] = math.nan
    desk.look()
    assert of(desk)["why"] == KNOWN
    assert [counts.tolist() for counts in desk.groups.left_out()] == [[1], [1]]
    desk.equity[2] = math.nan
    desk.look()
    assert of(desk)["why"] == (Why.MEMBERS_LEFT_OUT,) * 3


def test_a_desk_s_first_day_begins_when_its_accounts_are_first_seen(make_desk):
    desk = make_desk(2)
    desk.look()
    assert of(desk)["why"] == (Why.NO_EQUITY,) * 3
    desk.read()
    desk.mark(1, -100.0)
    desk.look()
    assert of(desk)["why"] == (Why.NUMBER,) * 3
    assert of(desk)["pnl"] == pytest.approx(-100.0)


def test_what_is_lost_before_the_first_minute_is_over_is_below_the_peak(make_desk):
    desk = make_desk(2)
    desk.look()
    desk.mark(1, -100.0)
    desk.look()
    desk.read()
    desk.mark(2, -100.0)
    desk.look()
    assert of(desk)["pnl"] == pytest.approx(-200.0)
    assert of(desk)["drawdown"] == pytest.approx(0.1)
    desk.groups.bring_up_to_date()
    desk.look()
    assert of(desk)["drawdown"] == pytest.approx(0.1)
    desk.mark(2, -180.0)
    desk.look()
    assert of(desk)["drawdown"] == pytest.approx(0.19)


def test_a_desk_has_no_equity_before_all_are_heard_nor_without_much_of_it(make_desk):
    desk = make_desk(3, desk_of=(0, 0, 1))
    is_awaited = np.array([False, False, True, False])
    desk.equity[2] = np.nan
    desk.look()
    desk.read()
    assert math.isnan(desk.groups.equity(is_awaited)[0])
    assert desk.groups.equity(is_awaited)[1] == 1_000.0
    # One that was refused is not waited for.
    nobody = np.zeros(4, np.bool_)
    assert desk.groups.equity(nobody)[0] == 1_000.0
    desk.equity[2] = 900.0
    desk.look()
    assert desk.groups.equity(nobody)[0] == 1_900.0
    # Its price is missing: half of the desk is not known any more.
    desk.equity[2] = np.nan
    desk.look()
    assert math.isnan(desk.groups.equity(nobody)[0])


def test_an_account_that_joins_brings_its_equity_not_a_gain(make_desk):
    desk = make_desk(2, desk_of=(0, 1))
    desk.begin_day()
    desk.mark(1, -100.0)
    desk.look()
    desk.groups.bring_up_to_date()
    desk.desk_of = (0, 0)
    desk.follow()
    desk.look()
    assert of(desk)["drawdown"] == pytest.approx(0.1)
    desk.groups.bring_up_to_date()
    desk.mark(2, -190.0)
    desk.look()
    assert of(desk)["drawdown"] == pytest.approx(1.0 - 0.9 * (1.0 - 190.0 / 1_900.0))


def test_groups_go_on_where_they_were_before_a_restart(make_desk):
    first = make_desk(2)
    first.begin_day()
    first.mark(1, 400.0)
    first.look()
    first.read()
    first.groups.bring_up_to_date()
    index, peak = (column[0] for column in first.groups.index_and_peak())
    assert (index, peak) == (pytest.approx(1.2), pytest.approx(1.2))
    second = Desk(2, now_ns=first.now_ns + 60 * S)
    second.rows = first.rows.__class__()
    second.groups = first.groups.__class__(second.rows)
    second.follow()
    second.groups.restore("d0", index, peak)
    kept = [None, *(_kept(first, row) for row in (1, 2))]
    for row in (1, 2):
        second.rows.restore(row, None, kept[row], ())
    second.groups.restore_members((1, 2))
    second.equity[1:] = second.wallet[1:] = (1_280.0, 760.0)
    second.look()
    assert of(second)["why"] == (Why.NO_EQUITY,) * 3
    second.read()
    second.look()
    assert of(second)["drawdown"] == pytest.approx(360.0 / 2_400.0)


def _kept(desk, row):
    index, peak = desk.rows.index_and_peak()
    return Kept(float(desk.equity[row]), desk.now_ns, float(index[row]), float(peak[row]))


MOVES = st.lists(
    st.tuples(
        st.sampled_from(["mark", "flow", "transfer"]),
        st.integers(1, 3),
        st.integers(1, 3),
        st.floats(-0.3, 0.3),
    ),
    max_size=20,
)


@settings(max_examples=40)
@given(MOVES)
def test_any_transfers_leave_every_desk_and_account_right(moves):
    desk = Desk(3, desk_of=(0, 0, 0))
    desk.begin_day()
    began, gained, put_in, most = 3_000.0, np.zeros(4), 0.0, 0.0
    index = peak = 1.0
    for what, one, other, share in moves:
        usd = round(share * float(desk.equity[one]), 2)
        if what == "mark":
            index *= 1.0 + usd / float(desk.equity[1:].sum())
            gained[one] += usd
            desk.mark(one, usd)
        elif what == "flow":
            put_in += usd
            most = max(most, put_in)
            desk.book(one, usd, is_flow=True)
        elif one != other:
            desk.transfer(one, other, abs(usd))
        for _ in range(2):
            desk.look()
            desk.read()
        desk.look()
        desk.groups.bring_up_to_date()
        peak = max(peak, index)
    desk.look()
    found = of(desk)
    assert found["why"] == KNOWN
    assert found["pnl"] == pytest.approx(gained.sum(), abs=1e-6)
    assert found["share"] == pytest.approx(-gained.sum() / (began + most), abs=1e-9)
    assert found["drawdown"] == pytest.approx(1.0 - index / peak, abs=1e-9)
    of_accounts = desk.rows.figures().pnl_usd
    assert of_accounts[1:] == pytest.approx(gained[1:], abs=1e-6)
    assert DAY_NS * 11 <= desk.now_ns < DAY_NS * 12
