"""What a contract is: kind, currencies, multiplier, expiry; and the margin tiers that belong to it."""

from enum import StrEnum
from typing import Literal

import msgspec

from marginwatch.model.ids import Asset, DecimalText, InstrumentId, VenueId


class InstrumentKind(StrEnum):
    """The four kinds of contract that the risk formulas tell apart."""

    SPOT = "spot"
    PERPETUAL = "perpetual"
    FUTURE = "future"
    OPTION = "option"


OptionKind = Literal["call", "put"]


class Instrument(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One contract of one venue.

    Parameters
    ----------
    instrument_id : InstrumentId
        Canonical name.
    venue, category, venue_symbol
        Where it trades, in which of the venue's segments, and the venue's own string.
    instrument_kind : InstrumentKind
        Spot, perpetual, future or option.
    is_inverse : bool
        True where profit is settled in the base asset and the quantity counts quote units.
    base_asset, quote_asset, settle_asset : str
        As the venue writes them (``1000PEPE`` stays ``1000PEPE``).
    underlying_asset : str
        The coin that the contract is a bet on, for grouping exposure: ``PEPE`` for ``1000PEPEUSDT``.
    multiplier : str
        Base units (linear, option) or quote units (inverse) per contract, greater than 0.
    expiry_ns : int or None
        UTC nanoseconds; None for perpetuals and spot.
    strike_price, option_kind
        For options only.
    status : str or None
        The venue's word, lower case; None if not said.
    tick_size, quantity_step : str or None
        Smallest price and quantity moves.
    funding_interval_s : int or None
        Seconds between funding payments of a perpetual.
    is_inferred : bool
        True while we know the contract only from its symbol; the real one replaces it when it is loaded.
    """

    instrument_id: InstrumentId
    venue: VenueId
    category: str
    venue_symbol: str
    instrument_kind: InstrumentKind
    is_inverse: bool
    base_asset: Asset
    quote_asset: Asset
    settle_asset: Asset
    underlying_asset: Asset
    multiplier: DecimalText = "1"
    expiry_ns: int | None = None
    strike_price: DecimalText | None = None
    option_kind: OptionKind | None = None
    status: str | None = None
    tick_size: DecimalText | None = None
    quantity_step: DecimalText | None = None
    funding_interval_s: int | None = None
    is_inferred: bool = False


class MarginTier(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One step of a contract's risk-limit table.

    Parameters
    ----------
    instrument_id, venue_symbol
        The contract.
    tier : int
        From 1, in ascending order of ``limit``.
    limit : str
        Largest position value of this tier, in the venue's unit for it (quote for linear, base for inverse).
    initial_margin_rate, maintenance_margin_rate : str
        Fractions, whatever unit the venue used.
    maintenance_deduction : str or None
        Amount taken off the maintenance margin in this tier; None where the venue sends none.
    max_leverage : str or None
        ×.
    """

    instrument_id: InstrumentId
    venue_symbol: str
    tier: int
    limit: DecimalText
    initial_margin_rate: DecimalText | None
    maintenance_margin_rate: DecimalText
    maintenance_deduction: DecimalText | None = None
    max_leverage: DecimalText | None = None
