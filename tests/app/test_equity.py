"""The history of equity of a service: days of zones, restarts, lines read twice, stores that cannot be written."""

import asyncio
from datetime import UTC, datetime

import pytest
import pytest_asyncio
from tests.conftest import BYBIT, register

from marginwatch.app.equity import EquityKeeper
from marginwatch.book.position_book import PositionBook
from marginwatch.clock import ManualClock
from marginwatch.errors import ConnectivityError
from marginwatch.model.activity import LedgerEntry
from marginwatch.model.balance import AccountState, Balance
from marginwatch.model.connectivity import Connectivity, LinkState
from marginwatch.model.events import (
    AssetPricesUpdate,
    BalancesUpdate,
    CollateralTiersUpdate,
    ConnectivityUpdate,
)
from marginwatch.model.snapshots import AccountSnapshot
from marginwatch.model.venue_facts import CollateralTier
from marginwatch.risk.answers import Answer
from marginwatch.risk.frame import FramePress
from marginwatch.store import Store
from marginwatch.store.ledger import StoredLedger

NS = 1_000_000_000
MONEY = ("a", "b", "c")


def ns(text):
    return int(datetime.fromisoformat(text).astimezone(UTC).timestamp()) * NS


class Bench:
    """A service of three accounts with nothing but USDT, two of them of one desk."""

    def __init__(self, store, zone, at, desk="desk"):
        self.store, self.zone, self.desk = store, zone, desk
        self.clock = ManualClock(ns(at))
        self.usdt = dict.fromkeys(MONEY, 1_000.0)
        self.n_lines = 0
        self.start()

    def start(self):
        self.book, self.frame = PositionBook(self.clock), None
        self.press = FramePress(self.book)
        for name in MONEY:
            register(self.book, name, None if name == "c" else self.desk, ())
        self.keeper = EquityKeeper(self.store, self.clock, self.book, lambda: self.frame, self.zone)

    async def beat(self, seconds=1.0):
        """Hear all accounts, make a frame, and let the keeper look at it."""
        await self.clock.advance(seconds)
        now_ns = self.clock.now_ns()
        for name, usd in self.usdt.items():
            state = AccountState(equity=str(usd), margin_mode="cross", as_of_ns=now_ns)
            balance = Balance(asset="USDT", wallet_balance=str(usd), equity=str(usd), unrealized_pnl="0")
            self.book.apply(BalancesUpdate(name, state, (balance,), now_ns, now_ns))
            self.book.apply(
                AccountSnapshot(
                    account_id=name,
                    positions=(),
                    balances=(balance,),
                    account=state,
                    as_of_ns=now_ns,
                    ts_received_ns=now_ns,
                )
            )
            link = Connectivity(
                account_id=name,
                link_state=LinkState.STREAMING,
                socket_replied_at_ns=now_ns,
                reconciled_at_ns=now_ns,
                data_at_ns=now_ns,
            )
            self.book.apply(ConnectivityUpdate(link))
        self.book.apply(AssetPricesUpdate((("USDT", "1"),), now_ns))
        band = CollateralTier(asset="USDT", quantity_from="0", quantity_to=None, collateral_rate="1")
        self.book.apply(CollateralTiersUpdate(BYBIT, (band,), now_ns))
        self.frame = self.press.frame(now_ns)
        await self.keeper.run_once()

    def entry(self, usd, kind):
        self.n_lines += 1
        return LedgerEntry(
            entry_id=str(self.n_lines),
            asset="USDT",
            kind=kind,
            change=str(usd),
            ts_venue_ns=self.clock.now_ns() + NS // 2,
        )

    async def read(self, name, *entries):
        ledgers, until_ns = self.keeper.ledgers, self.clock.now_ns()
        since_ns = ledgers.ledger_since_ns(name, until_ns)
        ledgers.ledger_begun(name)
        await ledgers.ledger_read(name, since_ns, until_ns, entries, is_last=True)
        return since_ns

    async def read_all(self):
        for name in MONEY:
            await self.read(name)

    def told(self, measure, name):
        facts = self.keeper.figures()
        if name in MONEY:
            row = self.book.entry(name).row
            column = facts.by_row[f"account.{measure}"]
            return (
                pytest.approx(float(column.values[row]))
                if column.answers[row] == Answer.NUMBER
                else Answer(int(column.answers[row]))
            )
        reading = facts.by_name[f"{'portfolio' if name == 'all' else 'desk'}.{measure}"][name]
        return pytest.approx(reading.value) if reading.answer == Answer.NUMBER else reading.answer


