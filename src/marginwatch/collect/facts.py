"""What a venue tells everybody and seldom changes: contracts, risk limits, collateral tiers, announced interruptions.

One call at a time and with pauses between them, so that facts never take more than a small part of the budget from
the accounts: collateral tiers and contracts at the start and every few hours, risk limits of what is held,
announcements every five minutes.
"""

from collections import defaultdict
from datetime import UTC, datetime

import structlog

from marginwatch.collect.contract_lookup import ContractLookup
from marginwatch.collect.pace import Pace
from marginwatch.collect.ports import FactsVenue, VenuePort
from marginwatch.collect.price_wishes import PriceWishes
from marginwatch.collect.services import Services
from marginwatch.errors import MarginwatchError
from marginwatch.model.events import CollateralTiersUpdate, FactUnread, InstrumentsUpdate, TiersUpdate
from marginwatch.model.ids import InstrumentId
from marginwatch.model.instrument import Instrument, InstrumentKind
from marginwatch.model.notice import Notice
from marginwatch.model.venue_facts import Maintenance

log = structlog.get_logger(__name__)

BEAT_S = 2.0
CONTRACTS_EVERY_S = 6 * 3600.0
TIERS_EVERY_S = 6 * 3600.0
STATUS_EVERY_S = 300.0
COLLATERAL_EVERY_S = 6 * 3600.0
RETRY_S = 60.0

SINGLY_MAX = 40
"""More contracts than this of one category are asked for as a whole: Bybit sends 15 contracts a page."""

ENDED = ("completed", "canceled")


