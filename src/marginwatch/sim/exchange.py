"""The exchange as one object: step it, read it, control it, listen to it."""

from collections.abc import Sequence
from decimal import Decimal

from marginwatch.clock import Clock
from marginwatch.sim import liquidation
from marginwatch.sim.account import Account, history_max
from marginwatch.sim.desks import Plan
from marginwatch.sim.market_controls import MarketControls
from marginwatch.sim.traders import Crowd, plans

PUMP_S = 0.02
"""Beat of :meth:`Exchange.run`: activity is spread over it, so that no burst holds the loop for long."""


class Exchange(MarketControls):
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
    market : str, default="model"
        What moves coins while the story is calm: ``model``, seeded and of one common factor, or ``history``, seeded blocks
        of recorded days.
    pace : float, default=1.0
        Recorded seconds that pass in one second of ``history``; 1,440 plays a recorded day in a minute.

    Raises
    ------
    ValueError
        If a count or interval is out of range, or scenario or market is unknown.
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
        market: str = "model",
        pace: float = 1.0,
    ) -> None:
        if n_accounts < 1:
            raise ValueError(f"n_accounts must be at least 1, got {n_accounts}")
        if tick_s <= 0.0 or funding_interval_s <= 0.0:
            raise ValueError(
                f"tick_s and funding_interval_s must be positive, got {tick_s}, {funding_interval_s}"
            )
        if activity_per_s < 0.0:
            raise ValueError(f"activity_per_s must not be negative, got {activity_per_s}")
        super().__init__(seed, clock, scenario, funding_interval_s, market=market, pace=pace)
        self.seed = seed
        self.scenario = scenario
        self.tick_s = tick_s
        self.is_held = False
        """While true :meth:`run` stands still; afterwards it catches up tick by tick."""
        self._time_s = 0.0
        self._tick_due_s = tick_s
        self._crowd = Crowd(self._world, seed, activity_per_s)
        self._open_accounts(plans(n_accounts, self._crowd_symbols(), positions_per_account, seed))
        liquidation.check_all(self._world)
        self.check_books()

    # --- opening ----------------------------------------------------------------------------------------------

    def _crowd_symbols(self) -> list[str]:
        return [contract.symbol for contract in self._market.contracts]

    def _open_accounts(self, wanted: Sequence[Plan]) -> None:
        inverse = next(c for c in self._market.contracts if c.contract_type == "InverseFutures")
        linear = next(c for c in self._market.contracts if c.contract_type == "LinearFutures")
        names = {
            "quarter": inverse.symbol.removeprefix("BTCUSD"),
            "quarter_day": linear.symbol.removeprefix("BTCUSDT-"),
        }
        for plan in wanted:
            info = self._directory.enroll(plan)
            account = Account(info, "REGULAR_MARGIN", self._start_ms, history_max(len(wanted)))
            self._world.accounts[info.uid] = account
            for coin, amount in plan.deposits:
                self.deposit(info.uid, coin, amount)
            account.funding_wallet = {coin: Decimal(amount) for coin, amount in plan.funding_wallet}
            self._crowd.add(account, plan, names)

    # --- time -------------------------------------------------------------------------------------------------

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
            if self.is_held:
                continue
            behind_s = self._clock.now_ns() / 1e9 - self._start_ms / 1000.0 - self._time_s
            if behind_s > 0.0:
                self.step(min(behind_s, self.tick_s))