@pytest_asyncio.fixture
async def store(tmp_path):
    opened = await Store.open(tmp_path / "x.sqlite")
    yield opened
    await opened.close()


@pytest.mark.parametrize(
    ("zone", "before", "hours"),
    [
        ("Asia/Kolkata", "2026-11-21T23:58:00+05:30", 24),
        ("America/New_York", "2026-10-31T23:58:00-04:00", 25),
        ("America/New_York", "2026-03-07T23:58:00-05:00", 23),
    ],
)
async def test_a_day_s_profit_begins_at_midnight_of_the_zone_and_lasts_its_day(store, zone, before, hours):
    bench = Bench(store, zone, before)
    await bench.beat()
    await bench.read_all()
    assert bench.told("daily_pnl_usd", "a") == 0.0
    bench.usdt["a"] -= 2.0
    await bench.beat()
    assert bench.told("daily_pnl_usd", "a") == -2.0
    await bench.beat(59.0)
    await bench.beat(60.0)
    assert bench.told("daily_pnl_usd", "a") == 0.0
    bench.usdt["a"] -= 2.0
    await bench.beat()
    assert bench.told("daily_pnl_usd", "a") == -2.0
    assert bench.told("daily_loss_share", "a") == 2.0 / 998.0
    assert bench.told("drawdown", "a") == 4.0 / 1_000.0
    assert bench.told("daily_pnl_usd", "desk") == -2.0
    assert bench.told("daily_loss_share", "all") == 2.0 / 2_998.0
    await bench.beat(hours * 3_600.0 - 60.0)
    assert bench.told("daily_pnl_usd", "a") == -2.0
    await bench.beat(60.0)
    assert bench.told("daily_pnl_usd", "a") == 0.0
    assert bench.told("drawdown", "a") == 4.0 / 1_000.0


@pytest.mark.parametrize("desk", ["desk", "a\x00 name that no database takes as it is"])
async def test_a_desk_remembers_its_peak_after_a_restart(store, desk):
    bench = Bench(store, "UTC", "2026-11-21T12:00:00+00:00", desk)
    await bench.beat()
    await bench.read_all()
    bench.usdt["a"] -= 2.0
    await bench.beat(60.0)
    await bench.read_all()
    await bench.beat(60.0)
    assert bench.told("drawdown", desk) == 0.001
    bench.start()
    await bench.beat(60.0)
    await bench.read_all()
    await bench.beat()
    assert bench.told("drawdown", desk) == 0.001


