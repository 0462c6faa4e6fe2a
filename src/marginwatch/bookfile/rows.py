"""One struct for each kind of row of a book file: the schemas of ``decode``, with ``account_id`` and what else a book holds.

Numbers are decimal texts; plain JSON numbers are taken too, for files written by hand. What is not there is None.
"""

from typing import Any, Literal

import msgspec

from marginwatch.model.connectivity import Connectivity
from marginwatch.model.ids import Asset
from marginwatch.model.position import Greeks, PositionSide

Number = str | int | float | None


class BookRow(msgspec.Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=False):
    """Base of all rows: ``venue`` is bybit if left out."""

    venue: str = "bybit"


class PositionEntry(BookRow, kw_only=True):
    """A position; ``category`` is the venue's segment where kind and ``is_inverse`` do not tell it."""

    account_id: str
    venue_symbol: str
    quantity: str | int | float
    category: str | None = None
    instrument_kind: str | None = None
    is_inverse: bool | None = None
    settle_asset: Asset | None = None
    position_side: PositionSide = "net"
    entry_price: Number = None
    mark_price: Number = None
    unrealized_pnl: Number = None
    initial_margin: Number = None
    maintenance_margin: Number = None
    liquidation_price: Number = None
    leverage_setting: Number = None
    margin_mode: Literal["cross", "isolated", "portfolio", "unknown"] | None = None
    status: str = "normal"
    is_reduce_only: bool | None = None
    adl_rank: int | None = None
    auto_add_margin: bool | None = None
    risk_limit: Number = None
    take_profit: Number = None
    stop_loss: Number = None
    trailing_stop: Number = None
    realized_pnl: Number = None
    session_average_price: Number = None
    greeks: Greeks | None = None
    margin_change_at_ns: int | None = None
    opened_at_ns: int | None = None
    sequence: int | None = None
    ts_venue_ns: int | None = None


class BalanceEntry(BookRow, kw_only=True):
    """A coin of an account; ``made_at_ns`` is when the venue stated it (left out: at the moment of the book)."""

    account_id: str
    asset: Asset
    wallet_balance: Number = None
    equity: Number = None
    usd_value: Number = None
    borrowed: Number = None
    locked: Number = None
    unrealized_pnl: Number = None
    initial_margin: Number = None
    maintenance_margin: Number = None
    order_initial_margin: Number = None
    is_collateral: bool | None = None
    made_at_ns: int | None = None


class TotalsEntry(BookRow, kw_only=True):
    """An account's totals as the venue states them, who owns it, and how well it was heard (left out: completely)."""

    account_id: str
    exchange: str = "bybit"
    owner: str | None = None
    desk: str | None = None
    tags: tuple[str, ...] = ()
    allow_unsafe_key: bool = False
    wallet_balance: Number = None
    equity: Number = None
    adjusted_equity: Number = None
    available_balance: Number = None
    unrealized_pnl: Number = None
    initial_margin: Number = None
    maintenance_margin: Number = None
    initial_margin_usage: Number = None
    maintenance_margin_usage: Number = None
    margin_mode: Literal["cross", "isolated", "portfolio", "unknown"] | None = None
    account_type: str | None = None
    as_of_ns: int | None = None
    connectivity: Connectivity | None = None
    not_covered: tuple[str, ...] = ()
    has_orders: bool = True


class MarkEntry(BookRow, kw_only=True):
    """Prices of a contract; ``heard_at_ns`` is when they came (left out: at the moment of the book)."""

    venue_symbol: str
    category: str | None = None
    mark_price: Number = None
    index_price: Number = None
    last_price: Number = None
    bid_price: Number = None
    ask_price: Number = None
    underlying_price: Number = None
    usd_index_price: Number = None
    mark_volatility: Number = None
    greeks: Greeks | None = None
    funding_rate: Number = None
    next_funding_at_ns: int | None = None
    open_interest: Number = None
    is_snapshot: bool = True
    ts_venue_ns: int | None = None
    heard_at_ns: int | None = None


