"""Contracts, as the instruments endpoint describes them."""

from typing import Final

import msgspec

from marginwatch.errors import ProtocolError
from marginwatch.model.ids import instrument_id
from marginwatch.model.instrument import Instrument, InstrumentKind, OptionKind
from marginwatch.venues.bybit.catalog import InstrumentCatalog
from marginwatch.venues.bybit.contract_names import option_strike, underlying_of
from marginwatch.venues.bybit.parse.page import Page, open_page, read_page
from marginwatch.venues.bybit.parse.text import count_or_none, number_or_none, time_ns_or_none
from marginwatch.venues.bybit.schemas.market import WireInstrument

ENDPOINT = "/v5/market/instruments-info"

_CONTRACT_TYPES: Final = {
    "LinearPerpetual": ("linear", InstrumentKind.PERPETUAL),
    "LinearFutures": ("linear", InstrumentKind.FUTURE),
    "InversePerpetual": ("inverse", InstrumentKind.PERPETUAL),
    "InverseFutures": ("inverse", InstrumentKind.FUTURE),
}
"""``contractType`` (docs: v5/enum): segment and kind."""

_OPTION_KINDS: Final[dict[str, OptionKind]] = {"Call": "call", "Put": "put"}

_rows = msgspec.json.Decoder(WireInstrument)


def parse_instruments(
    result: msgspec.Raw, catalog: InstrumentCatalog, category: str | None = None
) -> Page[Instrument]:
    """Return one page of ``/v5/market/instruments-info``; the catalog is not changed.

    Parameters
    ----------
    result : msgspec.Raw
        ``result`` of the reply.
    catalog : InstrumentCatalog
        Tells the venue.
    category : str or None
        As asked for; contract types tell it for themselves.

    Raises
    ------
    ProtocolError
        If there is no list. A bad row is a failure of the page.
    """
    page = open_page(result, ENDPOINT)
    said = category or page.category
    return read_page(page, _rows, lambda row: _instrument_of(row, said, catalog), ENDPOINT)


def _instrument_of(row: WireInstrument, category: str | None, catalog: InstrumentCatalog) -> Instrument:
    segment, kind = _segment_and_kind(row, category)
    has_expiry = kind in (InstrumentKind.FUTURE, InstrumentKind.OPTION)
    settle = row.settle_coin or (row.base_coin if segment == "inverse" else row.quote_coin)
    price_filter, lot_filter = row.price_filter, row.lot_size_filter
    interval_min = count_or_none(row.funding_interval, "fundingInterval")
    return Instrument(
        instrument_id=instrument_id(catalog.venue, segment, row.symbol),
        venue=catalog.venue,
        category=segment,
        venue_symbol=row.symbol,
        instrument_kind=kind,
        is_inverse=segment == "inverse",
        base_asset=row.base_coin,
        quote_asset=row.quote_coin,
        settle_asset=settle,
        underlying_asset=underlying_of(row.base_coin),
        # A contract of 1000PEPE counts units of 1000PEPE at a price per 1000, and one inverse contract is 1 USD.
        multiplier="1",
        expiry_ns=time_ns_or_none(row.delivery_time, "deliveryTime") if has_expiry else None,
        strike_price=option_strike(row.symbol) if kind is InstrumentKind.OPTION else None,
        option_kind=_option_kind(row),
        status=row.status.lower() if row.status else None,
        tick_size=number_or_none(price_filter.tick_size, "tickSize") if price_filter else None,
        quantity_step=number_or_none(lot_filter.qty_step or lot_filter.base_precision, "qtyStep")
        if lot_filter
        else None,
        # Minutes here, hours in tickers.
        funding_interval_s=interval_min * 60 if interval_min and kind is InstrumentKind.PERPETUAL else None,
    )


def _segment_and_kind(row: WireInstrument, category: str | None) -> tuple[str, InstrumentKind]:
    if not row.symbol:
        raise ProtocolError("symbol: empty")
    if row.contract_type:
        found = _CONTRACT_TYPES.get(row.contract_type)
        if found is None:
            raise ProtocolError(f"{row.symbol[:40]}: contractType {row.contract_type[:40]!r} is unknown")
        return found
    if row.options_type or category == "option":
        return "option", InstrumentKind.OPTION
    if category not in (None, "spot"):
        raise ProtocolError(f"{row.symbol[:40]}: contractType is missing")
    return "spot", InstrumentKind.SPOT


def _option_kind(row: WireInstrument) -> OptionKind | None:
    if not row.options_type:
        return None
    kind = _OPTION_KINDS.get(row.options_type)
    if kind is None:
        raise ProtocolError(
            f"{row.symbol[:40]}: optionsType {row.options_type[:40]!r} is neither Call nor Put"
        )
    return kind