async def test_deposits_transfers_and_a_restart_in_between_change_no_profit(store):
    bench = Bench(store, "Asia/Kolkata", "2026-11-21T23:59:30+05:30")
    await bench.beat()
    await bench.read_all()
    await bench.beat(60.0)
    deposit = bench.entry(500.0, "transfer_in")
    fee = bench.entry(-30.0, "trade")
    bench.usdt["a"] += 470.0
    await bench.beat()
    assert bench.keeper.ledgers.ledgers_wanted_first() == ["a"]
    assert bench.told("daily_pnl_usd", "a") == Answer.MISSING
    # The same page twice, as an overlap has it.
    await bench.read("a", deposit, fee)
    await bench.beat()
    since_ns = await bench.read("a", deposit, fee)
    assert since_ns < deposit.ts_venue_ns
    await bench.beat()
    assert bench.told("daily_pnl_usd", "a") == -30.0
    assert bench.told("daily_loss_share", "a") == 30.0 / 1_500.0
    await bench.beat(60.0)

    bench.start()
    await bench.clock.advance(600.0)
    out, back = bench.entry(-400.0, "transfer_out"), bench.entry(400.0, "transfer_in")
    bench.usdt["a"] -= 400.0
    bench.usdt["b"] += 400.0
    await bench.beat()
    assert bench.told("daily_pnl_usd", "a") == Answer.MISSING
    await bench.read("a", deposit, fee, out)
    await bench.read("b", back)
    await bench.read("c")
    await bench.beat()
    for name, pnl in (("a", -30.0), ("b", 0.0), ("desk", -30.0), ("all", -30.0)):
        assert bench.told("daily_pnl_usd", name) == pnl
    for name, drawdown in (
        ("a", 30.0 / 1_500.0),
        ("b", 0.0),
        ("desk", 30.0 / 2_500.0),
        ("all", 30.0 / 3_500.0),
    ):
        assert bench.told("drawdown", name) == drawdown
    lines = await StoredLedger(store).lines(0, bench.clock.now_ns())
    assert sorted((one.account_id, one.kind, one.usd) for one in lines) == [
        ("a", "trade", -30.0),
        ("a", "transfer_in", 500.0),
        ("a", "transfer_out", -400.0),
        ("b", "transfer_in", 400.0),
    ]


async def test_ledgers_without_anything_new_are_noted_together(store, monkeypatch):
    bench = Bench(store, "UTC", "2026-11-21T12:00:10+00:00")
    await bench.beat()
    commits = []
    transaction = store.transaction
    monkeypatch.setattr(store, "transaction", lambda **how: commits.append(how) or transaction(**how))
    await bench.read_all()
    assert not commits
    await bench.beat(5.0)
    assert len(commits) == 1
    kept = await StoredLedger(store).cursors()
    assert sorted(kept) == sorted(MONEY)
    await bench.beat(5.0)
    assert len(commits) == 1
    # What was read between two notes, and was new, is there with its cursor at once.
    await bench.read("a")
    line = bench.entry(-30.0, "trade")
    await bench.read("a", line)
    assert (await StoredLedger(store).cursors())["a"].until_ns == bench.clock.now_ns()
    # Killed before the next note, the account is read from the last one on, and what is known is known again.
    await bench.read("b")
    await bench.clock.advance(1.0)
    bench.start()
    await bench.beat()
    assert await bench.read("b") < kept["b"].until_ns
    assert await bench.read("a", line) < line.ts_venue_ns
    assert len(await StoredLedger(store).lines(0, bench.clock.now_ns())) == 1


async def test_no_cursor_that_waits_is_written_after_a_later_one(store, monkeypatch):
    bench = Bench(store, "UTC", "2026-11-21T12:00:10+00:00")
    await bench.beat()
    await bench.read("a")
    await bench.clock.advance(1.0)
    queued, transaction = [], store.transaction

    async def keep_meanwhile():
        async with transaction():
            reading = asyncio.create_task(bench.read("a", bench.entry(-30.0, "trade")))
            while not queued:
                await asyncio.sleep(0)
            keeping = asyncio.create_task(bench.keeper.ledgers.keep_cursors())
            for _ in range(10):
                await asyncio.sleep(0)
        await asyncio.gather(reading, keeping)

    monkeypatch.setattr(store, "transaction", lambda **how: queued.append(how) or transaction(**how))
    await keep_meanwhile()
    assert (await StoredLedger(store).cursors())["a"].until_ns == bench.clock.now_ns()


