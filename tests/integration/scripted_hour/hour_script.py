"""The hour: who trades, what they do from 07:20 to 08:20, and all that is seen of it at every quiet point."""

import asyncio
import dataclasses
import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pybit.unified_trading
from hour_watchers import Ccxt, Pybit

from marginwatch.clock import ManualClock
from marginwatch.sim.bybit.limits import RateLimits
from marginwatch.sim.bybit.server import BybitSimServer
from marginwatch.sim.exchange import Exchange
from marginwatch.sim.rows import AccountInfo, Change, CoinGreeks, PositionRow, Truth

START_MS = int(dt.datetime(2025, 3, 7, 7, 20, tzinfo=dt.UTC).timestamp() * 1000)
"""A Friday: at 08:00 funding is paid, sessions are settled, interest is charged and options expire."""

TICK_S = 2.0
MINUTE_S = 60.0
PATIENCE_S = 20.0
CENT = Decimal("0.01")

DEPOSITS: dict[str, tuple[tuple[str, str], ...]] = {
    "cross": (("USDT", "200000"), ("USDC", "50000"), ("BTC", "2"), ("ETH", "10")),
    "hedge": (("USDT", "100000"), ("USDC", "20000")),
    "isolated": (("USDT", "50000"), ("XRP", "20000")),
    "portfolio": (("USDT", "100000"), ("BTC", "1")),
    "borrower": (("USDC", "100000"),),
    "doomed": (("USDT", "5000"),),
    "winner": (("USDT", "50000"),),
}
MODES = {"isolated": "ISOLATED_MARGIN", "portfolio": "PORTFOLIO_MARGIN"}


@dataclasses.dataclass
class AccountLook:
    """One account at a quiet point: as it is, as each library reads it, and how much each had heard until then."""

    truth: Truth
    flat: tuple[PositionRow, ...]
    greeks: tuple[CoinGreeks, ...]
    pybit: dict[str, Any]
    ccxt: dict[str, Any]
    n_heard: int


@dataclasses.dataclass
class Hour:
    """All that happened and all that was seen of it; by account name."""

    uids: dict[str, str] = dataclasses.field(default_factory=dict)
    changes: dict[str, list[Change]] = dataclasses.field(default_factory=dict)
    looks: list[tuple[str, dict[str, AccountLook]]] = dataclasses.field(default_factory=list)
    pybit_messages: dict[str, list[dict[str, Any]]] = dataclasses.field(default_factory=dict)
    ccxt_messages: dict[str, list[dict[str, Any]]] = dataclasses.field(default_factory=dict)
    ccxt_told: dict[str, dict[str, list[Any]]] = dataclasses.field(default_factory=dict)
    ccxt_errors: dict[str, list[BaseException]] = dataclasses.field(default_factory=dict)
    ccxt_greeks: list[tuple[dict[str, Any], Any]] = dataclasses.field(default_factory=list)
    thread_errors: list[str] = dataclasses.field(default_factory=list)
    pybit_histories: dict[str, dict[str, list[Any]]] = dataclasses.field(default_factory=dict)
    ccxt_histories: dict[str, dict[str, list[Any]]] = dataclasses.field(default_factory=dict)
    true_histories: dict[str, dict[str, Any]] = dataclasses.field(default_factory=dict)
    symbols: dict[str, str] = dataclasses.field(default_factory=dict)
    """ccxt's name of a contract → the exchange's."""


