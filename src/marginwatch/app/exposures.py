"""What every account is exposed to right now, from the live book."""

import numpy as np

from marginwatch.book.position_book import PositionBook
from marginwatch.model.ids import AccountId
from marginwatch.risk.margin.build import SheetBuilder
from marginwatch.risk.measures.freshness import Inclusion, inclusion
from marginwatch.risk.measures.prices import price_ages, usd_prices
from marginwatch.risk.settings import RiskSettings
from marginwatch.risk.var.exposures import Exposures, exposures_of

REASONS = {
    Inclusion.STARTING: "not heard yet",
    Inclusion.STALE: "stale",
    Inclusion.LOST: "lost",
    Inclusion.STOPPED: "stopped",
}
"""Why an account counts in no total."""


class LiveExposures:
    """Makes exposures of a book.

    Parameters
    ----------
    book : PositionBook
        Read, never written.
    settings : RiskSettings
        Limits of age.
    """

    def __init__(self, book: PositionBook, settings: RiskSettings) -> None:
        self._book = book
        self._settings = settings
        self._builder = SheetBuilder()

    def at(self, now_ns: int) -> Exposures:
        """Return the exposures of all accounts; those that count in no total are missing, with the reason.

        Must run where the book is written. Cost: one sheet, a few passes over its rows.
        """
        columns, settings = self._book.columns, self._settings
        ages = price_ages(columns.instruments, now_ns, settings)
        prices = usd_prices(columns.assets, columns.instruments, ages, now_ns, settings)
        return exposures_of(self._builder.build(columns, ages, prices, now_ns), self._left_out(now_ns))

    def _left_out(self, now_ns: int) -> dict[AccountId, str]:
        accounts = self._book.columns.accounts
        included = inclusion(accounts, now_ns)
        left_out: dict[AccountId, str] = {}
        for row in np.flatnonzero((included != Inclusion.INCLUDED) & (included != Inclusion.NONE)):
            entry = accounts.entries[int(row)]
            if entry is not None:
                left_out[entry.spec.account_id] = REASONS[Inclusion(included[row])]
        return left_out
