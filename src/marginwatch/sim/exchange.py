"""The exchange as one object: step it, read it, control it, listen to it."""

from collections.abc import Callable
from decimal import Decimal

from marginwatch.clock import Clock
from marginwatch.sim import rows

Listener = Callable[[rows.Change], None]
"""Called synchronously, in order, from inside the step or control call that made the change."""


class Exchange:
    """A simulated Bybit unified-account exchange: the truth behind the wire front.

    Parameters
    ----------
    seed : int
        Same seed, same clock, same calls: same history.
    clock : Clock
        Simulated time follows it.
    n_accounts : int, default=12
        Accounts under one master.
    scenario : str, default="calm"
        ``calm``, ``crash``, ``calm-then-crash``, ``squeeze`` or ``depeg``.
    activity_per_s : float, default=1.0
        Position events each account emits a second, on average.
    """

    def __init__(
        self,
        seed: int,
        clock: Clock,
        *,
        n_accounts: int = 12,
        scenario: str = "calm",
        activity_per_s: float = 1.0,
        tick_s: float = 0.5,
        positions_per_account: int | None = None,
        funding_interval_s: float = 28_800.0,
    ) -> None:
        self.seed = seed

    # --- time -------------------------------------------------------------------------------------------------
    def now_ms(self) -> int: ...
    def step(self, dt_s: float | None = None) -> None:
        """Advance the exchange by one tick (its own time; the ManualClock of a test is moved by the caller)."""

    def advance(self, seconds: float) -> None:
        """Step through ``seconds`` of exchange time."""

    async def run(self) -> None:
        """Step in the clock's time until cancelled."""

    # --- listeners --------------------------------------------------------------------------------------------
    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Add a listener; the returned callable removes it."""

    # --- who --------------------------------------------------------------------------------------------------
    def accounts(self) -> tuple[rows.AccountInfo, ...]: ...
    def account(self, uid: str) -> rows.AccountInfo:
        """Raise KeyError on an unknown uid (all reads by uid do)."""

    def key(self, api_key: str) -> rows.KeyInfo | None: ...
    def set_key(self, api_key: str, **changes: object) -> rows.KeyInfo:
        """Change attributes of a key (is_read_only, ips, expires_ms, permissions …)."""

    def sub_members(self, master_uid: str) -> tuple[rows.AccountInfo, ...]: ...

    # --- private reads ----------------------------------------------------------------------------------------
    def settings(self, uid: str) -> rows.AccountSettings: ...
    def positions(
        self, uid: str, category: str, *, symbol: str | None = None, settle_coin: str | None = None
    ) -> tuple[rows.PositionRow, ...]:
        """Open rows; with ``symbol`` also flat ones (hedge mode: both legs). Stable order."""

    def wallet(self, uid: str) -> rows.Wallet: ...
    def orders(self, uid: str, category: str) -> tuple[rows.OrderRow, ...]:
        """Open orders, oldest first."""

    def executions(
        self, uid: str, category: str, *, start_ms: int = 0, end_ms: int | None = None
    ) -> tuple[rows.ExecutionRow, ...]:
        """Newest first."""

    def transaction_log(
        self, uid: str, *, start_ms: int = 0, end_ms: int | None = None
    ) -> tuple[rows.TransactionRow, ...]: ...
    def closed_pnl(
        self, uid: str, category: str, *, start_ms: int = 0, end_ms: int | None = None
    ) -> tuple[rows.ClosedPnlRow, ...]: ...
    def fee_rates(self, uid: str, category: str, symbol: str | None = None) -> tuple[rows.FeeRate, ...]: ...
    def funding_balances(self, uid: str) -> dict[str, Decimal]:
        """Coins of the funding wallet (outside the unified account)."""

    def withdrawable(self, uid: str, coin: str) -> Decimal: ...

    # --- public reads -----------------------------------------------------------------------------------------
    def tickers(self, category: str, symbol: str | None = None) -> tuple[rows.TickerRow, ...]: ...
    def instruments(self, category: str, symbol: str | None = None) -> tuple[rows.InstrumentRow, ...]: ...
    def risk_limits(self, category: str, symbol: str | None = None) -> tuple[rows.RiskLimitRow, ...]: ...
    def collateral_bands(self, coin: str | None = None) -> tuple[rows.CollateralBand, ...]: ...
    def borrow_tiers(self, coin: str | None = None) -> tuple[rows.BorrowTier, ...]: ...

    # --- control ----------------------------------------------------------------------------------------------
    def open_position(
        self, uid: str, symbol: str, signed_qty: Decimal | str, price: Decimal | str | None = None
    ) -> rows.ExecutionRow:
        """Trade ``signed_qty`` against the house at ``price`` (None: mark): opens, adds, reduces or flips."""

    def place_order(
        self, uid: str, symbol: str, signed_qty: Decimal | str, price: Decimal | str
    ) -> rows.OrderRow: ...
    def amend_order(self, uid: str, order_id: str, price: Decimal | str) -> rows.OrderRow: ...
    def cancel_order(self, uid: str, order_id: str) -> rows.OrderRow: ...
    def set_price(self, symbol: str, price: Decimal | str) -> None:
        """Move index and mark of the contract's base coin so that ``symbol`` marks at ``price``."""

    def set_leverage(self, uid: str, symbol: str, leverage: Decimal | str) -> None: ...
    def deposit(self, uid: str, coin: str, amount: Decimal | str) -> None:
        """Move coins in (or, negative, out) from outside."""

    # --- checking ---------------------------------------------------------------------------------------------
    def truth(self, uid: str) -> rows.Truth: ...
    def stats(self) -> rows.Stats: ...
    def check_books(self) -> None:
        """Raise AssertionError unless every coin and contract adds up exactly over the whole exchange."""
