"""Contracts and their live prices, one row each; rows are never given back, for contracts are few."""

import re
from collections.abc import Iterable
from typing import ClassVar

from marginwatch.book.assets import AssetTable
from marginwatch.book.holdings import number
from marginwatch.book.table import NAN, BoolArray, CodeArray, FloatArray, Table
from marginwatch.book.tiers import RiskLimits
from marginwatch.model.ids import InstrumentId, VenueId
from marginwatch.model.instrument import Instrument, InstrumentKind, MarginTier
from marginwatch.model.position import Greeks
from marginwatch.model.price import Mark

PRICE_FIELDS = (
    "mark_price",
    "index_price",
    "last_price",
    "bid_price",
    "ask_price",
    "underlying_price",
    "usd_index_price",
    "mark_volatility",
    "funding_rate",
)
"""Numbers of a mark that have a column of the same name, and another ending in ``_ns`` for when it was last stated."""

NEVER_ZERO = frozenset({"mark_price", "index_price", "underlying_price", "usd_index_price"})
"""Prices of which 0 says that there is none (before a launch, after a settlement): a loss of everything, or an infinite
gain, would be a lie. An option's own mark may well be 0."""

NO_GREEKS = (NAN, NAN, NAN, NAN)

SCALED_NAME = re.compile(r"^(\d+)[A-Z]|[A-Z](\d+)$")


def units_per_base(instrument: Instrument) -> float:
    """Return how many units of the underlying one base unit is: 1000 for ``1000PEPE``, 1 for ``PEPE``."""
    if instrument.base_asset == instrument.underlying_asset:
        return 1.0
    found = SCALED_NAME.search(instrument.base_asset)
    return float(found.group(1) or found.group(2)) if found else 1.0


