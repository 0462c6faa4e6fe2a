"""From rows of the book to legs and holdings of a sheet, sorted by account."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from marginwatch.book.accounts import MARGIN_MODES
from marginwatch.book.columns import Columns
from marginwatch.book.positions import PositionTable
from marginwatch.book.table import BoolArray, CodeArray, FloatArray
from marginwatch.risk.margin.bybit_isolated import initial_margin, inverse_leverage_used
from marginwatch.risk.margin.legs import leg_terms
from marginwatch.risk.margin.steps import Tiers
from marginwatch.risk.workspace import Workspace

ISOLATED = MARGIN_MODES["isolated"]

ROUNDING = 1e-6
"""A debt, or a gap between a venue's figures, below this part of what it was worked out from is the venue's rounding."""


class Picked(NamedTuple):
    """Legs and holdings; places count within the sheet, rows in the book's tables.

    Parameters
    ----------
    holding_row, holding_account : ndarray of shape (h,), int64
        Row in the book; place of the account.
    leg_row, leg_account, leg_contract, leg_settle : ndarray of shape (n,), int64
        A row in the book; place of the account; row of the contract; place of the settlement holding.
    quantity, entry_value, put_up : ndarray of shape (n,), float64
        Contracts, signed; worth of one at entry, and the initial margin that the venue states, in settlement coin.
    """

    holding_row: CodeArray
    holding_account: CodeArray
    leg_row: CodeArray
    leg_account: CodeArray
    leg_contract: CodeArray
    leg_settle: CodeArray
    quantity: FloatArray
    entry_value: FloatArray
    put_up: FloatArray


class LegOrder(NamedTuple):
    """In which order legs and holdings stand, and what of the book it was made from: it holds while that is the same.

    Parameters
    ----------
    is_open, is_short : ndarray of bool
        Of each row of the position table.
    row_settle, row_contract : ndarray of int64
        Of each row of the position table.
    has_coin, row_owner : ndarray
        Whether the coin of each row of the holding table is in its wallet, and the place of its account.
    holding_row, holding_account, leg_row, leg_account, leg_contract, leg_settle : ndarray of int64
        As in :class:`Picked`, before rows of one leg are joined.
    first : ndarray of int64 or None
        Where each leg begins among them; None if no leg has more than one row.
    """

    is_open: BoolArray
    is_short: BoolArray
    row_settle: CodeArray
    row_contract: CodeArray
    has_coin: BoolArray
    row_owner: CodeArray
    holding_row: CodeArray
    holding_account: CodeArray
    leg_row: CodeArray
    leg_account: CodeArray
    leg_contract: CodeArray
    leg_settle: CodeArray
    first: CodeArray | None

    def is_of(self, table: PositionTable, has_coin: BoolArray, row_owner: CodeArray) -> bool:
        """Return whether the book still has the same rows open, on the same sides, of the same accounts."""
        n, quantity = table.size, table.quantity[: table.size]
        return (
            np.array_equal(self.is_open, quantity != 0.0)
            and np.array_equal(self.is_short, quantity < 0.0)
            and np.array_equal(self.row_settle, table.settle_holding[:n])
            and np.array_equal(self.row_contract, table.instrument[:n])
            and np.array_equal(self.has_coin, has_coin)
            and np.array_equal(self.row_owner, row_owner)
        )


class Picker:
    """Finds the open legs and the coins that are in a wallet or settle a leg.

    A leg is all open rows of one account, contract and side: they are summed before any tier is chosen, so that it makes
    no difference how a position is split. Sorting them is most of the work, and mostly nothing opened, closed or turned since
    the last time: then the order stays and only numbers are read.
    """

    def __init__(self) -> None:
        self._last: LegOrder | None = None

    def picked(self, columns: Columns, place_of_account: CodeArray) -> Picked:
        """Return legs and holdings as they are now; ``place_of_account`` maps rows of the account table to places."""
        table, held = columns.positions, columns.holdings
        has_coin = held.has_coin[: held.size]
        row_owner = place_of_account.take(held.account[: held.size])
        order = self._last
        if order is None or not order.is_of(table, has_coin, row_owner):
            order = self._last = _ordered(table, has_coin.copy(), row_owner)
        rows = order.leg_row
        legs = Picked(
            order.holding_row,
            order.holding_account,
            rows,
            order.leg_account,
            order.leg_contract,
            order.leg_settle,
            table.quantity.take(rows),
            table.entry_value.take(rows),
            table.initial_margin.take(rows),
        )
        return legs if order.first is None else _joined(legs, order.first)


def _ordered(table: PositionTable, has_coin: BoolArray, row_owner: CodeArray) -> LegOrder:
    n, quantity = table.size, table.quantity[: table.size]
    is_open, is_short = quantity != 0.0, quantity < 0.0
    rows = np.flatnonzero(is_open)
    is_in = has_coin.copy()
    is_in[table.settle_holding[rows]] = True
    is_in[0] = False
    holdings = np.flatnonzero(is_in)
    order = np.argsort(row_owner[holdings], kind="stable")
    holdings = holdings[order]
    place = np.zeros(is_in.shape[0], np.int64)
    place[holdings] = np.arange(holdings.shape[0])
    owner = row_owner[holdings]
    settle, contract = place[table.settle_holding[rows]], table.instrument[rows]
    # Holdings are sorted by account, so legs sorted by holding are, too.
    key = (settle * (int(contract.max(initial=0)) + 1) + contract) * 2 + is_short[rows]
    order = np.argsort(key, kind="stable")
    key, rows, settle = key[order], rows[order], settle[order]
    is_first = np.ones(key.shape[0], np.bool_)
    np.not_equal(key[1:], key[:-1], out=is_first[1:])
    return LegOrder(
        is_open,
        is_short,
        table.settle_holding[:n].copy(),
        table.instrument[:n].copy(),
        has_coin,
        row_owner,
        holdings,
        owner,
        rows,
        owner[settle],
        contract[order],
        settle,
        None if is_first.all() else np.flatnonzero(is_first),
    )


def _joined(legs: Picked, first: CodeArray) -> Picked:
    quantity = np.add.reduceat(legs.quantity, first)
    return legs._replace(
        leg_row=legs.leg_row[first],
        leg_account=legs.leg_account[first],
        leg_contract=legs.leg_contract[first],
        leg_settle=legs.leg_settle[first],
        quantity=quantity,
        entry_value=np.add.reduceat(legs.quantity * legs.entry_value, first) / quantity,
        put_up=np.add.reduceat(legs.put_up, first),
    )


def entry_price(entry_value: FloatArray, multiplier: FloatArray, is_inverse: BoolArray) -> FloatArray:
    """Return entry prices in quote currency from the worth of one contract at entry."""
    price = entry_value / multiplier
    rows = np.flatnonzero(is_inverse)
    price[rows] = -multiplier[rows] / entry_value[rows]
    return price


def extra_margin(
    legs: Picked,
    mode: CodeArray,
    worth_at_mark: Callable[[CodeArray], FloatArray],
    leverage: FloatArray,
    taker_fee: FloatArray,
    order_value: FloatArray,
    tiers: Tiers,
) -> FloatArray:
    """Return what isolated legs have beyond the margin that their leverage asks for, settlement coin; 0 for others.

    The venue states what was put up in all; added by hand, or taken by funding, is what our formula does not explain.
    ``worth_at_mark`` returns what one contract of some legs is worth at mark, ``mode`` is that of each leg's account.
    """
    extra = np.zeros(mode.shape[0])
    rows = np.flatnonzero(mode == ISOLATED)
    if rows.shape[0]:
        terms = leg_terms(
            legs.leg_contract[rows],
            legs.quantity[rows],
            legs.entry_value[rows],
            leverage[rows],
            taker_fee[rows],
            order_value[rows],
            tiers,
            Workspace(),
        )
        value = np.abs(legs.quantity[rows] * worth_at_mark(rows))
        every = np.arange(rows.shape[0])
        used = inverse_leverage_used(terms, every, value, tiers)
        extra[rows] = legs.put_up[rows] - initial_margin(terms, every, used)
    return extra


class CoinAmounts(NamedTuple):
    """Of each holding, coin amounts: cash without profit and option value; owed beyond a negative equity, ≥ 0."""

    cash: FloatArray
    borrowed: FloatArray


def coin_amounts(columns: Columns, legs: Picked, is_option: BoolArray) -> CoinAmounts:
    """Return what of each holding does not depend on prices; ``is_option`` is by contract."""
    facts, rows = columns.facts.coins, legs.holding_row
    options = legs.leg_settle[is_option[legs.leg_contract]]
    has_options = None
    if options.shape[0]:
        has_options = np.zeros(rows.shape[0], np.bool_)
        has_options[options] = True
    return amounts_of_coins(
        columns.holdings.settled_equity[rows],
        facts.wallet_balance[rows],
        facts.borrowed[rows],
        facts.unrealized_pnl[rows],
        has_options,
    )


def amounts_of_coins(
    settled_equity: FloatArray,
    wallet_balance: FloatArray,
    borrowed: FloatArray,
    unrealized_pnl: FloatArray,
    has_options: BoolArray | None,
) -> CoinAmounts:
    """Return cash and loans of coins, shape (h,), coin amounts.

    The venue's equity less its unrealized profit is cash, unless options settle in the coin: then equity has their value
    in it, and the wallet balance is taken. Of what is owed, a negative equity is a part that moves with prices.

    References
    ----------
    Bybit V5 documentation, wallet balance (2026-07): equity = wallet balance − spot borrow + unrealized PnL + option value.
    """
    cash = settled_equity if has_options is None else np.where(has_options, wallet_balance, settled_equity)
    if not borrowed.any():
        return CoinAmounts(cash, borrowed)
    beyond = borrowed - np.maximum(-(cash + unrealized_pnl), 0.0)
    return CoinAmounts(cash, np.where(beyond > ROUNDING * borrowed, beyond, 0.0))


def order_loss(balance: FloatArray, initial_margin: FloatArray, available: FloatArray) -> FloatArray:
    """Return what open spot orders could take from a margin balance, USD, from the venue's own figures; 0 if unknown.

    ``balance − initial margin − available``, which says nothing once nothing is available. It is carried until the venue
    states the next.

    References
    ----------
    Bybit help center, Glossary UTA (2026-03-13): available balance = margin balance − haircut loss − initial margin.
    """
    loss = balance - initial_margin - available
    return np.where((available > 0.0) & (loss > ROUNDING * np.abs(balance)), loss, 0.0)
