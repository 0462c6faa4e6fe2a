"""Black-76: the worth of a European option on a forward, and its greeks in the exchange's units.

No discounting: the exchange quotes options on the forward of their expiry and settles in a stablecoin without interest.
"""

import math
from typing import NamedTuple

DAYS_A_YEAR = 365.0
HIGHEST_VOLATILITY, HALVINGS = 10.0, 50
_ROOT_TWO, _ROOT_TWO_PI = math.sqrt(2.0), math.sqrt(2.0 * math.pi)


class Greeks(NamedTuple):
    """Sensitivities of one option: delta per coin, gamma per USD, vega per vol point, theta per day."""

    delta: float = 0.0
    gamma: float = 0.0
    vega: float = 0.0
    theta: float = 0.0


def price(forward: float, strike: float, volatility: float, years: float, *, is_call: bool) -> float:
    """Return the worth of one option in the forward's currency; its payoff where no time or volatility is left.

    References
    ----------
    Black (1976), The pricing of commodity contracts, J. Financial Economics 3.
    """
    sign = 1.0 if is_call else -1.0
    deviation = volatility * math.sqrt(years) if years > 0.0 else 0.0
    if deviation <= 0.0:
        return max(0.0, sign * (forward - strike))
    up = math.log(forward / strike) / deviation + 0.5 * deviation
    worth = sign * (forward * _normal(sign * up) - strike * _normal(sign * (up - deviation)))
    return max(0.0, worth)


def implied_volatility(
    worth: float, forward: float, strike: float, years: float, *, is_call: bool
) -> float | None:
    """Return the volatility at which an option is worth so much, by bisection; None if there is none up to 1,000 %.

    None as well where no time is left, and where the worth is that of no volatility or less.
    """
    low, high = 0.0, HIGHEST_VOLATILITY
    floor, ceiling = (price(forward, strike, end, years, is_call=is_call) for end in (low, high))
    if years <= 0.0 or not floor < worth < ceiling:
        return None
    for _ in range(HALVINGS):
        middle = 0.5 * (low + high)
        if price(forward, strike, middle, years, is_call=is_call) < worth:
            low = middle
        else:
            high = middle
    return 0.5 * (low + high)


def greeks(forward: float, strike: float, volatility: float, years: float, *, is_call: bool) -> Greeks:
    """Return the greeks of one option in the exchange's units.

    On its last day gamma and theta are those of the model times the part of a day that remains, as the exchange's are.

    References
    ----------
    Recorded option tickers (2023 to 2024): vega is of one vol point, theta of a day, and with 0.862 days to go gamma and
    theta are 0.862 times the model's.
    """
    deviation = volatility * math.sqrt(years) if years > 0.0 else 0.0
    if deviation <= 0.0:
        is_worth = forward > strike if is_call else forward < strike
        return Greeks(delta=(1.0 if is_call else -1.0) if is_worth else 0.0)
    up = math.log(forward / strike) / deviation + 0.5 * deviation
    density = math.exp(-0.5 * up * up) / _ROOT_TWO_PI
    last_day = min(1.0, years * DAYS_A_YEAR)
    return Greeks(
        delta=_normal(up) - (0.0 if is_call else 1.0),
        gamma=density / (forward * deviation) * last_day,
        vega=forward * density * math.sqrt(years) / 100.0,
        theta=-forward * density * volatility / (2.0 * math.sqrt(years)) / DAYS_A_YEAR * last_day,
    )


def _normal(value: float) -> float:
    return 0.5 * (1.0 + math.erf(value / _ROOT_TWO))