class Stage:
    """The exchange, its actors and their watchers.

    Parameters
    ----------
    server : BybitSimServer
        Started; its wire runs on real time, which the libraries sign with, while the exchange behind it is stepped
        through the hour as fast as it goes.
    """

    def __init__(self, server: BybitSimServer) -> None:
        self.server = server
        self.exchange = server.exchange
        self.actors: dict[str, AccountInfo] = {
            name: self.exchange.open_account(
                name, is_hedge_mode=name == "hedge", margin_mode=MODES.get(name, "REGULAR_MARGIN")
            )
            for name in DEPOSITS
        }
        self.hour = Hour(uids={name: one.uid for name, one in self.actors.items()})
        self.hour.changes = {name: [] for name in self.actors}
        self.pybit = {name: Pybit(server.urls, one.key) for name, one in self.actors.items()}
        self.ccxt = {name: Ccxt(server.urls, one.key) for name, one in self.actors.items()}
        self._names = {one.uid: name for name, one in self.actors.items()}

    def uid(self, name: str) -> str:
        return self.actors[name].uid

    def trade(self, name: str, symbol: str, quantity: str, **options: Any) -> None:
        self.exchange.open_position(self.uid(name), symbol, quantity, **options)

    def order(self, name: str, symbol: str, quantity: str, part_of_mark: str) -> str:
        """Place a limit order at a part of the mark and return its number."""
        contract = next(
            row
            for category in ("linear", "inverse", "option")
            for row in self.exchange.instruments(category, symbol)
        )
        mark = float(self.exchange.tickers(contract.category, symbol)[0].mark_price)
        ticks = round(mark * float(part_of_mark) / float(contract.tick_size))
        return self.exchange.place_order(
            self.uid(name), symbol, quantity, ticks * contract.tick_size
        ).order_id

    def move(self, symbol: str, factor: float) -> None:
        """Move a mark, and with it its coin, by a factor."""
        (row,) = self.exchange.tickers("linear", symbol)
        (contract,) = self.exchange.instruments("linear", symbol)
        ticks = round(float(row.mark_price) * factor / float(contract.tick_size))
        self.exchange.set_price(symbol, ticks * contract.tick_size)

    async def pass_minutes(self, minutes: float) -> None:
        """Let the exchange's time pass; the server sends between the steps what has happened."""
        for _ in range(round(minutes * 3)):
            self.exchange.advance(MINUTE_S / 3)
            await asyncio.sleep(0)

    # --- watching ---------------------------------------------------------------------------------------------

    def hear(self, change: Change) -> None:
        name = self._names.get(change.uid)
        if name is not None:
            self.hour.changes[name].append(change)

    async def connect(self) -> None:
        """Let both libraries subscribe to everything before anything happens."""
        first = self.ccxt["cross"].api
        await first.load_markets()
        self.hour.symbols = {market["symbol"]: market["id"] for market in first.markets.values()}
        for watcher in self.ccxt.values():
            watcher.api.set_markets_from_exchange(first)
            watcher.connect()
        await asyncio.gather(*(asyncio.to_thread(one.connect) for one in self.pybit.values()))
        async with asyncio.timeout(PATIENCE_S):
            while any(self._topics(one.uid) != (6, 4) for one in self.actors.values()):
                await asyncio.sleep(0.01)
        self.exchange.subscribe(self.hear)

    def _topics(self, uid: str) -> tuple[int, ...]:
        counts = [len(one.topics) for one in self.server.private.of_account(uid)]
        return tuple(sorted(counts, reverse=True))

    async def quiet(self) -> None:
        """Wait until every watcher has heard all that was said to it; fails if that takes too long."""
        for name, changes in self.hour.changes.items():
            # pybit hears each of our changes as one message, and each trade once more as a fast execution.
            trades = sum(one.kind == "execution" and one.executions[0].kind == "Trade" for one in changes)
            greeks = sum(one.kind == "greeks" for one in changes)
            try:
                async with asyncio.timeout(PATIENCE_S):
                    while (
                        len(self.pybit[name].messages) < len(changes) + trades
                        or len(self.ccxt[name].messages) < len(changes) - greeks
                    ):
                        await asyncio.sleep(0.005)
            except TimeoutError:
                heard = len(self.pybit[name].messages), len(self.ccxt[name].messages)
                raise AssertionError(
                    f"{name}: {len(changes)} changes, {trades} of them trades, {greeks} greeks; heard {heard}; "
                    f"{self.ccxt[name].errors} {self.hour.thread_errors}"
                ) from None

    async def look(self, title: str) -> None:
        """Read every account by both libraries while nothing moves."""
        await self.quiet()
        names = list(self.actors)
        by_pybit = await asyncio.gather(*(asyncio.to_thread(self.pybit[name].view) for name in names))
        by_ccxt = await asyncio.gather(*(self.ccxt[name].view() for name in names))
        looks = {
            name: AccountLook(
                truth=self.exchange.truth(self.uid(name)),
                flat=self._flat(name),
                greeks=self.exchange.coin_greeks(self.uid(name)),
                pybit=ours,
                ccxt=theirs,
                n_heard=len(self.hour.changes[name]),
            )
            for name, ours, theirs in zip(names, by_pybit, by_ccxt, strict=True)
        }
        self.hour.looks.append((title, looks))

    def _flat(self, name: str) -> tuple[PositionRow, ...]:
        """Return the legs of all that the account ever touched and that is still listed, flat ones included."""
        touched = {
            (row.category, row.symbol): None for change in self.hour.changes[name] for row in change.positions
        }
        uid = self.uid(name)
        return tuple(
            row
            for category, symbol in touched
            for row in self.exchange.positions(uid, category, symbol=symbol)
        )

    async def note_greeks(self) -> None:
        """Read the greeks of one option by ccxt, which knows them of tickers only."""
        api = self.ccxt["cross"].api
        row = next(row for row in self.exchange.tickers("option") if row.symbol == "BTC-14MAR25-82000-P")
        market = next(one for one in api.markets_by_id[row.symbol])
        self.hour.ccxt_greeks.append((await api.fetch_greeks(market["symbol"]), row))

    async def close(self) -> None:
        """Read the histories and let the watchers go."""
        hour, exchange = self.hour, self.exchange
        span = (START_MS - 1000, exchange.now_ms() + 1000)
        for name in self.actors:
            uid = self.uid(name)
            hour.pybit_histories[name] = await asyncio.to_thread(self.pybit[name].histories, *span)
            hour.ccxt_histories[name] = await self.ccxt[name].histories(*span)
            families = ("linear", "inverse", "option", "spot")
            hour.true_histories[name] = {
                "executions": [row for family in families for row in exchange.executions(uid, family)],
                "ledger": list(exchange.transaction_log(uid)),
                "closed": [row for family in families[:2] for row in exchange.closed_pnl(uid, family)],
            }
        hour.pybit_messages = {name: list(one.messages) for name, one in self.pybit.items()}
        hour.ccxt_messages = {name: list(one.messages) for name, one in self.ccxt.items()}
        hour.ccxt_told = {name: one.told for name, one in self.ccxt.items()}
        hour.ccxt_errors = {name: list(one.errors) for name, one in self.ccxt.items()}

    async def leave(self) -> None:
        """Close all sockets, whatever happened."""
        await asyncio.gather(*(one.close() for one in self.ccxt.values()))
        for one in self.pybit.values():
            if one.socket is not None:
                await asyncio.to_thread(one.socket.exit)


