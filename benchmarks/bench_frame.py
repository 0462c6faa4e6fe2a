"""Full frame and fast lane against plain numpy totals and the dict loop as usually written, in one run.

Run: ``python benchmarks/bench_frame.py [--accounts 10000] [--positions 20] [--instruments 500] [--rounds 20] [--json]``.
"""

import argparse
import asyncio
import json
import random
import statistics
import time
from collections import defaultdict
from collections.abc import Callable

import numpy as np

from marginwatch.book.position_book import PositionBook
from marginwatch.clock import ManualClock
from marginwatch.engine.engine import Engine
from marginwatch.engine.heavy import HeavyWork
from marginwatch.model.account import AccountSpec, Endpoints
from marginwatch.model.balance import AccountState, Balance
from marginwatch.model.connectivity import Connectivity, LinkState
from marginwatch.model.events import (
    BorrowTiersUpdate,
    CollateralTiersUpdate,
    ConnectivityUpdate,
    FeeRatesUpdate,
    MarksUpdate,
    PositionsUpdate,
    TiersUpdate,
)
from marginwatch.model.ids import AccountId, InstrumentId, VenueId
from marginwatch.model.instrument import Instrument, InstrumentKind, MarginTier
from marginwatch.model.position import Position
from marginwatch.model.price import Mark
from marginwatch.model.secret import Secret
from marginwatch.model.snapshots import AccountSnapshot
from marginwatch.model.venue_facts import BorrowTier, CollateralTier, FeeRate
from marginwatch.risk.frame import Frame, FramePress, LaneResult
from marginwatch.risk.heavy.asked import Asked
from marginwatch.risk.margin.models import margins
from marginwatch.risk.margin.prices import prices_now
from marginwatch.risk.workspace import Workspace
from marginwatch.rules.facts import Facts
from marginwatch.rules.measures.registry import MEASURES
from marginwatch.rules.reading import default_rules
from marginwatch.rules.rulebook import RuleBook
from marginwatch.rules.sources import FrameSource
from marginwatch.rules.subjects.book import SubjectBook

VENUE = VenueId("bybit")
SETTLED_AFTER = 300
FIRST_LIMIT = 2000
"""Size of the first tier, USDT; some 3 % of the positions made here are above it."""


def perpetual(base: str, quote: str, *, inverse: bool = False) -> Instrument:
    category = "inverse" if inverse else "linear"
    return Instrument(
        instrument_id=InstrumentId(f"bybit:{category}:{base}{quote}"),
        venue=VENUE,
        category=category,
        venue_symbol=f"{base}{quote}",
        instrument_kind=InstrumentKind.PERPETUAL,
        is_inverse=inverse,
        base_asset=base,
        quote_asset=quote,
        settle_asset=base if inverse else quote,
        underlying_asset=base,
    )


