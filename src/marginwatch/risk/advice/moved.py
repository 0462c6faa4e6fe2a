"""Accounts as they would be with other amounts of coins: rows for coins they do not hold yet, and changed cash."""

from dataclasses import replace

import numpy as np

from marginwatch.book.table import BoolArray, CodeArray, FloatArray
from marginwatch.risk.margin.part import HOLDING_COLUMNS
from marginwatch.risk.margin.sheet import MarginSheet


def with_coins(sheet: MarginSheet, coins: CodeArray) -> MarginSheet:
    """Return the sheet with a holding of each of some coins in every account, empty where there was none.

    A coin that an account never held is taken to count as collateral there, as it does at the venue unless its owner
    switched it off.

    Parameters
    ----------
    sheet : MarginSheet
        The accounts.
    coins : ndarray of shape (q,), int64
        Rows of coins, none twice.
    """
    n_coins = len(sheet.coin_names)
    held = sheet.holding_account * n_coins + sheet.holding_coin
    wanted = (np.arange(sheet.n_accounts)[:, None] * n_coins + coins[None, :]).reshape(-1)
    new = wanted[~np.isin(wanted, held)]
    added = new.shape[0]
    account = np.concatenate((sheet.holding_account, new // n_coins))
    # Stable: holdings that were there keep their order, new ones come last in their account.
    order = np.argsort(account, kind="stable")
    moved_to = np.empty_like(order)
    moved_to[order] = np.arange(order.shape[0])
    columns: dict[str, FloatArray | CodeArray | BoolArray] = {
        "holding_coin": np.concatenate((sheet.holding_coin, new % n_coins)),
        "holding_is_collateral": np.concatenate((sheet.holding_is_collateral, np.ones(added, np.bool_))),
    }
    for name in HOLDING_COLUMNS:
        if name not in columns:
            columns[name] = np.concatenate((getattr(sheet, name), np.zeros(added)))
    changes: dict[str, object] = {name: values[order] for name, values in columns.items()}
    return replace(
        sheet,
        **changes,  # pyright: ignore[reportArgumentType]  # columns by name
        holding_account=account[order],
        leg_settle_holding=moved_to[sheet.leg_settle_holding],
        first_holding=np.searchsorted(account[order], np.arange(sheet.n_accounts + 1)),
    )


def holding_of(sheet: MarginSheet, account: CodeArray, coin: CodeArray) -> CodeArray:
    """Return the holding of each pair of account and coin, −1 where there is none."""
    n_coins = len(sheet.coin_names)
    keys = sheet.holding_account * n_coins + sheet.holding_coin
    order = np.argsort(keys, kind="stable")
    wanted: CodeArray = account * n_coins + coin
    place: CodeArray = np.minimum(np.searchsorted(keys[order], wanted), max(keys.shape[0] - 1, 0))
    if not keys.shape[0]:
        return np.full(int(wanted.shape[0]), -1)
    found: CodeArray = order[place]
    is_other = keys[found] != wanted
    found[is_other] = -1
    return found


def with_cash(sheet: MarginSheet, holding: CodeArray, amount: FloatArray) -> MarginSheet:
    """Return the sheet with amounts added to holdings, coin, signed; a holding may be named more than once."""
    cash = sheet.holding_cash.copy()
    np.add.at(cash, holding, amount)
    return replace(sheet, holding_cash=cash)
