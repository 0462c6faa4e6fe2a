"""What each account holds of each coin in USD, so that a move of the coin times this is its gain.

Linear and inverse contracts gain exactly in proportion to their coin's USD price, so for them nothing is approximated.
With a mark that moves with the USD price of the coin (factor u) and inversely with that of the quote currency (factor q):

- linear: quantity × multiplier × (mark × u − entry × q) × USD of quote;
- inverse: quantity × multiplier × (u ÷ entry − q ÷ mark) × USD of coin.

Either is linear in u and in q. Options are not; their first-order exposure stands here, their curve in ``option_curves``.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TypeAlias

import numpy as np

from marginwatch.book.table import BoolArray, CodeArray, FloatArray
from marginwatch.model.ids import AccountId
from marginwatch.risk.margin.lacking import TEXTS, Lack
from marginwatch.risk.margin.sheet import MarginSheet
from marginwatch.risk.margin.terms import is_cash
from marginwatch.risk.var.option_curves import OptionCurves, option_curves

_Subject: TypeAlias = Callable[[int], str]
_Part: TypeAlias = tuple[CodeArray, CodeArray, FloatArray, _Subject]
"""Accounts, coins, USD, and what is lacking where the USD are NaN."""


@dataclass(slots=True, frozen=True, eq=False)
class Exposures:
    """Accounts × coins.

    Parameters
    ----------
    account_ids : tuple of AccountId
        Shape (k,).
    desk : ndarray of shape (k,), int64
        Codes that index ``desk_names``; 0 is none.
    desk_names : tuple of (str or None)
        Names of desks.
    coin_names : tuple of str
        Canonical names, shape (f,); the same coin at two venues is one.
    exempt : frozenset of str
        Cash: stablecoins and money of states, which stand still where nothing is known of their price. What is no crypto
        coin but moves all the same (metals, shares) is not among them.
    linear_usd : ndarray of shape (k, f), float64
        USD gained for a rise of the coin by 100 %, without options; NaN in the whole row of a missing account.
    delta_usd : ndarray of shape (k, f), float64
        As above with the delta of options.
    is_missing : ndarray of shape (k,), bool
        A price or an amount is not known.
    missing_reasons : tuple of (str or None)
        Which.
    curves : OptionCurves or None
        What options gain; None without options.
    """

    account_ids: tuple[AccountId, ...]
    desk: CodeArray
    desk_names: tuple[str | None, ...]
    coin_names: tuple[str, ...]
    exempt: frozenset[str]
    linear_usd: FloatArray
    delta_usd: FloatArray
    is_missing: BoolArray
    missing_reasons: tuple[str | None, ...]
    curves: OptionCurves | None = None

    @property
    def is_empty(self) -> BoolArray:
        """Accounts without any exposure, shape (k,); what is missing is not empty."""
        held = (self.linear_usd != 0.0).any(axis=1)
        if self.curves is not None:
            held[self.curves.account] = True
        return ~held

    def of_accounts(self, first: int, last: int) -> "Exposures":
        """Return those of the accounts ``first:last``; coins and desks keep their numbers."""
        rows = slice(first, last)
        return replace(
            self,
            account_ids=self.account_ids[rows],
            desk=self.desk[rows],
            linear_usd=self.linear_usd[rows],
            delta_usd=self.delta_usd[rows],
            is_missing=self.is_missing[rows],
            missing_reasons=self.missing_reasons[rows],
            curves=None if self.curves is None else self.curves.of_accounts(first, last),
        )


def exposures_of(sheet: MarginSheet, left_out: Mapping[AccountId, str] = MappingProxyType({})) -> Exposures:
    """Return the exposures of all accounts of a sheet.

    Wallet coins count in full, haircuts not: they decide over liquidation, not over gain. What is missing in the sheet for
    margins alone (tiers, haircuts, fees) does not matter here; an account that was never heard is missing.

    Parameters
    ----------
    sheet : MarginSheet
        What is held.
    left_out : mapping of AccountId to str
        Accounts that count in no total (stale, lost, stopped), and why; they are missing as well.
    """
    coin_names, factor = _factors(sheet)
    k, f = sheet.n_accounts, len(coin_names)
    linear: FloatArray = np.zeros(k * f)
    lacking = _not_counted(sheet, left_out)
    for account, coin, usd, subject in (_wallets(sheet), *_legs(sheet)):
        # A price of 0 under an inverse contract makes an infinity, which is no amount either.
        unknown = ~np.isfinite(usd)
        for row in np.flatnonzero(unknown):
            lacking.setdefault(int(account[row]), subject(int(row)))
        place = account * f + factor[coin]
        linear += np.bincount(place[~unknown], weights=usd[~unknown], minlength=k * f)
    curves = option_curves(sheet, factor)
    if curves is not None:
        for row in np.flatnonzero(np.isnan(curves.gain_usd).any(axis=1)):
            lacking.setdefault(
                int(curves.account[row]), f"value of options on {coin_names[curves.coin[row]]}"
            )
    return _assembled(sheet, coin_names, linear.reshape(k, f), curves, lacking)


def _not_counted(sheet: MarginSheet, left_out: Mapping[AccountId, str]) -> dict[int, str]:
    """Return the accounts that are missing whatever they hold, by row, with the reason."""
    unheard = TEXTS[Lack.NOT_HEARD]
    found: dict[int, str] = {}
    for row, (name, reason) in enumerate(zip(sheet.account_ids, sheet.missing_reasons, strict=True)):
        if reason == unheard:
            found[row] = unheard
        elif name in left_out:
            found[row] = left_out[name]
    return found


def _assembled(
    sheet: MarginSheet,
    coin_names: tuple[str, ...],
    linear: FloatArray,
    curves: OptionCurves | None,
    lacking: dict[int, str],
) -> Exposures:
    is_missing = np.zeros(sheet.n_accounts, np.bool_)
    is_missing[list(lacking)] = True
    linear[is_missing] = np.nan
    delta = linear.copy()
    if curves is not None:
        delta[curves.account, curves.coin] += curves.delta_usd
    return Exposures(
        account_ids=sheet.account_ids,
        desk=sheet.desk,
        desk_names=sheet.desk_names,
        coin_names=coin_names,
        exempt=frozenset(name for name in coin_names if is_cash(name)),
        linear_usd=linear,
        delta_usd=delta,
        is_missing=is_missing,
        missing_reasons=tuple(lacking.get(row) for row in range(sheet.n_accounts)),
        curves=curves,
    )


def _factors(sheet: MarginSheet) -> tuple[tuple[str, ...], CodeArray]:
    """Return the coins held, sorted by name, and the place of each coin of the sheet among them (0 for others)."""
    contracts = np.unique(sheet.leg_contract)
    rows: list[int] = np.unique(
        np.concatenate((sheet.holding_coin, sheet.underlying_coin[contracts], sheet.quote_coin[contracts]))
    ).tolist()
    held = (sheet.coin_names[row] for row in rows)
    names = sorted({str(name) for name in held if name is not None})
    place = {name: number for number, name in enumerate(names)}
    factor = np.array([place.get(str(name), 0) for name in sheet.coin_names], np.int64)
    return tuple(names), factor


def _wallets(sheet: MarginSheet) -> _Part:
    coin = sheet.holding_coin
    usd = np.where(sheet.holding_cash == 0.0, 0.0, sheet.holding_cash * sheet.coin_usd[coin])
    return sheet.holding_account, coin, usd, lambda row: f"USD value of {sheet.coin_names[coin[row]]}"


def _legs(sheet: MarginSheet) -> tuple[_Part, _Part]:
    """Return the exposures of linear and inverse legs to their coin and to their quote currency, in the order of legs."""
    plain = ~sheet.is_option[sheet.leg_contract]
    contract, account = sheet.leg_contract[plain], sheet.leg_account[plain]
    is_inverse = sheet.is_inverse[contract]
    settle_usd = sheet.coin_usd[sheet.settle_coin[contract]]
    mark, entry = sheet.mark_price[contract], sheet.leg_entry_price[plain]
    size = sheet.leg_quantity[plain] * sheet.multiplier[contract] * settle_usd
    with np.errstate(divide="ignore"):
        to_coin = size * np.where(is_inverse, 1.0 / entry, mark)
        to_quote = -size * np.where(is_inverse, 1.0 / mark, entry)

    def subject(row: int) -> str:
        return f"mark, entry or settlement price of {sheet.contract_names[contract[row]]}"

    return (
        (account, sheet.underlying_coin[contract], to_coin, subject),
        (account, sheet.quote_coin[contract], to_quote, subject),
    )
