"""A day's profit against the simulated exchange's own books: over midnight, deposits, transfers, funding, fees and a restart."""

import asyncio
import time
from decimal import Decimal
from zoneinfo import ZoneInfo

import msgspec
import pytest
from tests.integration.test_var_against_sim import config_of

from marginwatch.app.service import Service, running
from marginwatch.book.history.days import next_day_start_ns
from marginwatch.clock import SystemClock
from marginwatch.risk.answers import Answer
from marginwatch.rules.members import PORTFOLIO
from marginwatch.sim.bybit.server import BybitSimServer
from marginwatch.sim.exchange import Exchange
from marginwatch.store import Store
from marginwatch.store.ledger import StoredLedger

ZONE = "Asia/Kolkata"
NS = 1_000_000_000
BEFORE_MIDNIGHT_S = 7.0
STILL_BEFORE_MIDNIGHT_S = 3.0
"""On a busy machine the service is complete only after midnight: the exchange's books of midnight must not move until then."""

CLOSE = 4e-6
"""Equity at either end of the day is at the price of USDT that a wallet told last, which moves by a millionth meanwhile."""


class NearMidnight(SystemClock):
    """The machine's time, moved so that a day of the zone is about to end."""

    def __init__(self) -> None:
        now_ns = time.time_ns()
        self._ahead_ns = next_day_start_ns(now_ns, ZoneInfo(ZONE)) - now_ns - int(BEFORE_MIDNIGHT_S * NS)
        self.midnight_ns = now_ns + self._ahead_ns + int(BEFORE_MIDNIGHT_S * NS)

    def now_ns(self) -> int:
        return time.time_ns() + self._ahead_ns


def hold(exchange):
    exchange.is_held = True


def equities(exchange):
    return {info.uid: float(exchange.wallet(info.uid).totals.total_equity) for info in exchange.accounts()}


async def settled(service, exchange):
    """Wait until everything that happened is known, and return figures with the truth of the same moment."""
    async with asyncio.timeout(40):
        while True:
            exchange.is_held = True
            await asyncio.sleep(1.2)
            figures, truth = service.equity.figures(), equities(exchange)
            told = service.latest_frame().accounts.equity_usd
            rows = {one.spec.account_id: one.row for one in service.book.columns.accounts.entries if one}
            is_same = all(
                told[rows[info.name]] == pytest.approx(truth[info.uid], rel=1e-6)
                for info in exchange.accounts()
            )
            column = figures.by_row["account.daily_pnl_usd"]
            is_known = all(column.answers[row] == Answer.NUMBER for row in rows.values())
            if (
                is_same
                and is_known
                and figures.by_name["portfolio.drawdown"][PORTFOLIO].answer == Answer.NUMBER
            ):
                return figures, truth, rows
            exchange.is_held = False
            await asyncio.sleep(0.3)


LATE_MS = 3_000
"""A busy simulator books a payment so much later than the moment that it is of."""


