"""Accounts as they would be after trades: legs netted, opened and closed at mark, profit and costs in cash."""

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from marginwatch.book.accounts import MARGIN_MODES
from marginwatch.book.table import CodeArray, FloatArray
from marginwatch.risk.advice.moved import holding_of, with_cash, with_coins
from marginwatch.risk.margin.sheet import MarginSheet

PORTFOLIO = MARGIN_MODES["portfolio"]

GONE = 1e-12
"""A leg of which less than this part is left is closed."""


class Trade(NamedTuple):
    """A trade at mark.

    Parameters
    ----------
    account, contract : int
        Rows of the sheet.
    quantity : float
        Contracts, signed.
    cost : float
        What leaves the wallet beside it, settlement coin; NaN counts as nothing.
    taker_fee : float
        Of the account in the contract, fraction.
    """

    account: int
    contract: int
    quantity: float
    cost: float
    taker_fee: float


def with_trades(sheet: MarginSheet, trades: tuple[Trade, ...], leverage: float) -> MarginSheet:
    """Return the accounts after trades.

    A trade first closes what is held against it, on whichever leg, and opens or adds with the rest. New legs have no
    orders and the given leverage, unless the account holds the contract already. Options cost or bring their premium.

    Parameters
    ----------
    sheet : MarginSheet
        Before.
    trades : tuple of Trade
        One after the other.
    leverage : float
        Of new legs, ×.
    """
    for trade in trades:
        sheet = _traded(sheet, trade, leverage)
    return sheet


def _traded(sheet: MarginSheet, trade: Trade, leverage: float) -> MarginSheet:
    settle = int(sheet.settle_coin[trade.contract])
    alone = np.array([trade.account])
    if int(holding_of(sheet, alone, np.array([settle]))[0]) < 0:
        sheet = with_coins(sheet, np.array([settle]))
    holding = int(holding_of(sheet, alone, np.array([settle]))[0])
    legs = np.flatnonzero((sheet.leg_account == trade.account) & (sheet.leg_contract == trade.contract))
    quantity, entry = sheet.leg_quantity.copy(), sheet.leg_entry_price.copy()
    left, gained = trade.quantity, 0.0
    for leg in legs[np.sign(quantity[legs]) == -np.sign(left)].tolist():
        closed = np.sign(left) * min(abs(left), abs(float(quantity[leg])))
        gained += _profit(sheet, trade.contract, float(entry[leg]), -closed)
        quantity[leg] += closed
        left -= closed
    added = legs[np.sign(quantity[legs]) == np.sign(left)]
    mark = float(sheet.mark_price[trade.contract])
    if left != 0.0 and added.shape[0]:
        leg = int(added[0])
        is_inverse = bool(sheet.is_inverse[trade.contract])
        entry[leg] = _average(float(quantity[leg]), float(entry[leg]), left, mark, is_inverse)
        quantity[leg] += left
        left = 0.0
    if sheet.is_option[trade.contract]:
        # Options are paid for when they are traded: what they are worth is no profit of the wallet's coin.
        gained = -trade.quantity * float(sheet.multiplier[trade.contract]) * mark
    cost = 0.0 if np.isnan(trade.cost) else trade.cost
    moved = with_cash(sheet, np.array([holding]), np.array([gained - cost]))
    moved = replace(moved, leg_quantity=quantity, leg_entry_price=entry)
    if left != 0.0:
        moved = _with_leg(moved, trade, left, holding, _leverage(moved, trade, legs, leverage))
    is_open = np.abs(moved.leg_quantity) > GONE * abs(trade.quantity)
    return moved if is_open.all() else _with_legs(moved, np.flatnonzero(is_open))


def _profit(sheet: MarginSheet, contract: int, entry: float, quantity: float) -> float:
    """Return what closing at mark gains, settlement coin; ``quantity`` is signed as the position was."""
    mark, size = float(sheet.mark_price[contract]), quantity * float(sheet.multiplier[contract])
    return size * (1.0 / entry - 1.0 / mark) if sheet.is_inverse[contract] else size * (mark - entry)


def _average(held: float, entry: float, added: float, price: float, is_inverse: bool) -> float:
    if is_inverse:
        return (held + added) / (held / entry + added / price)
    return (held * entry + added * price) / (held + added)


def _leverage(sheet: MarginSheet, trade: Trade, legs: CodeArray, leverage: float) -> float:
    if sheet.mode[trade.account] == PORTFOLIO or sheet.is_option[trade.contract]:
        return float("nan")
    return float(sheet.leg_leverage[legs[0]]) if legs.shape[0] else leverage


def _with_leg(
    sheet: MarginSheet, trade: Trade, quantity: float, holding: int, leverage: float
) -> MarginSheet:
    new: dict[str, float | int] = {
        "leg_account": trade.account,
        "leg_contract": trade.contract,
        "leg_settle_holding": holding,
        "leg_quantity": quantity,
        "leg_entry_price": float(sheet.mark_price[trade.contract]),
        "leg_leverage": leverage,
        "leg_extra_margin": 0.0,
        "leg_taker_fee": trade.taker_fee,
        "leg_order_value": 0.0,
        "leg_position_row": 0,
    }
    longer: dict[str, object] = {name: np.append(getattr(sheet, name), value) for name, value in new.items()}
    wider = replace(sheet, **longer)  # pyright: ignore[reportArgumentType]  # columns by name
    order = np.lexsort(
        (
            wider.leg_quantity < 0.0,
            wider.leg_contract,
            wider.leg_settle_holding,
        )
    )
    return _with_legs(wider, order)


LEG_COLUMNS = (
    "leg_account",
    "leg_contract",
    "leg_settle_holding",
    "leg_quantity",
    "leg_entry_price",
    "leg_leverage",
    "leg_extra_margin",
    "leg_taker_fee",
    "leg_order_value",
    "leg_position_row",
)


def _with_legs(sheet: MarginSheet, rows: CodeArray) -> MarginSheet:
    """Return the sheet with these legs only, in this order, which must be that of their accounts."""
    picked: dict[str, FloatArray | CodeArray] = {name: getattr(sheet, name)[rows] for name in LEG_COLUMNS}
    first = np.searchsorted(picked["leg_account"], np.arange(sheet.n_accounts + 1))
    return replace(sheet, **picked, first_leg=first)  # pyright: ignore[reportArgumentType]  # columns by name
