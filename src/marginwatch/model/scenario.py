"""A named set of shocks: what happens to prices, volatilities, time and funding."""

import math
from enum import StrEnum

import msgspec

from marginwatch.model.ids import Asset

MOVE_MAX = 1_000.0
"""A thousandfold; beyond it somebody wrote percent."""

VOLATILITY_SHIFT_MAX = 10.0
HOURS_LATER_MAX = 24.0 * 366.0
BETA_FACTOR_MAX = 10.0
FUNDING_RATE_MAX = 1.0
FUNDING_PAYMENTS_MAX = 100


class ScenarioKind(StrEnum):
    """Where a scenario comes from."""

    GRID = "grid"  # Bitcoin's move × how hard others follow × volatility
    COIN = "coin"  # one coin alone
    DEPEG = "depeg"  # a stablecoin falls
    FUNDING = "funding"  # payments at a stated rate
    DAY = "day"  # recorded days once more
    OWN = "own"  # the desk's own


class Scenario(msgspec.Struct, frozen=True, kw_only=True):
    """What happens at once to everything held.

    Parameters
    ----------
    name : str
        What people call it.
    kind : ScenarioKind, default="own"
        Where it comes from.
    btc_move : float or None, default=None
        Move of Bitcoin's USD price, fraction > −1, which every coin without a move of its own follows with its beta; None:
        they stay.
    beta_factor : float, default=1
        Factor ≥ 0 on the betas of all coins but Bitcoin.
    moves : dict of Asset to float, default={}
        Moves of their own, of USD prices, fractions > −1. That of a stablecoin moves the marks quoted in it the other way.
    volatility_shift : float, default=0
        Added to every implied volatility, annual fraction.
    hours_later : float, default=0
        Time that passes for options, hours ≥ 0.
    funding_rate : float, default=0
        Rate of each funding payment, fraction; longs pay when positive.
    funding_payments : int, default=0
        How many such payments are made, at the marks of the scenario.

    Raises
    ------
    ValueError
        If a value is out of range, naming field, rule and value.
    """

    name: str
    kind: ScenarioKind = ScenarioKind.OWN
    btc_move: float | None = None
    beta_factor: float = 1.0
    moves: dict[Asset, float] = msgspec.field(default_factory=dict[Asset, float])
    volatility_shift: float = 0.0
    hours_later: float = 0.0
    funding_rate: float = 0.0
    funding_payments: int = 0

    def __post_init__(self) -> None:
        for field, value in self._moves_by_field():
            if not -1.0 < value <= MOVE_MAX:
                raise ValueError(
                    f"{field} must be a fraction above -1 and at most {MOVE_MAX:g} (-0.2 is a fall by 20 %), got {value:g}"
                )
        for field, value, least, most in (
            ("beta_factor", self.beta_factor, 0.0, BETA_FACTOR_MAX),
            ("volatility_shift", self.volatility_shift, -VOLATILITY_SHIFT_MAX, VOLATILITY_SHIFT_MAX),
            ("hours_later", self.hours_later, 0.0, HOURS_LATER_MAX),
            ("funding_rate", self.funding_rate, -FUNDING_RATE_MAX, FUNDING_RATE_MAX),
            ("funding_payments", float(self.funding_payments), 0.0, float(FUNDING_PAYMENTS_MAX)),
        ):
            if not (math.isfinite(value) and least <= value <= most):
                raise ValueError(f"{field} must be between {least:g} and {most:g}, got {value:g}")

    def _moves_by_field(self) -> list[tuple[str, float]]:
        own = [(f"moves.{coin}", move) for coin, move in self.moves.items()]
        return own if self.btc_move is None else [("btc_move", self.btc_move), *own]
