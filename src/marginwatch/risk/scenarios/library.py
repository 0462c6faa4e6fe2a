"""Scenarios that everybody wants: a grid of moves, recorded days, stablecoins that fall, funding that spikes."""

import itertools
from collections.abc import Iterable, Sequence

from marginwatch.model.ids import Asset
from marginwatch.model.scenario import Scenario, ScenarioKind
from marginwatch.risk.scenarios.recorded_days import DAYS, recorded_moves

BTC = "BTC"

BTC_MOVES = (-0.5, -0.3, -0.2, -0.1, 0.1, 0.2, 0.3)
BETA_FACTORS = (1.0, 1.5)
VOLATILITY_SHIFTS = (0.0, 0.5)
"""The grid without settings. Bitcoin fell by 44 % to its low of 2020-03-12 and by 16 % to that of 2025-10-10, when altcoins
fell half as much again as their betas say; implied volatilities rose by 50 points and more on such days."""

DEPEG_MOVES = (-0.05, -0.12)
"""USDT traded 5 % below a dollar on 2022-05-12, USDC 12 % below on 2023-03-11."""
STABLECOINS = ("USDT", "USDC")

FUNDING_RATE = 0.0075
FUNDING_PAYMENTS = 3
"""A day of payments every 8 hours at a usual cap of large contracts."""


def standard_scenarios(own: Sequence[Scenario] = (), coins: Sequence[Scenario] = ()) -> tuple[Scenario, ...]:
    """Return what is run without being asked for: grid, days, coins alone, depegs, funding, then the desk's own.

    A scenario of the desk takes the place of a standard one of the same name, for it is asked for by its name.
    """
    standard = (*grid_scenarios(), *day_scenarios(), *coins, *depeg_scenarios(), *funding_scenarios())
    taken = {one.name for one in own}
    return (*(one for one in standard if one.name not in taken), *own)


def grid_scenarios(
    btc_moves: Sequence[float] = BTC_MOVES,
    beta_factors: Sequence[float] = BETA_FACTORS,
    volatility_shifts: Sequence[float] = VOLATILITY_SHIFTS,
) -> tuple[Scenario, ...]:
    """Return every combination of Bitcoin's move, a factor on the betas of all others, and a shift of volatilities.

    Parameters
    ----------
    btc_moves : sequence of float
        Fractions > −1.
    beta_factors : sequence of float
        ≥ 0.
    volatility_shifts : sequence of float
        Annual fractions.
    """
    return tuple(
        Scenario(
            name=_grid_name(move, factor, shift),
            kind=ScenarioKind.GRID,
            btc_move=move,
            beta_factor=factor,
            volatility_shift=shift,
        )
        for move, factor, shift in itertools.product(btc_moves, beta_factors, volatility_shifts)
    )


def _grid_name(move: float, factor: float, shift: float) -> str:
    parts = [f"BTC {move:+.4%}".rstrip("%").rstrip("0").rstrip(".") + "%"]
    if factor != 1.0:
        parts.append(f"betas ×{factor:g}")
    if shift:
        parts.append(f"volatility {shift * 100:+g}")
    return ", ".join(parts)


def day_scenarios(names: Iterable[str] = DAYS) -> tuple[Scenario, ...]:
    """Return recorded days once more, with the moves that were; others follow Bitcoin's with their betas.

    Volatilities stay, for none are recorded.

    Raises
    ------
    ValueError
        If there is no record of a name.
    """
    return tuple(_day(name) for name in names)


def _day(name: str) -> Scenario:
    if name not in DAYS:
        raise ValueError(f"there is no record of {name!r}; known are: {', '.join(DAYS)}")
    moves = dict(recorded_moves(name))
    return Scenario(name=name, kind=ScenarioKind.DAY, btc_move=moves.pop(BTC), moves=moves)


def coin_scenarios(coins: Iterable[Asset], moves: Sequence[float]) -> tuple[Scenario, ...]:
    """Return each coin alone by each move; all others stay, but for what is a wrapped or staked form of it."""
    return tuple(
        Scenario(name=f"{coin} alone {move:+.0%}", kind=ScenarioKind.COIN, moves={coin: move})
        for coin in coins
        for move in moves
    )


def depeg_scenarios(
    coins: Iterable[Asset] = STABLECOINS, moves: Sequence[float] = DEPEG_MOVES
) -> tuple[Scenario, ...]:
    """Return each stablecoin alone by each move: marks quoted in it move the other way, for other coins keep their worth."""
    return tuple(
        Scenario(name=f"{coin} {move:+.0%}", kind=ScenarioKind.DEPEG, moves={coin: move})
        for coin in coins
        for move in moves
    )


def funding_scenarios(rate: float = FUNDING_RATE, payments: int = FUNDING_PAYMENTS) -> tuple[Scenario, ...]:
    """Return the next payments of all perpetuals at ``rate``, paid by longs, and at ``−rate``, paid by shorts."""
    return tuple(
        Scenario(
            name=f"{payments} × funding at {signed * 100:+g} %",
            kind=ScenarioKind.FUNDING,
            funding_rate=signed,
            funding_payments=payments,
        )
        for signed in (rate, -rate)
    )
