"""Public prices of one contract: a snapshot replaces all fields, a delta only those it names."""

import msgspec

from marginwatch.model.ids import DecimalText
from marginwatch.model.instrument import Instrument
from marginwatch.model.position import Greeks


class Mark(msgspec.Struct, frozen=True, gc=False):
    """Prices of one contract at one moment. Parsers fill the fields by position: add new ones at the end.

    Parameters
    ----------
    instrument : Instrument
        The contract.
    mark_price, index_price, last_price, bid_price, ask_price : str or None
        Quote currency. None means *missing* in a snapshot and *unchanged* in a delta.
    underlying_price : str or None
        Forward price of an option's underlying, quote currency.
    usd_index_price : str or None
        The venue's USD value of the base asset (spot).
    mark_volatility : str or None
        Implied volatility behind an option's mark, fraction a year.
    greeks : Greeks or None
        Of one option contract.
    funding_rate : str or None
        For the running interval; longs pay when positive.
    next_funding_at_ns : int or None
        UTC nanoseconds.
    open_interest : str or None
        Contracts.
    is_snapshot : bool
        Whether unnamed fields are missing (True) or unchanged (False).
    sequence : int or None
        The venue's order of changes within the contract.
    ts_venue_ns : int or None
        UTC nanoseconds.
    """

    instrument: Instrument
    mark_price: DecimalText | None = None
    index_price: DecimalText | None = None
    last_price: DecimalText | None = None
    bid_price: DecimalText | None = None
    ask_price: DecimalText | None = None
    underlying_price: DecimalText | None = None
    usd_index_price: DecimalText | None = None
    mark_volatility: DecimalText | None = None
    greeks: Greeks | None = None
    funding_rate: DecimalText | None = None
    next_funding_at_ns: int | None = None
    open_interest: DecimalText | None = None
    is_snapshot: bool = True
    sequence: int | None = None
    ts_venue_ns: int | None = None
