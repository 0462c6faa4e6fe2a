"""What Bybit tells everybody: contracts, margin tiers, prices, collateral bands, announced interruptions."""

from collections import defaultdict
from collections.abc import Iterable, Sequence

import msgspec
import structlog

from marginwatch.errors import RejectedError
from marginwatch.model.instrument import Instrument, MarginTier
from marginwatch.model.price import Mark
from marginwatch.model.price_history import PriceClose
from marginwatch.model.venue_facts import CollateralTier, Maintenance
from marginwatch.venues.bybit.calls import Calls
from marginwatch.venues.bybit.catalog import InstrumentCatalog
from marginwatch.venues.bybit.history import OPTION_BASES
from marginwatch.venues.bybit.paging import Listing
from marginwatch.venues.bybit.parse.candles import CANDLES_ENDPOINT, parse_candles
from marginwatch.venues.bybit.parse.haircuts import parse_collateral_tiers
from marginwatch.venues.bybit.parse.instruments import parse_instruments
from marginwatch.venues.bybit.parse.server import parse_system_status
from marginwatch.venues.bybit.parse.tickers import parse_tickers
from marginwatch.venues.bybit.parse.tiers import parse_tiers
from marginwatch.venues.bybit.rest import Params

INSTRUMENTS = "/v5/market/instruments-info"
TICKERS = "/v5/market/tickers"
RISK_LIMITS = "/v5/market/risk-limit"
INSTRUMENTS_A_PAGE = 1000
CANDLE_INTERVALS = {3_600: "60", 86_400: "D"}
"""Seconds → the venue's word; its days begin at midnight UTC."""
SINGLY_MAX = 5
"""More contracts than this of one segment are cheaper to load as the whole segment."""

_log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


