"""What a scenario does to each coin: a move of its own, that of a coin it stands for, Bitcoin's by its beta, or none."""

from enum import IntEnum
from typing import NamedTuple

import numpy as np

from marginwatch.book.table import BoolArray, CodeArray, FloatArray
from marginwatch.model.ids import Asset
from marginwatch.model.scenario import Scenario
from marginwatch.risk.betas import Betas
from marginwatch.risk.history.mapping import BENCHMARK, NAMED_PROXIES
from marginwatch.risk.margin.sheet import MarginSheet


class MoveSource(IntEnum):
    """Where the move of a coin comes from."""

    STAYS = 0  # it does not move: exempt, or nothing moves it
    OWN = 1  # the scenario names the coin
    NAMED = 2  # the scenario names the coin that it is a wrapped or staked form of
    BETA = 3  # Bitcoin's move by its beta


class CoinMoves(NamedTuple):
    """What scenarios do to coins of a sheet.

    Parameters
    ----------
    factor : ndarray of shape (s, m), float64
        Factor on each coin's USD price, > 0.
    source : ndarray of shape (s, m), int64
        Codes of :class:`MoveSource`.
    exponent : ndarray of shape (s, m), float64
        Power of Bitcoin's factor, where the source is its beta; else NaN.
    """

    factor: FloatArray
    source: CodeArray
    exponent: FloatArray


class Borrowed(NamedTuple):
    """A held coin whose move is not its own.

    Parameters
    ----------
    coin, proxy : str
        Whose, and whose instead.
    exponent : float
        Power of the proxy's factor: 1 for a named proxy, the beta for Bitcoin.
    move : float
        What came of it, fraction.
    """

    coin: Asset
    proxy: Asset
    exponent: float
    move: float


def coin_moves(sheet: MarginSheet, betas: Betas, scenarios: tuple[Scenario, ...]) -> CoinMoves:
    """Return what each scenario does to each coin.

    In this order: the coin's own move; that of the coin it is a form of; nothing for exempt coins; Bitcoin's move s as
    ``(1 + s) ** (beta × beta factor)``, with an exponent of 1 for Bitcoin itself and forms of it.

    Parameters
    ----------
    sheet : MarginSheet
        Names the coins.
    betas : Betas
        By coin of the sheet, shape (m,).
    scenarios : tuple of Scenario
        Shape (s,).

    Raises
    ------
    ValueError
        If ``betas`` are not those of the sheet's coins.
    """
    names = sheet.coin_names
    if betas.value.shape != (len(names),):
        raise ValueError(f"betas must have shape ({len(names)},), one for each coin, got {betas.value.shape}")
    shape = (len(scenarios), len(names))
    factor, source, exponent = np.ones(shape), np.zeros(shape, np.int64), np.full(shape, np.nan)
    rows: dict[Asset, list[int]] = {}
    for row, name in enumerate(names):
        if name:
            rows.setdefault(name, []).append(row)
    stands_for: BoolArray = np.array([name is not None and _form_of(name) == BENCHMARK for name in names])
    follows = np.array([bool(name) for name in names]) & ~sheet.coin_is_exempt
    for place, scenario in enumerate(scenarios):
        if scenario.btc_move is not None:
            power = np.where(stands_for, 1.0, betas.value * scenario.beta_factor)[follows]
            exponent[place, follows] = power
            factor[place, follows] = (1.0 + scenario.btc_move) ** power
            source[place, follows] = MoveSource.BETA
        for named, move in _named(scenario, rows).items():
            source[place, rows[named]] = MoveSource.OWN if named in scenario.moves else MoveSource.NAMED
            factor[place, rows[named]] = 1.0 + move
            exponent[place, rows[named]] = np.nan
        if scenario.btc_move is not None and BENCHMARK in rows and BENCHMARK not in scenario.moves:
            source[place, rows[BENCHMARK]] = MoveSource.OWN
    return CoinMoves(factor, source, exponent)


def _form_of(name: Asset) -> Asset:
    return NAMED_PROXIES.get(name, name)


def _named(scenario: Scenario, rows: dict[Asset, list[int]]) -> dict[Asset, float]:
    """Return the moves of coins of the sheet that a scenario states, forms of the coins it names among them."""
    moves = scenario.moves
    forms = {form: moves[coin] for form, coin in NAMED_PROXIES.items() if coin in moves}
    return {coin: move for coin, move in (forms | moves).items() if coin in rows}


def held_coins(sheet: MarginSheet) -> BoolArray:
    """Return which coins matter to somebody: in a wallet, or the underlying, quote or settlement coin of a leg; (m,)."""
    held = np.zeros(len(sheet.coin_names), np.bool_)
    held[sheet.holding_coin] = True
    for coins in (sheet.underlying_coin, sheet.quote_coin, sheet.settle_coin):
        held[coins[sheet.leg_contract]] = True
    held[0] = False
    return held


def borrowed_moves(sheet: MarginSheet, moves: CoinMoves, place: int) -> tuple[Borrowed, ...]:
    """Return the held coins that scenario number ``place`` moves by another coin's move, each name once."""
    found: dict[Asset, Borrowed] = {}
    for row in np.flatnonzero(held_coins(sheet)).tolist():
        name, source = sheet.coin_names[row], int(moves.source[place, row])
        if name is None or name in found or source not in (MoveSource.NAMED, MoveSource.BETA):
            continue
        is_named = source == MoveSource.NAMED
        found[name] = Borrowed(
            coin=name,
            proxy=_form_of(name) if is_named else BENCHMARK,
            exponent=1.0 if is_named else float(moves.exponent[place, row]),
            move=float(moves.factor[place, row]) - 1.0,
        )
    return tuple(found.values())


def unmet_moves(sheet: MarginSheet, scenario: Scenario) -> tuple[Asset, ...]:
    """Return the coins that a scenario moves and nobody holds: a slip of the pen shows here."""
    held = {sheet.coin_names[row] for row in np.flatnonzero(held_coins(sheet)).tolist()}
    return tuple(
        coin
        for coin in scenario.moves
        if coin not in held and not any(NAMED_PROXIES.get(name or "") == coin for name in held)
    )
