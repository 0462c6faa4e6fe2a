"""The worst that each held coin could do: fall to nothing or double, as a loss and as a share of equity."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import NamedTuple

import numpy as np

from marginwatch.book.table import BoolArray, CodeArray, FloatArray
from marginwatch.model.ids import AccountId, Asset
from marginwatch.model.scenario import Scenario
from marginwatch.risk.answers import Answer, AnswerArray
from marginwatch.risk.margin.accounts import valued
from marginwatch.risk.margin.models import margins
from marginwatch.risk.margin.prices import prices_now
from marginwatch.risk.margin.sheet import MarginSheet
from marginwatch.risk.margin.terms import is_cash
from marginwatch.risk.measures.exposure import grouped
from marginwatch.risk.scenarios.isolated_legs import IsolatedLegs
from marginwatch.risk.scenarios.market import scenario_market
from marginwatch.risk.workspace import Workspace

NOTHING_FACTOR = 1e-9
"""Of a price that falls to nothing: inverse contracts have no worth at 0 itself."""
DOUBLE_FACTOR = 2.0


class CoinWorst(NamedTuple):
    """What coins could do at the worst to some holders, shape (p,); USD, NaN without a number.

    Parameters
    ----------
    to_zero_usd, doubled_usd : ndarray of float64
        Profit if the coin's price falls to nothing, or doubles, all others unmoved; gains positive. An isolated leg
        loses at most its margin; other accounts may lose more than they have.
    loss_usd : ndarray of float64
        The larger loss of the two, ≥ 0; 0 if neither loses.
    answer : ndarray of uint8
        Of these three; missing where an option on the coin cannot be valued.
    share_of_equity : ndarray of float64
        Loss ÷ equity, fraction: from 1 on everything is gone.
    share_answer : ndarray of uint8
        Not applicable where the equity is not positive.
    """

    to_zero_usd: FloatArray
    doubled_usd: FloatArray
    loss_usd: FloatArray
    answer: AnswerArray
    share_of_equity: FloatArray
    share_answer: AnswerArray


@dataclass(slots=True, frozen=True, eq=False)
class WorstCases:
    """The worst that each coin could do, to each account and to all at once.

    Parameters
    ----------
    sheet : MarginSheet
        The accounts.
    account, coin : ndarray of shape (g,), int64
        Rows of the sheet: pairs of an account and a coin it bets on, sorted by account, then coin.
    pairs : CoinWorst
        Shape (g,).
    asset_names : tuple of Asset
        Coins, shape (a,), one for all venues.
    assets : CoinWorst
        Shape (a,): the same if it happens to all accounts at once, gains and losses summed, against the equity of all.
    left_out : tuple of (AccountId, str)
        Missing accounts, and why.
    """

    sheet: MarginSheet
    account: CodeArray
    coin: CodeArray
    pairs: CoinWorst
    asset_names: tuple[Asset, ...]
    assets: CoinWorst
    left_out: tuple[tuple[AccountId, str], ...]


def worst_cases(
    sheet: MarginSheet,
    work: Workspace | None = None,
    left_out: Mapping[AccountId, str] = MappingProxyType({}),
) -> WorstCases:
    """Return what each coin could do to each account that bets on it.

    Cash (stablecoins, fiat money) has no worst case here; depegs are scenarios. Cost: three margin passes and one sort of
    legs and holdings, however many coins there are, for a position's profit depends on its own coin alone.

    Parameters
    ----------
    sheet : MarginSheet
        The accounts.
    work : Workspace, optional
        Buffers to be used again.
    left_out : mapping of AccountId to str
        Accounts that count in no sum (stale, lost, stopped), and why; they have no pairs either.
    """
    work = work or Workspace()
    prices = prices_now(sheet)
    now = margins(sheet, prices, work)
    isolated = IsolatedLegs(sheet, now.legs, prices)
    gone = isolated.gone
    equity = now.equity + grouped(sheet.leg_account[gone.taken], gone.extra_usd, sheet.n_accounts)
    moves = np.array([name is not None and not is_cash(name) for name in sheet.coin_names], np.bool_)
    is_counted = np.array([name not in left_out for name in sheet.account_ids], np.bool_) & ~np.isnan(equity)
    stakes = _Stakes(sheet, is_counted, moves)
    to_zero, doubled = (
        stakes.profit(_sides(sheet, isolated, moves, factor, work), factor)
        for factor in (NOTHING_FACTOR, DOUBLE_FACTOR)
    )
    matters = ~((to_zero == 0.0) & (doubled == 0.0))
    account, coin = stakes.account[matters], stakes.coin[matters]
    to_zero, doubled = to_zero[matters], doubled[matters]
    names, code = _assets(sheet, coin)
    n_names = len(names)
    everybody = np.full(n_names, equity[is_counted].sum())
    return WorstCases(
        sheet=sheet,
        account=account,
        coin=coin,
        pairs=_worst(to_zero, doubled, equity[account]),
        asset_names=names,
        assets=_worst(grouped(code, to_zero, n_names), grouped(code, doubled, n_names), everybody),
        left_out=tuple(
            (name, left_out.get(name) or sheet.missing_reasons[row] or "a price is missing")
            for row, name in enumerate(sheet.account_ids)
            if not is_counted[row]
        ),
    )


def _worst(to_zero: FloatArray, doubled: FloatArray, equity: FloatArray) -> CoinWorst:
    loss = np.maximum(-np.minimum(to_zero, doubled), 0.0)
    is_known, has_equity = ~np.isnan(loss), equity > 0.0
    share_answer = np.where(has_equity, np.uint8(Answer.NUMBER), np.uint8(Answer.NOT_APPLICABLE))
    share = loss / np.where(has_equity, equity, np.nan)
    return CoinWorst(
        to_zero,
        doubled,
        loss,
        np.where(is_known, np.uint8(Answer.NUMBER), np.uint8(Answer.MISSING)),
        share,
        np.where(is_known, share_answer, np.uint8(Answer.MISSING)),
    )


def _assets(sheet: MarginSheet, coin: CodeArray) -> tuple[tuple[Asset, ...], CodeArray]:
    """Return the names of coins, each once, and which of them each pair has."""
    codes: dict[Asset, int] = {}
    of_coin = np.zeros(len(sheet.coin_names), np.int64)
    rows: list[int] = np.unique(coin).tolist()
    for row in rows:
        of_coin[row] = codes.setdefault(sheet.coin_names[row] or "", len(codes))
    return tuple(codes), of_coin[coin]


class _Sides(NamedTuple):
    """What does not grow in proportion to the move: options' marks then, and what isolated legs' liquidation changes.

    ``mark`` has shape (c,), quote currency; ``legs`` are rows of isolated legs, ``extra_usd`` is theirs, USD: what it
    changes then, and with the other sign what it has changed already.
    """

    mark: FloatArray
    legs: CodeArray
    extra_usd: FloatArray


def _sides(
    sheet: MarginSheet, isolated: IsolatedLegs, moves: BoolArray, factor: float, work: Workspace
) -> _Sides:
    """Return both for a market in which *every* coin moves: a leg depends on its own alone, so it is good for each."""
    market = scenario_market(sheet, np.where(moves, factor, 1.0), Scenario(name="worst case"), work)
    if not isolated.legs.shape[0]:
        return _Sides(market.contract_mark, isolated.legs, np.zeros(0))
    found, gone = isolated.stressed(margins(sheet, market.prices, work).legs, market.prices), isolated.gone
    return _Sides(
        market.contract_mark,
        np.concatenate((found.taken, gone.taken)),
        np.concatenate((found.extra_usd, -gone.extra_usd)),
    )


class _Stakes:
    """What accounts have at stake on each coin, as pairs.

    Parameters
    ----------
    sheet : MarginSheet
        All accounts.
    is_counted : ndarray of shape (k,), bool
        Which of them.
    moves : ndarray of shape (m,), bool
        Which coins.
    """

    def __init__(self, sheet: MarginSheet, is_counted: BoolArray, moves: BoolArray) -> None:
        self._sheet = sheet
        n_coins = len(sheet.coin_names)
        underlying = sheet.underlying_coin[sheet.leg_contract]
        self._legs = np.flatnonzero(is_counted[sheet.leg_account] & moves[underlying])
        held = np.flatnonzero(is_counted[sheet.holding_account] & moves[sheet.holding_coin])
        leg_key = sheet.leg_account[self._legs] * n_coins + underlying[self._legs]
        holding_key = sheet.holding_account[held] * n_coins + sheet.holding_coin[held]
        keys, code = np.unique(np.concatenate((leg_key, holding_key)), return_inverse=True)
        code = code.reshape(-1).astype(np.int64)
        self.account: CodeArray = keys // n_coins
        self.coin: CodeArray = keys % n_coins
        self._leg_pair = code[: self._legs.shape[0]]
        self._pair_of_leg = np.full(sheet.n_legs, -1)
        self._pair_of_leg[self._legs] = self._leg_pair
        self._linear = self._in_proportion(held, code[self._legs.shape[0] :])

    def _in_proportion(self, held: CodeArray, holding_pair: CodeArray) -> FloatArray:
        """Return what one whole of a move brings each pair, USD: what is owned of the coin less what is owed of it."""
        sheet, n = self._sheet, self.account.shape[0]
        contract, usd = sheet.leg_contract, sheet.coin_usd
        units = sheet.leg_quantity * sheet.multiplier[contract]
        is_inverse, is_option = sheet.is_inverse[contract], sheet.is_option[contract]
        settle_usd = usd[sheet.settle_coin[contract]]
        owned = np.where(is_inverse | is_option, 0.0, units * sheet.mark_price[contract] * settle_usd)
        entry = sheet.leg_entry_price
        per_unit = np.where(is_inverse, 1.0 / np.where(is_inverse, entry, 1.0), -entry)
        owed = np.where(is_option, 0.0, units * per_unit)
        coins = sheet.holding_cash + grouped(sheet.leg_settle_holding, owed, sheet.n_holdings)
        worth = valued(coins[held], usd[sheet.holding_coin[held]])
        return grouped(self._leg_pair, owned[self._legs], n) + grouped(holding_pair, worth, n)

    def profit(self, sides: _Sides, factor: float) -> FloatArray:
        """Return what each pair gains if its coin's price is multiplied by ``factor``, all others unmoved; USD."""
        sheet, n = self._sheet, self.account.shape[0]
        total = self._linear * (factor - 1.0)
        options = self._legs[sheet.is_option[sheet.leg_contract[self._legs]]]
        if options.shape[0]:
            contract = sheet.leg_contract[options]
            moved = sides.mark[contract] - sheet.mark_price[contract]
            units = sheet.leg_quantity[options] * sheet.multiplier[contract]
            usd = sheet.coin_usd[sheet.settle_coin[contract]]
            total += grouped(self._pair_of_leg[options], units * moved * usd, n)
        pair = self._pair_of_leg[sides.legs]
        counted = pair >= 0
        return total + grouped(pair[counted], sides.extra_usd[counted], n)
