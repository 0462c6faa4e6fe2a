"""Which accounts a move of the market can liquidate at all."""

import numpy as np

from marginwatch.book.table import BoolArray
from marginwatch.risk.answers import Answer, AnswerArray
from marginwatch.risk.margin.sheet import MarginSheet


def concerned(sheet: MarginSheet) -> AnswerArray:
    """Return whether the question of its liquidation applies to each account, shape (k,).

    Returns
    -------
    ndarray of shape (k,), uint8
        ``NUMBER`` with positions or debts; ``NOT_APPLICABLE`` without, for then there is nothing to liquidate and no debt to
        answer for, however small the headroom; ``MISSING`` where it is not known whether there are any: never heard, or an
        amount unknown.
    """
    cash, k = sheet.holding_cash, sheet.n_accounts

    def any_of(holdings: BoolArray) -> BoolArray:
        return np.bincount(sheet.holding_account, weights=holdings, minlength=k) > 0.0

    is_bare = (np.diff(sheet.first_leg) == 0) & (np.diff(sheet.first_holding) == 0)
    is_unknown = any_of(np.isnan(cash)) | (is_bare & sheet.is_missing)
    answer = np.where(is_unknown, np.uint8(Answer.MISSING), np.uint8(Answer.NOT_APPLICABLE))
    applies = (np.diff(sheet.first_leg) > 0) | any_of(sheet.is_owed)
    return np.where(applies, np.uint8(Answer.NUMBER), answer)
