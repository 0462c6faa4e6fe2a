"""Everything the parts of the exchange share: market, house, accounts, time, identifiers, and who is listening."""

import random
from collections.abc import Callable
from decimal import Decimal

from marginwatch.sim import view
from marginwatch.sim.account import Account
from marginwatch.sim.delivery_index import DeliveryIndex
from marginwatch.sim.greeks import coin_greeks
from marginwatch.sim.instruments import Contract
from marginwatch.sim.ledger import House
from marginwatch.sim.margin import AccountMargin, order_margin
from marginwatch.sim.market import Market
from marginwatch.sim.modes import MODES
from marginwatch.sim.money import ZERO
from marginwatch.sim.option_board import OptionQuote
from marginwatch.sim.option_margin import option_order_margin
from marginwatch.sim.position import Position
from marginwatch.sim.rows import Change, CoinGreeks, ExecutionRow, LiquidationRow, OrderRow

Listener = Callable[[Change], None]
"""Called synchronously, in order, from inside the step or control call that made the change."""


class World:
    """The state of a simulated exchange and the one way out of it: :meth:`emit`.

    Parameters
    ----------
    seed : int
        Of identifiers.
    market : Market
        Prices; its time is the exchange's.
    """

    def __init__(self, seed: int, market: Market) -> None:
        self.market = market
        self.house = House()
        self.accounts: dict[str, Account] = {}
        self.contracts: dict[str, Contract] = {
            contract.symbol: contract for contract in (*market.contracts, *market.options.contracts)
        }
        self.settle_of = {symbol: contract.settle for symbol, contract in self.contracts.items()}
        self.now_ms = market.now_ms
        self.listeners: list[Listener] = []
        self.counts = dict.fromkeys(
            ("steps", "position", "wallet", "execution", "order", "ticker", "funding"), 0
        )
        self.liquidated: list[str] = []
        self.spot_seq = 10**11
        self.announced_ms: dict[str, int] = {}
        """Contracts whose margin is about to change, by symbol: when."""
        self.delivery_index = DeliveryIndex(market.now_ms)
        self._random = random.Random(f"identifiers-{seed}")
        self._figures: dict[str, tuple[int, int, AccountMargin]] = {}

    def identifier(self) -> str:
        """Return a new identifier in the form of a UUID."""
        text = f"{self._random.getrandbits(128):032x}"
        return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"

    def contract(self, symbol: str) -> Contract:
        """Return a listed contract.

        Raises
        ------
        ValueError
            If it is not listed.
        """
        found = self.contracts.get(symbol)
        if found is None:
            raise ValueError(f"symbol must be a listed contract, got {symbol!r}")
        return found

    def delist(self, contract: Contract) -> None:
        """Take a delivered contract off the board, and its flat legs from the accounts."""
        del self.contracts[contract.symbol]
        self.market.delist(contract)
        for account in self.accounts.values():
            for leg in (0, 1, 2):
                account.positions.pop((contract.symbol, leg), None)

    def list_next(self) -> None:
        """List what follows the contracts that were delivered."""
        for contract in self.market.list_next():
            self.contracts[contract.symbol] = contract
            self.settle_of[contract.symbol] = contract.settle

    def measure(self, account: Account) -> AccountMargin:
        """Return the account's margin figures now; kept until a price or the account changes."""
        version = self.market.version
        kept = self._figures.get(account.uid)
        if kept is not None and kept[0] == version and kept[1] == account.revision:
            return kept[2]
        figures = MODES[account.margin_mode].measure(account, self.market)
        self._figures[account.uid] = (version, account.revision, figures)
        return figures

    def touch(self, account: Account, contract: Contract | None = None, at_risk_usd: float = 0.0) -> None:
        """Note that an account changed: its figures, the order margin of ``contract``, its room to liquidation.

        ``at_risk_usd`` bounds by how much its margin balance less maintenance margin can have fallen.
        """
        account.revision += 1
        account.watch.slack_usd -= at_risk_usd
        account.watch.sensitivity_usd += 4.0 * at_risk_usd
        if contract is None:
            return
        if account.orders or contract.symbol in account.order_margins:
            self._reckon_orders(account, contract)

    def _reckon_orders(self, account: Account, contract: Contract) -> None:
        quote = self.market.quotes[contract.symbol]
        if isinstance(quote, OptionQuote):
            found = option_order_margin(account, contract, quote)
        else:
            found = order_margin(account, contract)
        if found.is_empty:
            account.order_margins.pop(contract.symbol, None)
        else:
            account.order_margins[contract.symbol] = found
        for leg in (0, 1, 2):
            if (position := account.positions.get((contract.symbol, leg))) is not None:
                position.margin_version = -1

    # What is heard. Nothing is rendered while nobody listens.

    def emit(self, change: Change) -> None:
        """Tell every listener, in the order they subscribed."""
        for listener in tuple(self.listeners):
            listener(change)

    def tell_position(self, account: Account, position: Position) -> None:
        """Push a position row, changed or not."""
        self.counts["position"] += 1
        if self.listeners:
            row = view.position_row(account, position, self.market, self.measure(account))
            self.emit(Change(kind="position", uid=account.uid, ts_ms=self.now_ms, positions=(row,)))

    def tell_wallet(self, account: Account, *coins: str) -> None:
        """Push the touched coins with the account's totals."""
        self.counts["wallet"] += 1
        if self.listeners:
            figures = self.measure(account)
            rows = tuple(view.wallet_coin(account, coin, self.market, figures) for coin in coins)
            totals = view.account_totals(figures)
            self.emit(Change(kind="wallet", uid=account.uid, ts_ms=self.now_ms, coins=rows, totals=totals))

    def tell_greeks(self, account: Account, coin: str) -> None:
        """Push the greeks of an account's options on a coin; all 0 once there are none."""
        if self.listeners:
            none = CoinGreeks(coin=coin, delta=ZERO, gamma=ZERO, vega=ZERO, theta=ZERO)
            row = next((row for row in coin_greeks(account, self.market) if row.coin == coin), none)
            self.emit(Change(kind="greeks", uid=account.uid, ts_ms=self.now_ms, greeks=(row,)))

    def tell_order(self, row: OrderRow) -> None:
        """Push an order."""
        self.counts["order"] += 1
        if self.listeners:
            self.emit(Change(kind="order", uid=row.uid, ts_ms=self.now_ms, orders=(row,)))

    def tell_execution(self, row: ExecutionRow) -> None:
        """Push an execution."""
        self.counts["execution"] += 1
        if self.listeners:
            self.emit(Change(kind="execution", uid=row.uid, ts_ms=self.now_ms, executions=(row,)))

    def tell_liquidation(self, contract: Contract, taken: Decimal, price: Decimal) -> None:
        """Tell everybody that a position (``taken`` signed: positive is a long) was taken or cut, at which bankruptcy price."""
        if self.listeners:
            row = LiquidationRow(
                category=contract.category,
                symbol=contract.symbol,
                side="Buy" if taken > 0 else "Sell",
                qty=abs(taken),
                bankruptcy_price=price,
                ts_ms=self.now_ms,
            )
            self.emit(Change(kind="liquidation", uid="", ts_ms=self.now_ms, liquidations=(row,)))

    def usd(self, coin: str, amount: Decimal) -> float:
        """Return what an amount of a coin is worth at its USD index."""
        return float(amount) * self.market.usd[coin]
