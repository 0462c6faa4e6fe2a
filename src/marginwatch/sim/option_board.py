"""The options of the exchange: which are listed, and what they are worth; priced when somebody looks."""

import calendar
import datetime as dt
import math
from collections.abc import Iterator
from decimal import Decimal

from marginwatch.sim import black76
from marginwatch.sim.black76 import Greeks
from marginwatch.sim.instruments import Contract
from marginwatch.sim.money import ZERO, from_float, to_step
from marginwatch.sim.rows import OptionFigures
from marginwatch.sim.scenario import SECONDS_A_YEAR, Regime
from marginwatch.sim.surface import HIGHEST, Surface
from marginwatch.sim.tiers import Tier, TierTable

CARRY_PER_YEAR = 0.05
EXPIRY_HOUR = 8
DAY = dt.timedelta(days=1)
COINS: dict[str, tuple[str, str, int]] = {"BTC": ("5", "0.01", 1000), "ETH": ("0.1", "0.1", 50)}
"""Coin → price tick, quantity step, distance of strikes."""

STRIKES = (-0.15, -0.10, -0.05, 0.0, 0.05, 0.10, 0.15)
SETTLE_COINS = ("USDT", "USDC")
DELIVERY_FEE = Decimal("0.00015")
FIRST_ID = 5000
SMALLEST = Decimal("0.00000001")
_NO_TIERS = TierTable((Tier(Decimal(10) ** 15, Decimal(1), Decimal(1), ZERO),), "none: options have no tiers")


class OptionQuote:
    """Live figures of one option; reading any of them prices it at the market's present state."""

    __slots__ = (
        "_board", "_greeks", "_index", "_mark", "_seen", "_volatility", "contract", "cross_seq", "forward", "high", "last",
        "low", "mark_exact_kept", "open_interest", "start", "volume",
    )  # fmt: skip

    def __init__(self, board: "OptionBoard", contract: Contract) -> None:
        self._board = board
        self.contract = contract
        self.cross_seq = 10**11 + contract.symbol_id * 1000
        self.volume = self.open_interest = 0.0
        self.forward = self.high = self.last = self.low = self.start = 0.0
        self._index = self._mark = self._volatility = 0.0
        self.mark_exact_kept = ZERO
        self._greeks: Greeks | None = None
        self._seen = -1

    @property
    def index(self) -> float:
        """Index of the coin in the quote coin."""
        self._look()
        return self._index

    @property
    def mark(self) -> float:
        """Worth of one option in the quote coin."""
        self._look()
        return self._mark

    @property
    def mark_exact(self) -> Decimal:
        """The mark as the ledgers use it, 8 decimals."""
        self._look()
        return self.mark_exact_kept

    @property
    def volatility(self) -> float:
        """Implied volatility of the mark, annual fraction."""
        self._look()
        return self._volatility

    @property
    def greeks(self) -> Greeks:
        """Greeks of one option in the exchange's units."""
        self._look()
        if self._greeks is None:
            contract = self.contract
            self._greeks = black76.greeks(
                self.forward,
                float(contract.strike),
                self._volatility,
                self._board.years(contract),
                is_call=contract.is_call,
            )
        return self._greeks

    def shocked(self, price_factor: float, volatility_factor: float) -> float:
        """Return what one option would be worth with the forward and its volatility times these factors."""
        self._look()
        return black76.price(
            self.forward * price_factor,
            float(self.contract.strike),
            self._volatility * volatility_factor,
            self._board.years(self.contract),
            is_call=self.contract.is_call,
        )

    def _look(self) -> None:
        if self._seen == self._board.version:
            return
        self._seen, self._greeks = self._board.version, None
        contract, board = self.contract, self._board
        years = board.years(contract)
        self._index = board.usd[contract.coin] / board.usd[contract.quote]
        self.forward = self._index * math.exp(CARRY_PER_YEAR * years)
        strike = float(contract.strike)
        self._volatility = board.surfaces[contract.coin].volatility(self.forward, strike, years)
        worth = black76.price(self.forward, strike, self._volatility, years, is_call=contract.is_call)
        self.mark_exact_kept = max(from_float(worth), SMALLEST)
        self._mark = float(self.mark_exact_kept)
        self.last = max(float(to_step(worth, contract.tick)), float(contract.tick))
        self.start = self.start or self._mark
        self.high, self.low = max(self.high, self.last), min(self.low or self.last, self.last)


