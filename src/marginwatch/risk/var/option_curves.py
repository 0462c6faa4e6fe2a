"""What the options of an account gain on one coin, over a range of prices of that coin: revalued in full, not by delta.

One pass over all options for each point of the range serves every scenario afterwards: an option's gain depends on its own
underlying alone, for volatilities and time stand still.
"""

from dataclasses import dataclass

import numpy as np

from marginwatch.book.table import CodeArray, FloatArray
from marginwatch.risk.margin.part import part_of
from marginwatch.risk.margin.prices import option_rows, prices_at, prices_now
from marginwatch.risk.margin.sheet import MarginSheet

_LOGS = np.concatenate((np.arange(0.01, 0.2, 0.01), np.arange(0.2, 1.0, 0.05), np.arange(1.0, 2.01, 0.25)))
FACTORS: FloatArray = np.exp(np.concatenate((-np.arange(4.0, 2.01, -0.25), -_LOGS[::-1], [0.0], _LOGS)))
"""Prices of the underlying ÷ its price now: in steps of 1 % near 1, wider further out, from 0.018 to 7.4. Between two
points a gain is interpolated linearly, which overstates a long option's by at most gamma × step² ÷ 8."""

NOW = int(np.argmin(np.abs(FACTORS - 1.0)))


@dataclass(slots=True, frozen=True, eq=False)
class OptionCurves:
    """One curve for each account and coin with options.

    Parameters
    ----------
    account, coin : ndarray of shape (p,), int64
        Whose, and the place of the coin among those of the exposures.
    gain_usd : ndarray of shape (p, g), float64
        Gain at each of :data:`FACTORS`, USD; 0 at 1. NaN where an option cannot be valued.
    """

    account: CodeArray
    coin: CodeArray
    gain_usd: FloatArray

    @property
    def delta_usd(self) -> FloatArray:
        """Gain for a rise of the coin by 100 % at the present slope, shape (p,): from 1 % below to 1 % above."""
        rise = self.gain_usd[:, NOW + 1] - self.gain_usd[:, NOW - 1]
        return rise / (FACTORS[NOW + 1] - FACTORS[NOW - 1])

    def of_accounts(self, first: int, last: int) -> "OptionCurves | None":
        """Return the curves of the accounts ``first:last``, counted from there; None if they have none."""
        mine = (self.account >= first) & (self.account < last)
        if not mine.any():
            return None
        return OptionCurves(self.account[mine] - first, self.coin[mine], self.gain_usd[mine])

    def gains(self, returns: FloatArray) -> FloatArray:
        """Return the gain of each curve in each scenario.

        Parameters
        ----------
        returns : ndarray of shape (n_scenarios, n_coins), float64
            Simple returns of all coins of the exposures.

        Returns
        -------
        ndarray of shape (p, n_scenarios), float64
            USD. Beyond the range the curve ends: the gain stays what it is there.
        """
        found = np.empty((self.account.shape[0], returns.shape[0]))
        for coin in np.unique(self.coin):
            mine = self.coin == coin
            found[mine] = self.gain_usd[mine] @ _interpolation(1.0 + returns[:, coin])
        return found


def _interpolation(factor: FloatArray) -> FloatArray:
    """Return the weights, shape (g, n_scenarios), that turn values at :data:`FACTORS` into values at ``factor``."""
    at = np.clip(factor, FACTORS[0], FACTORS[-1])
    upper = np.clip(np.searchsorted(FACTORS, at), 1, FACTORS.shape[0] - 1)
    share = (at - FACTORS[upper - 1]) / (FACTORS[upper] - FACTORS[upper - 1])
    weights = np.zeros((FACTORS.shape[0], factor.shape[0]))
    column: CodeArray = np.arange(factor.shape[0], dtype=np.int64)
    weights[upper - 1, column] = 1.0 - share
    weights[upper, column] = share
    return weights


def option_curves(sheet: MarginSheet, place: CodeArray) -> OptionCurves | None:
    """Return the curves of all accounts with options, or None if there is no option.

    Parameters
    ----------
    sheet : MarginSheet
        What is held. Marks, volatilities and forwards of the options are needed; without, a curve is NaN.
    place : ndarray of shape (m,), int64
        Of each coin of the sheet among those of the exposures.
    """
    holders = np.unique(sheet.leg_account[option_rows(sheet)])
    if not holders.shape[0]:
        return None
    # Whoever has no options need not be priced at every point of the range.
    sheet = part_of(sheet, holders, has_names=False).sheet
    leg = option_rows(sheet)
    contract = sheet.leg_contract[leg]
    size = sheet.leg_quantity[leg] * sheet.multiplier[contract]
    # Only underlyings move: what an option is paid in does not, unless it is that coin itself.
    moving = np.zeros(len(sheet.coin_names), np.bool_)
    moving[sheet.underlying_coin[contract]] = True
    pairs, group = np.unique(
        np.stack((sheet.leg_account[leg], place[sheet.underlying_coin[contract]])),
        axis=1,
        return_inverse=True,
    )
    gains = np.empty((pairs.shape[1], FACTORS.shape[0]))
    now = prices_now(sheet)
    worth_now: FloatArray = size * now.leg_mark[leg] * now.leg_settle_usd(sheet)[leg]
    for column, factor in enumerate(FACTORS):
        prices = prices_at(sheet, np.where(moving, factor, 1.0))
        gain: FloatArray = size * prices.leg_mark[leg] * prices.leg_settle_usd(sheet)[leg] - worth_now
        gains[:, column] = np.bincount(group.ravel(), weights=gain, minlength=pairs.shape[1])
    return OptionCurves(holders[pairs[0]], pairs[1], gains)
