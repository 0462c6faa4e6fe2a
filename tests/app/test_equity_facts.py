"""Performance of groups as readings: a figure of not all of its accounts says how many it is without."""

import math

import numpy as np

from marginwatch.app.equity_facts import group_facts, performed
from marginwatch.book.history.accounts import Figures
from marginwatch.book.history.groups import LeftOut
from marginwatch.book.history.why import Why
from marginwatch.risk.answers import Answer


def test_a_figure_of_not_all_accounts_is_a_number_that_says_so() -> None:
    known, unknown = (
        np.array([Why.NUMBER, Why.NUMBER], np.uint8),
        np.array([Why.NUMBER, Why.NO_EQUITY], np.uint8),
    )
    figures = Figures(
        np.array([-12.5, 3.0]), known, np.array([0.1, 0.0]), known, np.array([0.2, math.nan]), unknown
    )
    left_out = LeftOut(of_day=np.array([2, 0]), ever=np.array([1, 4]))
    found = group_facts("desk", ["mm", "arb"], figures, left_out, "today")
    pnl, drawdown = found["desk.daily_pnl_usd"], found["desk.drawdown"]
    assert (pnl["mm"].value, pnl["mm"].answer) == (-12.5, Answer.NUMBER)
    assert pnl["mm"].reason == "not included: 2 accounts without it"
    assert found["desk.daily_loss_share"]["mm"].reason == "not included: 2 accounts without it"
    assert (pnl["arb"].value, pnl["arb"].reason) == (3.0, None)
    assert drawdown["mm"].reason == "not included: 1 account without it"
    assert drawdown["arb"].answer == Answer.MISSING
    whole = performed(5, group_facts("portfolio", ["all", ""], figures, left_out, "today"), "all")
    assert whole.readings["daily_pnl_usd"].reason == "not included: 2 accounts without it"
