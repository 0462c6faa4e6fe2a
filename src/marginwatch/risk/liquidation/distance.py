"""How far each account is from its liquidation: under one move of the market, under a move of each coin, leg by leg."""

from dataclasses import dataclass, replace

import numpy as np

from marginwatch.book.accounts import MARGIN_MODES
from marginwatch.book.table import CodeArray, FloatArray
from marginwatch.risk.answers import Answer
from marginwatch.risk.betas import Betas
from marginwatch.risk.liquidation.by_coin import CoinShocks, coin_shocks, crosses_debt_steps
from marginwatch.risk.liquidation.concerned import concerned
from marginwatch.risk.liquidation.contribution import NO_LEG, worst_legs
from marginwatch.risk.liquidation.exposures import coin_exposures
from marginwatch.risk.liquidation.isolated_ways import (
    LegDistances,
    cautious_exponents,
    isolated_distances,
    plain_exponents,
    with_isolated,
)
from marginwatch.risk.liquidation.market_move import cautious_shock, common_shock
from marginwatch.risk.liquidation.roots import DOWN_GRID, UP_GRID, Roots, nearest_roots
from marginwatch.risk.liquidation.shocks import ShockedAccounts
from marginwatch.risk.liquidation.ways import Ways
from marginwatch.risk.margin.models import margins
from marginwatch.risk.margin.prices import prices_now
from marginwatch.risk.margin.sheet import MarginSheet
from marginwatch.risk.workspace import Workspace

ISOLATED = MARGIN_MODES["isolated"]


@dataclass(slots=True, frozen=True, eq=False)
class CoinDistances:
    """Distances under a move of one coin alone, one row for each account and coin it bets on, sorted by account.

    Parameters
    ----------
    account, coin : ndarray of shape (g,), int64
        Rows of the sheet.
    ways : Ways
        Shape (g,).
    """

    account: CodeArray
    coin: CodeArray
    ways: Ways


@dataclass(slots=True, frozen=True, eq=False)
class Distances:
    """All distances to liquidation of the accounts of a sheet.

    Parameters
    ----------
    sheet : MarginSheet
        What they are of; its moment is theirs.
    common : Ways
        By account, shocks of Bitcoin's price that all coins follow with their betas.
    cautious : Ways
        The same with each coin at the worse end of its beta's band.
    no_new_risk : Ways
        The same as ``common``, to where initial margin uses up the equity and the venue refuses new risk.
    coins : CoinDistances
        One coin at a time.
    legs : LegDistances
        Isolated positions.
    """

    sheet: MarginSheet
    common: Ways
    cautious: Ways
    no_new_risk: Ways
    coins: CoinDistances
    legs: LegDistances


def distances(sheet: MarginSheet, betas: Betas, work: Workspace | None = None) -> Distances:
    """Return every account's distance to liquidation, both ways, by all three methods.

    The limit is where headroom, adjusted equity − maintenance margin, is 0; looked for between −99 % and +500 %. An
    isolated account dies leg by leg: its ways are those of its nearest leg. An account without anything to lose (no legs,
    no debts) gives *not applicable*.

    Parameters
    ----------
    sheet : MarginSheet
        The accounts.
    betas : Betas
        By coin of the sheet, shape (m,).
    work : Workspace, optional
        Buffers to be used again.
    """
    work = work or Workspace()
    legs = isolated_distances(sheet, work)
    common = common_shock(sheet, betas, work)
    plain = plain_exponents(sheet, betas, legs.leg)
    falling, rising = (cautious_exponents(sheet, betas, legs.leg, direction) for direction in (-1, 1))
    return Distances(
        sheet=sheet,
        common=with_isolated(account_ways(common), sheet, legs, plain, plain),
        cautious=with_isolated(cautious_ways(sheet, betas, work), sheet, legs, falling, rising),
        no_new_risk=account_ways(replace(common, of_initial=True)),
        coins=coin_distances(sheet, work),
        legs=legs,
    )