async def test_each_minute_has_one_sample_of_everybody(store):
    bench = Bench(store, "UTC", "2026-11-21T12:00:10+00:00")
    await bench.beat()
    await bench.read_all()
    for _ in range(5):
        await bench.beat(30.0)
    now_ns = bench.clock.now_ns()
    for name, usd in (("a", 1_000.0), (None, 3_000.0)):
        found = await bench.keeper.equity(name, 0, now_ns)
        assert [one.minute_s for one in found] == [
            ns("2026-11-21T12:00:00+00:00") // NS + 60 * k for k in range(3)
        ]
        assert {one.equity_usd for one in found} == {usd}
    minutes = [one async for one in bench.keeper.minutes(0, now_ns)]
    assert [sorted((one.scope, one.name) for one in of) for _, of in minutes] == 3 * [
        [("account", "a"), ("account", "b"), ("account", "c"), ("desk", "desk"), ("portfolio", "")]
    ]


async def test_what_is_not_fresh_is_written_down_as_unknown(store):
    bench = Bench(store, "UTC", "2026-11-21T12:00:10+00:00")
    await bench.beat()
    await bench.clock.advance(3_600.0)
    bench.frame = bench.press.frame(bench.clock.now_ns())
    await bench.keeper.run_once()
    first, last = await bench.keeper.equity("a", 0, bench.clock.now_ns())
    assert (first.equity_usd, last.equity_usd) == (1_000.0, None)


async def test_a_store_that_cannot_be_written_loses_no_minute(store, monkeypatch):
    bench = Bench(store, "UTC", "2026-11-21T12:00:10+00:00")
    await bench.beat()

    def broken():
        raise ConnectivityError("disk full", reason="store")

    with monkeypatch.context() as patched:
        patched.setattr(store, "transaction", broken)
        await bench.beat(60.0)
        await bench.beat(60.0)
        with pytest.raises(ConnectivityError):
            await bench.read("a", bench.entry(5.0, "transfer_in"))
    assert len(await bench.keeper.equity("a", 0, bench.clock.now_ns())) == 1
    await bench.beat()
    assert len(await bench.keeper.equity("a", 0, bench.clock.now_ns())) == 3
    # What was not kept was not counted either, and is asked for again from where it was.
    assert await StoredLedger(store).cursors() == {}


async def test_before_history_is_read_nothing_is_known(store):
    bench = Bench(store, "UTC", "2026-11-21T12:00:10+00:00")
    assert bench.keeper.figures() == ({}, {})
    await bench.beat()
    fresh = EquityKeeper(store, bench.clock, bench.book, lambda: bench.frame, "UTC")
    facts = fresh.figures()
    assert set(facts.by_row["account.drawdown"].answers) == {Answer.MISSING}
    assert facts.by_name["desk.drawdown"]["desk"].answer == Answer.MISSING
    assert (
        facts.by_name["portfolio.drawdown"]["all"].reason
        == "the history of equity is being read from the store"
    )
    assert fresh.ledgers.ledger_since_ns("a", bench.clock.now_ns()) is None


async def test_the_figures_of_all_together_are_those_that_rules_judge_at_most_a_second_old(store):
    bench = Bench(store, "UTC", "2026-11-20T23:58:00+00:00")
    assert bench.keeper.portfolio_figures().readings == {}
    await bench.beat()
    await bench.read_all()
    await bench.beat(60.0)
    await bench.beat(60.0)
    bench.usdt["a"] -= 2.0
    await bench.beat(1.0)
    told = bench.keeper.portfolio_figures()
    assert told.at_ns == bench.frame.at_ns
    rules = bench.keeper.figures().by_name
    told = bench.keeper.portfolio_figures()
    for name in ("daily_pnl_usd", "daily_loss_share", "drawdown"):
        assert told.readings[name] == rules[f"portfolio.{name}"]["all"]
    assert told.readings["daily_pnl_usd"].value == -2.0
    bench.usdt["a"] -= 2.0
    bench.frame = bench.press.frame(bench.frame.at_ns + NS // 2)
    assert bench.keeper.portfolio_figures() == told
    await bench.beat(1.0)
    assert bench.keeper.portfolio_figures().readings["daily_pnl_usd"].value == -4.0
