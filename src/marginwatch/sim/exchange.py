"""The exchange as one object: step it, read it, control it, listen to it."""

from collections.abc import Callable, Iterable
from decimal import Decimal

import msgspec

from marginwatch.clock import Clock
from marginwatch.sim import coins, funding, instruments, liquidation, orders, rows, view
from marginwatch.sim.account import Account
from marginwatch.sim.desks import Plan
from marginwatch.sim.directory import Directory
from marginwatch.sim.market import Market
from marginwatch.sim.money import EXACT, ZERO, from_float, to_cents
from marginwatch.sim.traders import Crowd, plans
from marginwatch.sim.trading import Fill, book_fill
from marginwatch.sim.world import Listener, World

PUMP_S = 0.02
"""Beat of :meth:`Exchange.run`: activity is spread over it, so that no burst holds the loop for long."""

BOOKS_EVERY_STEP_MAX = 50
"""Up to so many accounts the books are added up after every market step, beyond that every 100th."""


class Exchange:
    """A simulated unified-account exchange: the truth behind the wire front.

    Parameters
    ----------
    seed : int
        Same seed, same start, same calls: same history, to the last digit.
    clock : Clock
        Gives the start; :meth:`run` follows it.
    n_accounts : int, default=12
        One master and its sub-accounts; the first twelve are named, the rest are a crowd.
    scenario : str, default="calm"
        A name of :data:`marginwatch.sim.scenario.SCENARIOS`.
    activity_per_s : float, default=1.0
        Position events each account emits a second, on average.
    tick_s : float, default=0.5
        Time between price moves, seconds.
    positions_per_account : int or None
        If given, all accounts but the master are of the crowd and hold so many positions (at most one a contract).
    funding_interval_s : float, default=28800
        Time between fundings, seconds; whole multiples of it since the epoch are funding times.

    Raises
    ------
    ValueError
        If a count or interval is out of range, or the scenario is unknown.
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
        if n_accounts < 1:
            raise ValueError(f"n_accounts must be at least 1, got {n_accounts}")
        if tick_s <= 0.0 or funding_interval_s <= 0.0:
            raise ValueError(
                f"tick_s and funding_interval_s must be positive, got {tick_s}, {funding_interval_s}"
            )
        if activity_per_s < 0.0:
            raise ValueError(f"activity_per_s must not be negative, got {activity_per_s}")
        self.seed = seed
        self.scenario = scenario
        self.tick_s = tick_s
        self.funding_interval_s = funding_interval_s
        self._clock = clock
        start_ms = clock.now_ns() // 1_000_000
        self._time_s = 0.0
        self._start_ms = start_ms
        self._tick_due_s = tick_s
        self._market = Market(seed, scenario, start_ms)
        self._world = World(seed, self._market)
        self._directory = Directory(seed, start_ms)
        self._crowd = Crowd(self._world, seed, activity_per_s)
        self._next_funding_ms = self._funding_after(start_ms)
        self._spot = {pair.symbol: pair for pair in self._market.spot_pairs}
        self._open_accounts(plans(n_accounts, self._crowd_symbols(), positions_per_account, seed))
        liquidation.check_all(self._world)
        self.check_books()

    # --- opening ----------------------------------------------------------------------------------------------

    def _crowd_symbols(self) -> list[str]:
        return [contract.symbol for contract in self._market.contracts]

    def _open_accounts(self, wanted: Iterable[Plan]) -> None:
        inverse = next(c for c in self._market.contracts if c.contract_type == "InverseFutures")
        linear = next(c for c in self._market.contracts if c.contract_type == "LinearFutures")
        names = {
            "quarter": inverse.symbol.removeprefix("BTCUSD"),
            "quarter_day": linear.symbol.removeprefix("BTCUSDT-"),
        }
        for plan in wanted:
            info = self._directory.enroll(plan)
            account = Account(info, "REGULAR_MARGIN", self._start_ms)
            self._world.accounts[info.uid] = account
            for coin, amount in plan.deposits:
                self.deposit(info.uid, coin, amount)
            account.funding_wallet = {coin: Decimal(amount) for coin, amount in plan.funding_wallet}
            self._crowd.add(account, plan, names)

    # --- time -------------------------------------------------------------------------------------------------

    def now_ms(self) -> int:
        """Return the exchange's time, UTC milliseconds: that of its last step, never behind its clock."""
        return max(self._world.now_ms, self._clock.now_ns() // 1_000_000)

    def step(self, dt_s: float | None = None) -> None:
        """Advance the exchange by ``dt_s`` seconds (default: one tick): activity, then prices when they are due.

        After a price move come order fills, funding, liquidations, tickers, and the proof that the books add up. The
        exchange keeps its own time here; the clock is only followed by :meth:`run`.
        """
        dt_s = self.tick_s if dt_s is None else dt_s
        if dt_s <= 0.0:
            raise ValueError(f"dt_s must be positive, got {dt_s}")
        self._time_s += dt_s
        self._world.now_ms = self._start_ms + round(self._time_s * 1000.0)
        self._crowd.act(dt_s)
        if self._time_s + 1e-9 >= self._tick_due_s:
            self._tick_due_s = self._time_s + self.tick_s
            self._market.step(self._world.now_ms)
            self._after_prices()
        self._world.counts["steps"] += 1

    def advance(self, seconds: float) -> None:
        """Step tick by tick through ``seconds``; the last step may be shorter."""
        left_s = seconds
        while left_s > 1e-9:
            step_s = min(self.tick_s, left_s)
            self.step(step_s)
            left_s -= step_s

    async def run(self) -> None:
        """Step in the clock's time until cancelled."""
        while True:
            await self._clock.sleep(PUMP_S)
            behind_s = self._clock.now_ns() / 1e9 - self._start_ms / 1000.0 - self._time_s
            if behind_s > 0.0:
                self.step(min(behind_s, self.tick_s))

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

    def _funding_after(self, now_ms: int) -> int:
        interval_ms = round(self.funding_interval_s * 1000.0)
        return (now_ms // interval_ms + 1) * interval_ms

    def _tell_tickers(self) -> None:
        world = self._world
        world.counts["ticker"] += 1
        if world.listeners:
            rows_now = (*self.tickers("linear"), *self.tickers("inverse"), *self.tickers("spot"))
            world.emit(rows.Change(kind="ticker", uid="", ts_ms=world.now_ms, tickers=rows_now))

    # --- listeners --------------------------------------------------------------------------------------------

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Add a listener of all changes; the returned callable removes it. What is read inside it is of that moment."""
        self._world.listeners.append(listener)

        def leave() -> None:
            if listener in self._world.listeners:
                self._world.listeners.remove(listener)

        return leave

    # --- who --------------------------------------------------------------------------------------------------

    def accounts(self) -> tuple[rows.AccountInfo, ...]:
        """Return all accounts, the master first."""
        return tuple(self.account(uid) for uid in self._world.accounts)

    def account(self, uid: str) -> rows.AccountInfo:
        """Return one account with its present key.

        Raises
        ------
        KeyError
            If there is no such account, as from every read by UID.
        """
        info = self._account(uid).info
        return msgspec.structs.replace(info, key=self._directory.key(info.key.api_key))

    def key(self, api_key: str) -> rows.KeyInfo | None:
        """Return a key by its public part, None if there is none."""
        return self._directory.key(api_key)

    def set_key(self, api_key: str, **changes: object) -> rows.KeyInfo:
        """Change attributes of a key (``is_read_only``, ``ips``, ``expires_ms``, ``permissions`` …).

        Raises
        ------
        ValueError
            If there is no such key; TypeError if an attribute does not exist.
        """
        return self._directory.replace_key(api_key, **changes)

    def sub_members(self, master_uid: str) -> tuple[rows.AccountInfo, ...]:
        """Return the sub-accounts of an account; empty unless it is the master."""
        return tuple(info for info in self.accounts() if info.parent_uid == master_uid)

    # --- private reads ----------------------------------------------------------------------------------------

    def settings(self, uid: str) -> rows.AccountSettings:
        """Return the account-wide modes."""
        account = self._account(uid)
        return rows.AccountSettings(
            uid=uid,
            margin_mode=account.margin_mode,
            unified_margin_status=5,
            is_master_trader=False,
            spot_hedging=False,
            updated_ms=account.settings_ms,
        )

    def positions(
        self, uid: str, category: str, *, symbol: str | None = None, settle_coin: str | None = None
    ) -> tuple[rows.PositionRow, ...]:
        """Return open rows; with ``symbol`` flat ones too (in hedge mode both legs). Ordered by first touch."""
        account = self._account(uid)
        if symbol is not None:
            return self._positions_of(account, category, symbol)
        figures = self._world.measure(account)
        return tuple(
            view.position_row(account, position, self._market, figures)
            for position in account.positions.values()
            if position.size
            and position.contract.category == category
            and settle_coin in (None, position.contract.settle)
        )

    def _positions_of(self, account: Account, category: str, symbol: str) -> tuple[rows.PositionRow, ...]:
        contract = self._world.contracts.get(symbol)
        if contract is None or contract.category != category:
            return ()
        legs = sorted({account.index_for(contract, Decimal(sign)) for sign in (1, -1)})
        figures = self._world.measure(account)
        return tuple(
            view.position_row(
                account, account.position(contract, leg, account.settings_ms), self._market, figures
            )
            for leg in legs
        )

    def wallet(self, uid: str) -> rows.Wallet:
        """Return totals and every coin the account ever held."""
        account = self._account(uid)
        figures = self._world.measure(account)
        names = tuple(dict.fromkeys((*account.wallet, *figures.coins)))
        return rows.Wallet(
            uid=uid,
            totals=view.account_totals(figures),
            coins=tuple(view.wallet_coin(account, name, self._market, figures) for name in names),
        )

    def orders(self, uid: str, category: str) -> tuple[rows.OrderRow, ...]:
        """Return open orders, oldest first."""
        held = self._account(uid).orders.values()
        return tuple(order.row for order in held if order.row.category == category)

    def executions(
        self, uid: str, category: str, *, start_ms: int = 0, end_ms: int | None = None
    ) -> tuple[rows.ExecutionRow, ...]:
        """Return executions from ``start_ms`` to ``end_ms`` (both included), newest first; the last 2,000 are kept."""
        return tuple(
            row
            for row in reversed(self._account(uid).executions)
            if row.category == category and _is_within(row.ts_ms, start_ms, end_ms)
        )

    def transaction_log(
        self, uid: str, *, start_ms: int = 0, end_ms: int | None = None
    ) -> tuple[rows.TransactionRow, ...]:
        """Return lines of the cash ledger, newest first; the last 2,000 are kept."""
        log = reversed(self._account(uid).transactions)
        return tuple(row for row in log if _is_within(row.ts_ms, start_ms, end_ms))

    def closed_pnl(
        self, uid: str, category: str, *, start_ms: int = 0, end_ms: int | None = None
    ) -> tuple[rows.ClosedPnlRow, ...]:
        """Return closed pieces of positions, newest first; the last 2,000 are kept."""
        return tuple(
            row
            for row in reversed(self._account(uid).closed)
            if row.category == category and _is_within(row.ts_ms, start_ms, end_ms)
        )

    def fee_rates(self, uid: str, category: str, symbol: str | None = None) -> tuple[rows.FeeRate, ...]:
        """Return the account's fees of a category, or of one symbol; empty if that is not listed."""
        account = self._account(uid)
        return tuple(
            rows.FeeRate(
                category=row.category,
                symbol=row.symbol,
                base_coin=row.base_coin,
                taker=account.taker_fee,
                maker=account.maker_fee,
            )
            for row in self.instruments(category, symbol)
        )

    def funding_balances(self, uid: str) -> dict[str, Decimal]:
        """Return the coins of the funding wallet, which is outside of the unified account."""
        return dict(self._account(uid).funding_wallet)

    def withdrawable(self, uid: str, coin: str) -> Decimal:
        """Return how much of a coin may leave: no more than is held, nor than the account's free margin is worth."""
        account = self._account(uid)
        held = account.wallet.get(coin)
        usd = self._market.usd.get(coin, 0.0)
        if held is None or held.balance <= 0 or usd <= 0.0:
            return ZERO
        figures = self._world.measure(account)
        free = (
            max(0.0, figures.balance - figures.initial)
            / usd
            / coins.collateral_ratio(coin, float(held.balance))
        )
        return min(held.balance, from_float(free))

    # --- public reads -----------------------------------------------------------------------------------------

    def tickers(self, category: str, symbol: str | None = None) -> tuple[rows.TickerRow, ...]:
        """Return public prices of a category, or of one symbol; empty if that is not listed."""
        if category == "spot":
            pairs = (pair for pair in self._spot.values() if symbol in (None, pair.symbol))
            return tuple(self._market.spot_ticker(pair) for pair in pairs)
        return tuple(
            self._market.ticker(contract, self._next_funding_ms, self.funding_interval_s)
            for contract in self._market.contracts
            if contract.category == category and symbol in (None, contract.symbol)
        )

    def instruments(self, category: str, symbol: str | None = None) -> tuple[rows.InstrumentRow, ...]:
        """Return what is listed in a category, or one symbol."""
        listed = self._spot.values() if category == "spot" else self._market.contracts
        return tuple(
            row
            for item in listed
            if symbol in (None, item.symbol)
            and (row := instruments.instrument_row(item, self.funding_interval_s)).category == category
        )

    def risk_limits(self, category: str, symbol: str | None = None) -> tuple[rows.RiskLimitRow, ...]:
        """Return margin tiers, lowest first within a symbol."""
        return tuple(
            row
            for contract in self._market.contracts
            if contract.category == category and symbol in (None, contract.symbol)
            for row in instruments.risk_limit_rows(contract)
        )

    def collateral_bands(self, coin: str | None = None) -> tuple[rows.CollateralBand, ...]:
        """Return collateral ratios by quantity."""
        return coins.collateral_bands(coin)

    def borrow_tiers(self, coin: str | None = None) -> tuple[rows.BorrowTier, ...]:
        """Return margin rates of borrowed coins."""
        return coins.borrow_tiers(coin)

    # --- control ----------------------------------------------------------------------------------------------

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

    # --- checking ---------------------------------------------------------------------------------------------

    def truth(self, uid: str) -> rows.Truth:
        """Return one account as it really is now."""
        account = self._account(uid)
        return rows.Truth(
            uid=uid,
            ts_ms=self._world.now_ms,
            positions=(*self.positions(uid, "linear"), *self.positions(uid, "inverse")),
            wallet=self.wallet(uid),
            orders=(*self.orders(uid, "linear"), *self.orders(uid, "inverse")),
            liquidations=account.liquidations,
        )

    def stats(self) -> rows.Stats:
        """Return counters since the start."""
        world = self._world
        return rows.Stats(
            steps=world.counts["steps"],
            position_changes=world.counts["position"],
            wallet_changes=world.counts["wallet"],
            executions=world.counts["execution"],
            orders=world.counts["order"],
            fundings=world.counts["funding"],
            liquidations=len(world.liquidated),
            liquidated_uids=tuple(dict.fromkeys(world.liquidated)),
            open_positions=sum(
                1 for account in world.accounts.values() for p in account.positions.values() if p.size
            ),
        )

    def check_books(self) -> None:
        """Raise AssertionError unless every coin and contract adds up exactly over the whole exchange."""
        self._world.house.check(self._world.accounts.values(), self._world.settle_of)

    def _account(self, uid: str) -> Account:
        return self._world.accounts[uid]


def _is_within(ts_ms: int, start_ms: int, end_ms: int | None) -> bool:
    return start_ms <= ts_ms and (end_ms is None or ts_ms <= end_ms)


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
