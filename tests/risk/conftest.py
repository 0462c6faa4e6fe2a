"""Random books, the parts they are made of, and recorded closes."""

import csv
import datetime as dt
import random
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from marginwatch.book.position_book import PositionBook
from marginwatch.clock import ManualClock
from marginwatch.model.account import AccountSpec, Endpoints
from marginwatch.model.balance import AccountState, Balance
from marginwatch.model.connectivity import Connectivity, LinkState
from marginwatch.model.events import (
    BorrowTiersUpdate,
    CollateralTiersUpdate,
    ConnectivityUpdate,
    FeeRatesUpdate,
    MarksUpdate,
    TiersUpdate,
)
from marginwatch.model.instrument import Instrument, InstrumentKind, MarginTier
from marginwatch.model.position import Greeks, Position
from marginwatch.model.price import Mark
from marginwatch.model.secret import Secret
from marginwatch.model.snapshots import AccountSnapshot
from marginwatch.model.venue_facts import BorrowTier, CollateralTier, FeeRate
from marginwatch.risk.frame import FramePress
from marginwatch.risk.history.closes import DAY_S, CloseSeries, close_table
from marginwatch.risk.history.returns import log_returns

NS = 1_000_000_000


def contract(symbol, base, quote, *, inverse=False, kind=InstrumentKind.PERPETUAL, **more):
    category = "option" if kind is InstrumentKind.OPTION else "inverse" if inverse else "linear"
    if kind is InstrumentKind.SPOT:
        category = "spot"
    fields = {
        "instrument_id": f"bybit:{category}:{symbol}",
        "venue": "bybit",
        "category": category,
        "venue_symbol": symbol,
        "instrument_kind": kind,
        "is_inverse": inverse,
        "base_asset": base,
        "quote_asset": quote,
        "settle_asset": base if inverse else quote,
        "underlying_asset": base,
    }
    return Instrument(**(fields | more))


BTCUSD = contract("BTCUSD", "BTC", "USD", inverse=True)
BTCUSDT = contract("BTCUSDT", "BTC", "USDT")
BTCPERP = contract("BTCPERP", "BTC", "USDC")
ETHUSDT = contract("ETHUSDT", "ETH", "USDT")
ETHUSD = contract("ETHUSD", "ETH", "USD", inverse=True)
PEPE = contract("1000PEPEUSDT", "1000PEPE", "USDT", underlying_asset="PEPE")
CALL = contract("BTC-27MAR26-70000-C-USDT", "BTC", "USDT", kind=InstrumentKind.OPTION)
SPOT = contract("SOLUSDT", "SOL", "USDT", kind=InstrumentKind.SPOT)

CONTRACTS = (BTCUSD, BTCUSDT, BTCPERP, ETHUSDT, ETHUSD, PEPE)


def one_tier(instrument, rate="0.01", leverage="100"):
    return MarginTier(
        instrument_id=instrument.instrument_id,
        venue_symbol=instrument.venue_symbol,
        tier=1,
        limit="1000000",
        initial_margin_rate="0.01",
        maintenance_margin_rate=rate,
        max_leverage=leverage,
    )


class World:
    """A book on a manual clock, with short ways to say what happened."""

    def __init__(self):
        self.clock = ManualClock()
        self.book = PositionBook(self.clock)
        self.press = FramePress(self.book)

    def facts(self, taker_fee="0.00055"):
        """Tell what margins need: 1 % everywhere, 95 % of BTC, nothing of PEPE, a fee for whoever is registered."""
        self.book.apply(TiersUpdate(tuple(map(one_tier, CONTRACTS))))
        bands = tuple(
            CollateralTier(asset=asset, quantity_from="0", quantity_to=None, collateral_rate=rate)
            for asset, rate in (("USDT", "1"), ("USDC", "1"), ("BTC", "0.95"), ("ETH", "0.9"))
        )
        debts = tuple(
            BorrowTier(
                asset=asset, tier=1, limit="1000", initial_margin_rate="0.1", maintenance_margin_rate="0.04"
            )
            for asset in ("USDT", "USDC", "BTC", "ETH", "PEPE")
        )
        self.book.apply(CollateralTiersUpdate("bybit", bands, self.now))
        self.book.apply(BorrowTiersUpdate("bybit", debts, self.now))
        for entry in self.book.columns.accounts.entries:
            if entry is not None and taker_fee is not None:
                self.fee(entry.spec.account_id, taker_fee)

    def fee(self, account_id, taker_fee):
        for category in ("linear", "inverse", "option"):
            fee = FeeRate(venue_symbol="ANY", base_asset=None, taker_fee_rate=taker_fee, maker_fee_rate="0")
            self.book.apply(FeeRatesUpdate(account_id, category, (fee,), self.now))

    @property
    def now(self):
        return self.clock.now_ns()

    def account(self, account_id, *rows, coins=(), state=None, link=LinkState.STREAMING, **spec):
        self.register(account_id, **spec)
        self.sweep(account_id, *rows, coins=coins, state=state)
        self.link(account_id, link)

    def register(self, account_id, **spec):
        self.book.register(
            AccountSpec(
                account_id=account_id,
                exchange="bybit",
                venue="bybit",
                endpoints=Endpoints(rest="", private="", public={}),
                api_key=Secret("k"),
                api_secret=Secret("s"),
                **spec,
            )
        )

    def sweep(self, account_id, *rows, coins=(), state=None):
        self.book.apply(
            AccountSnapshot(
                account_id=account_id,
                positions=rows,
                balances=tuple(coins),
                account=state or AccountState(),
                as_of_ns=self.now,
                ts_received_ns=self.now,
            )
        )

    def link(self, account_id, state, **more):
        fields = {"socket_replied_at_ns": self.now, "reconciled_at_ns": self.now, **more}
        self.book.apply(ConnectivityUpdate(Connectivity(account_id=account_id, link_state=state, **fields)))

    def mark(self, instrument, mark_price=None, index_price=None, **more):
        mark = Mark(
            instrument=instrument,
            mark_price=mark_price,
            index_price=mark_price if index_price is None else index_price,
            ts_venue_ns=self.now,
            **more,
        )
        self.book.apply(MarksUpdate((mark,), self.now))

    def frame(self):
        return self.press.frame(self.now)

    def code(self, account_id):
        return self.book.entry(account_id).row

    def usd(self, asset):
        frame = self.frame()
        return frame.prices.usd[self.book.columns.assets.row("bybit", asset)]

    def usual_marks(self):
        self.mark(BTCUSD, "50000")
        self.mark(BTCUSDT, "50050")
        self.mark(BTCPERP, "49950")
        self.mark(ETHUSDT, "3003")
        self.mark(ETHUSD, "3000")
        self.mark(PEPE, "0.01")
        self.mark(CALL, "1200", "50000", underlying_price="50100", greeks=Greeks(delta="0.4"))


