"""Public prices, from REST pages and from pushes; and how a delta is laid over what was known."""

from typing import Final

import msgspec

from marginwatch.errors import ProtocolError
from marginwatch.model.instrument import Instrument
from marginwatch.model.position import Greeks
from marginwatch.model.price import Mark
from marginwatch.venues.bybit.catalog import InstrumentCatalog
from marginwatch.venues.bybit.parse.page import Page, open_page, read_page
from marginwatch.venues.bybit.parse.text import number_or_none, prove_numbers, time_ns_or_none
from marginwatch.venues.bybit.schemas.market import WireTicker

ENDPOINT = "/v5/market/tickers"

_PRICE_FIELDS: Final = (
    "mark_price",
    "index_price",
    "last_price",
    "bid1_price",
    "bid_price",
    "ask1_price",
    "ask_price",
    "underlying_price",
    "usd_index_price",
    "mark_iv",
    "mark_price_iv",
    "delta",
    "gamma",
    "vega",
    "theta",
    "funding_rate",
    "open_interest",
)

_rows = msgspec.json.Decoder(WireTicker)


def parse_tickers(
    result: msgspec.Raw, category: str | None, catalog: InstrumentCatalog, ts_venue_ns: int | None = None
) -> Page[Mark]:
    """Return one reply of ``/v5/market/tickers`` as snapshots.

    Parameters
    ----------
    result : msgspec.Raw
        ``result`` of the reply.
    category : str or None
        As asked for; None takes it from the result or the symbols.
    catalog : InstrumentCatalog
        Contracts.
    ts_venue_ns : int or None
        Server time of the reply, UTC nanoseconds; rows carry none.

    Raises
    ------
    ProtocolError
        If there is no list. A bad row is a failure of the page.
    """
    page = open_page(result, ENDPOINT)
    said = category or page.category
    return read_page(
        page,
        _rows,
        lambda row: mark_of(row, instrument_of(row, said, catalog), True, None, ts_venue_ns),
        ENDPOINT,
    )


def instrument_of(row: WireTicker, category: str | None, catalog: InstrumentCatalog) -> Instrument:
    """Return the contract of a ticker; without a category, from what only some segments send, then from the symbol.

    Raises
    ------
    ProtocolError
        If nothing tells the category.
    """
    return catalog.resolve(category or ("spot" if row.usd_index_price is not None else None), row.symbol)


def mark_of(
    row: WireTicker, instrument: Instrument, is_snapshot: bool, sequence: int | None, ts_venue_ns: int | None
) -> Mark:
    """Return a ticker as prices.

    Raises
    ------
    ProtocolError
        If a number is none; names symbol and field.
    """
    bid = row.bid1_price or row.bid_price
    ask = row.ask1_price or row.ask_price
    try:
        prove_numbers(
            (
                row.mark_price,
                row.index_price,
                row.last_price,
                bid,
                ask,
                row.underlying_price,
                row.usd_index_price,
                row.funding_rate,
                row.open_interest,
            )
        )
        volatility, greeks = _option_numbers(row) if instrument.category == "option" else (None, None)
        next_funding = row.next_funding_time
        # By position, in the order of the fields: naming them costs a quarter of the work on a delta.
        return Mark(
            instrument,
            row.mark_price or None,
            row.index_price or None,
            row.last_price or None,
            bid or None,
            ask or None,
            row.underlying_price or None,
            row.usd_index_price or None,
            volatility,
            greeks,
            row.funding_rate or None,
            time_ns_or_none(next_funding, "nextFundingTime") if next_funding else None,
            row.open_interest or None,
            is_snapshot,
            sequence,
            ts_venue_ns,
        )
    except ValueError:
        raise _explained(row) from None


def merge(base: Mark, delta: Mark) -> Mark:
    """Return the state after a message: a snapshot replaces, a delta changes what it names.

    Parameters
    ----------
    base : Mark
        What was known.
    delta : Mark
        The later message of the same contract.

    Returns
    -------
    Mark
        ``is_snapshot`` is that of ``delta``, so it still tells what kind of message came last.

    Raises
    ------
    ValueError
        If the two are of different contracts.
    """
    if base.instrument.instrument_id != delta.instrument.instrument_id:
        raise ValueError("merge: base and delta must be of one contract")
    if delta.is_snapshot:
        return delta
    # All optional fields of a Mark mean "unchanged" when they are None in a delta.
    kept = {field: getattr(base, field) for field in Mark.__struct_fields__ if getattr(delta, field) is None}
    return msgspec.structs.replace(delta, **kept)


def _option_numbers(row: WireTicker) -> tuple[str | None, Greeks | None]:
    volatility = row.mark_price_iv or row.mark_iv
    prove_numbers((volatility, row.delta, row.gamma, row.vega, row.theta))
    greeks = None
    if row.delta or row.gamma or row.vega or row.theta:
        greeks = Greeks(
            delta=row.delta or None,
            gamma=row.gamma or None,
            vega=row.vega or None,
            theta=row.theta or None,
        )
    return volatility or None, greeks


def _explained(row: WireTicker) -> ProtocolError:
    try:
        for field in _PRICE_FIELDS:
            number_or_none(getattr(row, field), field)
    except ProtocolError as found:
        return ProtocolError(f"{row.symbol[:40]}: {found.message}")
    return ProtocolError(f"{row.symbol[:40]}: numbers far too large")
