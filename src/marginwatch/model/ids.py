"""Names of things: accounts, venues and instruments, each its own type so that none is mistaken for another."""

from typing import NewType

AccountId = NewType("AccountId", str)
"""The desk's own name for one ledger at a venue; a sub-account is an account of its own."""

VenueId = NewType("VenueId", str)
"""An exchange in one environment: ``bybit`` (live), ``bybit-testnet``, ``bybit@127.0.0.1:8080``."""

InstrumentId = NewType("InstrumentId", str)
"""Our canonical name of a contract, ``venue:category:venue_symbol``; see :func:`instrument_id`."""

Asset = str
"""A coin or currency code as the venue writes it, such as ``BTC`` or ``USDT``."""

DecimalText = str
"""A number exactly as the venue sent it. Only ``book`` turns it into float64; reconciliation compares it exactly."""


def instrument_id(venue: VenueId, category: str, venue_symbol: str) -> InstrumentId:
    """Return the canonical name of a contract.

    The category belongs to the name because one symbol stands in several: spot ``BTCUSDT`` is not linear
    ``BTCUSDT``.

    Parameters
    ----------
    venue : VenueId
        Exchange and environment.
    category : str
        The venue's own segment, such as ``linear``, ``inverse``, ``option`` or ``spot``.
    venue_symbol : str
        The venue's own string.

    Returns
    -------
    InstrumentId
        ``venue:category:venue_symbol``.
    """
    return InstrumentId(f"{venue}:{category}:{venue_symbol}")
