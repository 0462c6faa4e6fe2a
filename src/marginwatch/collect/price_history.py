"""Daily and hourly closes of what is held: fetched from the venue once, kept elsewhere, topped up when an interval ends.

One call brings a thousand closes of one contract, so the history of a coin costs two calls once and then one an hour. The
calls take a small part of the budget and come after everything that margins need. What a keeper has is not asked for
again, so a restart costs what was missed.
"""

from collections.abc import Mapping, Sequence
from typing import Protocol

import structlog

from marginwatch.collect.pace import Pace
from marginwatch.collect.ports import ClosesVenue, VenuePort
from marginwatch.collect.price_wishes import PriceWishes
from marginwatch.collect.services import Services
from marginwatch.errors import ConnectivityError, MarginwatchError, RejectedError
from marginwatch.model.ids import Asset, VenueId
from marginwatch.model.instrument import Instrument, InstrumentKind
from marginwatch.model.price_history import PriceClose, PriceSeries

log = structlog.get_logger(__name__)

DAY_S, HOUR_S = 86_400, 3_600
INTERVALS_S = (DAY_S, HOUR_S)
"""Days first: most figures are of a day."""

ROWS_MAX = 1_000
"""Of one call, which is also as far back as a history goes."""

BEAT_S = 5.0
START_AFTER_S = 2.0
"""A head start for the first snapshots and prices."""

GRACE_S = 20
"""After the end of an interval, until the venue surely has its close."""

RETRY_S = 60.0
REFUSED_RETRY_S = 6 * 3600.0
BENCHMARK = "BTC"

_RANKS = {InstrumentKind.PERPETUAL: 0, InstrumentKind.SPOT: 2}


class ClosesKeeper(Protocol):
    """Whoever keeps closes."""

    async def last_ends(self, venue: VenueId) -> Mapping[PriceSeries, int]:
        """Return the end of the newest interval of each series of a venue, UTC seconds."""
        ...

    async def add(self, series: PriceSeries, closes: Sequence[PriceClose]) -> None:
        """Keep closes; one that is known is replaced."""
        ...


