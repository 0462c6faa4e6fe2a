"""Order books with depth: made when somebody looks, a function of the market's state and a seed alone.

The best levels are the ticker's. Below them sizes stand on a fixed grid of prices, so that a book moves through its levels as
a real one does; a part of them changes with every move of the market, and all are thinner in stress. Round prices hold more.
"""

import zlib
from decimal import Decimal
from typing import NamedTuple

from marginwatch.sim.instruments import SPOT_STEP, Contract, SpotPair
from marginwatch.sim.market_rows import BookRow, Level
from marginwatch.sim.money import EXACT
from marginwatch.sim.rows import TickerRow
from marginwatch.sim.scenario import CALM, Regime

GRID = 1e-4
"""Distance of levels as a part of the price, before it is rounded down to a handsome number of ticks."""

ONE_PERCENT_USD: dict[str, float] = {
    "BTC": 40e6,
    "ETH": 25e6,
    "SOL": 10e6,
    "XRP": 6e6,
    "BNB": 4e6,
    "DOGE": 4e6,
}
OTHERS_USD = 1.5e6
"""What stands within 1 % of the price on either side of a coin's USDT perpetual, USD; round figures of their order."""

USDC_PART, INVERSE_PART, DATED_PART, SPOT_PART = 0.15, 0.25, 0.1, 0.3
"""Of it, in the coin's other contracts."""

OPTION_LEVEL_USD = 20_000.0
LEVELS_MAX = 1000
WALL_EVERY, WALL = 10, 3.0
CHANGES_EVERY = 8
"""Each level changes once in so many moves of the market, one in so many at each."""

_MASK = (1 << 64) - 1


class Ladder(NamedTuple):
    """What never changes of one book."""

    tick: Decimal
    step: float
    step_exact: Decimal
    gap_ticks: int
    level_usd: float
    salt: int


class Depth:
    """Makes the books of all symbols.

    Parameters
    ----------
    seed : int
        Same seed, same books of the same market.
    """

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._ladders: dict[tuple[str, str], Ladder] = {}
        self.factors: dict[str, float] = {}
        """Symbol (``""``: every other one) → by how much its depth is changed from outside."""

    def book(
        self, ticker: TickerRow, listed: Contract | SpotPair, n_levels: int, regime: Regime, version: int
    ) -> BookRow:
        """Return up to ``n_levels`` levels on each side; fewer bids where prices end.

        Parameters
        ----------
        ticker : TickerRow
            Of this moment: its best bid and ask are the book's.
        listed : Contract or SpotPair
            What it is of.
        n_levels : int
            From 1 to 1,000.
        regime : Regime
            Depth falls as its volatility rises above the calm one's.
        version : int
            How often the market has moved.

        Raises
        ------
        ValueError
            If ``n_levels`` is out of range.
        """
        if not 1 <= n_levels <= LEVELS_MAX:
            raise ValueError(f"n_levels must be from 1 to {LEVELS_MAX}, got {n_levels}")
        ladder = self._ladder(ticker, listed)
        factor = self.factors.get(ticker.symbol, self.factors.get("", 1.0))
        usd = ladder.level_usd * factor * min(1.0, CALM.volatility / regime.volatility)
        steps = usd / ladder.step
        if ticker.category != "inverse":
            steps /= float(ticker.index_price)
        gap = ladder.gap_ticks
        below = (int(ticker.bid_price / ladder.tick) - 1) // gap
        above = int(ticker.ask_price / ladder.tick) // gap + 1
        lowest = max(1, below - n_levels + 2)
        bids = [self._level(ladder, line, steps, version) for line in range(below, lowest - 1, -1)]
        asks = [self._level(ladder, line, steps, version) for line in range(above, above + n_levels - 1)]
        return BookRow(
            category=ticker.category,
            symbol=ticker.symbol,
            bids=((ticker.bid_price, ticker.bid_size), *bids),
            asks=((ticker.ask_price, ticker.ask_size), *asks),
            cross_seq=ticker.cross_seq,
            version=version,
            ts_ms=ticker.ts_ms,
        )

    def _level(self, ladder: Ladder, line: int, steps: float, version: int) -> Level:
        part = _part(ladder.salt, line, (version + line) // CHANGES_EVERY)
        wall = WALL if line % WALL_EVERY == 0 else 1.0
        size = max(1, int(steps * wall * (0.4 + 1.2 * part)))
        return EXACT.multiply(ladder.tick, line * ladder.gap_ticks), EXACT.multiply(ladder.step_exact, size)

    def _ladder(self, ticker: TickerRow, listed: Contract | SpotPair) -> Ladder:
        key = (ticker.category, ticker.symbol)
        if (kept := self._ladders.get(key)) is not None:
            return kept
        contract = listed if isinstance(listed, Contract) else None
        step = contract.step if contract else SPOT_STEP
        # A price that never changes, so that the grid does not either.
        ticks = float(ticker.previous_price_24h / listed.tick)
        is_option = ticker.category == "option"
        gap = 1 if is_option else _handsome(ticks * GRID)
        level_usd = OPTION_LEVEL_USD if is_option else _one_percent(listed) * gap / ticks / 0.01
        name = f"{self._seed}-{ticker.category}-{ticker.symbol}"
        ladder = Ladder(listed.tick, float(step), step, gap, level_usd, zlib.crc32(name.encode()))
        self._ladders[key] = ladder
        return ladder


def _one_percent(listed: Contract | SpotPair) -> float:
    if isinstance(listed, SpotPair):
        return ONE_PERCENT_USD.get(listed.base, OTHERS_USD) * SPOT_PART
    usd = ONE_PERCENT_USD.get(listed.coin, OTHERS_USD)
    if listed.is_inverse:
        usd *= INVERSE_PART
    elif listed.settle == "USDC":
        usd *= USDC_PART
    return usd if listed.is_perpetual else usd * DATED_PART


def _handsome(ticks: float) -> int:
    """Return the largest of 1, 2, 5, 10, 20 … that is not above ``ticks``, at least 1."""
    best = power = 1
    while power <= ticks:
        best = max(times * power for times in (1, 2, 5) if times * power <= ticks)
        power *= 10
    return best


def _part(salt: int, line: int, epoch: int) -> float:
    """Return a number in [0, 1) that belongs to these three: the finalizer of SplitMix64 over them.

    References
    ----------
    Steele, Lea and Flood (2014), Fast splittable pseudorandom number generators, OOPSLA.
    """
    x = (salt + line * 0x9E3779B97F4A7C15 + epoch * 0xD1B54A32D192ED03) & _MASK
    x = ((x ^ (x >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    x = ((x ^ (x >> 27)) * 0x94D049BB133111EB) & _MASK
    return ((x ^ (x >> 31)) >> 40) / (1 << 24)
