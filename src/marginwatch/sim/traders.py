"""What accounts do all day: quote, trade around a target, flip, close and reopen; and what they start with."""

import random
from dataclasses import dataclass, field
from decimal import Decimal

from marginwatch.sim import orders
from marginwatch.sim.account import Account
from marginwatch.sim.desks import PLANS, STYLES_OF_CROWD, Plan
from marginwatch.sim.instruments import Contract
from marginwatch.sim.isolated import available
from marginwatch.sim.money import to_step
from marginwatch.sim.trading import Fill, book_fill
from marginwatch.sim.world import World

ORDERS_MAX = 8
INITIAL_RATE_MAX = 0.85
"""Above this use of initial margin a trader only reduces: the exchange would refuse anything else."""

ISOLATED_SPARE = 0.3
"""Part of each coin that a trader in isolated mode keeps available."""

FILL_CHANCE = {"maker": 0.30, "holder": 0.10, "swing": 0.30, "idle": 0.02}
TURN_CHANCE = {"maker": 0.01, "holder": 0.0, "swing": 0.10, "idle": 0.0}


@dataclass(slots=True)
class Trader:
    """One account's habits: what it wants to hold (signed quantity by symbol) and how it acts."""

    account: Account
    style: str
    targets: dict[str, float] = field(default_factory=dict[str, float])
    symbols: list[str] = field(default_factory=list[str])


def crowd_plan(number: int, symbols: list[str], n_positions: int, rng: random.Random) -> Plan:
    """Return the plan of a nameless account: ``n_positions`` books of 5 to 60 thousand USD, well covered."""
    desk, style = STYLES_OF_CROWD[number % len(STYLES_OF_CROWD)]
    chosen = rng.sample(symbols, min(n_positions, len(symbols)))
    book = tuple(
        (symbol, rng.choice((-1.0, 1.0)) * round(rng.uniform(5_000.0, 60_000.0), 2)) for symbol in chosen
    )
    gross = sum(abs(usd) for _, usd in book)
    cash = str(round(max(gross * rng.uniform(0.4, 1.5), 20_000.0)))
    return Plan(f"{desk}-{number:04d}", desk, style, (("USDT", cash),), book, is_hedge_mode=number % 7 == 3)


def plans(
    n_accounts: int, symbols: list[str], positions_per_account: int | None, seed: int
) -> tuple[Plan, ...]:
    """Return the plans of all accounts: the named ones first, then the crowd.

    With ``positions_per_account`` given, all but the master are of the crowd and hold that many positions.
    """
    rng = random.Random(f"plans-{seed}")
    named = PLANS[:n_accounts] if positions_per_account is None else PLANS[: min(1, n_accounts)]
    n_positions = 6 if positions_per_account is None else positions_per_account
    crowd = (crowd_plan(n, symbols, n_positions, rng) for n in range(len(named), n_accounts))
    return (*named, *crowd)