class Roomy(RateLimits):
    """Limits have tests of their own; here minutes pass in milliseconds, and limits are of real time."""

    @staticmethod
    def limit_of(path: str) -> int:
        return 100_000


# --- the acts, in order: minutes before it, and what is done ---------------------------------------------------


def fund(stage: Stage) -> None:
    for name, coins in DEPOSITS.items():
        for coin, amount in coins:
            stage.exchange.deposit(stage.uid(name), coin, amount)


def open_positions(stage: Stage) -> None:
    trade = stage.trade
    trade("cross", "BTCUSDT", "0.500")
    trade("cross", "ETHUSD", "-5000")
    trade("cross", "BTCUSDM25", "8000")
    trade("cross", "BTCUSDT-27JUN25", "-0.100")
    trade("cross", "BTCPERP", "0.300")
    trade("cross", "BTC-27JUN25", "-0.050")
    trade("cross", "BTC-7MAR25-86000-C-USDT", "1.00")
    trade("cross", "BTC-14MAR25-82000-P", "-0.50")
    trade("hedge", "BTCUSDT", "0.400")
    trade("hedge", "BTCUSDT", "-0.250")
    trade("hedge", "ETHPERP", "5.00")
    trade("isolated", "SOLUSDT", "40.0")
    trade("isolated", "XRPUSD", "-3000")
    trade("portfolio", "BTCUSDT", "-0.500")
    trade("portfolio", "BTC-7MAR25-86000-P-USDT", "2.00")
    trade("portfolio", "ETH-14MAR25-2850-C", "-3.0")
    trade("borrower", "ETHUSDT", "20.00")
    trade("doomed", "DOGEUSDT", "260000")
    trade("winner", "DOGEUSDT", "-200000")