def position(instrument, quantity, entry="1", **more):
    return Position(
        instrument=instrument,
        position_side=more.pop("side", "net"),
        quantity=str(quantity),
        entry_price=entry,
        sequence=more.pop("sequence", 1),
        leverage_setting=more.pop("leverage", "10"),
        ts_venue_ns=1,
        **more,
    )


def random_world(seed, n_accounts=30):
    """Return a book with everything in it that can go wrong: no price, no entry, isolated, lost, cash and coins."""
    pick = random.Random(seed)
    world = World()
    instruments = [BTCUSD, BTCUSDT, BTCPERP, ETHUSDT, ETHUSD, PEPE, CALL]
    unpriced = contract("NEWUSDT", "NEW", "USDT")
    world.usual_marks()
    for number in range(n_accounts):
        rows = []
        for instrument in pick.sample([*instruments, unpriced], pick.randint(0, 6)):
            entry = None if pick.random() < 0.1 else str(round(pick.uniform(0.01, 60000), 4))
            rows.append(
                position(
                    instrument,
                    round(pick.uniform(-5, 5), 3) or 1,
                    entry,
                    initial_margin=str(pick.uniform(1, 1e5)),
                    maintenance_margin=str(pick.uniform(0.1, 100)),
                    liquidation_price=None if pick.random() < 0.3 else str(pick.uniform(0.01, 60000)),
                )
            )
        mode = pick.choice(["cross", "isolated", "portfolio", None])
        state = AccountState(
            equity=str(pick.uniform(-10, 1e6)),
            adjusted_equity=None if mode == "isolated" else str(pick.uniform(-10, 1e6)),
            initial_margin=None if mode == "isolated" else str(pick.uniform(0, 1e5)),
            maintenance_margin=None if mode == "isolated" else str(pick.uniform(0, 1e4)),
            available_balance=None if mode == "isolated" else str(pick.uniform(0, 1e5)),
            margin_mode=mode,
        )
        coins = [
            Balance(
                asset=asset,
                wallet_balance=str(pick.uniform(-2, 100)),
                equity=None if pick.random() < 0.2 else str(pick.uniform(-2, 100)),
                unrealized_pnl=None if pick.random() < 0.2 else str(pick.uniform(-5, 5)),
                initial_margin="1",
                maintenance_margin="0.5",
                order_initial_margin=None if pick.random() < 0.2 else "2",
                is_collateral=pick.choice([True, True, False, None]),
            )
            for asset in pick.sample(["USDT", "USDC", "BTC", "ETH", "PEPE", "NEW"], pick.randint(0, 4))
        ]
        link = pick.choice([LinkState.STREAMING] * 4 + [LinkState.POLLING, LinkState.LOST, LinkState.STOPPED])
        world.account(
            f"a{number}",
            *rows,
            coins=coins,
            state=state,
            link=link,
            desk=pick.choice(["mm", "arb", None]),
            tags=tuple(pick.sample(["x", "y", "z"], pick.randint(0, 2))),
        )
        if pick.random() < 0.9:
            world.fee(f"a{number}", "0.00055")
    if pick.random() < 0.8:
        world.facts(taker_fee=None)
    return world


@pytest.fixture(scope="session")
def parts():
    return SimpleNamespace(
        World=World,
        position=position,
        contract=contract,
        random_world=random_world,
        NS=NS,
        BTCUSD=BTCUSD,
        BTCUSDT=BTCUSDT,
        BTCPERP=BTCPERP,
        ETHUSDT=ETHUSDT,
        one_tier=one_tier,
        ETHUSD=ETHUSD,
        PEPE=PEPE,
        CALL=CALL,
        SPOT=SPOT,
    )


@pytest.fixture
def world():
    return World()


@pytest.fixture(scope="session")
def recorded_series():
    """Return the recorded daily closes of six coins; a close is the price at the end of its day."""
    with (Path(__file__).parent / "var" / "data" / "daily_close.csv").open() as file:
        rows = list(csv.DictReader(file))
    days = [dt.datetime.fromisoformat(row["date"]).replace(tzinfo=dt.UTC) for row in rows]
    ends = [int(day.timestamp()) + DAY_S for day in days]
    return tuple(
        CloseSeries(
            name,
            np.array([end for end, row in zip(ends, rows, strict=True) if row[name]], np.int64),
            np.array([float(row[name]) for row in rows if row[name]]),
        )
        for name in rows[0]
        if name != "date"
    )


@pytest.fixture(scope="session")
def recorded_returns(recorded_series):
    return log_returns(close_table(recorded_series, DAY_S))
