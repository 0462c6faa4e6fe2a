"""Scenarios and worst cases of all accounts, with sums over those that count."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from marginwatch.book.table import BoolArray, FloatArray
from marginwatch.model.ids import AccountId, Asset
from marginwatch.model.scenario import Scenario
from marginwatch.risk.heavy.moves import Moves
from marginwatch.risk.margin.sheet import MarginSheet
from marginwatch.risk.margin.terms import is_cash
from marginwatch.risk.measures.exposure import grouped
from marginwatch.risk.scenarios.library import coin_scenarios, standard_scenarios
from marginwatch.risk.scenarios.results import StressResult
from marginwatch.risk.scenarios.stress import stress
from marginwatch.risk.scenarios.worst_case import WorstCases, worst_cases
from marginwatch.risk.workspace import Workspace

COINS_SHOCKED = 3
COIN_MOVES = (-0.3, 0.3)
"""The coins with the most at stake are moved alone by so much; with the standard scenarios this makes nearly fifty."""


@dataclass(slots=True, frozen=True, eq=False)
class StressFigures:
    """What if.

    Parameters
    ----------
    result : StressResult
        Every scenario.
    worst : WorstCases
        Each held coin to nothing, and doubled.
    betas_source : str
        Where the betas of the scenarios are known from.
    """

    result: StressResult
    worst: WorstCases
    betas_source: str


def measure_stress(
    sheet: MarginSheet,
    moves: Moves,
    own: Sequence[Scenario],
    work: Workspace | None = None,
    left_out: Mapping[AccountId, str] = MappingProxyType({}),
) -> StressFigures:
    """Return the standard scenarios, the largest coins alone, the desk's own, and the worst cases.

    Parameters
    ----------
    sheet : MarginSheet
        All accounts.
    moves : Moves
        Betas.
    own : sequence of Scenario
        The desk's own, run after the standard ones.
    work : Workspace, optional
        Buffers to be used again.
    left_out : mapping of AccountId to str
        Accounts that count in no sum (stale, lost, stopped), and why.
    """
    work = work or Workspace()
    is_counted = np.array([name not in left_out for name in sheet.account_ids], np.bool_)
    alone = coin_scenarios(_largest_coins(sheet, is_counted), COIN_MOVES)
    result = stress(sheet, moves.betas, standard_scenarios(own, alone), work, left_out)
    return StressFigures(result, worst_cases(sheet, work, left_out), moves.betas_source)


def _largest_coins(sheet: MarginSheet, is_counted: BoolArray) -> list[Asset]:
    """Return the coins in which most USD are at stake: magnitudes of positions at their marks and of wallets."""
    contract, coin = sheet.leg_contract, sheet.holding_coin
    is_inverse, mark = sheet.is_inverse[contract], sheet.mark_price[contract]
    # An option counts with the value of what it is on: its own price says little of what it can lose.
    mark = np.where(sheet.is_option[contract], sheet.index_price[contract], mark)
    value = sheet.leg_quantity * sheet.multiplier[contract]
    usd = np.where(is_inverse, value, value * mark * sheet.coin_usd[sheet.settle_coin[contract]])
    n_coins = len(sheet.coin_names)
    stake = grouped(sheet.underlying_coin[contract], _magnitude(usd, is_counted[sheet.leg_account]), n_coins)
    wallet = sheet.holding_cash * sheet.coin_usd[coin]
    stake += grouped(coin, _magnitude(wallet, is_counted[sheet.holding_account]), n_coins)
    by_name: dict[Asset, float] = {}
    for name, usd_of_coin in zip(sheet.coin_names, stake.tolist(), strict=True):
        if name is not None and not is_cash(name) and usd_of_coin > 0.0:
            by_name[name] = by_name.get(name, 0.0) + usd_of_coin
    return sorted(by_name, key=lambda name: (-by_name[name], name))[:COINS_SHOCKED]


def _magnitude(usd: FloatArray, counts: BoolArray) -> FloatArray:
    # What has no price ranks nowhere; that its account is missing is said by every scenario.
    return np.where(counts, np.abs(np.nan_to_num(usd)), 0.0)
