"""Loads the contracts that a stream named before we knew them, and says so once."""

import structlog

from marginwatch.collect.ports import VenuePort
from marginwatch.errors import MarginwatchError
from marginwatch.model.events import EventSink, InstrumentsUpdate
from marginwatch.model.instrument import Instrument

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
    """

    def __init__(self, port: VenuePort, sink: EventSink) -> None:
        self._port = port
        self._sink = sink
        self._missing: dict[str, tuple[Instrument, int]] = {}

    async def run_once(self) -> tuple[Instrument, ...]:
        """Load what has become unknown since the last time; return those that were found.

        A contract that the venue does not name is asked for three times, then left as inferred.
        """
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
        return found

    def _count_attempt(self, instrument: Instrument) -> None:
        attempts = self._missing.pop(instrument.instrument_id)[1] + 1
        if attempts < ATTEMPTS_MAX:
            self._missing[instrument.instrument_id] = (instrument, attempts)
        else:
            log.warning(
                "contract stays inferred",
                venue=self._port.venue,
                contract=instrument.venue_symbol,
                category=instrument.category,
            )
