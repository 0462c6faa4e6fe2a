"""What owners of accounts do while faults are on: trades of every kind of contract, money, modes, prices that jump."""

import asyncio
import random
from collections.abc import Callable
from decimal import Decimal

from marginwatch.sim.exchange import Exchange
from marginwatch.sim.rows import AccountInfo

LISTED = ("BTCUSDT", "ETHUSDT", "SOLUSDT", "1000PEPEUSDT", "BTCPERP", "ETHPERP", "BTCUSD", "ETHUSD")
"""Linear in USDT and USDC, and inverse; dated contracts and options come from the board."""

MODES = ("REGULAR_MARGIN", "ISOLATED_MARGIN", "PORTFOLIO_MARGIN")
COINS = (("USDT", 300_000), ("USDC", 100_000), ("BTC", 3), ("ETH", 40))

SCALPING = 0.2
"""How often an owner trades in a burst instead of doing something else."""


class Owners:
    """Owns the guest accounts of an exchange, and shakes its market.

    Parameters
    ----------
    exchange : Exchange
        Where.
    seed : int
        Of all that they do.
    n_guests : int
        Accounts to open.
    """

    def __init__(self, exchange: Exchange, seed: int, n_guests: int) -> None:
        self._exchange = exchange
        self._dice = random.Random(f"owners-{seed}")
        self.n_refused = 0
        self._guests = [self._open(number) for number in range(n_guests)]

    def _open(self, number: int) -> AccountInfo:
        dice, exchange = self._dice, self._exchange
        mode = MODES[number % 3] if dice.random() < 0.7 else dice.choice(MODES)
        guest = exchange.open_account(
            f"guest-{number}", is_hedge_mode=dice.random() < 0.4, margin_mode="REGULAR_MARGIN"
        )
        for coin, amount in COINS:
            exchange.deposit(guest.uid, coin, str(amount))
        for _ in range(dice.randint(2, 8)):
            self._try(self._trade, guest)
        self._try(lambda one: exchange.set_margin_mode(one.uid, mode), guest)
        return guest

    async def run(self) -> None:
        """Act now and then, forever."""
        acts: list[Callable[[AccountInfo], object]] = [self._trade] * 8
        acts += [
            self._close,
            self._close,
            self._move_money,
            self._lever,
            self._order,
            self._shake,
            self._mode,
        ]
        acts += [self._collateral, self._announce]
        while True:
            await asyncio.sleep(self._dice.expovariate(4.0))
            guest = self._dice.choice(self._guests)
            if self._dice.random() < SCALPING:
                await self._scalp(guest)
            else:
                self._try(self._dice.choice(acts), guest)

    def _try(self, act: Callable[[AccountInfo], object], guest: AccountInfo) -> None:
        try:
            act(guest)
        except ValueError:
            # What the exchange does not allow is no concern of the monitor.
            self.n_refused += 1

    def _symbol(self) -> str:
        dice, exchange = self._dice, self._exchange
        if dice.random() < 0.6:
            return dice.choice(LISTED)
        category = dice.choice(("linear", "inverse", "option", "option"))
        return dice.choice(exchange.instruments(category)).symbol

    async def _scalp(self, guest: AccountInfo) -> None:
        """Trade one contract several times within a moment, so that its messages can overtake each other."""
        symbol = self._dice.choice(LISTED)
        for _ in range(self._dice.randint(3, 6)):
            self._try(lambda one: self._trade(one, symbol), guest)
            await asyncio.sleep(self._dice.uniform(0.01, 0.08))

    def _trade(self, guest: AccountInfo, symbol: str = "") -> None:
        exchange, symbol = self._exchange, symbol or self._symbol()
        listed = next(
            row
            for category in ("linear", "inverse", "option")
            for row in exchange.instruments(category, symbol)
        )
        ticker = exchange.tickers(listed.category, symbol)[0]
        usd = self._dice.uniform(500, 15_000) * self._dice.choice((-1, 1))
        if listed.category == "option":
            usd /= 50  # worth a fraction of what they move
        quantity = usd if listed.category == "inverse" else usd / float(ticker.mark_price)
        steps = round(quantity / float(listed.qty_step)) or 1
        exchange.open_position(guest.uid, symbol, listed.qty_step * steps)

    def _close(self, guest: AccountInfo) -> None:
        rows = self._exchange.truth(guest.uid).positions
        if rows:
            row = self._dice.choice(rows)
            signed = -row.size if row.side == "Buy" else row.size
            self._exchange.open_position(guest.uid, row.symbol, signed, position_idx=row.position_idx)

    def _move_money(self, guest: AccountInfo) -> None:
        coin, amount = self._dice.choice(COINS)
        moved = Decimal(amount) * Decimal(self._dice.randint(-30, 40)) / 1000
        if moved and self._dice.random() < 0.5:
            self._exchange.deposit(guest.uid, coin, moved)
        else:
            other = self._dice.choice(self._exchange.accounts())
            if other.uid != guest.uid:
                self._exchange.transfer(guest.uid, other.uid, coin, abs(moved))

    def _lever(self, guest: AccountInfo) -> None:
        self._exchange.set_leverage(guest.uid, self._dice.choice(LISTED), str(self._dice.randint(2, 20)))

    def _order(self, guest: AccountInfo) -> None:
        orders = self._exchange.truth(guest.uid).orders
        if orders and self._dice.random() < 0.5:
            self._exchange.cancel_order(guest.uid, self._dice.choice(orders).order_id)
            return
        mark = self._exchange.tickers("linear", "BTCUSDT")[0].mark_price
        price = (mark * Decimal(self._dice.randint(970, 1030)) / 1000).quantize(Decimal("0.1"))
        self._exchange.place_order(guest.uid, "BTCUSDT", Decimal(self._dice.choice((-1, 1))) / 100, price)

    def _shake(self, _: AccountInfo) -> None:
        symbol = self._dice.choice(("BTCUSDT", "ETHUSDT", "SOLUSDT"))
        row = self._exchange.instruments("linear", symbol)[0]
        mark = self._exchange.tickers("linear", symbol)[0].mark_price
        moved = mark * Decimal(self._dice.randint(960, 1040)) / 1000
        self._exchange.set_price(symbol, round(moved / row.tick_size) * row.tick_size)

    def _mode(self, guest: AccountInfo) -> None:
        self._exchange.set_margin_mode(guest.uid, self._dice.choice(MODES))

    def _collateral(self, guest: AccountInfo) -> None:
        self._exchange.set_collateral(guest.uid, "ETH", is_on=self._dice.random() < 0.5)

    def _announce(self, _: AccountInfo) -> None:
        self._exchange.announce_margin_change(self._dice.choice(LISTED), "1.2", self._dice.uniform(1, 5))