class InstrumentTable(Table):
    """Terms and prices of every contract met.

    Terms: ``strike_price`` (NaN) and ``is_call`` of options, ``expiry_ns`` (0: none), ``funding_interval_s`` between funding
    payments (0: none, or not known yet). ``funding_rate`` is for the running interval, which ends at
    ``next_funding_at_ns`` (0: not said). ``delta``, ``gamma``, ``vega`` and ``theta`` are of one option contract in the venue's
    units.

    Prices are in quote currency, NaN where the venue did not state them. ``heard_ns`` is the moment that the prices are
    known to have held: the venue's time of the last message about the contract, or ours if that is earlier. A delta
    leaves out what did not change, so it confirms the fields it does not name.
    """

    BLANKS: ClassVar[dict[str, float | int | bool]] = {
        "multiplier": 0.0,
        "is_linear": False,
        "is_inverse": False,
        "is_option": False,
        "quote_asset": 0,
        "settle_asset": 0,
        "underlying_asset": 0,
        "heard_ns": 0,
        "made_ns": 0,
        "delta": NAN,
        "delta_ns": 0,
        "gamma": NAN,
        "vega": NAN,
        "theta": NAN,
        "strike_price": NAN,
        "is_call": False,
        "expiry_ns": 0,
        "funding_interval_s": 0,
        "next_funding_at_ns": 0,
        **dict.fromkeys(PRICE_FIELDS, NAN),
        **{f"{field}_ns": 0 for field in PRICE_FIELDS},
    }
    multiplier: FloatArray
    is_linear: BoolArray
    is_inverse: BoolArray
    is_option: BoolArray
    quote_asset: CodeArray
    settle_asset: CodeArray
    underlying_asset: CodeArray
    heard_ns: CodeArray
    heard_ns_at: "memoryview[int]"
    made_ns: CodeArray
    made_ns_at: "memoryview[int]"
    delta: FloatArray
    delta_at: "memoryview[float]"
    delta_ns_at: "memoryview[int]"
    gamma: FloatArray
    vega: FloatArray
    theta: FloatArray
    gamma_at: "memoryview[float]"
    vega_at: "memoryview[float]"
    theta_at: "memoryview[float]"
    strike_price: FloatArray
    is_call: BoolArray
    expiry_ns: CodeArray
    funding_interval_s: CodeArray
    next_funding_at_ns: CodeArray
    next_funding_at_ns_at: "memoryview[int]"
    mark_price: FloatArray
    index_price: FloatArray
    last_price: FloatArray
    bid_price: FloatArray
    ask_price: FloatArray
    underlying_price: FloatArray
    usd_index_price: FloatArray
    mark_volatility: FloatArray
    funding_rate: FloatArray
    mark_price_ns: CodeArray

    def __init__(self, assets: AssetTable) -> None:
        self.instruments: list[Instrument | None] = [None]
        self.tiers: dict[InstrumentId, tuple[MarginTier, ...]] = {}
        self.risk_limits = RiskLimits()
        """The same tiers as numbers, by row."""
        self.terms: list[tuple[float, bool]] = [(0.0, False)]
        self.prices_version = 0
        self._assets = assets
        self._rows: dict[InstrumentId, int] = {}
        self._btc: dict[tuple[VenueId, str], int] = {}
        self._writers: tuple[tuple[str, memoryview[float], memoryview[int]], ...] = ()
        super().__init__()

    def _resize(self, capacity: int) -> None:
        super()._resize(capacity)
        self._writers = tuple(
            (field, getattr(self, f"{field}_at"), getattr(self, f"{field}_ns_at")) for field in PRICE_FIELDS
        )
        self.risk_limits.reach(capacity)

    def find(self, instrument_id: InstrumentId) -> int:
        """Return the row of a contract, 0 if we never met it."""
        return self._rows.get(instrument_id, 0)

    def row(self, instrument: Instrument) -> int:
        """Return the row of a contract, learning it if it is new or better known than before."""
        row = self._rows.get(instrument.instrument_id, 0)
        if not row or self.instruments[row] is not instrument:
            row = self.learn(instrument)
        return row

    def learn(self, instrument: Instrument) -> int:
        """Return the contract's row after taking over its terms; an inferred one never replaces a known one."""
        row = self._rows.get(instrument.instrument_id, 0)
        if not row:
            row = self._rows[instrument.instrument_id] = self.take()
            self.instruments.append(None)
            self.terms.append((0.0, False))
            if tiers := self.tiers.get(instrument.instrument_id):
                self.risk_limits.write(row, tiers)
        held = self.instruments[row]
        if held == instrument or (held is not None and instrument.is_inferred and not held.is_inferred):
            return row
        multiplier = float(instrument.multiplier)
        strike = NAN if instrument.strike_price is None else float(instrument.strike_price)
        self.instruments[row] = instrument
        self.strike_price[row] = strike
        self.is_call[row] = instrument.option_kind == "call"
        self.expiry_ns[row] = instrument.expiry_ns or 0
        self.funding_interval_s[row] = instrument.funding_interval_s or 0
        self.terms[row] = (multiplier, instrument.is_inverse)
        is_option = instrument.instrument_kind is InstrumentKind.OPTION
        is_spot = instrument.instrument_kind is InstrumentKind.SPOT
        self.multiplier[row] = multiplier
        self.is_inverse[row] = instrument.is_inverse
        self.is_option[row] = is_option
        self.is_linear[row] = not (instrument.is_inverse or is_option or is_spot)
        self.quote_asset[row] = self._assets.row(instrument.venue, instrument.quote_asset)
        self.settle_asset[row] = self._assets.row(instrument.venue, instrument.settle_asset)
        self.underlying_asset[row] = self._assets.row(instrument.venue, instrument.underlying_asset)
        self._point_assets_at(row, instrument)
        self.prices_version += 1
        return row

    def _point_assets_at(self, row: int, instrument: Instrument) -> None:
        assets = self._assets
        coin = assets.row(instrument.venue, instrument.underlying_asset)
        if instrument.instrument_kind is InstrumentKind.SPOT:
            if instrument.quote_asset == "USDT" or not assets.spot_instrument[coin]:
                assets.spot_instrument[coin] = row
            return
        if instrument.instrument_kind is not InstrumentKind.PERPETUAL:
            return
        scale = 1.0 / units_per_base(instrument)
        if instrument.is_inverse and instrument.quote_asset == "USD":
            assets.inverse_instrument[coin] = row
        elif instrument.quote_asset == "USDT":
            assets.usdt_instrument[coin], assets.usdt_scale[coin] = row, scale
        elif instrument.quote_asset == "USDC":
            assets.usdc_instrument[coin], assets.usdc_scale[coin] = row, scale
        if instrument.base_asset == "BTC":
            self._btc[instrument.venue, instrument.quote_asset] = row
            for quote in ("USDT", "USDC"):
                asset = assets.row(instrument.venue, quote)
                assets.ratio_over[asset] = self._btc.get((instrument.venue, "USD"), 0)
                assets.ratio_under[asset] = self._btc.get((instrument.venue, quote), 0)

    def write_mark(self, mark: Mark, received_ns: int) -> bool:
        """Write one contract's prices; return False, writing nothing, if newer ones are already here.

        Raises
        ------
        ValueError
            If a price is not a decimal; nothing is written.
        """
        row = self.row(mark.instrument)
        made_ns = received_ns if mark.ts_venue_ns is None else mark.ts_venue_ns
        if made_ns < self.made_ns_at[row]:
            return False
        numbers = [
            None if (text := getattr(mark, field)) is None else float(text) for field, _, _ in self._writers
        ]
        if 0.0 in numbers:
            numbers = self._without_zero_prices(numbers, row)
        greeks = None if mark.greeks is None else _numbers_of(mark.greeks)
        self.made_ns_at[row] = made_ns
        self.heard_ns_at[row] = at_ns = min(made_ns, received_ns)
        is_snapshot = mark.is_snapshot
        for price, (_, values, times) in zip(numbers, self._writers, strict=True):
            if price is not None:
                values[row] = price
                times[row] = at_ns
            elif is_snapshot:
                values[row] = NAN
                times[row] = at_ns
        if greeks is not None or is_snapshot:
            # An option's greeks come together or not at all.
            self.delta_at[row], self.gamma_at[row], self.vega_at[row], self.theta_at[row] = (
                greeks or NO_GREEKS
            )
            self.delta_ns_at[row] = at_ns
        if mark.next_funding_at_ns is not None or is_snapshot:
            self.next_funding_at_ns_at[row] = mark.next_funding_at_ns or 0
        self.prices_version += 1
        return True

    def _without_zero_prices(self, numbers: list[float | None], row: int) -> list[float | None]:
        may_be_zero = "mark_price" if self.is_option[row] else None
        return [
            NAN if price == 0.0 and field in NEVER_ZERO and field != may_be_zero else price
            for price, field in zip(numbers, PRICE_FIELDS, strict=True)
        ]

    def write_tiers(self, tiers: Iterable[MarginTier]) -> None:
        """Replace the whole risk-limit table of each contract named; ValueError if a number is no decimal."""
        grouped: dict[InstrumentId, list[MarginTier]] = {}
        for tier in tiers:
            grouped.setdefault(tier.instrument_id, []).append(tier)
        for instrument_id, rows in grouped.items():
            row = self.find(instrument_id)
            if row:
                self.risk_limits.write(row, rows)
            self.tiers[instrument_id] = tuple(sorted(rows, key=lambda tier: tier.tier))


def _numbers_of(greeks: Greeks) -> tuple[float, float, float, float]:
    return number(greeks.delta), number(greeks.gamma), number(greeks.vega), number(greeks.theta)