class Crowd:
    """All traders, acting at a steady pace.

    Parameters
    ----------
    world : World
        Where they trade.
    seed : int
        Of all their decisions.
    activity_per_s : float
        Actions a second and account; each emits at least one position event.
    """

    def __init__(self, world: World, seed: int, activity_per_s: float) -> None:
        self.activity_per_s = activity_per_s
        self._world = world
        self._random = random.Random(f"traders-{seed}")
        self._traders: list[Trader] = []
        self._credit = 0.0

    def add(self, account: Account, plan: Plan, names: dict[str, str]) -> None:
        """Take an account on and buy its book at mark; ``names`` resolves the dated contracts of the plan."""
        trader = Trader(account, plan.style)
        for pattern, usd in plan.book:
            symbol = pattern.format(**names)
            contract = self._world.contract(symbol)
            quantity = self._quantity(contract, usd)
            account.leverage[symbol] = min(Decimal(plan.leverage), contract.max_leverage)
            trader.targets[symbol] = float(quantity)
            trader.symbols.append(symbol)
            self._trade(trader, contract, quantity)
        self._traders.append(trader)

    def act(self, dt_s: float) -> None:
        """Let the traders do what ``dt_s`` seconds are worth, each action by a randomly chosen one."""
        self._credit += self.activity_per_s * len(self._traders) * dt_s
        n_actions = int(self._credit)
        self._credit -= n_actions
        for _ in range(n_actions):
            trader = self._random.choice(self._traders)
            if trader.symbols and not trader.account.is_liquidated:
                self._act_once(trader)

    def _act_once(self, trader: Trader) -> None:
        symbol = self._random.choice(trader.symbols)
        contract = self._world.contracts.get(symbol)
        if contract is None:  # it has expired
            return
        dice = self._random.random()
        if dice < TURN_CHANCE[trader.style]:
            self._turn(trader, contract)
        elif dice < TURN_CHANCE[trader.style] + FILL_CHANCE[trader.style]:
            self._rebalance(trader, contract)
        else:
            self._quote(trader, contract)

    def _held(self, trader: Trader, contract: Contract) -> Decimal:
        legs = (trader.account.positions.get((contract.symbol, leg)) for leg in (0, 1, 2))
        return sum((leg.size for leg in legs if leg is not None), Decimal(0))

    def _turn(self, trader: Trader, contract: Contract) -> None:
        """Flip, or close, or reopen what was closed."""
        held, target = self._held(trader, contract), trader.targets[contract.symbol]
        if not held:
            self._trade(trader, contract, to_step(target, contract.step))
        elif self._random.random() < 0.5:
            self._trade(trader, contract, -held)
        else:
            trader.targets[contract.symbol] = -target
            self._trade(trader, contract, -held * 2)

    def _rebalance(self, trader: Trader, contract: Contract) -> None:
        target = trader.targets[contract.symbol]
        wobble = 0.15 if trader.style == "maker" else 0.02
        wanted = target * (1.0 + wobble * self._random.gauss(0.0, 1.0))
        largest = 0.2 * abs(target)
        delta = max(-largest, min(largest, wanted - float(self._held(trader, contract))))
        quantity = to_step(delta, contract.step)
        self._trade(trader, contract, quantity or contract.step * (1 if delta > 0 else -1))

    def _quote(self, trader: Trader, contract: Contract) -> None:
        """Place, move or cancel an order away from the mark."""
        account = trader.account
        mine = [order_id for order_id, order in account.orders.items() if order.contract is contract]
        dice = self._random.random()
        if mine and (dice < 0.6 or len(account.orders) >= ORDERS_MAX):
            order = account.orders[mine[0]]
            price = self._price_away(contract, order.left_float > 0.0)
            orders.amend(self._world, account, mine[0], price)
        elif mine and dice < 0.8:
            orders.cancel(self._world, account, mine[0])
        elif len(account.orders) < ORDERS_MAX and not self._is_stretched(account):
            side = 1 if self._random.random() < 0.5 else -1
            size = abs(to_step(trader.targets[contract.symbol] * 0.05, contract.step)) or contract.step
            orders.place(self._world, account, contract, size * side, self._price_away(contract, side > 0))
        else:
            # The account has no room for another order: it has one refused, which still shows as a position event.
            position = account.position(contract, account.index_for(contract, Decimal(1)), self._world.now_ms)
            self._world.tell_position(account, position)

    def _price_away(self, contract: Contract, is_buy: bool) -> Decimal:
        mark = self._world.market.quotes[contract.symbol].mark
        away = self._random.uniform(0.0005, 0.01)
        return max(to_step(mark * (1.0 - away if is_buy else 1.0 + away), contract.tick), contract.tick)

    def _is_stretched(self, account: Account) -> bool:
        if account.is_isolated:
            figures = self._world.measure(account)
            return any(
                available(figures, coin) < ISOLATED_SPARE * held.wallet
                for coin, held in figures.coins.items()
            )
        return self._world.measure(account).initial_rate > INITIAL_RATE_MAX

    def _quantity(self, contract: Contract, usd: float) -> Decimal:
        quote = self._world.market.quotes[contract.symbol]
        quantity = usd if contract.is_inverse else usd / quote.mark
        return to_step(quantity, contract.step) or contract.step

    def _trade(self, trader: Trader, contract: Contract, quantity: Decimal) -> None:
        """Trade at the mark; in hedge mode reduce the opposite leg first, then open."""
        account, world = trader.account, self._world
        if not quantity:
            return
        price = world.market.quotes[contract.symbol].mark_exact
        left = quantity
        closing = account.index_for(contract, quantity, is_closing=True)
        leg = account.positions.get((contract.symbol, closing))
        held = leg.size if leg is not None else Decimal(0)
        if held * quantity < 0:
            reducing = quantity if abs(quantity) <= abs(held) else -held
            book_fill(world, account, Fill(contract, reducing, price, closing))
            left -= reducing
        opening = account.positions.get((contract.symbol, account.index_for(contract, left)))
        if opening is not None and opening.is_reduce_only:
            return
        if left and not self._is_stretched(account):
            book_fill(world, account, Fill(contract, left, price, account.index_for(contract, left)))
