"""What readers of the simulated exchange get: frozen rows of exact numbers, before any wire form.

Amounts are ``Decimal``. ``None`` is *not applicable*: the wire front writes it as the venue does (``""``), never 0.
Times are UTC milliseconds. Money of a row is in the settle coin unless a field says USD.
"""

from decimal import Decimal
from typing import Literal

import msgspec

Category = Literal["linear", "inverse", "option", "spot"]
"""Product families as the exchange groups them."""


class PositionRow(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One position row; a flat row has size 0, side ``""`` and no prices.

    ``size`` is unsigned; ``side`` is ``Buy`` (long), ``Sell`` (short) or ``""``. ``position_idx`` is 0 one-way, 1 and
    2 the long and short leg of hedge mode. ``position_value`` is at entry, margins are at mark.
    """

    uid: str
    category: Category
    symbol: str
    position_idx: int
    side: str
    size: Decimal
    settle_coin: str
    entry_price: Decimal | None
    session_average_price: Decimal | None
    position_value: Decimal
    leverage: Decimal | None
    mark_price: Decimal
    liquidation_price: Decimal | None
    break_even_price: Decimal | None
    initial_margin: Decimal | None
    maintenance_margin: Decimal | None
    unrealized_pnl: Decimal
    current_realized_pnl: Decimal
    cumulative_realized_pnl: Decimal
    risk_id: int
    risk_limit_value: Decimal
    adl_rank: int
    status: str
    is_reduce_only: bool
    created_ms: int
    updated_ms: int
    open_ms: int
    seq: int
    is_auto_margin: bool = False
    margin_change_ms: int = 0
    delta: Decimal | None = None
    gamma: Decimal | None = None
    vega: Decimal | None = None
    theta: Decimal | None = None


class WalletCoin(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One coin of the unified wallet; a negative ``wallet_balance`` is borrowed."""

    coin: str
    wallet_balance: Decimal
    equity: Decimal
    usd_value: Decimal
    borrow_amount: Decimal
    accrued_interest: Decimal
    order_initial_margin: Decimal | None
    position_initial_margin: Decimal | None
    position_maintenance_margin: Decimal | None
    unrealized_pnl: Decimal
    cumulative_realized_pnl: Decimal
    locked: Decimal
    bonus: Decimal
    margin_collateral: bool
    collateral_switch: bool
    spot_hedging_quantity: Decimal = Decimal(0)


class AccountTotals(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Account figures in USD; rates are fractions, not truncated. Fields are None where the margin mode has none.

    Rates are of ``total_margin_balance − haircut_loss + order_loss`` (≥ 0 and ≤ 0), two figures that the wire never shows.
    """

    total_equity: Decimal
    total_wallet_balance: Decimal
    total_perp_upl: Decimal
    total_margin_balance: Decimal | None
    total_available_balance: Decimal | None
    total_initial_margin: Decimal | None
    total_maintenance_margin: Decimal | None
    account_im_rate: Decimal | None
    account_mm_rate: Decimal | None
    haircut_loss: Decimal = Decimal(0)
    order_loss: Decimal = Decimal(0)


class Wallet(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The whole unified wallet of one account."""

    uid: str
    totals: AccountTotals
    coins: tuple[WalletCoin, ...]


class OrderRow(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One order; ``status`` is New, PartiallyFilled, Filled or Cancelled; ``cancel_type`` is ``UNKNOWN`` if none."""

    uid: str
    category: Category
    symbol: str
    settle_coin: str
    order_id: str
    order_link_id: str
    position_idx: int
    side: str
    order_type: str
    price: Decimal
    qty: Decimal
    leaves_qty: Decimal
    cum_exec_qty: Decimal
    cum_exec_value: Decimal
    cum_exec_fee: Decimal
    average_price: Decimal | None
    status: str
    cancel_type: str
    create_type: str
    reject_reason: str
    time_in_force: str
    is_reduce_only: bool
    created_ms: int
    updated_ms: int
    fee_coin: str = ""


class ExecutionRow(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One execution; ``fee`` > 0 is paid; ``kind`` is Trade, Funding, BustTrade, AdlTrade, Delivery or Settle.

    ``cash_flow`` is what it moved in the settle coin before its fee: profit of what it closed, or an option's premium; none
    for funding, which is a fee, and for spot, which has a ledger line for each coin. ``fee_coin`` is ``""`` where it is the
    settle coin. Volatilities (annual fractions) and the forward are of options.
    """

    uid: str
    category: Category
    symbol: str
    settle_coin: str
    exec_id: str
    order_id: str
    order_link_id: str
    side: str
    order_type: str
    order_price: Decimal
    order_qty: Decimal
    leaves_qty: Decimal
    kind: str
    create_type: str
    price: Decimal
    qty: Decimal
    value: Decimal
    fee: Decimal
    fee_rate: Decimal
    is_maker: bool
    closed_size: Decimal
    realized_pnl: Decimal
    mark_price: Decimal
    index_price: Decimal
    ts_ms: int
    seq: int
    cash_flow: Decimal = Decimal(0)
    fee_coin: str = ""
    trade_volatility: Decimal | None = None
    mark_volatility: Decimal | None = None
    underlying_price: Decimal | None = None


class TransactionRow(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One line of the cash ledger: ``change`` = cash flow + funding − fee; ``funding`` > 0 is received."""

    uid: str
    transaction_id: str
    category: Category | Literal[""]
    symbol: str
    side: str
    kind: str
    qty: Decimal
    size: Decimal
    coin: str
    trade_price: Decimal
    funding: Decimal
    fee: Decimal
    cash_flow: Decimal
    change: Decimal
    cash_balance: Decimal
    fee_rate: Decimal
    trade_id: str
    order_id: str
    ts_ms: int


class ClosedPnlRow(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One closed piece of a position; ``side`` is that of the closing order, ``closed_pnl`` is after both fees."""

    uid: str
    category: Category
    symbol: str
    order_id: str
    side: str
    kind: str
    qty: Decimal
    closed_size: Decimal
    entry_value: Decimal
    entry_price: Decimal
    exit_value: Decimal
    exit_price: Decimal
    closed_pnl: Decimal
    open_fee: Decimal
    close_fee: Decimal
    leverage: Decimal
    ts_ms: int


class OptionFigures(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What an option's ticker has beside prices: volatilities (annual fractions), the forward, and greeks of one option.

    Delta is per coin, gamma per USD, vega per vol point, theta per day.
    """

    bid_volatility: Decimal
    ask_volatility: Decimal
    mark_volatility: Decimal
    underlying_price: Decimal
    delta: Decimal
    gamma: Decimal
    vega: Decimal
    theta: Decimal


class TickerRow(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Public prices of one contract or spot pair; funding is None on dated futures, ``usd_index`` only on spot."""

    category: Category
    symbol: str
    last_price: Decimal
    index_price: Decimal
    mark_price: Decimal
    previous_price_24h: Decimal
    high_price_24h: Decimal
    low_price_24h: Decimal
    bid_price: Decimal
    ask_price: Decimal
    bid_size: Decimal
    ask_size: Decimal
    open_interest: Decimal
    open_interest_value: Decimal
    volume_24h: Decimal
    turnover_24h: Decimal
    funding_rate: Decimal | None
    next_funding_ms: int | None
    funding_interval_h: int | None
    funding_cap: Decimal | None
    delivery_ms: int
    usd_index: Decimal | None
    cross_seq: int
    ts_ms: int
    option: "OptionFigures | None" = None


class InstrumentRow(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One contract or spot pair as listed; ``delivery_ms`` 0 means never."""

    category: Category
    symbol: str
    symbol_id: int
    contract_type: str
    status: str
    base_coin: str
    quote_coin: str
    settle_coin: str
    launch_ms: int
    delivery_ms: int
    price_scale: int
    min_leverage: Decimal
    max_leverage: Decimal
    leverage_step: Decimal
    min_price: Decimal
    max_price: Decimal
    tick_size: Decimal
    min_order_qty: Decimal
    max_order_qty: Decimal
    max_market_order_qty: Decimal
    qty_step: Decimal
    min_notional: Decimal
    funding_interval_min: int
    funding_rate_cap: Decimal
    option_kind: str | None = None


class RiskLimitRow(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One margin tier: up to ``limit`` of position value; rates are fractions; ``deduction`` is None on tier 1."""

    category: Category
    symbol: str
    risk_id: int
    limit: Decimal
    initial_margin_rate: Decimal
    maintenance_margin_rate: Decimal
    deduction: Decimal | None
    max_leverage: Decimal
    is_lowest: bool
    origin: str


class CollateralBand(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Collateral ratio of one quantity band of a coin; ``max_qty`` None is infinity."""

    coin: str
    min_qty: Decimal
    max_qty: Decimal | None
    ratio: Decimal


class BorrowTier(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Borrow tier of a coin: margin rates of what is borrowed up to ``limit``."""

    coin: str
    tier: int
    limit: Decimal
    initial_margin_rate: Decimal
    maintenance_margin_rate: Decimal
    max_leverage: Decimal


class FeeRate(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Taker and maker fee of one symbol, fractions."""

    category: Category
    symbol: str
    base_coin: str
    taker: Decimal
    maker: Decimal


class AccountSettings(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Account-wide modes: ``margin_mode`` REGULAR_MARGIN, ISOLATED_MARGIN or PORTFOLIO_MARGIN; status 5 is UTA 2.0."""

    uid: str
    margin_mode: str
    unified_margin_status: int
    is_master_trader: bool
    spot_hedging: bool
    updated_ms: int


class KeyInfo(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """An API key and what it may do; ``api_secret`` is simulated, signs nothing real, and is for the wire front."""

    uid: str
    key_id: str
    api_key: str
    api_secret: str
    note: str
    is_read_only: bool
    permissions: dict[str, tuple[str, ...]]
    ips: tuple[str, ...]
    created_ms: int
    expires_ms: int | None
    is_master: bool
    parent_uid: str

    def __repr__(self) -> str:
        # Simulated or not: a secret has no place in logs, so that nobody learns to expect one there.
        return f"KeyInfo(uid={self.uid!r}, key_id={self.key_id!r}, api_secret=***)"


class AccountInfo(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Who an account is: UID, desk name for people, owner, desk, and its key."""

    uid: str
    name: str
    owner: str
    desk: str
    parent_uid: str
    is_hedge_mode: bool
    key: KeyInfo


class CoinGreeks(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Greeks of all an account's options on one coin, in the units of :class:`OptionFigures`."""

    coin: str
    delta: Decimal
    gamma: Decimal
    vega: Decimal
    theta: Decimal


class OptionAssetRow(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Totals of an account's options on one coin; margins include orders."""

    coin: str
    delta: Decimal
    realized_pnl: Decimal
    unrealized_pnl: Decimal
    initial_margin: Decimal
    maintenance_margin: Decimal


class LiquidationRow(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A liquidated position or part of one as everybody hears of it: ``side`` is the position's, ``Buy`` a long."""

    category: Category
    symbol: str
    side: str
    qty: Decimal
    bankruptcy_price: Decimal
    ts_ms: int


class Change(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One thing that just happened; exactly the fields of its ``kind`` are filled.

    ``position``: ``positions``; ``wallet``: ``coins`` (the touched ones only) and ``totals``; ``execution``:
    ``executions``; ``order``: ``orders``; ``greeks``: ``greeks``; ``ticker``: ``tickers`` (``uid`` is ``""``: public),
    those of options left out: whoever wants them asks, for they are priced when looked at; ``liquidation``:
    ``liquidations``, public too.
    """

    kind: Literal["position", "wallet", "execution", "order", "greeks", "ticker", "liquidation"]
    uid: str
    ts_ms: int
    positions: tuple[PositionRow, ...] = ()
    coins: tuple[WalletCoin, ...] = ()
    totals: AccountTotals | None = None
    executions: tuple[ExecutionRow, ...] = ()
    orders: tuple[OrderRow, ...] = ()
    tickers: tuple[TickerRow, ...] = ()
    greeks: tuple[CoinGreeks, ...] = ()
    liquidations: tuple[LiquidationRow, ...] = ()


class Truth(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One account as it really is at a moment: for tests to compare with what a monitor sees."""

    uid: str
    ts_ms: int
    positions: tuple[PositionRow, ...]
    wallet: Wallet
    orders: tuple[OrderRow, ...]
    liquidations: int


class Stats(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Counters since the start."""

    steps: int
    position_changes: int
    wallet_changes: int
    executions: int
    orders: int
    fundings: int
    liquidations: int
    liquidated_uids: tuple[str, ...]
    open_positions: int