async def test_the_day_s_profit_is_what_the_exchange_s_books_say(tmp_path):
    clock = NearMidnight()
    exchange = Exchange(29, clock, n_accounts=4, activity_per_s=0.0, funding_interval_s=3.0)
    first, second, third, fourth = (info.uid for info in exchange.accounts())
    usdt = {
        uid: float(next(c for c in exchange.wallet(uid).coins if c.coin == "USDT").equity)
        for uid in (first, second, third)
    }
    async with BybitSimServer(exchange, clock=clock) as server:
        config = config_of(server, exchange)
        config = msgspec.structs.replace(
            config,
            service=msgspec.structs.replace(config.service, data_dir=tmp_path),
            alerts=msgspec.structs.replace(config.alerts, day_zone=ZONE),
        )
        flows = dict.fromkeys((first, second, third, fourth), 0.0)

        def deposit(uid, amount):
            exchange.deposit(uid, "USDT", str(amount))
            flows[uid] += amount

        going = asyncio.create_task(exchange.run())
        service = Service(config, clock=clock, is_heavy=False)
        async with running(service):
            still_in_s = (clock.midnight_ns - clock.now_ns()) / NS - STILL_BEFORE_MIDNIGHT_S
            standing_still = asyncio.get_running_loop().call_later(still_in_s, hold, exchange)
            assert await service.wait_until_complete(60)
            standing_still.cancel()
            hold(exchange)
            await asyncio.sleep(max(0.0, (clock.midnight_ns - clock.now_ns()) / NS) + 1.0)
            began = equities(exchange)
            exchange.is_held = False
            # The exchange's own time catches up with that of its front.
            await asyncio.sleep(1.0)
            big = {uid: round(0.1 * began[uid]) for uid in began}
            deposit(first, big[first])
            deposit(second, -min(big[second], round(0.3 * usdt[second])))
            await asyncio.sleep(0.5)
            moved = min(big[first], big[third])
            exchange.transfer(first, third, "USDT", str(moved))
            flows[first] -= moved
            flows[third] += moved
            exchange.open_position(fourth, "BTCUSDT", "0.5")
            await asyncio.sleep(3.0)
            figures, truth, rows = await settled(service, exchange)
            check(exchange, figures, rows, truth, began, flows)
            drawdown = figures.by_name["portfolio.drawdown"][PORTFOLIO].value
            exchange.is_held = False
        # While nobody watches money comes, and positions lose.
        deposit(second, 2.0 * big[second])
        await asyncio.sleep(1.0)
        service = Service(config, clock=clock, is_heavy=False)
        async with running(service):
            assert await service.wait_until_complete(60)
            figures, truth, rows = await settled(service, exchange)
            check(exchange, figures, rows, truth, began, flows)
            assert figures.by_name["portfolio.drawdown"][PORTFOLIO].value == pytest.approx(drawdown, abs=0.02)
            samples = await service.equity.equity(None, 0, clock.now_ns())
            assert samples[-1].equity_usd == pytest.approx(sum(began.values()), rel=0.2)
        going.cancel()
        await check_ledger(config, exchange, clock)


def check(exchange, figures, rows, truth, began, flows):
    gained = {uid: truth[uid] - began[uid] - flows[uid] for uid in truth}
    pnl, share = (figures.by_row[f"account.{name}"] for name in ("daily_pnl_usd", "daily_loss_share"))
    for info in exchange.accounts():
        row, scale = rows[info.name], CLOSE * abs(began[info.uid])
        # USDT is not quite a dollar, and was worth a little else when it was moved.
        loose = scale + 2e-3 * abs(flows[info.uid])
        assert pnl.values[row] == pytest.approx(gained[info.uid], abs=loose)
        assert share.values[row] == pytest.approx(-gained[info.uid] / began[info.uid], abs=0.05)
        assert share.values[row] * pnl.values[row] <= 0.0
    desks = {"a": exchange.accounts()[1::2], "b": exchange.accounts()[::2]}
    for name, infos in [*desks.items(), (PORTFOLIO, exchange.accounts())]:
        scope = "portfolio" if name == PORTFOLIO else "desk"
        reading = figures.by_name[f"{scope}.daily_pnl_usd"][name]
        net = sum(abs(flows[info.uid]) for info in infos)
        assert reading.value == pytest.approx(
            sum(gained[info.uid] for info in infos),
            abs=2e-3 * net + CLOSE * sum(began[info.uid] for info in infos),
        )


async def check_ledger(config, exchange, clock):
    """Every line of the exchange's ledger that was read is kept exactly once, however often it was read."""
    store = await Store.open(config.service.store)
    ledger = StoredLedger(store)
    cursors = await ledger.cursors()
    for info in exchange.accounts():
        cursor = cursors[info.name]
        # What came to the list after it was read is for the next reading, which overlaps.
        until_ms = cursor.until_ns // 1_000_000 - LATE_MS
        kept = await ledger.lines(0, until_ms * 1_000_000, info.name)
        there = exchange.transaction_log(info.uid, end_ms=until_ms)
        assert kept
        assert sorted((one.at_ns // 1_000_000, one.kind, Decimal(one.change)) for one in kept) == sorted(
            (row.ts_ms, row.kind.lower(), row.change)
            for row in there
            if row.ts_ms * 1_000_000 >= cursor.since_ns
        )
        funding = [one for one in kept if one.kind == "settlement"]
        assert all(
            Decimal(one.change) == Decimal(one.cash_flow) + Decimal(one.funding_payment) - Decimal(one.fee)
            for one in funding
        )
        assert all(one.usd is not None for one in kept)
    await store.close()
