"""One row for each coin that an account owns or has a position in: where bets and wallet meet."""

from typing import ClassVar

from marginwatch.book.table import NAN, BoolArray, CodeArray, FloatArray, Table
from marginwatch.model.balance import Balance


def number(text: str | None) -> float:
    """Return the float of an exact text, NaN for None."""
    return NAN if text is None else float(text)


def _minus(first: float, *others: str | None) -> float:
    for text in others:
        if text is not None:
            first -= float(text)
    return first


class HoldingTable(Table):
    """Coins of accounts; amounts are in the coin. ``settles`` tells that a position settled in the coin was ever met.

    ``settled_equity`` is the venue's equity without its unrealized PnL, so that live PnL can be put in its place,
    and the wallet balance where either is not stated;
    ``free`` is what isolated margin leaves: wallet balance − margins of positions and orders − locked. ``made_ns`` is
    the venue's time of the message that the balance came in; it stays when the coin is gone, against late messages.

    References
    ----------
    Bybit V5 documentation, wallet balance (2026-07): per-coin available amount under isolated margin.
    """

    BLANKS: ClassVar[dict[str, float | int | bool]] = {
        "account": 0,
        "asset": 0,
        "has_coin": False,
        "settles": False,
        "settled_equity": 0.0,
        "free": 0.0,
        "initial_margin": 0.0,
        "maintenance_margin": 0.0,
    }
    account: CodeArray
    asset: CodeArray
    has_coin: BoolArray
    settles: BoolArray
    settled_equity: FloatArray
    free: FloatArray
    initial_margin: FloatArray
    maintenance_margin: FloatArray
    account_at: "memoryview[int]"
    asset_at: "memoryview[int]"
    has_coin_at: "memoryview[bool]"
    settles_at: "memoryview[bool]"
    settled_equity_at: "memoryview[float]"
    free_at: "memoryview[float]"
    initial_margin_at: "memoryview[float]"
    maintenance_margin_at: "memoryview[float]"

    def __init__(self) -> None:
        super().__init__()
        self.balances: list[Balance | None] = [None]
        self.made_ns: list[int] = [0]
        self.switches: list[bool | None] = [None]
        """Whether the coin counts as collateral, as last said: not every message says it again."""
        self.changes: dict[int, None] = {}
        """Rows written since somebody last took them."""
        self._log: list[int] = []
        self._log_from = 0

    def add(self, account: int, asset: int) -> int:
        """Return a new row for a coin of an account."""
        row = self.take()
        if row == len(self.balances):
            self.balances.append(None)
            self.made_ns.append(0)
            self.switches.append(None)
        self.account_at[row] = account
        self.asset_at[row] = asset
        return row

    def write(self, row: int, balance: Balance, made_ns: int) -> None:
        """Write a coin's numbers; nothing is written if one of them is not a decimal (ValueError)."""
        wallet = number(balance.wallet_balance)
        equity = wallet if balance.equity is None else float(balance.equity)
        # Equity of which no profit is stated may contain some: without knowing, the ledger is what is settled.
        is_known = balance.wallet_balance is None or balance.unrealized_pnl is not None
        settled = (
            _minus(equity, balance.unrealized_pnl) if balance.equity is not None and is_known else wallet
        )
        free = _minus(wallet, balance.initial_margin, balance.order_initial_margin, balance.locked)
        initial = _minus(0.0, balance.initial_margin, balance.order_initial_margin)
        maintenance = number(balance.maintenance_margin)
        self.has_coin_at[row] = True
        self.settled_equity_at[row] = settled
        self.free_at[row] = free
        self.initial_margin_at[row] = NAN if balance.initial_margin is None else -initial
        self.maintenance_margin_at[row] = maintenance
        self.balances[row] = balance
        self.made_ns[row] = made_ns
        self._note(row)
        if balance.is_collateral is not None:
            self.switches[row] = balance.is_collateral

    def note_switch(self, row: int, is_collateral: bool) -> None:
        """Note whether a coin counts as collateral where its balance does not say so itself."""
        balance = self.balances[row]
        if balance is not None and balance.is_collateral is None:
            self.switches[row] = is_collateral
            self.changes[row] = None

    def _note(self, row: int) -> None:
        self.changes[row] = None
        self._log.append(row)

    def mirror(self, copy: list[Balance | None], seen: int) -> int:
        """Bring a copy of ``balances`` up to date that saw the changes before number ``seen``; return the next number.

        As of positions: copying 200,000 references takes milliseconds, and usually few of them changed.
        """
        upto = self._log_from + len(self._log)
        if seen < self._log_from or upto - seen > len(self.balances):
            copy[:] = self.balances
        else:
            copy.extend(self.balances[len(copy) :])
            for row in self._log[seen - self._log_from :]:
                copy[row] = self.balances[row]
        if len(self._log) > 2 * len(self.balances):
            self._log_from += len(self._log)
            self._log.clear()
        return upto

    def take_changes(self) -> list[int]:
        """Return the rows written or given back since the last call."""
        rows = list(self.changes)
        self.changes.clear()
        return rows

    def clear(self, row: int, made_ns: int) -> None:
        """Take the coin out of a row whose holding may go on as a position's."""
        self.has_coin_at[row] = False
        self.settled_equity_at[row] = 0.0
        self.free_at[row] = 0.0
        self.initial_margin_at[row] = 0.0
        self.maintenance_margin_at[row] = 0.0
        self.balances[row] = None
        self.made_ns[row] = made_ns
        self._note(row)

    def release(self, row: int) -> None:
        """Forget a row with its account."""
        super().release(row)
        self.balances[row] = None
        self.made_ns[row] = 0
        self.switches[row] = None
        self._note(row)