class PriceHistory:
    """The closes of one venue.

    Parameters
    ----------
    port : VenuePort
        The venue.
    closes : ClosesVenue
        Its calls.
    keeper : ClosesKeeper
        Keeps what comes.
    wishes : PriceWishes
        Knows what is held, and what prices it.
    services : Services
        Shared collaborators.
    """

    def __init__(
        self,
        port: VenuePort,
        closes: ClosesVenue,
        keeper: ClosesKeeper,
        wishes: PriceWishes,
        services: Services,
    ) -> None:
        self._port = port
        self._closes = closes
        self._keeper = keeper
        self._wishes = wishes
        self._services = services
        self._last_ends: dict[PriceSeries, int] | None = None
        self._next_try_s: dict[PriceSeries, float] = {}
        self._failing: set[str] = set()
        self.version = 0
        """Grows with every series that got new closes."""

    async def run(self) -> None:
        """Keep the histories complete, forever."""
        clock = self._services.clock
        pace = Pace(self._port, clock)
        await clock.sleep(START_AFTER_S)
        while True:
            await (pace.rest() if await self.run_once() else clock.sleep(BEAT_S))

    async def run_once(self) -> bool:
        """Fetch the one series that is due most; False if none is."""
        known = await self._known()
        if known is None:
            return False
        due = self._due(known)
        if due is None:
            return False
        await self._fetch(due, known)
        return True

    def is_complete(self) -> bool:
        """Return whether every history wished for was asked for up to its last finished interval."""
        return self._last_ends is not None and self._due(self._last_ends) is None

    async def _known(self) -> dict[PriceSeries, int] | None:
        if self._last_ends is None:
            try:
                self._last_ends = dict(await self._keeper.last_ends(self._port.venue))
            except ConnectivityError as error:
                self._note_failure("what is kept", error)
                return None
            self._note_success("what is kept")
        return self._last_ends

    def _due(self, known: Mapping[PriceSeries, int]) -> PriceSeries | None:
        """Return the first series whose last finished interval is missing: days before hours, the benchmark first."""
        now_s = self._port.rest.venue_now_ns() // 1_000_000_000 - GRACE_S
        clock_s = self._services.clock.monotonic_s()
        contracts, kept = self._contracts(), self._kept(known, clock_s)
        for interval_s in INTERVALS_S:
            finished_s = now_s // interval_s * interval_s
            for coin in sorted(contracts, key=lambda name: (name != BENCHMARK, name)):
                series = kept.get((coin, interval_s)) or self._series(coin, contracts[coin], interval_s)
                is_due = known.get(series, 0) < finished_s
                if is_due and self._next_try_s.get(series, clock_s) <= clock_s:
                    return series
        return None

    def _kept(self, known: Mapping[PriceSeries, int], clock_s: float) -> dict[tuple[Asset, int], PriceSeries]:
        """Return the series to be topped up by coin and interval: of those kept the newest that is not refused."""
        found: dict[tuple[Asset, int], PriceSeries] = {}
        for series, end_s in known.items():
            if self._next_try_s.get(series, clock_s) > clock_s + RETRY_S:
                continue
            key = (series.coin, series.interval_s)
            other = found.get(key)
            if other is None or (end_s, series.symbol) > (known[other], other.symbol):
                found[key] = series
        return found

    def _series(self, coin: Asset, contract: Instrument, interval_s: int) -> PriceSeries:
        return PriceSeries(self._port.venue, contract.category, contract.venue_symbol, coin, interval_s)

    def _contracts(self) -> dict[Asset, Instrument]:
        """Return the contract to ask for, by coin: the most traded kind among those wished for."""
        found: dict[Asset, Instrument] = {}
        for one in self._wishes.wanted():
            contract = one if one.instrument_kind in _RANKS else self._priced_by(one)
            if contract is None:
                continue
            other = found.get(one.underlying_asset)
            if other is None or _rank(contract) < _rank(other):
                found[one.underlying_asset] = contract
        return found

    def _priced_by(self, one: Instrument) -> Instrument | None:
        # A dated contract or an option ends before it has a history: the coin's spot pair has one.
        return self._port.stream.collateral_instrument(one.underlying_asset)

    async def _fetch(self, series: PriceSeries, known: dict[PriceSeries, int]) -> None:
        clock = self._services.clock
        now_s = self._port.rest.venue_now_ns() // 1_000_000_000
        since_s = max(known.get(series, 0), (now_s // series.interval_s - ROWS_MAX + 1) * series.interval_s)
        what = f"{series.interval_s} s closes of {series.category} {series.symbol}"
        # Until the venue has the close; overwritten below where there is nothing to be had.
        self._next_try_s[series] = clock.monotonic_s() + RETRY_S
        try:
            closes = await self._closes.fetch_closes(
                series.category, series.symbol, series.interval_s, since_s, ROWS_MAX
            )
            new = [close for close in closes if close.ended_at_s > known.get(series, 0)]
            await self._keeper.add(series, new)
        except MarginwatchError as error:
            if isinstance(error, RejectedError):
                self._next_try_s[series] = clock.monotonic_s() + REFUSED_RETRY_S
            self._note_failure(what, error)
            return
        self._note_success(what)
        if new:
            known[series] = new[-1].ended_at_s
            self.version += 1
        elif now_s - known.get(series, 0) > 3 * series.interval_s:
            # Delisted, or not traded any more.
            self._next_try_s[series] = clock.monotonic_s() + REFUSED_RETRY_S

    def _note_failure(self, what: str, error: MarginwatchError) -> None:
        if what not in self._failing:
            self._failing.add(what)
            log.warning("price history not read", venue=self._port.venue, what=what, reason=str(error))

    def _note_success(self, what: str) -> None:
        if what in self._failing:
            self._failing.discard(what)
            log.info("price history read again", venue=self._port.venue, what=what)


def _rank(contract: Instrument) -> tuple[int, bool, str]:
    """Return how well a contract stands for its coin, least first: linear perpetual in USDT, others, inverse, spot."""
    rank = _RANKS[contract.instrument_kind] + contract.is_inverse
    return rank, contract.quote_asset != "USDT", contract.venue_symbol
