"""How likely an account reaches its limit within some hours: an estimate from what hours have been like.

Filtered historical simulation: past hourly returns of all coins together, each divided by the volatility of its time and
multiplied by that of now, drawn hour by hour with replacement into paths. An account dies on a path if its profit, linear in
the coins' returns (delta), ever falls below what it can lose. So it knows joint moves, fat tails and present volatility, and
does not know margin that grows on the way otherwise than at the root, convexity of options, and what people do meanwhile.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from marginwatch.book.accounts import MARGIN_MODES
from marginwatch.book.table import FloatArray
from marginwatch.risk.answers import Answer, AnswerArray
from marginwatch.risk.liquidation.concerned import concerned
from marginwatch.risk.liquidation.exposures import coin_exposures
from marginwatch.risk.margin.sheet import MarginSheet

N_PATHS = 2000
ACCOUNTS_AT_ONCE = 500
"""So that no array grows beyond some megabytes."""

HOURS_MIN = 240
"""Fewer hours of history than this say nothing about tails."""


@dataclass(slots=True, frozen=True, eq=False)
class Passage:
    """Chances of first passage.

    Parameters
    ----------
    within : dict of int to ndarray of shape (k,), float64
        By hours: the part of paths on which the account reached its limit; NaN without a number.
    answer : ndarray of shape (k,), uint8
        Which kind of answer all of an account's are: a number; *not applicable* to accounts without positions and debts, and
        to isolated ones, which die leg by leg; missing where their room or the past is not known.
    n_hours : int
        Hours of history it rests on.
    n_paths : int
        Paths drawn: chances below 1 ÷ n_paths show as 0.
    """

    within: dict[int, FloatArray]
    answer: AnswerArray
    n_hours: int
    n_paths: int


def first_passage(
    sheet: MarginSheet,
    room: FloatArray,
    returns: FloatArray,
    funding: dict[int, FloatArray],
    *,
    seed: int = 0,
    n_paths: int = N_PATHS,
) -> Passage:
    """Return the chance that each account reaches its limit within some hours.

    Parameters
    ----------
    sheet : MarginSheet
        The accounts.
    room : ndarray of shape (k,), float64
        What each may lose before its limit, USD: loss at its nearest root, or headroom; NaN where unknown.
    returns : ndarray of shape (t, m), float64
        Hourly simple returns of each coin of the sheet, filtered to the present volatility; NaN counts as no move.
    funding : dict of int to ndarray of shape (k,)
        By hours asked for: payments due until then, USD, received > 0. They are taken from the room at once.
    seed : int, default=0
        Of the paths: the same one gives the same chances.
    n_paths : int, default=2000
        How many to draw.

    Raises
    ------
    ValueError
        If ``returns`` has not one column for each coin.

    References
    ----------
    Barone-Adesi, Giannopoulos and Vosper (1999), VaR without correlations for portfolios of derivative securities, J.
    Futures Markets 19, for the filter; Efron's bootstrap for the paths.
    """
    n_coins = sheet.coin_usd.shape[0]
    if returns.shape[1] != n_coins:
        raise ValueError(f"returns must have {n_coins} columns, one for each coin, got {returns.shape[1]}")
    n_hours, k = returns.shape[0], sheet.n_accounts
    within = {hours: np.full(k, np.nan) for hours in funding}
    answer = _answers(sheet, room if n_hours >= HOURS_MIN else np.full(k, np.nan))
    if n_hours < HOURS_MIN:
        return Passage(within, answer, n_hours, n_paths)
    longest = max(funding)
    drawn = np.random.default_rng(seed).integers(0, n_hours, (longest, n_paths))
    moves = np.nan_to_num(returns)
    exposures = coin_exposures(sheet)
    for start in range(0, k, ACCOUNTS_AT_ONCE):
        end = min(start + ACCOUNTS_AT_ONCE, k)
        mine = np.flatnonzero((exposures.account >= start) & (exposures.account < end))
        held = np.zeros((end - start, n_coins))
        held[exposures.account[mine] - start, exposures.coin[mine]] = exposures.usd[mine]
        coins = np.flatnonzero(held.any(axis=0))
        profit = held[:, coins] @ moves[:, coins].T
        for hours, lowest in _lowest(profit, drawn, sorted(funding)):
            left = room[start:end] + funding[hours][start:end]
            chance = (lowest <= -left[:, None]).mean(axis=1)
            is_number = answer[start:end] == Answer.NUMBER
            within[hours][start:end] = np.where(is_number, chance, np.nan)
    return Passage(within, answer, n_hours, n_paths)


def _answers(sheet: MarginSheet, room: FloatArray) -> AnswerArray:
    answer = concerned(sheet)
    answer[(answer == Answer.NUMBER) & np.isnan(room)] = Answer.MISSING
    answer[(sheet.mode == MARGIN_MODES["isolated"]) & (np.diff(sheet.first_leg) > 0)] = Answer.NOT_APPLICABLE
    return answer


def _lowest(profit: FloatArray, drawn: NDArray[np.int64], asked: list[int]) -> list[tuple[int, FloatArray]]:
    """Return the lowest profit of each account on each path until each of the hours asked for."""
    shape = (int(profit.shape[0]), int(drawn.shape[1]))
    total: FloatArray = np.zeros(shape)
    lowest: FloatArray = np.zeros(shape)
    found: list[tuple[int, FloatArray]] = []
    for hour in range(asked[-1]):
        total = total + profit[:, drawn[hour]]
        np.minimum(lowest, total, out=lowest)
        if hour + 1 in asked:
            found.append((hour + 1, lowest.copy()))
    return found