def add_reduce_flip_close(stage: Stage) -> None:
    trade = stage.trade
    trade("cross", "BTCUSDT", "0.123")
    trade("cross", "BTCUSDT", "-1.000")
    trade("cross", "ETHUSD", "2000")
    trade("cross", "BTCUSDT-27JUN25", "0.100")
    trade("cross", "BTC-14MAR25-82000-P", "0.20")
    trade("hedge", "BTCUSDT", "-0.150", position_idx=1)
    trade("hedge", "BTCUSDT", "0.250", position_idx=2)
    trade("isolated", "SOLUSDT", "-15.0")
    trade("portfolio", "BTCUSDT", "0.100")


def place_amend_cancel(stage: Stage) -> None:
    kept = stage.order("cross", "BTCUSDT", "0.200", "0.99")
    gone = stage.order("cross", "ETHUSDT", "1.00", "0.95")
    stage.order("cross", "BTCUSD", "3000", "0.97")
    stage.order("cross", "BTC-14MAR25-86000-C-USDT", "0.10", "0.5")
    stage.exchange.amend_order(
        stage.uid("cross"), kept, stage.exchange.orders(stage.uid("cross"), "linear")[0].price + 10
    )
    stage.exchange.cancel_order(stage.uid("cross"), gone)
    stage.order("hedge", "BTCUSDT", "0.100", "0.985")
    stage.order("isolated", "SOLUSDT", "5.0", "0.97")
    stage.order("portfolio", "ETHUSDT", "-4.00", "1.03")
    stage.order("doomed", "DOGEUSDT", "-1000", "1.5")
    stage.order("winner", "DOGEUSDT", "-1000", "1.5")


def trade_spot(stage: Stage) -> None:
    exchange, uid = stage.exchange, stage.uid("cross")
    price = {row.symbol: row.last_price for row in exchange.tickers("spot")}
    exchange.place_spot_order(uid, "BTCUSDT", "0.05", (price["BTCUSDT"] * Decimal("1.01")).quantize(CENT))
    exchange.place_spot_order(uid, "BTCUSDT", "0.1", (price["BTCUSDT"] * Decimal("0.99")).quantize(CENT))
    exchange.place_spot_order(uid, "ETHUSDT", "-1.5", (price["ETHUSDT"] * Decimal("1.2")).quantize(CENT))
    gone = exchange.place_spot_order(uid, "ETHUSDT", "1", (price["ETHUSDT"] * Decimal("0.9")).quantize(CENT))
    exchange.amend_order(uid, gone.order_id, gone.price + 5)
    exchange.cancel_order(uid, gone.order_id)


def fill_some(stage: Stage) -> None:
    exchange = stage.exchange
    (order,) = exchange.orders(stage.uid("isolated"), "linear")
    exchange.fill_order(stage.uid("isolated"), order.order_id, "2.0")
    (order,) = exchange.orders(stage.uid("portfolio"), "linear")
    exchange.fill_order(stage.uid("portfolio"), order.order_id, "1.50")
    exchange.amend_order(stage.uid("portfolio"), order.order_id, order.price + 1)
    exchange.fill_order(stage.uid("portfolio"), order.order_id, "0.50")


def fill_the_rest(stage: Stage) -> None:
    stage.move("BTCUSDT", 0.982)
    stage.move("SOLUSDT", 0.96)


