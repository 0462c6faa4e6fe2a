"""What can be read of the exchange at any moment; reading changes nothing."""

from collections.abc import Callable
from decimal import Decimal

import msgspec

from marginwatch.clock import Clock
from marginwatch.sim import coins, greeks, instruments, isolated, rows, view
from marginwatch.sim.account import OPTION_FEE, SPOT_FEE, Account
from marginwatch.sim.announcements import MarginChange
from marginwatch.sim.candles import CandleRow, candles
from marginwatch.sim.directory import Directory
from marginwatch.sim.market import Market
from marginwatch.sim.market_rows import AdlAlertRow, BookRow, PoolRow
from marginwatch.sim.money import ZERO, from_float
from marginwatch.sim.pools import Pools
from marginwatch.sim.portfolio import StressedCoin, stressed
from marginwatch.sim.records import DeliveryRow, SettlementRow
from marginwatch.sim.stressed_legs import StressedLeg, stressed_legs
from marginwatch.sim.world import Listener, World

DERIVATIVES = ("linear", "inverse", "option")


class Reads:
    """The reading side of the exchange.

    Parameters
    ----------
    seed : int
        Of everything random.
    clock : Clock
        Gives the start.
    scenario : str
        A name of :data:`marginwatch.sim.scenario.SCENARIOS`.
    funding_interval_s : float
        Time between fundings, seconds.
    market, pace : str, float
        As of :class:`marginwatch.sim.market.Market`, where the first is its ``source``.
    """

    def __init__(
        self,
        seed: int,
        clock: Clock,
        scenario: str,
        funding_interval_s: float,
        *,
        market: str = "model",
        pace: float = 1.0,
    ) -> None:
        self.funding_interval_s = funding_interval_s
        self._clock = clock
        self._start_ms = clock.now_ns() // 1_000_000
        self._market = Market(seed, scenario, self._start_ms, source=market, pace=pace)
        self._world = World(seed, self._market)
        self._pools = Pools(self._world.house, self._start_ms)
        self._directory = Directory(seed, self._start_ms)
        self._next_funding_ms = self._funding_after(self._start_ms)
        self._hour = self._start_ms // 3_600_000
        self._margin_changes: list[MarginChange] = []
        self._spot = {pair.symbol: pair for pair in self._market.spot_pairs}

    def now_ms(self) -> int:
        """Return the exchange's time, UTC milliseconds: that of its last step, never behind its clock."""
        return max(self._world.now_ms, self._clock.now_ns() // 1_000_000)

    def _funding_after(self, now_ms: int) -> int:
        interval_ms = round(self.funding_interval_s * 1000.0)
        return (now_ms // interval_ms + 1) * interval_ms

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
            spot_hedging=account.has_spot_hedging and account.is_portfolio,
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
        held = (account.positions.get((symbol, leg)) or account.flat(contract, leg) for leg in legs)
        return tuple(view.position_row(account, leg, self._market, figures) for leg in held)

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
        account = self._account(uid)
        if category == "spot":
            return tuple(order.row for order in account.spot_orders.values())
        return tuple(order.row for order in account.orders.values() if order.row.category == category)

    def executions(
        self, uid: str, category: str, *, start_ms: int = 0, end_ms: int | None = None
    ) -> tuple[rows.ExecutionRow, ...]:
        """Return executions from ``start_ms`` to ``end_ms`` (both included), newest first; as many as are kept."""
        return tuple(
            row
            for row in reversed(self._account(uid).executions)
            if row.category == category and _is_within(row.ts_ms, start_ms, end_ms)
        )

    def transaction_log(
        self, uid: str, *, start_ms: int = 0, end_ms: int | None = None
    ) -> tuple[rows.TransactionRow, ...]:
        """Return lines of the cash ledger, newest first; as many as are kept."""
        log = reversed(self._account(uid).transactions)
        return tuple(row for row in log if _is_within(row.ts_ms, start_ms, end_ms))

    def closed_pnl(
        self, uid: str, category: str, *, start_ms: int = 0, end_ms: int | None = None
    ) -> tuple[rows.ClosedPnlRow, ...]:
        """Return closed pieces of positions, newest first; as many as are kept."""
        return tuple(
            row
            for row in reversed(self._account(uid).closed)
            if row.category == category and _is_within(row.ts_ms, start_ms, end_ms)
        )

    def settlements(
        self, uid: str, *, start_ms: int = 0, end_ms: int | None = None
    ) -> tuple[SettlementRow, ...]:
        """Return the sessions paid out to an account, newest first; as many as are kept."""
        kept = reversed(self._account(uid).settlements)
        return tuple(row for row in kept if _is_within(row.ts_ms, start_ms, end_ms))

    def deliveries(
        self, uid: str, category: str, *, start_ms: int = 0, end_ms: int | None = None
    ) -> tuple[DeliveryRow, ...]:
        """Return the positions that expired, newest first; as many as are kept."""
        kept = reversed(self._account(uid).deliveries)
        return tuple(
            row for row in kept if row.category == category and _is_within(row.ts_ms, start_ms, end_ms)
        )

    def fee_rates(self, uid: str, category: str, symbol: str | None = None) -> tuple[rows.FeeRate, ...]:
        """Return the account's fees of a category, or of one symbol; empty if that is not listed."""
        account = self._account(uid)
        if category == "option":
            coins_listed = {row.base_coin: row for row in self.instruments(category, symbol)}
            return tuple(
                rows.FeeRate(category="option", symbol="", base_coin=coin, taker=OPTION_FEE, maker=OPTION_FEE)
                for coin in coins_listed
            )
        spot = SPOT_FEE if category == "spot" else None
        return tuple(
            rows.FeeRate(
                category=row.category,
                symbol=row.symbol,
                base_coin=row.base_coin,
                taker=spot or account.taker_fee,
                maker=spot or account.maker_fee,
            )
            for row in self.instruments(category, symbol)
        )

    def stress(self, uid: str) -> tuple[StressedCoin, ...]:
        """Return the account's books under the shocks of portfolio margin, whatever its mode."""
        return stressed(self._account(uid), self._market)

    def stressed_legs(self, uid: str, coin: str) -> tuple[StressedLeg, ...]:
        """Return each leg on a coin under the same shocks, in the order of first touch."""
        return stressed_legs(self._account(uid), coin, self._market)

    def coin_greeks(self, uid: str) -> tuple[rows.CoinGreeks, ...]:
        """Return the greeks of the account's options by coin; empty without options."""
        return greeks.coin_greeks(self._account(uid), self._market)

    def option_assets(self, uid: str) -> tuple[rows.OptionAssetRow, ...]:
        """Return profit and margins of the account's options by coin; empty without options."""
        return greeks.option_assets(self._account(uid), self._market)

    def funding_balances(self, uid: str) -> dict[str, Decimal]:
        """Return the coins of the funding wallet, which is outside of the unified account."""
        return dict(self._account(uid).funding_wallet)

    def withdrawable(self, uid: str, coin: str) -> Decimal:
        """Return how much of a coin may leave: no more than is held, nor than the account's free margin is worth."""
        account = self._account(uid)
        held = account.wallet.get(coin)
        if account.is_isolated:
            return max(ZERO, from_float(isolated.available(self._world.measure(account), coin)))
        usd = self._market.usd.get(coin, 0.0)
        free = ZERO if held is None else held.balance - account.locked(coin)
        if held is None or free <= 0 or usd <= 0.0:
            return ZERO
        ratio = coins.collateral_ratio(coin, float(held.balance)) if held.is_collateral else 0.0
        if ratio <= 0.0:
            return free
        return min(free, from_float(self._world.measure(account).available / usd / ratio))

    def usd_index(self, coin: str) -> float:
        """Return what a coin is worth in USD now; 0 if the exchange does not price it."""
        return self._market.usd.get(coin, 0.0)

    # --- public reads -----------------------------------------------------------------------------------------

    def tickers(self, category: str, symbol: str | None = None) -> tuple[rows.TickerRow, ...]:
        """Return public prices of a category, or of one symbol; empty if that is not listed."""
        if category == "spot":
            pairs = (pair for pair in self._spot.values() if symbol in (None, pair.symbol))
            return tuple(self._market.spot_ticker(pair) for pair in pairs)
        return tuple(
            self._market.ticker(contract, self._next_funding_ms, self.funding_interval_s)
            for contract in self._board(category)
            if contract.category == category and symbol in (None, contract.symbol)
        )

    @property
    def market_version(self) -> int:
        """How often the market has moved: while it is the same, public figures are."""
        return self._market.version

    def order_book(self, category: str, symbol: str, n_levels: int) -> BookRow | None:
        """Return the book of a symbol, up to ``n_levels`` (1 to 1,000) on each side; None if it is not listed."""
        listed = self._spot.get(symbol) if category == "spot" else self._world.contracts.get(symbol)
        found = self.tickers(category, symbol) if listed else ()
        if listed is None or not found:
            return None
        market = self._market
        return market.depth.book(found[0], listed, n_levels, market.moves.regime, market.version)

    def candles(
        self,
        category: str,
        symbol: str,
        every_ms: int,
        window_ms: tuple[int | None, int | None],
        limit: int,
    ) -> tuple[CandleRow, ...] | None:
        """Return candles of a contract or spot pair, newest first; None if it is not listed, or an option."""
        listed = self._spot.get(symbol) if category == "spot" else self._world.contracts.get(symbol)
        found = self.tickers(category, symbol) if listed and category != "option" else ()
        if listed is None or not found:
            return None
        last, past = found[0].last_price, self._market.past
        return candles(past, listed, last, self.now_ms(), every_ms, window_ms, limit)

    def insurance_pools(self, coin: str | None = None) -> tuple[PoolRow, ...]:
        """Return the insurance pools, or that of one coin; empty if it has none."""
        found = self._pools.pools(self._market.contracts, self._market.usd)
        return tuple(pool for pool in found if coin in (None, pool.coin))

    def adl_alerts(self, symbol: str | None = None) -> tuple[AdlAlertRow, ...]:
        """Return how near deleveraging is, of every contract or of one; empty if that is not listed."""
        rows_now = self._pools.alerts(self._market.contracts, self.now_ms())
        return tuple(row for row in rows_now if symbol in (None, row.symbol))

    def _board(self, category: str) -> tuple[instruments.Contract, ...]:
        return self._market.options.contracts if category == "option" else self._market.contracts

    def instruments(self, category: str, symbol: str | None = None) -> tuple[rows.InstrumentRow, ...]:
        """Return what is listed in a category, or one symbol."""
        listed = self._spot.values() if category == "spot" else self._board(category)
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

    # --- checking ---------------------------------------------------------------------------------------------

    def truth(self, uid: str) -> rows.Truth:
        """Return one account as it really is now."""
        account = self._account(uid)
        return rows.Truth(
            uid=uid,
            ts_ms=self._world.now_ms,
            positions=tuple(row for name in DERIVATIVES for row in self.positions(uid, name)),
            wallet=self.wallet(uid),
            orders=tuple(row for name in (*DERIVATIVES, "spot") for row in self.orders(uid, name)),
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
