"""One coin moves and all others stand still: each account once for every coin it bets on, cut down to what that touches."""

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from marginwatch.book.table import BoolArray, CodeArray, FloatArray
from marginwatch.risk.liquidation.exposures import CoinExposures
from marginwatch.risk.liquidation.shocks import ShockedAccounts
from marginwatch.risk.margin.figures import AccountMargins
from marginwatch.risk.margin.models import margins
from marginwatch.risk.margin.part import ACCOUNT_COLUMNS, HOLDING_COLUMNS, LEG_COLUMNS
from marginwatch.risk.margin.prices import prices_now
from marginwatch.risk.margin.sheet import MarginSheet
from marginwatch.risk.margin.steps import step_of
from marginwatch.risk.measures.exposure import grouped
from marginwatch.risk.workspace import Workspace

STILL, MOVING = 0, 1
"""Codes of the two exponents: nothing happens to a price, or the whole shock."""


@dataclass(slots=True, frozen=True, eq=False)
class CoinShocks:
    """Pairs of account and coin, each an account of its own under a shock of that coin alone.

    Parameters
    ----------
    shocked : ShockedAccounts
        One account a pair; their headroom is that of the whole account.
    account, coin : ndarray of shape (g,), int64
        Rows of the whole sheet, sorted.
    leg : ndarray of shape (n',), int64
        Leg of the whole sheet that each cut leg is.
    has_options : ndarray of shape (g,), bool
        Whether an option is among a pair's legs: then its headroom need not be concave in the price.
    """

    shocked: ShockedAccounts
    account: CodeArray
    coin: CodeArray
    leg: CodeArray
    has_options: BoolArray


class _Cut(NamedTuple):
    """Which legs and holdings belong to which pair; a holding may belong to many."""

    pair: CodeArray
    leg: CodeArray
    leg_pair: CodeArray
    leg_holding: CodeArray
    holding: CodeArray
    holding_pair: CodeArray


def coin_shocks(
    sheet: MarginSheet, now: AccountMargins, exposures: CoinExposures, work: Workspace
) -> CoinShocks:
    """Return each account cut to what a move of one coin touches, once for each coin it bets on.

    Touched are the legs on the coin, their settlement coins, and the coin itself in the wallet. What the other legs have
    earned counts as cash of the touched coins; all else is an offset that no move of this coin changes. Accounts without
    a headroom of their own are left out, and coins that are only held and follow no market.

    Parameters
    ----------
    sheet : MarginSheet
        The whole.
    now : AccountMargins
        Its figures as the market is.
    exposures : CoinExposures
        Its pairs.
    work : Workspace
        Buffers, which hold the legs' figures of ``now`` no longer afterwards.
    """
    headroom = now.headroom
    pnl = np.where(sheet.is_option[sheet.leg_contract], 0.0, now.legs.unrealized_pnl)
    cut = _cut(sheet, exposures, np.isfinite(headroom))
    account, coin = exposures.account[cut.pair], exposures.coin[cut.pair]
    part = _cut_sheet(sheet, cut, account, pnl)
    at_rest = margins(part, prices_now(part), work).headroom
    is_option = sheet.is_option[sheet.leg_contract[cut.leg]]
    return CoinShocks(
        shocked=ShockedAccounts(
            sheet=part,
            leg_exponents=np.array([0.0, 1.0]),
            leg_code=np.full(len(cut.leg), MOVING),
            coin_exponents=np.array([0.0, 1.0]),
            holding_code=np.where(part.holding_coin == coin[cut.holding_pair], MOVING, STILL),
            offset=headroom[account] - at_rest,
            work=work,
        ),
        account=account,
        coin=coin,
        leg=cut.leg,
        has_options=np.bincount(cut.leg_pair, weights=is_option, minlength=account.shape[0]) > 0.0,
    )