def change_settings(stage: Stage) -> None:
    exchange = stage.exchange
    exchange.set_leverage(stage.uid("cross"), "BTCUSDT", "25")
    exchange.set_leverage(stage.uid("hedge"), "BTCUSDT", "12.5")
    exchange.set_leverage(stage.uid("isolated"), "SOLUSDT", "20")
    exchange.add_margin(stage.uid("isolated"), "SOLUSDT", "150")
    exchange.set_auto_add_margin(stage.uid("isolated"), "XRPUSD", is_on=True)
    exchange.set_collateral(stage.uid("cross"), "ETH", is_on=False)
    exchange.set_fees(stage.uid("winner"), "0.0004", "-0.00005")
    exchange.set_margin_mode(stage.uid("portfolio"), "REGULAR_MARGIN")
    stage.trade("portfolio", "BTCUSDT", "-0.050")
    exchange.set_margin_mode(stage.uid("portfolio"), "PORTFOLIO_MARGIN")
    exchange.set_margin_mode(stage.uid("hedge"), "ISOLATED_MARGIN")


def move_money(stage: Stage) -> None:
    exchange = stage.exchange
    exchange.transfer(stage.uid("cross"), stage.uid("winner"), "USDT", "1234.56789")
    exchange.transfer(stage.uid("portfolio"), stage.uid("borrower"), "BTC", "0.1")
    exchange.deposit(stage.uid("cross"), "USDT", "-500")
    exchange.move_funding(stage.uid("hedge"), "USDT", "-2500.5")
    exchange.move_funding(stage.uid("hedge"), "USDT", "1000")


def announce(stage: Stage) -> None:
    stage.exchange.announce_margin_change("SOLUSDT", "1.5", 10 * MINUTE_S)


def liquidate(stage: Stage) -> None:
    """Insured by the pool: the loser's orders are cancelled and its position is taken over."""
    stage.move("DOGEUSDT", 0.86)


def deleverage(stage: Stage) -> None:
    """The pool is spent: the winner hands over what a second loser could not keep."""
    stage.exchange.deposit(stage.uid("doomed"), "USDT", "3000")
    stage.trade("doomed", "DOGEUSDT", "200000")
    stage.exchange.set_insurance_pool("USDT", "0")
    stage.move("DOGEUSDT", 0.87)


def ruin_a_position(stage: Stage) -> None:
    stage.move("SOLUSDT", 0.90)


def end(stage: Stage) -> None:
    stage.trade("cross", "BTCUSDT", "0.050")
    stage.trade("borrower", "ETHUSDT", "-20.00")


ACTS: tuple[tuple[float, Callable[[Stage], None]], ...] = (
    (0, fund),
    (1, open_positions),
    (4, add_reduce_flip_close),
    (3, place_amend_cancel),
    (1, trade_spot),
    (1, fill_some),
    (3, fill_the_rest),
    (4, change_settings),
    (3, move_money),
    (5, announce),
    (12, liquidate),
    (4, deleverage),
    (9, ruin_a_position),
    (10, end),
)
"""Minutes before an act, and the act; at minute 40 it is 08:00."""


async def play() -> Hour:
    """Play the hour and return all that was seen of it."""
    before = pybit.unified_trading.PRIVATE_WSS
    exchange = Exchange(
        11, ManualClock(START_MS * 1_000_000), n_accounts=1, activity_per_s=0.0, tick_s=TICK_S
    )
    async with BybitSimServer(exchange, limits=Roomy(ip_calls=100_000)) as server:
        # pybit connects within its constructor, so that its address can only be changed here.
        pybit.unified_trading.PRIVATE_WSS = server.urls.private
        stage = Stage(server)
        try:
            await stage.connect()
            await stage.look("nothing yet")
            for minutes, act in ACTS:
                await stage.pass_minutes(minutes)
                act(stage)
                await stage.look(act.__name__)
            await stage.note_greeks()
            await stage.close()
        finally:
            await stage.leave()
            pybit.unified_trading.PRIVATE_WSS = before
    assert exchange.now_ms() == START_MS + 3_600_000
    return stage.hour
