"""Lines of ledgers: each once however often it is read, with the cursor in the same commit, within bounds."""

import pytest
import pytest_asyncio

from marginwatch.errors import ConnectivityError
from marginwatch.model.equity import LedgerCursor, LedgerLine
from marginwatch.store import Store
from marginwatch.store.ledger import StoredLedger
from marginwatch.store.retention import Retention

DAY_NS = 86_400_000_000_000
NOW_NS = 20_000 * DAY_NS


def line(number, at_ns=NOW_NS, account="a", *, is_flow=False, **more):
    return LedgerLine(
        account_id=account,
        line_key=f"line-{number}",
        asset="USDT",
        kind="transfer_in" if is_flow else "trade",
        is_flow=is_flow,
        change="1.50000000",
        at_ns=at_ns,
        **more,
    )


def cursor(account="a", until_ns=NOW_NS):
    return LedgerCursor(account, NOW_NS - 9 * DAY_NS, until_ns)


@pytest_asyncio.fixture
async def store(place):
    opened = await Store.open(place)
    yield opened
    await opened.close()


async def test_a_line_that_is_read_twice_is_one(store):
    ledger = StoredLedger(store)
    first = line(1, cash_flow="1.5", funding_payment="-0.1", fee="0.2", usd=1.5)
    await ledger.add(cursor(), [first, line(2), line(2)])
    await ledger.add(cursor(until_ns=NOW_NS + 5), [line(2), line(3), line(1, usd=77.0)])
    await ledger.add(cursor("b"), [line(1, account="b")])
    found = await ledger.lines(0, NOW_NS, "a")
    assert found == (first, line(2), line(3))
    assert len(await ledger.lines(0, NOW_NS)) == 4
    assert await ledger.cursors() == {"a": cursor(until_ns=NOW_NS + 5), "b": cursor("b")}


async def test_lines_are_found_by_their_time_and_kind(store):
    ledger = StoredLedger(store)
    lines = [line(k, NOW_NS + k, is_flow=k % 2 == 0) for k in range(5)]
    await ledger.add(cursor(), lines)
    assert await ledger.lines(NOW_NS + 1, NOW_NS + 3) == tuple(lines[1:4])
    assert await ledger.lines(0, 2 * NOW_NS, flows_only=True) == tuple(lines[::2])


async def test_a_value_that_becomes_known_is_written(store):
    ledger = StoredLedger(store)
    await ledger.add(cursor(), [line(1), line(2)])
    await ledger.value([line(2, usd=4.25)])
    await ledger.value([])
    assert [one.usd for one in await ledger.lines(0, NOW_NS)] == [None, 4.25]


async def test_the_cursor_does_not_move_without_the_lines(tmp_path):
    store = await Store.open(tmp_path / "x.sqlite")
    ledger = StoredLedger(store)
    await ledger.add(cursor(), [line(1)])
    async with store.transaction() as unit:
        await unit.connection.exec_driver_sql("ALTER TABLE ledger_cursor RENAME TO away")
    with pytest.raises(ConnectivityError):
        await ledger.add(cursor(until_ns=NOW_NS + 1), [line(2)])
    async with store.transaction() as unit:
        await unit.connection.exec_driver_sql("ALTER TABLE away RENAME TO ledger_cursor")
    assert await ledger.lines(0, NOW_NS) == (line(1),)
    assert (await ledger.cursors())["a"] == cursor()
    await store.close()


async def test_trades_go_after_days_and_moved_money_after_a_year(store):
    ledger = StoredLedger(store)
    ages = (1, 7, 9, 399, 401)
    lines = [
        line(f"{age}-{is_flow}", NOW_NS - age * DAY_NS, is_flow=is_flow) for age in ages for is_flow in (0, 1)
    ]
    lines = [line(one.line_key, one.at_ns, is_flow=bool(one.is_flow)) for one in lines]
    await ledger.add(cursor(), lines)
    found = {((NOW_NS - one.at_ns) // DAY_NS, one.is_flow) for one in await ledger.lines(0, NOW_NS)}
    assert found == {(1, False), (1, True), (7, False), (7, True), (9, True), (399, True)}


async def test_one_busy_account_does_not_fill_the_disk(place):
    store = await Store.open(place, retention=Retention(ledger_rows_max=1))
    ledger = StoredLedger(store)
    flow = line("flow", NOW_NS - 5_000, is_flow=True)
    await ledger.add(cursor(), [flow, *(line(k, NOW_NS - k) for k in range(1_200))])
    found = await ledger.lines(0, NOW_NS)
    assert flow in found
    assert 1_000 <= len(found) <= 1_001
    assert {NOW_NS - one.at_ns for one in found} >= set(range(999))
    await store.close()