def crosses_debt_steps(pairs: CoinShocks, shock: float) -> BoolArray:
    """Return of each pair whether a debt is in another borrow tier after a shock than before it, shape (g,).

    A debt is margined at the rate of the tier that the whole of it is in, so headroom jumps where one is crossed.
    """
    sheet = pairs.shocked.sheet
    moved = _debt_steps(pairs, 0.0) != _debt_steps(pairs, shock)
    return np.bincount(sheet.holding_account, weights=moved, minlength=sheet.n_accounts) > 0.0


def _debt_steps(pairs: CoinShocks, shock: float) -> CodeArray:
    sheet, work = pairs.shocked.sheet, pairs.shocked.work
    profit = margins(sheet, pairs.shocked.prices_at(shock), work).legs.unrealized_pnl
    settled = np.where(sheet.is_option[sheet.leg_contract], 0.0, profit)
    earned = grouped(sheet.leg_settle_holding, settled, sheet.n_holdings)
    debt = sheet.holding_borrowed + np.maximum(-(sheet.holding_cash + earned), 0.0)
    return step_of(sheet.borrow_limit, sheet.holding_coin, debt)


def _cut(sheet: MarginSheet, exposures: CoinExposures, has_headroom: BoolArray) -> _Cut:
    n_pairs, n_holdings = exposures.account.shape[0], sheet.n_holdings
    has_legs = np.bincount(exposures.leg_pair, minlength=n_pairs) > 0
    is_held = (exposures.usd != 0.0) & ~sheet.coin_is_exempt[exposures.coin]
    is_wanted = (has_legs | is_held) & has_headroom[exposures.account]
    place = np.cumsum(is_wanted) - 1
    legs = np.flatnonzero(is_wanted[exposures.leg_pair])
    legs = legs[np.argsort(exposures.leg_pair[legs], kind="stable")]
    own = np.flatnonzero(is_wanted[exposures.holding_pair])
    leg_pair = place[exposures.leg_pair[legs]]
    key = np.concatenate(
        (
            leg_pair * n_holdings + sheet.leg_settle_holding[legs],
            place[exposures.holding_pair[own]] * n_holdings + own,
        )
    )
    keys, code = np.unique(key, return_inverse=True)
    return _Cut(
        pair=np.flatnonzero(is_wanted),
        leg=legs,
        leg_pair=leg_pair,
        leg_holding=code.reshape(-1)[: legs.shape[0]].astype(np.int64),
        holding=keys % n_holdings if n_holdings else keys,
        holding_pair=keys // n_holdings if n_holdings else keys,
    )


def _cut_sheet(sheet: MarginSheet, cut: _Cut, account: CodeArray, pnl: FloatArray) -> MarginSheet:
    settled = grouped(sheet.leg_settle_holding, pnl, sheet.n_holdings)
    own = grouped(cut.leg_holding, pnl[cut.leg], cut.holding.shape[0])
    changes: dict[str, object] = {
        "account_ids": (),
        "missing_reasons": (),
        "estimated_reasons": (),
        "leg_account": cut.leg_pair,
        "leg_settle_holding": cut.leg_holding,
        "holding_account": cut.holding_pair,
        "first_leg": _firsts(cut.leg_pair, account.shape[0]),
        "first_holding": _firsts(cut.holding_pair, account.shape[0]),
    }
    columns = ((ACCOUNT_COLUMNS, account), (LEG_COLUMNS, cut.leg), (HOLDING_COLUMNS, cut.holding))
    for names, picked in columns:
        changes |= {name: getattr(sheet, name).take(picked) for name in names}
    changes["holding_cash"] = sheet.holding_cash[cut.holding] + settled[cut.holding] - own
    return replace(sheet, **changes)  # pyright: ignore[reportArgumentType]  # columns by name


def _firsts(owner: CodeArray, n_owners: int) -> CodeArray:
    return np.concatenate((np.zeros(1, np.int64), np.cumsum(np.bincount(owner, minlength=n_owners))))