class VenueFacts:
    """The slow facts of one venue.

    Parameters
    ----------
    port : VenuePort
        The venue.
    facts : FactsVenue
        Its calls.
    lookup : ContractLookup
        Is told when the list of contracts has been asked for, whatever came of it.
    wishes : PriceWishes
        Knows what is held.
    services : Services
        Shared collaborators.
    """

    def __init__(
        self,
        port: VenuePort,
        facts: FactsVenue,
        lookup: ContractLookup,
        wishes: PriceWishes,
        services: Services,
    ) -> None:
        self._port = port
        self._facts = facts
        self._lookup = lookup
        self._wishes = wishes
        self._services = services
        self._contracts_due_s = 0.0
        self._status_due_s = 0.0
        self._collateral_due_s = 0.0
        self._pace = Pace(port, services.clock)
        self._tiers_due_s: dict[InstrumentId, float] = {}
        self._told: set[tuple[str, int | None, int | None]] = set()
        self.announced: tuple[Maintenance, ...] = ()
        """Interruptions that the venue last announced and that have not ended."""
        self._failing: set[str] = set()

    async def run(self) -> None:
        """Keep the facts, forever."""
        clock = self._services.clock
        self._contracts_due_s = self._status_due_s = self._collateral_due_s = clock.monotonic_s()
        while True:
            await self.run_once()
            await clock.sleep(BEAT_S)

    async def run_once(self) -> None:
        """Ask for what is due."""
        now_s = self._services.clock.monotonic_s()
        if now_s >= self._collateral_due_s:
            is_done = await self._read_collateral_tiers()
            self._collateral_due_s = now_s + (COLLATERAL_EVERY_S if is_done else RETRY_S)
        if now_s >= self._contracts_due_s:
            is_done = await self._load_contracts()
            self._contracts_due_s = now_s + (CONTRACTS_EVERY_S if is_done else RETRY_S)
        if now_s >= self._status_due_s:
            self._status_due_s = now_s + STATUS_EVERY_S
            await self._read_status()
        await self._read_tiers()

    def is_complete(self) -> bool:
        """Return whether every fact that is wanted now was asked for at least once, whatever came of it."""
        return self._collateral_due_s > 0.0 and all(
            one.instrument_id in self._tiers_due_s for one in self._wishes.wanted() if self._is_tiered(one)
        )

    async def _read_collateral_tiers(self) -> bool:
        try:
            tiers = await self._facts.fetch_collateral_tiers()
        except MarginwatchError as error:
            self._note_failure("collateral tiers", error)
            self._services.sink(FactUnread(self._port.venue, None, "collateral_tiers", error.message))
            return False
        self._note_success("collateral tiers")
        now_ns = self._services.clock.now_ns()
        self._services.sink(CollateralTiersUpdate(self._port.venue, tiers, now_ns))
        return True

    async def _load_contracts(self) -> bool:
        """Load the whole list; what was met before it came is silently replaced."""
        try:
            await self._facts.load_instruments()
        except MarginwatchError as error:
            self._note_failure("contracts", error)
            return False
        finally:
            # Part of the list may have come before the failure.
            if replaced := self._facts.take_replaced():
                self._services.sink(InstrumentsUpdate(replaced))
            self._lookup.is_ready = True
        self._note_success("contracts")
        return True

    async def _read_status(self) -> None:
        try:
            announced = await self._facts.fetch_system_status()
        except MarginwatchError as error:
            self._note_failure("announcements", error)
            return
        self._note_success("announcements")
        self.announced = tuple(one for one in announced if one.state not in ENDED)
        for one in announced:
            # With its times, for an interruption that was moved must be told again.
            key = (one.maintenance_id, one.begins_at_ns, one.ends_at_ns)
            if one.state not in ENDED and key not in self._told:
                self._told.add(key)
                self._services.on_notice(Notice("maintenance_announced", None, self._sentence(one)))

    def _sentence(self, one: Maintenance) -> str:
        times = f"{_moment(one.begins_at_ns)} to {_moment(one.ends_at_ns)} UTC"
        link = f"; {one.url}" if one.url else ""
        return f"{self._port.venue} announces maintenance from {times} ({one.state}): {one.title}{link}"

    async def _read_tiers(self) -> None:
        now_s = self._services.clock.monotonic_s()
        due: dict[str, list[Instrument]] = defaultdict(list)
        for one in self._wishes.wanted():
            is_due = self._tiers_due_s.get(one.instrument_id, now_s) <= now_s
            if is_due and self._is_tiered(one):
                due[one.category].append(one)
        for category, contracts in due.items():
            if len(contracts) > SINGLY_MAX:
                await self._read_some(category, contracts, None)
                continue
            for one in contracts:
                await self._read_some(category, [one], [one])

    def _is_tiered(self, instrument: Instrument) -> bool:
        return instrument.category in self._port.tiered_categories and has_tiers(instrument)

    async def _read_some(self, category: str, due: list[Instrument], asked: list[Instrument] | None) -> None:
        clock = self._services.clock
        try:
            tiers = await self._facts.fetch_tiers(category, asked)
        except MarginwatchError as error:
            self._note_failure(f"{category} tiers", error)
            self._services.sink(FactUnread(self._port.venue, None, "margin_tiers", error.message))
            next_s = clock.monotonic_s() + RETRY_S
        else:
            self._note_success(f"{category} tiers")
            next_s = clock.monotonic_s() + TIERS_EVERY_S
            if tiers:
                self._services.sink(TiersUpdate(tiers))
        for one in due:
            self._tiers_due_s[one.instrument_id] = next_s
        await self._pace.rest()

    def _note_failure(self, what: str, error: MarginwatchError) -> None:
        if what not in self._failing:
            self._failing.add(what)
            log.warning("facts not read", venue=self._port.venue, what=what, reason=str(error))

    def _note_success(self, what: str) -> None:
        if what in self._failing:
            self._failing.discard(what)
            log.info("facts read again", venue=self._port.venue, what=what)


def has_tiers(instrument: Instrument) -> bool:
    """Return whether a contract has a risk-limit table: perpetuals and futures do."""
    return instrument.instrument_kind in (InstrumentKind.PERPETUAL, InstrumentKind.FUTURE)


def _moment(at_ns: int | None) -> str:
    return "?" if at_ns is None else f"{datetime.fromtimestamp(at_ns / 1e9, UTC):%Y-%m-%d %H:%M}"
