"""Which contract a symbol of a book file means."""

from collections.abc import Iterable

import msgspec

from marginwatch.bookfile.rows import (
    BookRow,
    InstrumentEntry,
    MarkEntry,
    OrderEntry,
    PositionEntry,
    TierEntry,
)
from marginwatch.errors import ConfigError, ProtocolError
from marginwatch.model.ids import VenueId
from marginwatch.model.instrument import Instrument, InstrumentKind
from marginwatch.venues.bybit.contract_names import category_of, infer_instrument, underlying_of

CURRENCIES = ("base_asset", "quote_asset", "settle_asset")


class Contracts:
    """The contracts of a file: those it describes, and what symbols alone say of the others."""

    def __init__(self) -> None:
        self._by_id: dict[tuple[str, str, str], Instrument] = {}
        self._by_symbol: dict[tuple[str, str], list[Instrument]] = {}

    def learn(self, rows: Iterable[InstrumentEntry]) -> tuple[Instrument, ...]:
        """Take in the instruments of the file and return them.

        Raises
        ------
        ConfigError
            If one of them is of a kind that does not exist, or has no currency.
        """
        for place, row in enumerate(rows):
            self._keep(_instrument(row, f"instruments[{place}]"))
        return self.known()

    def of(self, row: PositionEntry | MarkEntry | TierEntry | OrderEntry, place: str) -> Instrument:
        """Return the contract of a row.

        Raises
        ------
        ConfigError
            If neither the row nor the file tells what it is.
        """
        venue, symbol = VenueId(row.venue), row.venue_symbol
        category = _stated_category(row) or row.category
        if category is not None:
            return self._by_id.get((venue, category, symbol)) or self._keep(
                _completed(_inferred(venue, category, symbol, place), row, place)
            )
        known = self._by_symbol.get((venue, symbol), [])
        derivatives = [one for one in known if one.instrument_kind is not InstrumentKind.SPOT]
        if found := derivatives or known:
            return found[0]
        category = category_of(symbol)
        if category is None:
            raise ConfigError(
                f"{place}.category: {symbol!r} does not tell its own; say linear, inverse, option or spot"
            )
        return self._keep(_completed(_inferred(venue, category, symbol, place), row, place))

    def known(self) -> tuple[Instrument, ...]:
        """Return all contracts met so far."""
        return tuple(self._by_id.values())

    def _keep(self, instrument: Instrument) -> Instrument:
        key = (instrument.venue, instrument.category, instrument.venue_symbol)
        self._by_id[key] = instrument
        self._by_symbol.setdefault((instrument.venue, instrument.venue_symbol), []).append(instrument)
        return instrument


def _stated_category(row: BookRow) -> str | None:
    """Return the segment that kind and settlement of a row stand for; None if it states none."""
    kind: str | None = getattr(row, "instrument_kind", None)
    if kind in ("spot", "option"):
        return kind
    is_inverse: bool | None = getattr(row, "is_inverse", None)
    if is_inverse is None:
        return None
    return "inverse" if is_inverse else "linear"


def _inferred(venue: VenueId, category: str, symbol: str, place: str) -> Instrument:
    try:
        return infer_instrument(venue, category, symbol)
    except ProtocolError as error:
        raise ConfigError(f"{place}: {error.message}") from None


def _completed(instrument: Instrument, row: BookRow, place: str) -> Instrument:
    settle: str | None = getattr(row, "settle_asset", None)
    if settle is not None and not instrument.settle_asset:
        changed = {"settle_asset": settle, "quote_asset": instrument.quote_asset or settle}
        instrument = msgspec.structs.replace(instrument, **changed)
    if not instrument.settle_asset:
        raise ConfigError(
            f"{place}.settle_asset: {instrument.venue_symbol!r} does not tell its own; give it here or in instruments"
        )
    return instrument


def _instrument(row: InstrumentEntry, place: str) -> Instrument:
    symbol, venue = row.venue_symbol, VenueId(row.venue)
    category = row.category or _stated_category(row) or category_of(symbol)
    if category is None:
        raise ConfigError(
            f"{place}.category: {symbol!r} does not tell its own; say linear, inverse, option or spot"
        )
    known = _inferred(venue, category, symbol, place)
    given = {
        name: value
        for name in InstrumentEntry.__struct_fields__
        if name not in ("venue", "venue_symbol", "category", "instrument_kind")
        and (value := getattr(row, name)) is not None
    }
    if row.instrument_kind is not None:
        try:
            given["instrument_kind"] = InstrumentKind(row.instrument_kind)
        except ValueError:
            kinds = ", ".join(InstrumentKind)
            raise ConfigError(
                f"{place}.instrument_kind: {row.instrument_kind!r} is none of {kinds}"
            ) from None
    if row.base_asset is not None and row.underlying_asset is None:
        given["underlying_asset"] = underlying_of(row.base_asset)
    instrument = msgspec.structs.replace(known, **given)
    if missing := [name for name in CURRENCIES if not getattr(instrument, name)]:
        raise ConfigError(f"{place}.{missing[0]}: {symbol!r} does not tell its own; give it")
    if float(instrument.multiplier) <= 0.0:
        raise ConfigError(f"{place}.multiplier: must be greater than 0, got {instrument.multiplier}")
    return instrument
