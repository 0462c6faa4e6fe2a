"""Which coin's move made the profit: what all accounts together own and owe, coin by coin and contract by contract."""

from dataclasses import dataclass

import numpy as np

from marginwatch.book.table import BoolArray, FloatArray
from marginwatch.risk.margin.prices import option_rows
from marginwatch.risk.margin.sheet import MarginSheet
from marginwatch.risk.margin.sheet_plan import plan_of
from marginwatch.risk.measures.exposure import grouped


@dataclass(slots=True, frozen=True, eq=False)
class OwnedAndOwed:
    """The equity of some accounts together, taken apart.

    Equity is Σ over coins of ``owed × USD`` + Σ over contracts of ``units × mark × USD of the settlement coin`` (linear and
    options) or − ``units ÷ mark × USD`` (inverse): a position owns its underlying and owes what it was bought for.

    Parameters
    ----------
    sheet : MarginSheet
        Contracts and coins.
    units : ndarray of shape (c,), float64
        Σ quantity × multiplier of the legs in each contract, signed.
    owed : ndarray of shape (m,), float64
        Amount of each coin: cash − entry value of linear legs settled in it + units ÷ entry price of inverse ones; signed.
    is_held : ndarray of shape (m,), bool
        Coins in it.
    """

    sheet: MarginSheet
    units: FloatArray
    owed: FloatArray
    is_held: BoolArray

    def profit(self, contract_mark: FloatArray, coin_usd: FloatArray) -> FloatArray:
        """Return the profit by coin in another market, shape (m,), USD, gains positive; it sums to the change of equity.

        Parameters
        ----------
        contract_mark : ndarray of shape (c,), float64
            Marks of the other market, quote currency.
        coin_usd : ndarray of shape (m,), float64
            USD for one unit of each coin in it.
        """
        sheet = self.sheet
        held = np.flatnonzero(self.units)
        gained = self._worth(held, contract_mark, coin_usd) - self._worth(
            held, sheet.mark_price, sheet.coin_usd
        )
        by_coin = grouped(sheet.underlying_coin[held], gained * self.units[held], self.owed.shape[0])
        return by_coin + np.where(self.owed != 0.0, self.owed * (coin_usd - sheet.coin_usd), 0.0)

    def _worth(self, contracts: np.ndarray, mark: FloatArray, usd: FloatArray) -> FloatArray:
        """Return what one unit of each contract is worth, USD."""
        sheet, price = self.sheet, mark[contracts]
        is_inverse = sheet.is_inverse[contracts]
        # An option may be worth nothing, by which nothing can be divided.
        value = np.where(is_inverse, -1.0 / np.where(is_inverse, price, 1.0), price)
        return value * usd[sheet.settle_coin[contracts]]


def owned_and_owed(sheet: MarginSheet, is_counted: BoolArray) -> OwnedAndOwed:
    """Return the equity of some accounts taken apart.

    Parameters
    ----------
    sheet : MarginSheet
        All accounts.
    is_counted : ndarray of shape (k,), bool
        Which of them.
    """
    n_coins, n_contracts = len(sheet.coin_names), sheet.mark_price.shape[0]
    contract, coin, cash = sheet.leg_contract, sheet.holding_coin, sheet.holding_cash
    terms, options = plan_of(sheet).terms, option_rows(sheet)
    # Sizes and worths at entry, as the margins have them; what an option cost has left the cash already.
    units, paid = terms.quantity, terms.entry_worth
    if options.shape[0] or not is_counted.all():
        is_out = ~is_counted[sheet.leg_account]
        units, paid = np.where(is_out, 0.0, units), np.where(is_out, 0.0, paid)
        paid[options] = 0.0
        cash = np.where(is_counted[sheet.holding_account], cash, 0.0)
    owed = grouped(coin, cash - plan_of(sheet).summed(paid), n_coins)
    is_held, is_met = np.zeros(n_coins, np.bool_), np.zeros(n_contracts, np.bool_)
    is_held[coin[cash != 0.0]] = True
    is_met[contract[units != 0.0]] = True
    for coins in (sheet.underlying_coin, sheet.settle_coin):
        is_held[coins[is_met]] = True
    return OwnedAndOwed(sheet, grouped(contract, units, n_contracts), owed, is_held)
