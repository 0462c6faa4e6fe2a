"""The contracts of one venue, known or inferred from their symbols."""

from collections.abc import Iterable

from marginwatch.errors import ProtocolError
from marginwatch.model.ids import VenueId
from marginwatch.model.instrument import Instrument
from marginwatch.venues.bybit.contract_names import CATEGORIES, category_of, infer_instrument

INFERRED_MAX = 20_000
"""More unknown symbols than this is garbage on the wire, not listings; beyond it nothing is remembered."""


class InstrumentCatalog:
    """Symbols to contracts. A contract not loaded yet is inferred, remembered, and asked for by the adapter.

    Parameters
    ----------
    venue : VenueId
        Whose contracts these are.
    """

    def __init__(self, venue: VenueId) -> None:
        self.venue = venue
        self._by_symbol: dict[str, dict[str, Instrument]] = {category: {} for category in CATEGORIES}
        self._unknown: list[Instrument] = []
        self._replaced: list[Instrument] = []
        self._inferred_count = 0

    def __len__(self) -> int:
        return sum(map(len, self._by_symbol.values()))

    def resolve(self, category: str | None, symbol: str) -> Instrument:
        """Return a contract: the loaded one, or one inferred from its symbol. Two dictionary lookups.

        Parameters
        ----------
        category : str or None
            The venue's segment. None where neither message nor socket tells it: it is then the derivatives segment
            in which the symbol was loaded, else the one that its form tells.
        symbol : str
            The venue's own string.

        Raises
        ------
        ProtocolError
            If it is not known and the category is none of the venue's, or cannot be told.
        """
        try:
            return self._by_symbol[category or ""][symbol]
        except KeyError:
            return self._infer(category or self._category_of(symbol), symbol)

    def known(self, category: str, symbol: str) -> Instrument | None:
        """Return a contract only if it was loaded, else None."""
        found = self._by_symbol.get(category, {}).get(symbol)
        return None if found is None or found.is_inferred else found

    def learn(self, instruments: Iterable[Instrument]) -> None:
        """Take loaded contracts in; they replace inferred and older ones."""
        for instrument in instruments:
            known = self._by_symbol[instrument.category]
            before = known.get(instrument.venue_symbol)
            if before is not None and before.is_inferred and not instrument.is_inferred:
                self._replaced.append(instrument)
            known[instrument.venue_symbol] = instrument

    def take_replaced(self) -> tuple[Instrument, ...]:
        """Return the loaded contracts that took the place of an inferred one since the last call.

        They alone have to be told to whoever met the contract before: all others are resolved to what was loaded.
        """
        replaced, self._replaced = self._replaced, []
        return tuple(replaced)

    def take_unknown(self) -> tuple[Instrument, ...]:
        """Return the inferred contracts first seen since the last call that have not been loaded meanwhile."""
        unknown, self._unknown = self._unknown, []
        return tuple(
            one for one in unknown if self._by_symbol[one.category].get(one.venue_symbol) in (None, one)
        )

    def _category_of(self, symbol: str) -> str:
        for category, known in self._by_symbol.items():
            if symbol in known:
                return category
        category = category_of(symbol)
        if category is None:
            raise ProtocolError(
                f"{symbol[:40]}: neither the message nor the symbol tells the category", venue=self.venue
            )
        return category

    def _infer(self, category: str, symbol: str) -> Instrument:
        found = self._by_symbol.get(category, {}).get(symbol)
        if found is not None:
            return found
        instrument = infer_instrument(self.venue, category, symbol)
        if self._inferred_count < INFERRED_MAX:
            self._inferred_count += 1
            self._by_symbol[category][symbol] = instrument
            self._unknown.append(instrument)
        return instrument
