"""The exchange's own books: the house that takes the other side, fees, insurance; and the proof that all adds up."""

from collections import defaultdict
from collections.abc import Iterable
from decimal import Decimal

from marginwatch.sim.account import Account
from marginwatch.sim.money import EXACT, ZERO

POOL = Decimal(10_000_000)


class House:
    """Everything that is not a customer's.

    Every trade has the house on its other side, every fee goes to ``fees``, every shortfall comes out of ``insurance``
    and every payment between customers passes through ``cash``. ``deposited`` is what came in from outside. By coin;
    ``size`` and ``cost`` (entry worth in settle coin) by symbol.
    """

    def __init__(self) -> None:
        self.deposited: defaultdict[str, Decimal] = defaultdict(Decimal)
        self.fees: defaultdict[str, Decimal] = defaultdict(Decimal)
        self.insurance: defaultdict[str, Decimal] = defaultdict(Decimal)
        self.pools: dict[str, Decimal] = {}
        self.cash: defaultdict[str, Decimal] = defaultdict(Decimal)
        self.size: defaultdict[str, Decimal] = defaultdict(Decimal)
        self.cost: defaultdict[str, Decimal] = defaultdict(Decimal)

    def pool_left(self, coin: str) -> Decimal:
        """Return what the insurance pool of a coin still has: its size, 10 million unless set, less what it paid."""
        return self.pools.get(coin, POOL) + self.insurance[coin]

    def insure(self, coin: str, amount: Decimal) -> None:
        """Pay ``amount`` out of the insurance pool into the house's cash."""
        self.insurance[coin] = EXACT.subtract(self.insurance[coin], amount)
        self.cash[coin] = EXACT.add(self.cash[coin], amount)

    def check(self, accounts: Iterable[Account], settle_of: dict[str, str]) -> None:
        """Assert that every contract nets to zero and every coin adds up to what was deposited, to the last digit.

        Parameters
        ----------
        accounts : iterable of Account
            All customers.
        settle_of : dict of str to str
            Settle coin of each symbol.

        Raises
        ------
        AssertionError
            If anything was created or lost; names the symbol or coin and the difference.
        """
        sizes = dict(self.size)
        coins: defaultdict[str, Decimal] = defaultdict(Decimal)
        for book in (self.fees, self.insurance, self.cash):
            for coin, amount in book.items():
                coins[coin] = EXACT.add(coins[coin], amount)
        for symbol, cost in self.cost.items():
            coins[settle_of[symbol]] = EXACT.subtract(coins[settle_of[symbol]], cost)
        for account in accounts:
            for coin, held in account.wallet.items():
                coins[coin] = EXACT.add(coins[coin], held.balance)
            for (symbol, _), position in account.positions.items():
                if position.size:
                    sizes[symbol] = EXACT.add(sizes.get(symbol, ZERO), position.size)
                    if position.is_option:
                        continue  # its premium was paid through the house's cash
                    settle = settle_of[symbol]
                    coins[settle] = EXACT.subtract(coins[settle], position.cost)
        for symbol, size in sizes.items():
            assert not size, f"{symbol}: longs and shorts differ by {size}"  # noqa: S101 - an invariant, not input
        for coin in sorted(coins.keys() | self.deposited.keys()):
            gap = coins[coin] - self.deposited[coin]
            assert not gap, f"{coin}: the books are off by {gap}"  # noqa: S101 - an invariant, not input
