"""The market: correlated coin prices with jumps, and the index, mark, funding and quotes of everything listed on them."""

import math
import random
from dataclasses import replace
from decimal import Decimal

from marginwatch.sim import listing
from marginwatch.sim.coins import COINS
from marginwatch.sim.depth import Depth
from marginwatch.sim.instruments import FUNDING_CAP, Contract, SpotPair
from marginwatch.sim.money import from_float, to_step
from marginwatch.sim.moves import Moves
from marginwatch.sim.option_board import OptionBoard, OptionQuote, option_figures
from marginwatch.sim.past_prices import PastPrices
from marginwatch.sim.rows import TickerRow
from marginwatch.sim.scenario import SECONDS_A_YEAR, scenario_named

BASE_FUNDING = 0.0001
CARRY_PER_YEAR = 0.05
PREMIUM_PULL_PER_S = 0.05
PREMIUM_NOISE = 0.00004

Bounds = tuple[float, float]
"""Lowest and highest, USD."""


class Quote:
    """Live prices of one contract; ``mark`` and ``index`` as floats for the engine, exact ones for the ledgers."""

    __slots__ = (
        "contract", "cross_seq", "high", "index", "last", "low", "mark", "mark_exact", "open_interest", "premium",
        "start", "volume",
    )  # fmt: skip

    def __init__(self, contract: Contract, cross_seq: int) -> None:
        self.contract = contract
        self.cross_seq = cross_seq
        self.index = self.mark = self.last = self.high = self.low = self.start = 0.0
        self.mark_exact = Decimal(0)
        self.premium = self.open_interest = self.volume = 0.0

    def settle(self, index: float, mark: float, last: float) -> None:
        """Take new prices, rounded to the tick and never below one tick."""
        tick = self.contract.tick
        self.index = index
        self.mark_exact = max(to_step(mark, tick), tick)
        self.mark = float(self.mark_exact)
        self.last = max(float(to_step(last, tick)), float(tick))
        self.start = self.start or self.mark
        self.high, self.low = max(self.high, self.last), min(self.low or self.last, self.last)


