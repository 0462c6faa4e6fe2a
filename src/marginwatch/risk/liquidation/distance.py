"""How far each account is from its liquidation: under one move of the market, under a move of each coin, leg by leg."""

from dataclasses import dataclass, replace

import numpy as np

from marginwatch.book.accounts import MARGIN_MODES
from marginwatch.book.table import BoolArray, CodeArray, FloatArray
from marginwatch.risk.answers import Answer, AnswerArray
from marginwatch.risk.betas import Betas
from marginwatch.risk.liquidation.by_coin import CoinShocks, coin_shocks
from marginwatch.risk.liquidation.contribution import NO_LEG, worst_legs
from marginwatch.risk.liquidation.exposures import coin_exposures
from marginwatch.risk.liquidation.isolated import shocked_legs
from marginwatch.risk.liquidation.market_move import cautious_shock, common_shock
from marginwatch.risk.liquidation.roots import DOWN_GRID, UP_GRID, Roots, nearest_roots
from marginwatch.risk.liquidation.shocks import ShockedAccounts
from marginwatch.risk.margin.models import margins
from marginwatch.risk.margin.prices import prices_now
from marginwatch.risk.margin.sheet import MarginSheet
from marginwatch.risk.workspace import Workspace

ISOLATED = MARGIN_MODES["isolated"]


@dataclass(slots=True, frozen=True, eq=False)
class Ways:
    """The nearest liquidation of each subject in both directions, shape (p,).

    Parameters
    ----------
    down, up : ndarray of float64
        Shock, fraction, ``down`` ≤ 0 ≤ ``up``; 0 where the limit is reached already; NaN without a number.
    down_answer, up_answer : ndarray of uint8
        What kind of answer each is.
    down_leg, up_leg : ndarray of int64
        Leg of the sheet that takes most of the headroom on that way; −1 for none.
    """

    down: FloatArray
    up: FloatArray
    down_answer: AnswerArray
    up_answer: AnswerArray
    down_leg: CodeArray
    up_leg: CodeArray

    @property
    def is_down_nearer(self) -> BoolArray:
        """Whether the nearest way is that down."""
        return ~(np.nan_to_num(np.abs(self.down), nan=np.inf) > np.nan_to_num(self.up, nan=np.inf))

    @property
    def shock(self) -> FloatArray:
        """The nearer shock of the two, signed; NaN if there is none or one of them is not known."""
        nearer = np.where(self.is_down_nearer, self.down, self.up)
        return np.where(self.answer == Answer.NUMBER, nearer, np.nan)

    @property
    def leg(self) -> CodeArray:
        """The leg that takes most on the nearer way."""
        return np.where(self.is_down_nearer, self.down_leg, self.up_leg)

    @property
    def answer(self) -> AnswerArray:
        """Of both ways together: missing if either is, a number if either is, else what both are."""
        return nearest_answer(self.down_answer, self.up_answer)


