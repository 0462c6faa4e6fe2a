"""Loads the contracts that are not in the venue's list, or came after it, and says so once."""

from collections.abc import Callable

import structlog

from marginwatch.collect.ports import VenuePort
from marginwatch.errors import MarginwatchError
from marginwatch.model.events import EventSink, InstrumentsUpdate
from marginwatch.model.instrument import Instrument
from marginwatch.model.notice import Notice

log = structlog.get_logger(__name__)

AT_ONCE_MAX = 50
ATTEMPTS_MAX = 3


class ContractLookup:
    """Asks a venue for the contracts that are known from their symbols only.

    Parameters
    ----------
    port : VenuePort
        The venue.
    sink : EventSink
        Hears what was found.
    on_notice : callable
        Hears of each contract once: that it was loaded, or that its symbol is all that is known of it.
    """

    def __init__(self, port: VenuePort, sink: EventSink, on_notice: Callable[[Notice], None]) -> None:
        self._port = port
        self._sink = sink
        self._on_notice = on_notice
        self.is_ready = port.facts is None
        """Whether the venue's list has been asked for: until then every contract is unknown, and that means nothing."""
        self._missing: dict[str, tuple[Instrument, int]] = {}

    async def run_once(self) -> tuple[Instrument, ...]:
        """Load what has become unknown since the last time; return those that were found.

        A contract that the venue does not name is asked for three times, then left as inferred.
        """
        if not self.is_ready:
            return ()
        for instrument in self._port.rest.take_unknown():
            self._missing[instrument.instrument_id] = (instrument, 0)
        batch = [instrument for instrument, _ in list(self._missing.values())[:AT_ONCE_MAX]]
        if not batch:
            return ()
        try:
            found = await self._port.rest.load_contracts(batch)
        except MarginwatchError as error:
            log.warning("contracts not loaded", venue=self._port.venue, reason=str(error))
            found = ()
        for instrument in found:
            self._missing.pop(instrument.instrument_id, None)
        for instrument in batch:
            if instrument.instrument_id in self._missing:
                self._count_attempt(instrument)
        if found:
            self._sink(InstrumentsUpdate(found))
        for instrument in found:
            self._tell(instrument, "was not known and has been loaded")
        return found

    def _tell(self, instrument: Instrument, what: str) -> None:
        message = f"{instrument.venue_symbol} ({instrument.category}) {what}"
        self._on_notice(Notice("unknown_contract", None, message))

    def _count_attempt(self, instrument: Instrument) -> None:
        attempts = self._missing.pop(instrument.instrument_id)[1] + 1
        if attempts < ATTEMPTS_MAX:
            self._missing[instrument.instrument_id] = (instrument, attempts)
            return
        venue = self._port.venue
        log.warning("contract stays inferred", venue=venue, contract=instrument.instrument_id)
        if self._port.facts is not None:
            what = f"is not among the contracts of {venue}; what its symbol says is used, its multiplier may be wrong"
            self._tell(instrument, what)