def account_ways(accounts: ShockedAccounts) -> Ways:
    """Return the nearest ways of accounts under their shocks; isolated and empty ones are not applicable."""
    now = accounts.headroom_at(0.0)
    down, up = (nearest_roots(accounts, now, grid) for grid in (DOWN_GRID, UP_GRID))
    return _ways(accounts, _without_question(accounts.sheet, down), _without_question(accounts.sheet, up))


def cautious_ways(sheet: MarginSheet, betas: Betas, work: Workspace) -> Ways:
    """Return the ways with betas at the worse end of their bands, which is another end for either direction."""
    falling, rising = (cautious_shock(sheet, betas, direction, work) for direction in (-1, 1))
    now = falling.headroom_at(0.0)
    down = _without_question(sheet, nearest_roots(falling, now, DOWN_GRID))
    up = _without_question(sheet, nearest_roots(rising, now, UP_GRID))
    return _ways(falling, down, up, rising)


def _ways(accounts: ShockedAccounts, down: Roots, up: Roots, rising: ShockedAccounts | None = None) -> Ways:
    return Ways(
        down.shock,
        up.shock,
        down.answer,
        up.answer,
        _legs_at(accounts, down),
        _legs_at(rising or accounts, up),
    )


def _legs_at(accounts: ShockedAccounts, roots: Roots) -> CodeArray:
    legs = np.full(accounts.size, NO_LEG)
    rows = np.flatnonzero(roots.answer == Answer.NUMBER)
    if rows.shape[0]:
        legs[rows] = worst_legs(accounts, rows, roots.shock[rows])
    return legs


def _without_question(sheet: MarginSheet, roots: Roots) -> Roots:
    """Return the roots with accounts set apart to which the question does not apply as a whole."""
    applies = concerned(sheet)
    applies[(sheet.mode == ISOLATED) & (applies == Answer.NUMBER)] = Answer.NOT_APPLICABLE
    is_aside = applies != Answer.NUMBER
    return Roots(np.where(is_aside, np.nan, roots.shock), np.where(is_aside, applies, roots.answer))


def coin_distances(sheet: MarginSheet, work: Workspace) -> CoinDistances:
    """Return the distances under a move of each coin alone, for accounts whose positions back each other.

    Where no option is involved, and no debt comes into another borrow tier, headroom is concave in a coin's price: profit is
    linear in it, margin by tiers convex, collateral by bands concave. So if it is above 0 at the end of the range it is so
    all the way, and one look tells.
    """
    pairs = coin_shocks(sheet, margins(sheet, prices_now(sheet)), coin_exposures(sheet), work)
    now = pairs.shocked.headroom_at(0.0)
    down, up = (_coin_roots(pairs, now, grid) for grid in (DOWN_GRID, UP_GRID))
    ways = _ways(pairs.shocked, down, up)
    own_legs = np.append(pairs.leg, NO_LEG)
    ways = replace(ways, down_leg=own_legs[ways.down_leg], up_leg=own_legs[ways.up_leg])
    return CoinDistances(pairs.account, pairs.coin, ways)


def _coin_roots(pairs: CoinShocks, now: FloatArray, grid: FloatArray) -> Roots:
    shock = np.full(now.shape[0], np.nan)
    answer = np.zeros(now.shape[0], np.uint8)
    may_bend = pairs.has_options | crosses_debt_steps(pairs, float(grid[-1]))
    for bends, looked_at in ((False, grid[-1:]), (True, grid)):
        rows = np.flatnonzero(may_bend == bends)
        if rows.shape[0]:
            subjects = pairs.shocked if rows.shape == now.shape else pairs.shocked.part(rows)
            roots = nearest_roots(subjects, now[rows], looked_at)
            shock[rows], answer[rows] = roots.shock, roots.answer
    return Roots(shock, answer)
