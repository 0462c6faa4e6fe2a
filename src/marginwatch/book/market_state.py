"""The state of markets beside prices: depth by contract, recent liquidations, insurance pools, deleveraging alerts."""

from collections import deque
from collections.abc import Iterable
from typing import ClassVar

from marginwatch.book.instruments import InstrumentTable
from marginwatch.book.table import NAN
from marginwatch.book.tiers import INFINITY, SteppedTable
from marginwatch.model.events import AdlAlertsUpdate, DepthsUpdate, InsurancePoolsUpdate, LiquidationsSeen
from marginwatch.model.ids import Asset, VenueId
from marginwatch.model.market import AdlAlert, InsurancePool, Level, Liquidation

LIQUIDATIONS_KEPT = 1_000


class DepthSide(SteppedTable):
    """One side of the order books, by row of the instrument table, best level first.

    ``price`` is in quote currency, padded with NaN; ``value`` is what all levels down to this one are worth together, in
    quote currency (what an order must be worth to eat through them), padded with infinity.
    """

    PADS: ClassVar[dict[str, float]] = {"price": NAN, "value": INFINITY}


class MarketState:
    """Written by the book alone.

    Parameters
    ----------
    instruments : InstrumentTable
        The contracts.

    Attributes
    ----------
    bids, asks : DepthSide
        Order books; ``n_steps`` is 0 where none is known.
    depth_ns : dict of int to int
        Row of a contract → when its order book was last told, UTC nanoseconds.
    liquidations : deque of Liquidation
        The latest of anybody, oldest first.
    pools : dict
        (venue, coin, contracts) → insurance pool.
    alerts : dict
        (venue, contract) → how near deleveraging is.
    """

    def __init__(self, instruments: InstrumentTable) -> None:
        self._instruments = instruments
        self.bids = DepthSide()
        self.asks = DepthSide()
        self.depth_ns: dict[int, int] = {}
        self.liquidations: deque[Liquidation] = deque(maxlen=LIQUIDATIONS_KEPT)
        self.pools: dict[tuple[VenueId, Asset, tuple[str, ...]], InsurancePool] = {}
        self.alerts: dict[tuple[VenueId, str], AdlAlert] = {}

    def take_depths(self, event: DepthsUpdate) -> None:
        """Replace the order books of some contracts; ValueError if a number of one is no decimal, which is left as it was."""
        for depth in event.depths:
            row = self._instruments.row(depth.instrument)
            multiplier, is_inverse = self._instruments.terms[row]
            bids = _steps(depth.bids, multiplier, is_inverse)
            asks = _steps(depth.asks, multiplier, is_inverse)
            self.bids.fill(row, bids)
            self.asks.fill(row, asks)
            made_ns = event.ts_received_ns if depth.ts_venue_ns is None else depth.ts_venue_ns
            self.depth_ns[row] = min(made_ns, event.ts_received_ns)

    def take_liquidations(self, event: LiquidationsSeen) -> None:
        """Remember liquidations."""
        self.liquidations.extend(event.liquidations)

    def take_pools(self, event: InsurancePoolsUpdate) -> None:
        """Replace the insurance pools named."""
        for pool in event.pools:
            self.pools[event.venue, pool.asset, pool.venue_symbols] = pool

    def take_alerts(self, event: AdlAlertsUpdate) -> None:
        """Replace the alerts of the contracts named."""
        for alert in event.alerts:
            self.alerts[event.venue, alert.venue_symbol] = alert


def _steps(levels: Iterable[Level], multiplier: float, is_inverse: bool) -> list[tuple[float, float]]:
    """Return price and value so far of each level; a contract of an inverse one is worth its multiplier whatever the price."""
    steps: list[tuple[float, float]] = []
    value = 0.0
    for price_text, quantity_text in levels:
        price = float(price_text)
        value += float(quantity_text) * multiplier * (1.0 if is_inverse else price)
        steps.append((price, value))
    return steps
