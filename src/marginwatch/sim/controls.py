"""What a test, a demonstration or a trader can do to the exchange, and all that follows when prices move."""

from decimal import Decimal

from marginwatch.sim import (
    announcements,
    delivery,
    funding,
    interest,
    liquidation,
    orders,
    rows,
    session,
    spot,
)
from marginwatch.sim.account import Account
from marginwatch.sim.announcements import MarginChange
from marginwatch.sim.desks import Plan
from marginwatch.sim.insurance import move, note_money
from marginwatch.sim.modes import mode_named
from marginwatch.sim.money import EXACT, ZERO, to_cents
from marginwatch.sim.settings import Settings
from marginwatch.sim.trading import Fill, book_fill, check_margin, check_range

BOOKS_EVERY_STEP_MAX = 50
"""Up to so many accounts the books are added up after every price move, beyond that every 100th step."""


class Controls(Settings):
    """The acting side of the exchange, on top of reading it and of what owners set."""

    def open_account(
        self,
        name: str,
        desk: str = "guest",
        *,
        is_hedge_mode: bool = False,
        margin_mode: str = "REGULAR_MARGIN",
    ) -> rows.AccountInfo:
        """Open an empty sub-account with a key of its own, which nobody trades but the caller.

        Raises
        ------
        ValueError
            If there is no such margin mode.
        """
        mode = mode_named(margin_mode)
        info = self._directory.enroll(Plan(name, desk, "idle", (), (), is_hedge_mode=is_hedge_mode))
        self._world.accounts[info.uid] = Account(info, mode.name, self.now_ms())
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
        """Trade against the house at ``price`` (None: mark): opens, adds, reduces or flips.

        No margin is asked for, except in isolated mode, where nothing else would back the position. In hedge mode the leg of the trade's own side is taken unless ``position_idx`` names one.

        Raises
        ------
        ValueError
            If symbol, quantity or price cannot be traded, a hedge leg would turn over, or isolated margin is short.
        """
        account, contract = self._account(uid), self._world.contract(symbol)
        quantity = Decimal(signed_qty)
        leg = account.index_for(contract, quantity) if position_idx is None else position_idx
        at = self._market.quotes[symbol].mark_exact if price is None else Decimal(price)
        if price is not None:
            check_range(contract, at)
        check_margin(self._world, account, contract, quantity, at, leg)
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
        """Open a limit order; it fills when the mark reaches it. ValueError as from :meth:`open_position`."""
        account, contract = self._account(uid), self._world.contract(symbol)
        quantity, at = Decimal(signed_qty), Decimal(price)
        check_range(contract, at)
        check_margin(self._world, account, contract, quantity, at, account.index_for(contract, quantity))
        return orders.place(self._world, account, contract, quantity, at)

    def place_spot_order(
        self, uid: str, symbol: str, signed_qty: Decimal | str, price: Decimal | str
    ) -> rows.OrderRow:
        """Open a limit order on a spot pair; it locks what it gives and fills when the index reaches it.

        Raises
        ------
        ValueError
            If the pair is not listed, quantity or price are off their steps, or the coin is not held and free.
        """
        pair = self._spot.get(symbol)
        if pair is None:
            raise ValueError(f"symbol must be a listed spot pair, got {symbol!r}")
        return spot.place(self._world, self._account(uid), pair, Decimal(signed_qty), Decimal(price))

    def amend_order(self, uid: str, order_id: str, price: Decimal | str) -> rows.OrderRow:
        """Move an open order; KeyError if it is not open, ValueError if no order may have the price."""
        account, at = self._account(uid), Decimal(price)
        if order_id in account.spot_orders:
            return spot.amend(self._world, account, order_id, at)
        check_range(account.orders[order_id].contract, at)
        return orders.amend(self._world, account, order_id, at)

    def cancel_order(self, uid: str, order_id: str) -> rows.OrderRow:
        """Cancel an open order; KeyError if it is not open."""
        account = self._account(uid)
        cancel = spot.cancel if order_id in account.spot_orders else orders.cancel
        return cancel(self._world, account, order_id)

    def fill_order(self, uid: str, order_id: str, quantity: Decimal | str | None = None) -> rows.ExecutionRow:
        """Fill an open order at its price, or (unsigned) ``quantity`` of it, whatever the mark.

        Raises
        ------
        KeyError
            If it is not open; ValueError if not so much is left of it.
        """
        account, wanted = self._account(uid), None if quantity is None else Decimal(quantity)
        fill = spot.fill_order if order_id in account.spot_orders else orders.fill_order
        return fill(self._world, account, order_id, wanted)

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

    def deposit(self, uid: str, coin: str, amount: Decimal | str) -> None:
        """Move coins in (or, negative, out) from outside; revives a liquidated account.

        Raises
        ------
        ValueError
            If the coin has no price here, the amount is not finite, or an isolated account has not that much to take out.
        """
        account, moved = self._account(uid), Decimal(amount)
        if coin not in self._market.usd or coin == "USD":
            raise ValueError(f"coin must be one the exchange prices, got {coin!r}")
        if not moved.is_finite():
            raise ValueError(f"amount must be finite, got {amount}")
        moved = to_cents(moved)
        if account.is_isolated and -moved > self.withdrawable(uid, coin):
            raise ValueError(f"amount of {coin} must be available in isolated mode, got {amount}")
        held = account.coin(coin)
        held.balance = EXACT.add(held.balance, moved) or ZERO
        self._world.house.deposited[coin] += moved
        account.is_liquidated = False
        account.watch.slack_usd = 0.0
        note_money(self._world, account, coin, moved, "TRANSFER_IN" if moved >= 0 else "TRANSFER_OUT")
        self._world.touch(account)
        self._world.tell_wallet(account, coin)

    def transfer(self, from_uid: str, to_uid: str, coin: str, amount: Decimal | str) -> None:
        """Move coins between two unified accounts and push both.

        Raises
        ------
        ValueError
            If the amount is not positive or not withdrawable; nothing is moved then.
        """
        giver, taker, moved = self._account(from_uid), self._account(to_uid), to_cents(Decimal(amount))
        if not 0 < moved <= self.withdrawable(from_uid, coin):
            raise ValueError(f"amount of {coin} must be withdrawable, got {amount}")
        move(self._world, giver, coin, -moved, "TRANSFER_OUT")
        move(self._world, taker, coin, moved, "TRANSFER_IN")
        giver.watch.slack_usd = 0.0

    def move_funding(self, uid: str, coin: str, amount: Decimal | str) -> None:
        """Move coins from an account's funding wallet to its unified one (negative: back).

        Raises
        ------
        ValueError
            If the wallet that gives has not that much, or the coin is not one the exchange prices.
        """
        account, moved = self._account(uid), to_cents(Decimal(amount))
        held = account.funding_wallet.get(coin, ZERO)
        if moved > held or -moved > self.withdrawable(uid, coin):
            raise ValueError(f"amount of {coin} must be held, got {amount}")
        self.deposit(uid, coin, moved)
        account.funding_wallet[coin] = held - moved

    def announce_margin_change(self, symbol: str, factor: Decimal | str, delay_s: float) -> int:
        """Announce that a contract's maintenance rates change by ``factor`` in ``delay_s`` seconds; returns when, ms.

        Until then its positions are marked reduce-only, with the time of the change.

        Raises
        ------
        ValueError
            If the symbol has no tiers, ``factor`` is not above 0, a rate would reach 50 %, or a change is under way.
        """
        contract, times = self._world.contract(symbol), Decimal(factor)
        highest = max(tier.maintenance_rate for tier in contract.tiers.tiers)
        if contract.is_option or not times > 0 or highest * times >= Decimal("0.5"):
            raise ValueError(f"factor of {symbol} must be above 0 and keep rates below 50 %, got {factor}")
        if any(change.contract is contract for change in self._margin_changes):
            raise ValueError(f"a margin change of {symbol} is under way")
        change = MarginChange(contract, times, self._world.now_ms + round(delay_s * 1000.0))
        self._margin_changes.append(change)
        announcements.announce(self._world, change)
        return change.effective_ms

    def set_insurance_pool(self, coin: str, amount: Decimal | str) -> None:
        """Set what the insurance pool of a coin has left; at 0 winners are deleveraged for what is taken over.

        Raises
        ------
        ValueError
            If the exchange does not price the coin, or the amount is below 0 or not finite.
        """
        house, left = self._world.house, Decimal(amount)
        if coin not in self._market.usd or coin == "USD":
            raise ValueError(f"coin must be one the exchange prices, got {coin!r}")
        if not left.is_finite() or left < 0:
            raise ValueError(f"amount of the pool must be 0 or more, got {amount}")
        house.pools[coin] = left - house.insurance[coin]

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
            if account.spot_orders:
                spot.fill_crossed(world, account)
        delivery.watch_index(world)
        delivery.deliver_due(world)
        if world.now_ms >= self._next_funding_ms:
            self._next_funding_ms = self._funding_after(world.now_ms)
            funding.pay_funding(world)
        self._keep_hours()
        liquidation.check_all(world)
        self._tell_tickers()
        if len(world.accounts) <= BOOKS_EVERY_STEP_MAX or world.counts["steps"] % 100 == 0:
            self.check_books()

    def _keep_hours(self) -> None:
        """Do what is due by the calendar: interest every hour, sessions every eight, announced changes in their time."""
        world, hour = self._world, self._world.now_ms // interest.HOUR_MS
        if hour > self._hour:
            if world.now_ms // session.SESSION_MS > self._hour * interest.HOUR_MS // session.SESSION_MS:
                session.settle_sessions(world)
            interest.charge_interest(world, hour - self._hour)
            self._hour = hour
        for change in tuple(self._margin_changes):
            if world.now_ms >= change.effective_ms:
                self._margin_changes.remove(change)
                announcements.take_effect(world, change)

    def _tell_tickers(self) -> None:
        world = self._world
        world.counts["ticker"] += 1
        if world.listeners:
            rows_now = (*self.tickers("linear"), *self.tickers("inverse"), *self.tickers("spot"))
            world.emit(rows.Change(kind="ticker", uid="", ts_ms=world.now_ms, tickers=rows_now))
