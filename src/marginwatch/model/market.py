"""What a venue's public streams say of a market's state beside prices: depth, liquidations, insurance, deleveraging."""

from typing import Literal

import msgspec

from marginwatch.model.ids import Asset, DecimalText
from marginwatch.model.instrument import Instrument

Level = tuple[DecimalText, DecimalText]
"""Price in quote currency, quantity in contracts."""


class Depth(msgspec.Struct, frozen=True, gc=False):
    """The best levels of one contract's order book.

    Parameters
    ----------
    instrument : Instrument
        The contract.
    bids, asks : tuple of Level
        Best first.
    ts_venue_ns : int or None
        UTC nanoseconds.
    """

    instrument: Instrument
    bids: tuple[Level, ...]
    asks: tuple[Level, ...]
    ts_venue_ns: int | None = None


class BookChange(msgspec.Struct, frozen=True, gc=False):
    """A push about one order book, which is told further as :class:`Depth`.

    Parameters
    ----------
    topic : str
        The venue's name of the stream.
    instrument : Instrument
        The contract.
    is_snapshot : bool
        Replaces what was known; otherwise levels that changed, quantity 0 for those that are gone.
    number : int
        Grows by 1 from push to push of a topic; a gap means that one was lost.
    bids, asks : tuple of Level
        In no order.
    ts_venue_ns : int or None
        UTC nanoseconds.
    """

    topic: str
    instrument: Instrument
    is_snapshot: bool
    number: int
    bids: tuple[Level, ...]
    asks: tuple[Level, ...]
    ts_venue_ns: int | None = None


class Liquidation(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A position of somebody that the exchange took over.

    Parameters
    ----------
    instrument : Instrument
        The contract.
    position_side : {'long', 'short'}
        What was liquidated.
    quantity : str
        Contracts, unsigned.
    bankruptcy_price : str
        Quote currency.
    ts_venue_ns : int or None
        UTC nanoseconds.
    """

    instrument: Instrument
    position_side: Literal["long", "short"]
    quantity: DecimalText
    bankruptcy_price: DecimalText
    ts_venue_ns: int | None = None


class InsurancePool(msgspec.Struct, frozen=True, kw_only=True):
    """The money that pays for what liquidations cost beyond the margin of the liquidated.

    Parameters
    ----------
    asset : str
        Coin it is kept in.
    venue_symbols : tuple of str
        Contracts that share it.
    balance : str
        In the coin.
    ts_venue_ns : int or None
        UTC nanoseconds.
    """

    asset: Asset
    venue_symbols: tuple[str, ...]
    balance: DecimalText
    ts_venue_ns: int | None = None


class AdlAlert(msgspec.Struct, frozen=True, kw_only=True):
    """How near a contract is to auto-deleveraging, and whether it has begun.

    Parameters
    ----------
    asset, venue_symbol : str
        Coin of the pool; the contract.
    balance : str
        Of the insurance pool, in the coin.
    pnl_ratio : str or None
        What the contract lost of the pool since its highest in 8 hours, fraction.
    starts_below, stops_above : str or None
        ``pnl_ratio`` at which deleveraging starts and stops, fractions.
    starts_from_balance : str or None
        Pool balance above which ``starts_below`` holds; a pool that is used up deleverages anyway.
    """

    asset: Asset
    venue_symbol: str
    balance: DecimalText
    pnl_ratio: DecimalText | None = None
    starts_below: DecimalText | None = None
    stops_above: DecimalText | None = None
    starts_from_balance: DecimalText | None = None

    @property
    def is_triggered(self) -> bool:
        """Whether the venue's condition for deleveraging holds.

        References
        ----------
        Bybit V5 documentation, adl-alert (2026-07).
        """
        balance = float(self.balance)
        if balance <= 0.0:
            return True
        if self.pnl_ratio is None or self.starts_below is None or self.starts_from_balance is None:
            return False
        return balance > float(self.starts_from_balance) and float(self.pnl_ratio) < float(self.starts_below)