class InstrumentEntry(BookRow, kw_only=True):
    """A contract; what is left out is what its symbol says."""

    venue_symbol: str
    category: str | None = None
    instrument_kind: str | None = None
    is_inverse: bool | None = None
    base_asset: Asset | None = None
    quote_asset: Asset | None = None
    settle_asset: Asset | None = None
    underlying_asset: Asset | None = None
    multiplier: Number = None
    expiry_ns: int | None = None
    strike_price: Number = None
    option_kind: Literal["call", "put"] | None = None
    status: str | None = None
    tick_size: Number = None
    quantity_step: Number = None
    funding_interval_s: int | None = None
    is_inferred: bool = False


class TierEntry(BookRow, kw_only=True):
    """A step of a contract's risk limits."""

    venue_symbol: str
    category: str | None = None
    tier: int
    limit: str | int | float
    initial_margin_rate: Number = None
    maintenance_margin_rate: str | int | float
    maintenance_deduction: Number = None
    max_leverage: Number = None


class CollateralEntry(BookRow, kw_only=True):
    """A band of a coin's collateral value; a coin without bands counts nothing where others have some."""

    asset: Asset
    quantity_from: str | int | float = "0"
    quantity_to: Number = None
    collateral_rate: str | int | float


class BorrowEntry(BookRow, kw_only=True):
    """A step of what a debt requires."""

    asset: Asset
    tier: int
    limit: str | int | float
    initial_margin_rate: Number = None
    maintenance_margin_rate: Number = None
    max_leverage: Number = None


class FeeEntry(BookRow, kw_only=True):
    """An account's fee in a contract, or in all options of a base asset."""

    account_id: str
    category: str
    venue_symbol: str | None = None
    base_asset: Asset | None = None
    taker_fee_rate: str | int | float
    maker_fee_rate: Number = None
    is_standard: bool = False


class OrderEntry(BookRow, kw_only=True):
    """An open order."""

    account_id: str
    order_id: str
    venue_symbol: str
    category: str | None = None
    side: Literal["buy", "sell"] | None = None
    quantity: Number = None
    remaining_quantity: Number = None
    price: Number = None
    is_reduce_only: bool | None = None
    is_conditional: bool = False
    ts_venue_ns: int | None = None
    created_at_ns: int | None = None


class PriceEntry(BookRow, kw_only=True):
    """A coin's price in USD as the venue states it."""

    asset: Asset
    usd_price: str | int | float


class ReturnsEntry(BookRow, kw_only=True):
    """Log returns of a coin over adjacent intervals, oldest first; ``last_s`` is the end of the last one, UTC seconds."""

    coin: Asset
    interval_s: Literal[3600, 86400]
    last_s: int
    values: list[float | None]


class BookFile(msgspec.Struct, kw_only=True):
    """All rows of a file.

    Parameters
    ----------
    taken_at_ns : int or None
        The moment of the book, UTC nanoseconds; None takes the latest moment that any row names.
    is_exported : bool
        It was written by a program, as ``format`` in it says: what it lacks was not known, and nothing is assumed instead.
    """

    taken_at_ns: int | None = None
    is_exported: bool = False
    accounts: list[TotalsEntry] = []
    positions: list[PositionEntry] = []
    balances: list[BalanceEntry] = []
    marks: list[MarkEntry] = []
    instruments: list[InstrumentEntry] = []
    tiers: list[TierEntry] = []
    collateral: list[CollateralEntry] = []
    borrow: list[BorrowEntry] = []
    fees: list[FeeEntry] = []
    orders: list[OrderEntry] = []
    asset_prices: list[PriceEntry] = []
    returns: list[ReturnsEntry] = []


SHAPES: dict[str, type[BookRow]] = {
    "accounts": TotalsEntry,
    "positions": PositionEntry,
    "balances": BalanceEntry,
    "marks": MarkEntry,
    "instruments": InstrumentEntry,
    "tiers": TierEntry,
    "collateral": CollateralEntry,
    "borrow": BorrowEntry,
    "fees": FeeEntry,
    "orders": OrderEntry,
    "asset_prices": PriceEntry,
    "returns": ReturnsEntry,
}
"""List of the file → struct of its rows."""

PASSED_OVER = ("fills", "ledger", "other", "error", "failures")
"""What ``decode`` prints beside them and no book needs."""

Plain = dict[str, Any]