def tiers_of(contract: Instrument, first_limit: int) -> list[MarginTier]:
    """Return eight tiers, each twice as large as the one before; margin is continuous where one ends."""
    return [
        MarginTier(
            instrument_id=contract.instrument_id,
            venue_symbol=contract.venue_symbol,
            tier=number + 1,
            limit=str(first_limit * 2**number),
            initial_margin_rate="0.01",
            maintenance_margin_rate=str(0.005 * (number + 1)),
            maintenance_deduction=str(first_limit // 200 * (2**number - 1)),
            max_leverage=str(100 / (number + 1)),
        )
        for number in range(8)
    ]


def tell_facts(
    book: PositionBook, contracts: list[Instrument], now: int, first_limit: int = FIRST_LIMIT
) -> None:
    """Tell a book what a venue says of margins: risk limits, collateral bands, borrow tiers."""
    tiers = tuple(tier for contract in contracts for tier in tiers_of(contract, first_limit))
    book.apply(TiersUpdate(tiers))
    bands = tuple(
        CollateralTier(asset=asset, quantity_from=begin, quantity_to=end, collateral_rate=rate)
        for asset in ("USDT", "C1")
        for begin, end, rate in (("0", "1000000", "0.95"), ("1000000", None, "0.9"))
    )
    debt = BorrowTier(
        asset="USDT", tier=1, limit="1000000", initial_margin_rate="0.1", maintenance_margin_rate="0.04"
    )
    book.apply(CollateralTiersUpdate(VENUE, bands, now))
    book.apply(BorrowTiersUpdate(VENUE, (debt,), now))


def register(book: PositionBook, account_id: AccountId, number: int) -> None:
    book.register(
        AccountSpec(
            account_id=account_id,
            exchange="bybit",
            venue=VENUE,
            endpoints=Endpoints(rest="", private="", public={}),
            api_key=Secret("k"),
            api_secret=Secret("s"),
            desk=f"desk-{number % 7}",
            tags=(f"tag-{number % 5}",),
        )
    )


def held(pick: random.Random, contract: Instrument, now: int) -> Position:
    return Position(
        instrument=contract,
        position_side="net",
        quantity=str(pick.choice((-1, 1)) * round(pick.uniform(0.1, 5), 3)),
        entry_price="101.25",
        initial_margin="10.5",
        maintenance_margin="1.25",
        liquidation_price="55.5",
        leverage_setting="10",
        sequence=1,
        ts_venue_ns=now,
    )


def filled_book(n_accounts: int, n_positions: int, n_instruments: int) -> tuple[PositionBook, ManualClock]:
    """Return a book in which everything is fresh and priced."""
    pick = random.Random(7)
    clock = ManualClock()
    book, now = PositionBook(clock), clock.now_ns()
    contracts = [perpetual(f"C{i}", "USDT") for i in range(n_instruments)]
    btc = Mark(instrument=perpetual("BTC", "USD", inverse=True), mark_price="50000", index_price="50000")
    btc_usdt = Mark(instrument=perpetual("BTC", "USDT"), mark_price="50050", index_price="50050")
    marks = [
        Mark(instrument=c, mark_price=str(10 + i), index_price=str(10 + i)) for i, c in enumerate(contracts)
    ]
    book.apply(MarksUpdate((btc, btc_usdt, *marks), now))
    tell_facts(book, contracts, now)
    fee = FeeRate(venue_symbol="C1USDT", base_asset=None, taker_fee_rate="0.00055", maker_fee_rate="0.0002")
    state = AccountState(
        equity="1100",
        adjusted_equity="1000",
        available_balance="800",
        initial_margin="200",
        maintenance_margin="50",
        margin_mode="cross",
    )
    coins = tuple(
        Balance(asset=asset, wallet_balance=amount, order_initial_margin="0", is_collateral=True)
        for asset, amount in (("USDT", "100000"), ("C1", "3"))
    )
    for number in range(n_accounts):
        account_id = AccountId(f"a{number}")
        register(book, account_id, number)
        rows = tuple(held(pick, contract, now) for contract in pick.sample(contracts, n_positions))
        book.apply(
            AccountSnapshot(
                account_id=account_id,
                positions=rows,
                balances=coins,
                account=state,
                as_of_ns=now,
                ts_received_ns=now,
            )
        )
        book.apply(FeeRatesUpdate(account_id, "linear", (fee,), now))
        link = Connectivity(
            account_id=account_id,
            link_state=LinkState.STREAMING,
            socket_replied_at_ns=now,
            reconciled_at_ns=now,
        )
        book.apply(ConnectivityUpdate(link))
    return book, clock


def median_ms(work: Callable[[], object], rounds: int) -> float:
    work()
    times: list[float] = []
    for _ in range(rounds):
        started = time.perf_counter()
        work()
        times.append((time.perf_counter() - started) * 1e3)
    return statistics.median(times)


def numpy_totals(book: PositionBook) -> Callable[[], object]:
    """Value all rows and sum them by five groupings: the least that a frame must do."""
    rows, instruments = book.columns.positions, book.columns.instruments
    n = rows.size
    instrument, account = rows.instrument[:n].copy(), rows.account[:n].copy()
    mark = np.nan_to_num(instruments.mark_price[: instruments.size])
    quantity = rows.quantity[:n].copy()
    coin = instruments.underlying_asset[instrument]
    desk, venue = book.columns.accounts.desk[account], book.columns.accounts.venue[account]

    def work() -> object:
        worth = quantity * mark[instrument]
        return [
            np.bincount(code, weights=worth) for code in (account, instrument, coin, desk, venue)
        ], np.abs(worth).sum()

    return work


def dict_loop(book: PositionBook) -> Callable[[], object]:
    """Sum the same over dicts, position by position."""
    rows, specs = book.columns.positions, book.columns.accounts.specs
    marks = book.columns.instruments.mark_price
    positions = [
        {
            "account": specs[rows.account[row]].account_id,
            "desk": specs[rows.account[row]].desk,
            "symbol": position.instrument.venue_symbol,
            "coin": position.instrument.underlying_asset,
            "quantity": float(position.quantity),
            "mark": float(marks[rows.instrument[row]]),
        }
        for row, position in enumerate(rows.positions)
        if position is not None
    ]

    def work() -> object:
        sums = [defaultdict(float) for _ in range(5)]
        gross = 0.0
        for position in positions:
            worth = position["quantity"] * position["mark"]
            gross += abs(worth)
            keys = (position["account"], position["symbol"], position["coin"], position["desk"], "bybit")
            for total, key in zip(sums, keys, strict=True):
                total[key] += worth
        return sums, gross

    return work


class Judging:
    """All built-in rules over the frames of a book whose distances to liquidation are reckoned."""

    def __init__(self, book: PositionBook, clock: ManualClock) -> None:
        self._engine = Engine(book, clock)
        self._rules = RuleBook(default_rules(), MEASURES)
        self._facts, self._subjects = Facts(), SubjectBook()
        asyncio.run(HeavyWork(self._engine, clock).answer(Asked(parts=("distance",))))
        # Until all that is out of bounds in a made-up book is taken in, and nothing changes any more.
        for _ in range(SETTLED_AFTER):
            if not self.judge(self._engine.run_frame()):
                break

    def judge(self, result: Frame | LaneResult) -> int:
        """Return how much changed."""
        return len(self._rules.evaluate(FrameSource(result, self._facts, self._subjects)))

    def frame_ms(self, rounds: int) -> float:
        """Return what the rules of one frame take when nothing changes."""
        times: list[float] = []
        for _ in range(rounds):
            frame = self._engine.run_frame()
            started = time.perf_counter()
            self.judge(frame)
            times.append((time.perf_counter() - started) * 1e3)
        return statistics.median(times)


def apply_us(book: PositionBook, rounds: int) -> float:
    """Return the microseconds of one position message of one row."""
    table, specs = book.columns.positions, book.columns.accounts.specs
    events = []
    for number in range(2, 2 + rounds):
        for row, held in enumerate(table.positions[:2001]):
            if held is not None:
                fields = {name: getattr(held, name) for name in held.__struct_fields__} | {"sequence": number}
                account_id = specs[table.account[row]].account_id
                events.append(PositionsUpdate(account_id, (Position(**fields),), number, number))
    started = time.perf_counter()
    for event in events:
        book.apply(event)
    return (time.perf_counter() - started) / len(events) * 1e6


def run(n_accounts: int, n_positions: int, n_instruments: int, rounds: int) -> dict[str, float | int]:
    """Return the measured numbers by name."""
    book, clock = filled_book(n_accounts, n_positions, n_instruments)
    press, now = FramePress(book), clock.now_ns()
    entries = tuple(entry for entry in book.columns.accounts.entries[1:26] if entry is not None)
    frame = press.frame(now)
    sheet, work = press.sheet(now), Workspace()
    market = prices_now(sheet)
    judging = Judging(book, clock)
    lane = press.lane(entries, now)
    return {
        "accounts": n_accounts,
        "positions": int(frame.portfolio.n_positions[1]),
        "instruments": n_instruments,
        "frame_ms": median_ms(lambda: press.frame(now), rounds),
        "numpy_totals_ms": median_ms(numpy_totals(book), rounds),
        "dict_loop_ms": median_ms(dict_loop(book), max(1, rounds // 5)),
        "sheet_ms": median_ms(lambda: press.sheet(now), max(1, rounds // 5)),
        "margins_ms": median_ms(lambda: margins(sheet, market, work), rounds),
        "lane_accounts": len(entries),
        "lane_us": median_ms(lambda: press.lane(entries, now), 10 * rounds) * 1e3,
        "rules_ms": judging.frame_ms(rounds),
        "lane_rules_us": median_ms(lambda: judging.judge(lane), 10 * rounds) * 1e3,
        "apply_us": apply_us(book, max(1, rounds // 5)),
    }


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--accounts", type=int, default=10_000)
    parser.add_argument("--positions", type=int, default=20, help="a account")
    parser.add_argument("--instruments", type=int, default=500)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(arguments)
    found = run(options.accounts, options.positions, options.instruments, options.rounds)
    if options.json:
        print(json.dumps(found))
        return
    frame_ms = found["frame_ms"]
    print(f"{found['positions']} positions, {found['accounts']} accounts, {found['instruments']} instruments")
    for name, value, unit in (
        ("full frame", frame_ms, "ms"),
        ("numpy totals + 5 group-bys", found["numpy_totals_ms"], "ms"),
        ("dict loop as usually written", found["dict_loop_ms"], "ms"),
        ("margin sheet of all accounts", found["sheet_ms"], "ms"),
        ("one tiered margin pass over it", found["margins_ms"], "ms"),
        (f"fast lane, {found['lane_accounts']} accounts", found["lane_us"], "µs"),
        ("all built-in rules over it", found["rules_ms"], "ms"),
        ("the rules of such a lane", found["lane_rules_us"], "µs"),
        ("apply one position message", found["apply_us"], "µs"),
    ):
        ratio = f"   frame is {frame_ms / value:.2f} ×" if unit == "ms" and value != frame_ms else ""
        print(f"{name:32} {value:9.2f} {unit}{ratio}")


if __name__ == "__main__":
    main()
