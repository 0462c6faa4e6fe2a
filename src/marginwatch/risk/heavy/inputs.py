"""All that heavy measures are reckoned from at one moment, gathered where the book is written and then left alone."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from marginwatch.book.paid_funding import HeardFunding
from marginwatch.book.table import CodeArray
from marginwatch.model.ids import AccountId
from marginwatch.model.scenario import Scenario
from marginwatch.risk.advice.trade_terms import TradeTerms
from marginwatch.risk.frame import Frame
from marginwatch.risk.heavy.advice import AdviceWish
from marginwatch.risk.heavy.moves import PastReturns
from marginwatch.risk.margin.part import part_of
from marginwatch.risk.margin.sheet import MarginSheet
from marginwatch.risk.measures.freshness import Inclusion
from marginwatch.risk.var.settings import VarSettings

WORDS = {
    Inclusion.STARTING: "not heard yet",
    Inclusion.STALE: "stale",
    Inclusion.LOST: "lost",
    Inclusion.STOPPED: "stopped",
}
"""Why an account counts in no total."""


def left_out_of(frame: Frame) -> dict[AccountId, str]:
    """Return the accounts that count in no total of a frame, and why."""
    found: dict[AccountId, str] = {}
    codes: list[int] = np.flatnonzero(frame.inclusion != Inclusion.INCLUDED).tolist()
    for code in codes:
        spec, kind = frame.book.specs[code], Inclusion(int(frame.inclusion[code]))
        if spec is not None and kind in WORDS:
            found[spec.account_id] = WORDS[kind]
    return found


@dataclass(slots=True, frozen=True, eq=False)
class HeavyInputs:
    """One moment.

    Parameters
    ----------
    sheet : MarginSheet
        All accounts.
    left_out : mapping of AccountId to str
        Accounts that count in no total, and why.
    terms : TradeTerms
        Quotes and steps of contracts.
    usd_per_percent : mapping of str to float
        What moves a coin by 1 %, USD, where order books are followed.
    past : PastReturns
        What is known of past prices.
    scenarios : sequence of Scenario
        The desk's own.
    adl_rank : ndarray of int64
        Places in the deleveraging queue by row of the position table; −1 where not said.
    funding : mapping of AccountId to HeardFunding
        What accounts paid and received.
    var_settings : VarSettings or None
        Which value at risk is shown first; None as usual.
    wish : AdviceWish or None
        What advice aims at; None as usual.
    """

    sheet: MarginSheet
    left_out: Mapping[AccountId, str]
    terms: TradeTerms
    usd_per_percent: Mapping[str, float]
    past: PastReturns
    scenarios: Sequence[Scenario]
    adl_rank: CodeArray
    funding: Mapping[AccountId, HeardFunding]
    var_settings: VarSettings | None = None
    wish: AdviceWish | None = None

    def own_sheet(self) -> MarginSheet:
        """Return the sheet with a cache of its own: two threads must not share what models work out of it."""
        return replace(self.sheet)

    def counted_sheet(self) -> MarginSheet:
        """Return the sheet of the accounts that count in totals."""
        if not self.left_out:
            return self.own_sheet()
        rows = [row for row, name in enumerate(self.sheet.account_ids) if name not in self.left_out]
        return part_of(self.sheet, np.array(rows, np.int64)).sheet
