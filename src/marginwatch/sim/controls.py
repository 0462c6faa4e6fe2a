"""What a test, a demonstration or a trader can do to the exchange, and all that follows when prices move."""

from decimal import Decimal

from marginwatch.sim import funding, liquidation, orders, rows
from marginwatch.sim.account import Account
from marginwatch.sim.desks import Plan
from marginwatch.sim.money import EXACT, ZERO, to_cents
from marginwatch.sim.reads import Reads
from marginwatch.sim.trading import Fill, book_fill
from marginwatch.sim.world import World

BOOKS_EVERY_STEP_MAX = 50
"""Up to so many accounts the books are added up after every price move, beyond that every 100th step."""


class Controls(Reads):
    """The acting side of the exchange, on top of reading it."""

    def open_account(
        self, name: str, desk: str = "guest", *, is_hedge_mode: bool = False
    ) -> rows.AccountInfo:
        """Open an empty sub-account with a key of its own, which nobody trades but the caller."""
        info = self._directory.enroll(Plan(name, desk, "idle", (), (), is_hedge_mode=is_hedge_mode))
        self._world.accounts[info.uid] = Account(info, "REGULAR_MARGIN", self.now_ms())
        return info

    def open_position(
        self,
        uid: str,
        symbol: str,
        signed_qty: Decimal | str,
        price: Decimal | str | None = None,
        *,
        position_idx: int | None = None,
    ) -> rows.ExecutionRow:
        """Trade against the house at ``price`` (None: mark): opens, adds, reduces or flips; no margin is asked for.

        In hedge mode the leg of the trade's own side is taken unless ``position_idx`` names one.

        Raises
        ------
        ValueError
            If symbol, quantity or price cannot be traded, or a hedge leg would turn over.
        """
        account, contract = self._account(uid), self._world.contract(symbol)
        quantity = Decimal(signed_qty)
        leg = account.index_for(contract, quantity) if position_idx is None else position_idx
        at = self._market.quotes[symbol].mark_exact if price is None else Decimal(price)
        return book_fill(self._world, account, Fill(contract, quantity, at, leg))

    def deleverage(
        self, uid: str, symbol: str, signed_qty: Decimal | str, *, position_idx: int = 0
    ) -> rows.ExecutionRow:
        """Take part of a position away at mark as auto-deleveraging does, whatever its owner wants."""
        account, contract = self._account(uid), self._world.contract(symbol)
        fill = Fill(
            contract,
            Decimal(signed_qty),
            self._market.quotes[symbol].mark_exact,
            position_idx,
            kind="AdlTrade",
            create_type="CreateByAdl_PassThrough",
        )
        return book_fill(self._world, account, fill)

    def place_order(
        self, uid: str, symbol: str, signed_qty: Decimal | str, price: Decimal | str
    ) -> rows.OrderRow:
        """Open a limit order; it fills when the mark reaches it. ValueError if it cannot be traded."""
        account, contract = self._account(uid), self._world.contract(symbol)
        return orders.place(self._world, account, contract, Decimal(signed_qty), Decimal(price))

    def amend_order(self, uid: str, order_id: str, price: Decimal | str) -> rows.OrderRow:
        """Move an open order; KeyError if it is not open."""
        return orders.amend(self._world, self._account(uid), order_id, Decimal(price))

    def cancel_order(self, uid: str, order_id: str) -> rows.OrderRow:
        """Cancel an open order; KeyError if it is not open."""
        return orders.cancel(self._world, self._account(uid), order_id)

    def set_price(self, symbol: str, price: Decimal | str) -> None:
        """Put a mark on ``price``, moving its coin and all contracts on it, with everything that follows from it.

        Raises
        ------
        ValueError
            If the symbol is not listed or the price not a positive multiple of its tick.
        """
        self._world.contract(symbol)
        self._market.set_mark(symbol, Decimal(price))
        self._after_prices()

    def set_leverage(self, uid: str, symbol: str, leverage: Decimal | str) -> None:
        """Set an account's leverage for a symbol and push its legs.

        Raises
        ------
        ValueError
            If it is outside of 1 to the contract's highest leverage.
        """
        account, contract, wanted = self._account(uid), self._world.contract(symbol), Decimal(leverage)
        if not 1 <= wanted <= contract.max_leverage:
            raise ValueError(f"leverage of {symbol} must be 1 to {contract.max_leverage}, got {leverage}")
        account.leverage[symbol] = wanted
        account.watch.slack_usd = 0.0
        legs = [p for (name, _), p in account.positions.items() if name == symbol]
        for position in legs:
            position.set_leverage(wanted)
            position.updated_ms = max(self._world.now_ms, position.updated_ms + 1)
        self._world.touch(account, contract)
        for position in legs:
            self._world.tell_position(account, position)
        if legs:
            self._world.tell_wallet(account, contract.settle)

    def set_fees(self, uid: str, taker: Decimal | str, maker: Decimal | str) -> None:
        """Set an account's fees, fractions of value; ValueError unless taker is 0 to 1 and maker −1 to 1."""
        account, taker, maker = self._account(uid), Decimal(taker), Decimal(maker)
        if not (0 <= taker < 1 and -1 < maker < 1):
            raise ValueError(f"fees must be fractions below 1, taker not negative, got {taker} and {maker}")
        account.taker_fee, account.maker_fee = taker, maker
        self._remeasure(account)

    def set_collateral(self, uid: str, coin: str, *, is_on: bool) -> None:
        """Switch a coin on or off as collateral of an account and push it."""
        account = self._account(uid)
        account.coin(coin).is_collateral = is_on
        self._remeasure(account)
        self._world.tell_wallet(account, coin)

    def deposit(self, uid: str, coin: str, amount: Decimal | str) -> None:
        """Move coins in (or, negative, out) from outside; revives a liquidated account.

        Raises
        ------
        ValueError
            If the coin has no price here, or the amount is not finite.
        """
        account, moved = self._account(uid), Decimal(amount)
        if coin not in self._market.usd or coin == "USD":
            raise ValueError(f"coin must be one the exchange prices, got {coin!r}")
        if not moved.is_finite():
            raise ValueError(f"amount must be finite, got {amount}")
        moved = to_cents(moved)
        held = account.coin(coin)
        held.balance = EXACT.add(held.balance, moved) or ZERO
        self._world.house.deposited[coin] += moved
        account.is_liquidated = False
        account.watch.slack_usd = 0.0
        account.transactions.append(_transfer_line(uid, coin, moved, held.balance, self._world))
        self._world.touch(account)
        self._world.tell_wallet(account, coin)

    def set_key(self, api_key: str, **changes: object) -> rows.KeyInfo:
        """Change attributes of a key (``is_read_only``, ``ips``, ``expires_ms``, ``permissions`` …).

        Raises
        ------
        ValueError
            If there is no such key; TypeError if an attribute does not exist.
        """
        return self._directory.replace_key(api_key, **changes)

    def _after_prices(self) -> None:
        world = self._world
        for account in world.accounts.values():
            if account.orders:
                orders.fill_crossed(world, account)
        if world.now_ms >= self._next_funding_ms:
            self._next_funding_ms = self._funding_after(world.now_ms)
            funding.pay_funding(world)
        liquidation.check_all(world)
        self._tell_tickers()
        if len(world.accounts) <= BOOKS_EVERY_STEP_MAX or world.counts["steps"] % 100 == 0:
            self.check_books()

    def _tell_tickers(self) -> None:
        world = self._world
        world.counts["ticker"] += 1
        if world.listeners:
            rows_now = (*self.tickers("linear"), *self.tickers("inverse"), *self.tickers("spot"))
            world.emit(rows.Change(kind="ticker", uid="", ts_ms=world.now_ms, tickers=rows_now))

    def _remeasure(self, account: Account) -> None:
        for position in account.positions.values():
            position.margin_version = -1
        account.watch.slack_usd = 0.0
        self._world.touch(account)


def _transfer_line(
    uid: str, coin: str, moved: Decimal, balance: Decimal, world: World
) -> rows.TransactionRow:
    return rows.TransactionRow(
        uid=uid,
        transaction_id=f"{uid}_{coin}_{world.identifier()[:8]}",
        category="",
        symbol="",
        side="None",
        kind="TRANSFER_IN" if moved >= 0 else "TRANSFER_OUT",
        qty=ZERO,
        size=ZERO,
        coin=coin,
        trade_price=ZERO,
        funding=ZERO,
        fee=ZERO,
        cash_flow=moved,
        change=moved,
        cash_balance=balance,
        fee_rate=ZERO,
        trade_id="",
        order_id="",
        ts_ms=world.now_ms,
    )