def option_figures(quote: OptionQuote) -> OptionFigures:
    """Return what a ticker shows of an option beside prices; bid and ask stand one tick from the last price."""
    tick, mark, greeks = float(quote.contract.tick), quote.mark, quote.greeks
    bid, ask = (
        max(0.0, quote.volatility + (price - mark) / greeks.vega / 100.0) if greeks.vega > 1e-9 else 0.0
        for price in (max(quote.last - tick, tick), quote.last + tick)
    )
    return OptionFigures(
        bid_volatility=from_float(min(bid, HIGHEST), 4),
        ask_volatility=from_float(min(ask, HIGHEST), 4),
        mark_volatility=from_float(quote.volatility, 4),
        underlying_price=from_float(quote.forward),
        delta=from_float(greeks.delta),
        gamma=from_float(greeks.gamma),
        vega=from_float(greeks.vega),
        theta=from_float(greeks.theta),
    )


class OptionBoard:
    """All listed options and the state they are priced from.

    Parameters
    ----------
    seed : int
        Of the volatility surfaces.
    usd : dict of str to float
        Live USD prices of coins, shared with the market.
    now_ms : int
        When the exchange opens.
    """

    def __init__(self, seed: int, usd: dict[str, float], now_ms: int) -> None:
        self.usd = usd
        self.version = 0
        self.now_ms = now_ms
        self.surfaces = {coin: Surface(coin, seed) for coin in COINS}
        self._numbers = FIRST_ID
        self.quotes: dict[str, OptionQuote] = {}
        self.list_missing()

    @property
    def contracts(self) -> tuple[Contract, ...]:
        """Return what is listed, in listing order."""
        return tuple(quote.contract for quote in self.quotes.values())

    def step(self, regime: Regime, now_ms: int) -> None:
        """Move the surfaces to ``now_ms``."""
        for surface in self.surfaces.values():
            surface.step(regime, (now_ms - self.now_ms) / 1000.0)
        self.now_ms = now_ms

    def years(self, contract: Contract) -> float:
        """Return the time to expiry in years, never below 0."""
        return max(0, contract.delivery_ms - self.now_ms) / 1000.0 / SECONDS_A_YEAR

    def list_missing(self) -> tuple[Contract, ...]:
        """List the options of every expiry that is due and not on the board; returns the new ones."""
        held = {contract.delivery_ms for contract in self.contracts}
        new = [
            contract
            for expiry in expiries(self.now_ms)
            if int(expiry.timestamp() * 1000) not in held
            for contract in self._series(expiry)
        ]
        for contract in new:
            self.quotes[contract.symbol] = OptionQuote(self, contract)
        return tuple(new)

    def _series(self, expiry: dt.datetime) -> Iterator[Contract]:
        day = expiry.strftime("%d%b%y").upper().lstrip("0")
        for coin, (tick, step, distance) in COINS.items():
            strikes = sorted({round(self.usd[coin] * (1.0 + away) / distance) * distance for away in STRIKES})
            for settle in SETTLE_COINS:
                for strike in strikes:
                    for letter in "CP":
                        self._numbers += 1
                        tail = "-USDT" if settle == "USDT" else ""
                        yield Contract(
                            symbol=f"{coin}-{day}-{strike}-{letter}{tail}",
                            symbol_id=self._numbers,
                            category="option",
                            contract_type="",
                            base=coin,
                            quote=settle,
                            settle=settle,
                            tick=Decimal(tick),
                            step=Decimal(step),
                            max_qty=Decimal(500),
                            max_leverage=Decimal(1),
                            tiers=_NO_TIERS,
                            coin=coin,
                            delivery_ms=int(expiry.timestamp() * 1000),
                            strike=Decimal(strike),
                            is_call=letter == "C",
                        )


def expiries(now_ms: int) -> tuple[dt.datetime, ...]:
    """Return the expiries that are listed at a moment, ascending, 08:00 UTC: next day, next week's Friday, month's end.

    The last one is the last Friday of a month, two weeks or more ahead.
    """
    now = dt.datetime.fromtimestamp(now_ms / 1000, dt.UTC)
    first = now.replace(hour=EXPIRY_HOUR, minute=0, second=0, microsecond=0)
    if first <= now:
        first += DAY
    week = first + DAY * ((calendar.FRIDAY - first.weekday()) % 7 or 7)
    month = _last_friday(now + 14 * DAY)
    return tuple(sorted({first, week, month}))


def _last_friday(soonest: dt.datetime) -> dt.datetime:
    year, month = soonest.year, soonest.month
    while True:
        last_day = calendar.monthrange(year, month)[1]
        last = dt.datetime(year, month, last_day, EXPIRY_HOUR, tzinfo=dt.UTC)
        friday = last - DAY * ((last.weekday() - calendar.FRIDAY) % 7)
        if friday >= soonest:
            return friday
        year, month = (year, month + 1) if month < 12 else (year + 1, 1)
