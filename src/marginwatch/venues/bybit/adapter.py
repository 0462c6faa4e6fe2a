"""Bybit as one venue: what all of its accounts at one host share, and a client for each of them."""

from collections.abc import Callable, Iterable, Sequence
from random import Random

import aiohttp
import structlog

from marginwatch.clock import Clock
from marginwatch.model.account import AccountSpec, Endpoints
from marginwatch.model.ids import VenueId
from marginwatch.model.instrument import Instrument, MarginTier
from marginwatch.model.notice import Notice
from marginwatch.model.price import Mark
from marginwatch.model.price_history import PriceClose
from marginwatch.model.quarantine import Quarantined
from marginwatch.model.venue_facts import CollateralTier, Maintenance
from marginwatch.venues.base import RateGate
from marginwatch.venues.bybit.calls import Calls
from marginwatch.venues.bybit.capabilities import Capabilities
from marginwatch.venues.bybit.catalog import InstrumentCatalog
from marginwatch.venues.bybit.client import BybitClient
from marginwatch.venues.bybit.manifest import FLOOD_WAIT_S
from marginwatch.venues.bybit.market import Market
from marginwatch.venues.bybit.rest import BybitRest
from marginwatch.venues.bybit.server_clock import ServerClock

_log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


class BybitVenue:
    """One Bybit host.

    Parameters
    ----------
    venue : VenueId
        Exchange and environment.
    endpoints : Endpoints
        Its hosts.
    gate : RateGate
        The budget that all calls of this host share.
    clock : Clock
        Our time.
    http : aiohttp.ClientSession
        Connections; not closed here.
    on_notice : callable, optional
        Takes what an owner should read; logged if not given.
    on_quarantine : callable, optional
        Takes replies that did not decode.
    chance : random.Random, optional
        Source of jitter.
    ban_wait_s : float, optional
        How long all calls stop after the address was banned, seconds; as long as Bybit's ban by default.
    """

    def __init__(
        self,
        venue: VenueId,
        endpoints: Endpoints,
        gate: RateGate,
        clock: Clock,
        http: aiohttp.ClientSession,
        *,
        on_notice: Callable[[Notice], None] | None = None,
        on_quarantine: Callable[[Quarantined], None] | None = None,
        chance: Random | None = None,
        ban_wait_s: float = FLOOD_WAIT_S,
    ) -> None:
        self.venue = venue
        self.endpoints = endpoints
        self.catalog = InstrumentCatalog(venue)
        self.clock_offset = ServerClock(clock)
        self._clock = clock
        self._on_notice = on_notice or _log_notice
        self._rest = BybitRest(
            venue,
            endpoints.rest,
            gate,
            clock,
            http,
            self.clock_offset,
            on_quarantine=on_quarantine,
            on_sync=self._tell_skew,
            chance=chance,
            ban_wait_s=ban_wait_s,
        )
        self._public = Calls(self._rest, None, Capabilities(None, self._on_notice))
        self._market = Market(self._public, self.catalog)
        self._was_skewed = False

    def client(self, spec: AccountSpec) -> BybitClient:
        """Return the REST calls of one account; keep it, for it remembers what its key may not ask.

        Raises
        ------
        ConfigError
            If the credentials cannot be used.
        """
        return BybitClient(spec, self._rest, self.catalog, self._clock, self._on_notice)

    def venue_now_ns(self) -> int:
        """Return the venue's clock as far as we know it, UTC nanoseconds."""
        return self.clock_offset.now_ns()

    async def sync_clock(self) -> None:
        """Measure the venue's clock anew; it is also done before the first signed call and every few minutes."""
        await self._rest.sync_clock()

    def _tell_skew(self) -> None:
        """Tell once of a difference of a second or more."""
        is_skewed = self.clock_offset.is_skewed
        if is_skewed and not self._was_skewed:
            seconds = self.clock_offset.offset_ns / 1e9
            self._on_notice(
                Notice(
                    "clock_skew",
                    None,
                    f"this machine's clock is {abs(seconds):.1f} s {'behind' if seconds > 0 else 'ahead of'} "
                    f"{self.venue}'s; we correct for it, other programs here may be refused: set up NTP",
                )
            )
        self._was_skewed = is_skewed

    def take_unknown(self) -> tuple[Instrument, ...]:
        """Return the contracts first seen since the last call that are known from their symbols only."""
        return self.catalog.take_unknown()

    def take_replaced(self) -> tuple[Instrument, ...]:
        """Return the loaded contracts that took the place of an inferred one since the last call."""
        return self.catalog.take_replaced()

    async def load_instruments(self) -> tuple[Instrument, ...]:
        """Return all contracts that trade; the catalog has learned them."""
        return await self._market.load_instruments()

    async def load_contracts(self, instruments: Sequence[Instrument]) -> tuple[Instrument, ...]:
        """Return some contracts as the venue describes them, whatever their status; the catalog has learned them."""
        return await self._market.load_contracts(instruments)

    async def fetch_marks(self, category: str, instruments: Iterable[Instrument] = ()) -> tuple[Mark, ...]:
        """Return the prices of a whole segment; of the underlyings of ``instruments`` for options."""
        return await self._market.fetch_marks(category, instruments)

    async def fetch_tiers(
        self, category: str, instruments: Sequence[Instrument] | None = None
    ) -> tuple[MarginTier, ...]:
        """Return risk-limit tables of ``linear`` or ``inverse``: of some contracts, or (None) of all."""
        return await self._market.fetch_tiers(category, instruments)

    async def fetch_collateral_tiers(self) -> tuple[CollateralTier, ...]:
        """Return how much of each coin counts as collateral, band by band."""
        return await self._market.fetch_collateral_tiers()

    async def fetch_closes(
        self, category: str, symbol: str, interval_s: int, since_s: int, rows_max: int
    ) -> tuple[PriceClose, ...]:
        """Return the closes of finished intervals, oldest first; see :meth:`Market.fetch_closes`."""
        return await self._market.fetch_closes(category, symbol, interval_s, since_s, rows_max)

    async def fetch_system_status(self) -> tuple[Maintenance, ...]:
        """Return the interruptions that the venue announces."""
        return await self._market.fetch_system_status()


def _log_notice(notice: Notice) -> None:
    _log.warning(notice.message, kind=notice.kind, account=notice.account_id)