def nearest_answer(down: AnswerArray, up: AnswerArray) -> AnswerArray:
    """Return the answer of the nearer of two ways."""
    either = np.where((down == Answer.NUMBER) | (up == Answer.NUMBER), np.uint8(Answer.NUMBER), down)
    return np.where((down == Answer.MISSING) | (up == Answer.MISSING), np.uint8(Answer.MISSING), either)


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
class LegDistances:
    """Distances of isolated legs, under a move of their own contract's price.

    Parameters
    ----------
    leg : ndarray of shape (p,), int64
        Legs of the sheet.
    ways : Ways
        Shape (p,).
    """

    leg: CodeArray
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
    return Distances(
        sheet=sheet,
        common=_with_isolated(account_ways(common), common, legs),
        cautious=_with_isolated(cautious_ways(sheet, betas, work), common, legs),
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
    """Return the roots with accounts set apart to which the question does not apply."""
    owes = np.bincount(
        sheet.holding_account,
        weights=(sheet.holding_cash < 0.0) | (sheet.holding_borrowed > 0.0),
        minlength=sheet.n_accounts,
    )
    is_idle = (np.diff(sheet.first_leg) == 0) & (owes == 0.0)
    is_aside = is_idle | (sheet.mode == ISOLATED)
    return Roots(
        np.where(is_aside, np.nan, roots.shock),
        np.where(is_aside, np.uint8(Answer.NOT_APPLICABLE), roots.answer),
    )


def coin_distances(sheet: MarginSheet, work: Workspace) -> CoinDistances:
    """Return the distances under a move of each coin alone, for accounts whose positions back each other.

    Where no option is involved headroom is concave in a coin's price: profit is linear in it, margin by tiers convex,
    collateral by bands concave. So if it is above 0 at the end of the range it is so all the way, and one look tells.
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
    for has_options, looked_at in ((False, grid[-1:]), (True, grid)):
        rows = np.flatnonzero(pairs.has_options == has_options)
        if rows.shape[0]:
            subjects = pairs.shocked if rows.shape == now.shape else pairs.shocked.part(rows)
            roots = nearest_roots(subjects, now[rows], looked_at)
            shock[rows], answer[rows] = roots.shock, roots.answer
    return Roots(shock, answer)


def isolated_distances(sheet: MarginSheet, work: Workspace) -> LegDistances:
    """Return the distances of every leg in isolated margin, as moves of its own contract's price."""
    rows = np.flatnonzero(sheet.mode[sheet.leg_account] == ISOLATED)
    legs = shocked_legs(sheet, rows, work)
    now = legs.headroom_at(0.0)
    down, up = (nearest_roots(legs, now, grid) for grid in (DOWN_GRID, UP_GRID))
    return LegDistances(rows, Ways(down.shock, up.shock, down.answer, up.answer, rows, rows))


def _with_isolated(ways: Ways, common: ShockedAccounts, legs: LegDistances) -> Ways:
    """Return the ways with those of isolated accounts filled in: the nearest of their legs, as shocks of Bitcoin."""
    if not legs.leg.shape[0]:
        return ways
    exponent = common.leg_exponents[common.leg_code[legs.leg]]
    account = common.sheet.leg_account[legs.leg]
    own = legs.ways
    follows = exponent > 0.0
    falling = Roots(np.where(follows, own.down, own.up), np.where(follows, own.down_answer, own.up_answer))
    rising = Roots(np.where(follows, own.up, own.down), np.where(follows, own.up_answer, own.down_answer))
    down = _nearest_leg(falling, exponent, account, legs.leg, DOWN_GRID[-1])
    up = _nearest_leg(rising, exponent, account, legs.leg, UP_GRID[-1])
    mine = np.unique(account)
    filled = replace(ways, **{name: getattr(ways, name).copy() for name in ways.__slots__})
    for column, values in zip(
        ("down", "down_answer", "down_leg", "up", "up_answer", "up_leg"), (*down, *up), strict=True
    ):
        getattr(filled, column)[mine] = values
    return filled


def _nearest_leg(
    roots: Roots, exponent: FloatArray, account: CodeArray, leg: CodeArray, end: float
) -> tuple[FloatArray, AnswerArray, CodeArray]:
    """Return shock, answer and leg of each account with such legs, ascending."""
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        shock = np.expm1(np.log1p(roots.shock) / exponent)
    shock = np.where(roots.shock == 0.0, 0.0, shock)
    is_within = np.abs(shock) <= abs(end)
    answer = np.where(
        (roots.answer == Answer.NUMBER) & ~is_within, np.uint8(Answer.NONE_IN_RANGE), roots.answer
    )
    # Missing comes first, then the nearest number, then none.
    rank = np.where(answer == Answer.MISSING, -1.0, np.where(answer == Answer.NUMBER, np.abs(shock), np.inf))
    order = np.lexsort((rank, account))
    _, first = np.unique(account[order], return_index=True)
    best = order[first]
    is_number = answer[best] == Answer.NUMBER
    return np.where(is_number, shock[best], np.nan), answer[best], np.where(is_number, leg[best], NO_LEG)
