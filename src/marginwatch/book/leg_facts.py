"""What margins need of each position beside its own row: leverage, fee, orders. Brought up to date when it is read.

A message writes its row and nothing more. Before a reader looks, the rows of which something else was said than the time
before are gone through once; so a row whose prices and margins alone changed costs none, and the hot path a comparison.
"""

from typing import ClassVar

from marginwatch.book.table import NAN, CodeArray, FloatArray, Table
from marginwatch.model.balance import Balance


def number_or_nan(text: str | None) -> float:
    """Return the float of an exact text, NaN where nothing was said or it is no decimal."""
    try:
        return NAN if text is None else float(text)
    except ValueError:
        return NAN


class SideTable(Table):
    """Columns beside those of another table, with its row numbers."""

    def reach(self, size: int) -> None:
        """Make room for as many rows as the other table has."""
        capacity = self.capacity
        while capacity < size:
            capacity *= 2
        if capacity > self.capacity:
            self._resize(capacity)
        self.size = size

    def blank(self, row: int) -> None:
        """Forget a row that was given back."""
        for name, blank in self.BLANKS.items():
            getattr(self, f"{name}_at")[row] = blank


class LegFacts(SideTable):
    """Columns beside those of :class:`marginwatch.book.positions.PositionTable`, with the same row numbers.

    ``leverage_setting`` is what is configured at the venue, ×, NaN where it does not say (portfolio margin).
    ``taker_fee`` is the account's fee in the contract, fraction of the value, NaN if unknown; ``fee_source`` counts by
    :class:`marginwatch.book.fees.FeeSource`. ``order_value`` is what the open orders of account and contract add for the
    choice of the tier, in settlement currency, the same for both legs; NaN where it cannot be told.
    ``session_average_price`` is what unrealized profit is counted from where the venue settles in sessions, NaN elsewhere.
    ``adl_rank`` is the
    place in the auto-deleveraging queue as the venue counts it, −1 where not said; ``margin_change_at_ns`` the moment of
    an announced change of margin requirements, UTC nanoseconds, 0 for none. ``is_seized`` is 1 while the venue liquidates or
    deleverages the position, ``is_reduce_only`` 1 where it allows reduction only.
    """

    BLANKS: ClassVar[dict[str, float | int | bool]] = {
        "leverage_setting": NAN,
        "taker_fee": NAN,
        "order_value": 0.0,
        "session_average_price": NAN,
        "fee_source": 0,
        "adl_rank": -1,
        "margin_change_at_ns": 0,
        "is_seized": 0,
        "is_reduce_only": 0,
    }
    leverage_setting: FloatArray
    taker_fee: FloatArray
    order_value: FloatArray
    session_average_price: FloatArray
    fee_source: CodeArray
    adl_rank: CodeArray
    margin_change_at_ns: CodeArray
    is_seized: CodeArray
    is_reduce_only: CodeArray
    leverage_setting_at: "memoryview[float]"
    taker_fee_at: "memoryview[float]"
    order_value_at: "memoryview[float]"
    session_average_price_at: "memoryview[float]"
    fee_source_at: "memoryview[int]"
    adl_rank_at: "memoryview[int]"
    margin_change_at_ns_at: "memoryview[int]"
    is_seized_at: "memoryview[int]"
    is_reduce_only_at: "memoryview[int]"

    def __init__(self) -> None:
        super().__init__(capacity=256)


class CoinFacts(SideTable):
    """Columns beside those of :class:`marginwatch.book.holdings.HoldingTable`, with the same row numbers.

    Amounts are in the coin. ``wallet_balance`` is the cash ledger; ``borrowed``, ``unrealized_pnl`` (the venue's, of its
    last message), ``locked`` (by spot orders) and ``order_initial_margin`` are 0 where the venue does not say, except the
    last, which is NaN (portfolio margin).
    ``is_collateral`` is 1 where the platform takes the coin and its owner has it switched on, 0 where not, −1 if unknown.
    A row without a coin in the wallet has 0 everywhere and −1.
    """

    BLANKS: ClassVar[dict[str, float | int | bool]] = {
        "wallet_balance": 0.0,
        "borrowed": 0.0,
        "unrealized_pnl": 0.0,
        "locked": 0.0,
        "order_initial_margin": 0.0,
        "is_collateral": -1,
    }
    wallet_balance: FloatArray
    borrowed: FloatArray
    unrealized_pnl: FloatArray
    locked: FloatArray
    order_initial_margin: FloatArray
    is_collateral: CodeArray
    wallet_balance_at: "memoryview[float]"
    borrowed_at: "memoryview[float]"
    unrealized_pnl_at: "memoryview[float]"
    locked_at: "memoryview[float]"
    order_initial_margin_at: "memoryview[float]"
    is_collateral_at: "memoryview[int]"

    def write(self, row: int, balance: Balance, is_collateral: bool | None) -> None:
        """Write what a balance says; NaN for what is no number."""
        self.wallet_balance_at[row] = number_or_nan(balance.wallet_balance)
        self.borrowed_at[row] = number_or_nan(balance.borrowed or "0")
        self.unrealized_pnl_at[row] = number_or_nan(balance.unrealized_pnl or "0")
        self.locked_at[row] = number_or_nan(balance.locked or "0")
        self.order_initial_margin_at[row] = number_or_nan(balance.order_initial_margin)
        self.is_collateral_at[row] = -1 if is_collateral is None else is_collateral
