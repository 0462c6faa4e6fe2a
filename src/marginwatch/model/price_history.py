"""Closes of a contract over past intervals, as a venue states them and as they are kept."""

import msgspec

from marginwatch.model.ids import Asset, DecimalText, VenueId


class PriceSeries(msgspec.Struct, frozen=True):
    """What a history of closes is of.

    Parameters
    ----------
    venue, category, symbol
        The contract: its venue, its segment there, the venue's own string.
    coin : str
        Canonical name of what the contract is a bet on.
    interval_s : int
        Length of an interval, seconds: 3,600 or 86,400.
    """

    venue: VenueId
    category: str
    symbol: str
    coin: Asset
    interval_s: int


class PriceClose(msgspec.Struct, frozen=True, gc=False):
    """The close of one finished interval.

    Parameters
    ----------
    ended_at_s : int
        End of the interval, UTC seconds; a multiple of its length.
    close : str
        Last price in it, quote currency, > 0.
    """

    ended_at_s: int
    close: DecimalText