class Market:
    """Public calls of one host.

    Parameters
    ----------
    calls : Calls
        Without a caller.
    catalog : InstrumentCatalog
        Learns the contracts that are loaded.
    """

    def __init__(self, calls: Calls, catalog: InstrumentCatalog) -> None:
        self._calls = calls
        self._catalog = catalog

    async def load_instruments(self) -> tuple[Instrument, ...]:
        """Return all contracts that trade, having taught them to the catalog.

        A host that does not offer options, inverse contracts or spot is no error; one without linear is.
        """
        found = list(await self._load({"category": "linear"}))
        requests: list[Params] = [{"category": "inverse"}, {"category": "spot"}]
        requests += [{"category": "option", "baseCoin": base} for base in OPTION_BASES]
        for request in requests:
            try:
                found += await self._load(request)
            except RejectedError as error:
                _log.info("contracts not offered here", request=dict(request), reason=error.message)
        return tuple(found)

    async def load_contracts(self, wanted: Sequence[Instrument]) -> tuple[Instrument, ...]:
        """Return the contracts as the venue describes them, whatever their status, having taught them to the catalog.

        A contract that the venue does not know is left out.
        """
        by_category: dict[str, list[Instrument]] = defaultdict(list)
        for one in wanted:
            by_category[one.category].append(one)
        found: list[Instrument] = []
        for category, some in by_category.items():
            if len(some) > SINGLY_MAX:
                bases = {one.base_asset for one in some} if category == "option" else [None]
                for base in sorted(bases, key=str):
                    found += await self._load({"category": category, "baseCoin": base})
            # A contract that no longer trades, or not yet, is in no list but answers to its name.
            known = {one.venue_symbol for one in found}
            for one in some:
                if one.venue_symbol not in known:
                    found += await self._load_one(category, one.venue_symbol)
        return tuple(found)

    async def fetch_marks(self, category: str, instruments: Iterable[Instrument] = ()) -> tuple[Mark, ...]:
        """Return the prices of a whole segment, as snapshots.

        Parameters
        ----------
        category : str
            ``linear``, ``inverse``, ``spot`` or ``option``.
        instruments : iterable of Instrument
            For options, whose venue answers one underlying at a time: those of these contracts, else all known.
        """
        if category != "option":
            return await self._marks({"category": category})
        bases = sorted({one.base_asset for one in instruments}) or OPTION_BASES
        marks: list[Mark] = []
        for base in bases:
            marks += await self._marks({"category": category, "baseCoin": base})
        return tuple(marks)

    async def fetch_tiers(
        self, category: str, instruments: Sequence[Instrument] | None = None
    ) -> tuple[MarginTier, ...]:
        """Return risk-limit tables of ``linear`` or ``inverse``: of some contracts, or (None) of all.

        All linear ones take a call for every 15 contracts.
        """
        if instruments is None:
            return (await self._tiers({"category": category})).rows
        tiers: list[MarginTier] = []
        for one in instruments:
            tiers += (await self._tiers({"category": category, "symbol": one.venue_symbol})).rows
        return tuple(tiers)

    async def fetch_collateral_tiers(self) -> tuple[CollateralTier, ...]:
        """Return how much of each coin counts as collateral, band by band."""
        endpoint = "/v5/spot-margin-trade/collateral"
        page, _ = await self._calls.read(endpoint, {}, parse_collateral_tiers, optional_as=endpoint)
        return page.rows

    async def fetch_system_status(self) -> tuple[Maintenance, ...]:
        """Return the interruptions that the venue announces."""
        endpoint = "/v5/system/status"
        page, _ = await self._calls.read(endpoint, {}, parse_system_status, optional_as=endpoint)
        return page.rows

    async def fetch_closes(
        self, category: str, symbol: str, interval_s: int, since_s: int, rows_max: int
    ) -> tuple[PriceClose, ...]:
        """Return the closes of finished intervals that began at ``since_s`` or later, oldest first, in one call.

        Parameters
        ----------
        category, symbol : str
            The contract: ``linear``, ``inverse`` or ``spot``.
        interval_s : int
            3,600 or 86,400.
        since_s : int
            UTC seconds.
        rows_max : int
            At most so many, the newest, 1 to 1,000.
        """
        params: Params = {
            "category": category,
            "symbol": symbol,
            "interval": CANDLE_INTERVALS[interval_s],
            "start": since_s * 1000,
            "limit": rows_max,
        }
        page, at_ns = await self._calls.read(
            CANDLES_ENDPOINT, params, lambda result: parse_candles(result, interval_s)
        )
        # The newest one is still open: its close is the price of this moment.
        finished = {row.ended_at_s: row for row in page.rows if row.ended_at_s * 1_000_000_000 <= at_ns}
        return tuple(finished[end_s] for end_s in sorted(finished))

    async def _load(self, request: Params) -> tuple[Instrument, ...]:
        category = str(request["category"])
        # Spot is not paged, and a limit is refused there.
        limit = None if category == "spot" else INSTRUMENTS_A_PAGE
        listing = await self._calls.read_list(
            INSTRUMENTS,
            {**request, "limit": limit},
            lambda result: parse_instruments(result, self._catalog, category),
        )
        for failure in listing.failures:
            _log.warning("contract not readable", row=failure.subject, reason=failure.message)
        self._catalog.learn(listing.rows)
        return listing.rows

    async def _load_one(self, category: str, symbol: str) -> tuple[Instrument, ...]:
        try:
            return await self._load({"category": category, "symbol": symbol})
        except RejectedError as error:
            _log.info("contract not known to the venue", symbol=symbol, reason=error.message)
            return ()

    async def _marks(self, request: Params) -> tuple[Mark, ...]:
        category = str(request["category"])
        page, at_ns = await self._calls.read(
            TICKERS, request, lambda result: parse_tickers(result, category, self._catalog)
        )
        # The rows carry no time of their own: the reply's is theirs.
        return tuple(_stamped(mark, at_ns) for mark in page.rows)

    async def _tiers(self, request: Params) -> Listing[MarginTier]:
        category = str(request["category"])
        return await self._calls.read_list(
            RISK_LIMITS, request, lambda result: parse_tiers(result, category, self._catalog)
        )


def _stamped(mark: Mark, at_ns: int) -> Mark:
    return mark if mark.ts_venue_ns is not None else msgspec.structs.replace(mark, ts_venue_ns=at_ns)
