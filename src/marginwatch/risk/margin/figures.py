"""What a margin model answers: figures of accounts in USD, and of legs in the coin they settle in."""

from dataclasses import dataclass

from marginwatch.book.table import FloatArray


@dataclass(slots=True, frozen=True, eq=False)
class LegMargins:
    """Figures of legs, shape (n,), float64, settlement coin; NaN where something is missing.

    Parameters
    ----------
    value : ndarray
        Worth at mark, ≥ 0: |quantity| × multiplier × mark (linear, option), |quantity| × multiplier ÷ mark (inverse).
    initial_margin, maintenance_margin : ndarray
        Required, fee to close included, ≥ 0; NaN in portfolio margin, where legs have none.
    unrealized_pnl : ndarray
        Gain positive; of options mark − entry.
    """

    value: FloatArray
    initial_margin: FloatArray
    maintenance_margin: FloatArray
    unrealized_pnl: FloatArray


@dataclass(slots=True, frozen=True, eq=False)
class AccountMargins:
    """Figures of accounts, shape (k,), float64, USD; NaN where something is missing.

    In isolated accounts only ``equity`` exists: the account as a whole has no margin, each leg has its own
    (:func:`marginwatch.risk.margin.models.isolated_room`), and the other four are NaN.

    Parameters
    ----------
    equity : ndarray
        Cash + unrealized profit + option value, before haircuts.
    adjusted_equity : ndarray
        What backs the account: after the venue's haircuts.
    initial_margin, maintenance_margin : ndarray
        Required by positions, open orders (initial only) and debts, ≥ 0.
    available : ndarray
        ``adjusted_equity − initial_margin``, which may be negative; the venue shows 0 then.
    legs : LegMargins
        Of each leg.
    """

    equity: FloatArray
    adjusted_equity: FloatArray
    initial_margin: FloatArray
    maintenance_margin: FloatArray
    available: FloatArray
    legs: LegMargins

    @property
    def headroom(self) -> FloatArray:
        """``adjusted_equity − maintenance_margin``: what an account may lose before the venue takes over at 0."""
        return self.adjusted_equity - self.maintenance_margin