class Market:
    """Prices of everything, moved by seeded randomness.

    Parameters
    ----------
    seed : int
        Of all price randomness.
    scenario : str
        A name of :data:`marginwatch.sim.scenario.SCENARIOS`.
    start_ms : int
        When the story starts.
    source : str, default="model"
        What moves coins while the story is calm: ``model``, or ``history``, blocks of recorded days.
    pace : float, default=1.0
        Recorded seconds that pass in one second of history.
    """

    def __init__(
        self, seed: int, scenario: str, start_ms: int, *, source: str = "model", pace: float = 1.0
    ) -> None:
        self._random = random.Random(f"market-{seed}")
        self.moves = Moves(seed, scenario_named(scenario), self._random, source, pace)
        self._start_ms = start_ms
        self.contracts = listing.contracts(start_ms)
        self.spot_pairs = listing.spot_pairs()
        self.usd: dict[str, float] = {coin.name: coin.start_usd for coin in COINS}
        self.usd |= {"USDT": 0.9996, "USDC": 0.9999, "USD": 1.0}
        self.past = PastPrices(seed, start_ms, self.usd)
        self._spot_last = dict(self.usd)
        self._moving = [
            Quote(contract, 10**11 + self._random.randrange(10**9)) for contract in self.contracts
        ]
        self.depth = Depth(seed)
        self.options = OptionBoard(seed, self.usd, start_ms)
        self.quotes: dict[str, Quote | OptionQuote] = {
            **{quote.contract.symbol: quote for quote in self._moving},
            **self.options.quotes,
        }
        self.next_delivery_ms = self._first_delivery()
        self._bounds = {coin.name: _bounds(coin.name, self.contracts) for coin in COINS}
        self.version = 0
        self.travel = 0.0
        self.now_ms = start_ms
        for quote in self._moving:
            self._requote(quote)

    def step(self, now_ms: int) -> None:
        """Move all prices to ``now_ms``."""
        dt_s = (now_ms - self.now_ms) / 1000.0
        if dt_s <= 0.0:
            return
        self.now_ms = now_ms
        self.past.note(now_ms, self.usd)
        before = self._levels()
        self.moves.step(self.usd, (now_ms - self._start_ms) / 1000.0, dt_s)
        for coin, (lowest, highest) in self._bounds.items():
            self.usd[coin] = min(max(self.usd[coin], lowest), highest)
        for quote in self._moving:
            decay = math.exp(-PREMIUM_PULL_PER_S * dt_s)
            quote.premium = quote.premium * decay + PREMIUM_NOISE * self._random.gauss(0.0, 1.0)
            self._requote(quote)
        self.options.step(self.moves.regime, now_ms)
        self._travelled(before)

    def set_mark(self, symbol: str, price: Decimal) -> None:
        """Put the mark of ``symbol`` on ``price`` exactly and move its coin, with all its contracts, along.

        Raises
        ------
        ValueError
            If ``price`` is not positive, not on the tick or beyond what the coin's contracts can be quoted at, or it is
            an option's, which follows from its coin; KeyError if the symbol is not listed.
        """
        target = next((quote for quote in self._moving if quote.contract.symbol == symbol), None)
        if target is None and symbol not in self.quotes:
            raise KeyError(symbol)
        if target is None:
            raise ValueError(f"{symbol} is an option: its mark follows from its coin and cannot be set")
        if price <= 0 or price % target.contract.tick:
            raise ValueError(
                f"price of {symbol} must be a positive multiple of {target.contract.tick}, got {price}"
            )
        contract = target.contract
        index = float(price) / self._basis(target)
        usd = index * self.usd[contract.quote] / contract.coin_factor
        self._check_bounds(contract.coin, usd)
        before = self._levels()
        self.usd[contract.coin] = usd
        for quote in self._moving:
            if quote.contract.coin == contract.coin:
                self._requote(quote)
        target.settle(index, float(price), float(price))
        self._travelled(before)

    def shock(self, move: float, coin: str | None = None) -> None:
        """Move one coin at once by ``move``, a fraction above −1, or all (None): by what BTC would make of them, beta by beta.

        Raises
        ------
        ValueError
            If a coin would go beyond what its contracts can be quoted at; nothing is moved then.
        """
        betas = {one.name: one.beta if coin is None else 1.0 for one in COINS if coin in (None, one.name)}
        moved = {name: self.usd[name] * (1.0 + move) ** beta for name, beta in betas.items()}
        for name, usd in moved.items():
            self._check_bounds(name, usd)
        before = self._levels()
        self.usd |= moved
        for quote in self._moving:
            if coin in (None, quote.contract.coin):
                self._requote(quote)
        self._travelled(before)

    def funding_rate(self, contract: Contract) -> Decimal | None:
        """Return the rate of the next funding, capped; None on a dated future. Longs pay when it is positive."""
        if not contract.is_perpetual:
            return None
        cap = float(FUNDING_CAP)
        quote = self.quotes[contract.symbol]
        premium = quote.premium if isinstance(quote, Quote) else 0.0
        return from_float(max(-cap, min(cap, BASE_FUNDING + premium)), 6)

    def next_seq(self, symbol: str) -> int:
        """Return the next cross sequence of a symbol: it grows with every trade in it."""
        quote = self.quotes[symbol]
        quote.cross_seq += 1 + self._random.randrange(4)
        return quote.cross_seq

    def ticker(self, contract: Contract, next_funding_ms: int, funding_interval_s: float) -> TickerRow:
        """Return the public row of a contract."""
        quote = self.quotes[contract.symbol]
        figures = option_figures(quote) if isinstance(quote, OptionQuote) else None
        tick, rate, mark = contract.tick, self.funding_rate(contract), quote.mark_exact
        last = to_step(quote.last, tick)
        size = contract.step * (1 + quote.cross_seq % 900)
        interest = to_step(quote.open_interest, contract.step)
        is_funded = rate is not None
        return TickerRow(
            category=contract.category,
            symbol=contract.symbol,
            last_price=last,
            index_price=to_step(quote.index, contract.index_tick),
            mark_price=mark,
            previous_price_24h=to_step(quote.start, tick),
            high_price_24h=to_step(quote.high, tick),
            low_price_24h=to_step(quote.low, tick),
            bid_price=max(last - tick, tick),
            ask_price=last + tick,
            bid_size=size,
            ask_size=contract.step * (1 + quote.cross_seq % 700),
            open_interest=interest,
            open_interest_value=from_float(abs(float(contract.value(interest, quote.mark_exact))), 4),
            volume_24h=to_step(quote.volume, contract.step),
            turnover_24h=from_float(
                quote.volume / quote.mark if contract.is_inverse else quote.volume * quote.mark, 4
            ),
            funding_rate=rate,
            next_funding_ms=next_funding_ms if is_funded else None,
            funding_interval_h=max(1, round(funding_interval_s / 3600)) if is_funded else None,
            funding_cap=FUNDING_CAP if is_funded else None,
            delivery_ms=contract.delivery_ms,
            usd_index=None,
            cross_seq=quote.cross_seq,
            ts_ms=self.now_ms,
            option=figures,
        )

    def spot_ticker(self, pair: SpotPair) -> TickerRow:
        """Return the public row of a spot pair, which carries the USD index of its base coin."""
        price = to_step(self.usd[pair.base] / self.usd[pair.quote], pair.tick)
        none = Decimal(0)
        return TickerRow(
            category="spot",
            symbol=pair.symbol,
            last_price=price,
            index_price=price,
            mark_price=price,
            previous_price_24h=to_step(self._spot_last[pair.base], pair.tick),
            high_price_24h=price,
            low_price_24h=price,
            bid_price=max(price - pair.tick, pair.tick),
            ask_price=price + pair.tick,
            bid_size=Decimal(1),
            ask_size=Decimal(1),
            open_interest=none,
            open_interest_value=none,
            volume_24h=none,
            turnover_24h=none,
            funding_rate=None,
            next_funding_ms=None,
            funding_interval_h=None,
            funding_cap=None,
            delivery_ms=0,
            usd_index=from_float(self.usd[pair.base]),
            cross_seq=self.version,
            ts_ms=self.now_ms,
        )

    def _first_delivery(self) -> int:
        return min(quote.contract.delivery_ms for quote in self.quotes.values() if quote.contract.delivery_ms)

    def delist(self, contract: Contract) -> None:
        """Take a delivered contract off the board."""
        self.contracts = tuple(one for one in self.contracts if one is not contract)
        self._moving = [quote for quote in self._moving if quote.contract is not contract]
        self.options.quotes.pop(contract.symbol, None)
        del self.quotes[contract.symbol]

    def list_next(self) -> tuple[Contract, ...]:
        """List the expiries that follow those delivered; returns the new contracts."""
        known = {contract.symbol for contract in self.contracts}
        highest = max(contract.symbol_id for contract in self.contracts)
        dated = [one for one in listing.contracts(self.now_ms) if one.delivery_ms and one.symbol not in known]
        new = [replace(one, symbol_id=highest + number) for number, one in enumerate(dated, 1)]
        for contract in new:
            quote = Quote(contract, 10**11 + self._random.randrange(10**9))
            self._requote(quote)
            self._moving.append(quote)
            self.quotes[contract.symbol] = quote
        self.contracts = (*self.contracts, *new)
        options = self.options.list_missing()
        self.quotes.update((one.symbol, self.options.quotes[one.symbol]) for one in options)
        self.next_delivery_ms = self._first_delivery()
        return (*new, *options)

    def _basis(self, quote: Quote) -> float:
        contract = quote.contract
        if contract.is_perpetual:
            return 1.0 + quote.premium
        years = max(contract.delivery_ms - self.now_ms, 0) / 1000.0 / SECONDS_A_YEAR
        return math.exp(CARRY_PER_YEAR * years) + quote.premium

    def _requote(self, quote: Quote) -> None:
        contract = quote.contract
        index = self.usd[contract.coin] * contract.coin_factor / self.usd[contract.quote]
        mark = index * self._basis(quote)
        quote.settle(index, mark, mark * (1.0 + self._random.gauss(0.0, 0.00005)))

    def _check_bounds(self, coin: str, usd: float) -> None:
        lowest, highest = self._bounds[coin]
        if not lowest <= usd <= highest:
            raise ValueError(f"price of {coin} must stay from {lowest:g} to {highest:g} USD, got {usd:g}")

    def _levels(self) -> list[float]:
        return [*self.usd.values(), *(quote.mark for quote in self._moving)]

    def _travelled(self, before: list[float]) -> None:
        # The sum of the largest moves bounds how far any price can have gone since a moment: it lets the exchange
        # leave alone every account that this much cannot have endangered.
        self.version += 1
        self.options.version = self.version
        self.travel += max(abs(math.log(b / a)) for a, b in zip(before, self._levels(), strict=True))


def _bounds(coin: str, contracts: tuple[Contract, ...]) -> Bounds:
    """Return what a coin can be worth while all contracts on it have prices that orders may have."""
    prices = [(one.min_price, one.max_price, one.coin_factor) for one in contracts if one.coin == coin]
    lowest = max(float(low) / factor for low, _, factor in prices)
    return lowest, min(float(high) / factor for _, high, factor in prices)
