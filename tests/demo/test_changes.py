from collections.abc import Callable

import msgspec
import pytest

from marginwatch.demo.changes import ChangeLog
from marginwatch.model.activity import Fill, OpenOrder
from marginwatch.model.events import FillsUpdate, OrdersUpdate
from marginwatch.model.ids import AccountId, VenueId
from marginwatch.risk.frame import Frame
from marginwatch.risk.table_rows import AccountRow, PositionRow
from marginwatch.risk.tables import account_rows, position_rows
from marginwatch.venues.bybit.catalog import InstrumentCatalog

A = AccountId("alpha")


@pytest.fixture
def rows(measure_desk: Callable[[], Frame]) -> tuple[list[AccountRow], list[PositionRow]]:
    frame = measure_desk()
    return account_rows(frame), position_rows(frame)


def texts(log: ChangeLog) -> list[str]:
    return [line.text for line in log.lines]


def test_the_first_frame_is_no_change(rows) -> None:
    log = ChangeLog()
    log.compare(1, *rows)
    assert texts(log) == []


def test_opened_changed_and_closed_positions_are_told_once(rows) -> None:
    accounts, positions = rows
    log = ChangeLog()
    log.compare(1, accounts, positions)
    changed = [msgspec.structs.replace(positions[0], quantity="-7"), *positions[2:]]
    log.compare(2, accounts, changed)
    log.compare(3, accounts, changed)
    assert len(log.lines) == log.n_changes == 2
    assert any("→ −7" in text for text in texts(log))
    assert any("closed, was" in text for text in texts(log))
    log.compare(4, accounts, [*changed, positions[1]])
    assert "opened" in log.lines[-1].text


def test_a_rising_usage_is_told_at_each_step_and_danger_is_loud(rows) -> None:
    accounts, positions = rows
    log = ChangeLog()
    for at_ns, usage in enumerate((0.2, 0.55, 0.56, 0.9, 0.3)):
        log.compare(at_ns, [msgspec.structs.replace(accounts[0], maintenance_margin_usage=usage)], positions)
    assert [line.loudness for line in log.lines] == [1, 2, 1]
    assert "above 50%" in log.lines[0].text
    assert "above 85%" in log.lines[1].text
    assert "back at 30.0%" in log.lines[2].text


def test_a_lost_and_a_stale_account_are_told(rows) -> None:
    accounts, positions = rows
    log = ChangeLog()
    row = msgspec.structs.replace(accounts[0], link_state="streaming", is_fresh=True, reason=None)
    log.compare(1, [row], positions)
    log.compare(2, [msgspec.structs.replace(row, is_fresh=False)], positions)
    log.compare(
        3, [msgspec.structs.replace(row, link_state="lost", is_fresh=False, reason="no answer")], positions
    )
    assert "stale" in log.lines[0].text
    assert log.lines[1].text == "streaming → lost: no answer"


def test_liquidations_are_the_loudest() -> None:
    contract = InstrumentCatalog(VenueId("bybit")).resolve("linear", "BTCUSDT")
    log = ChangeLog()
    fill = Fill(
        fill_id="1", instrument=contract, side="sell", quantity="2", price="100", fee="0", kind="liquidation"
    )
    log.hear(FillsUpdate(A, (fill,), 5, 6))
    log.hear(FillsUpdate(A, (msgspec.structs.replace(fill, kind="trade"),), 5, 6))
    order = OpenOrder(
        order_id="9",
        instrument=contract,
        side="buy",
        quantity="1",
        remaining_quantity="1",
        price="90",
        is_open=False,
        cancel_kind="liquidation",
    )
    log.hear(OrdersUpdate(A, (order,), 7, 8))
    assert [line.loudness for line in log.lines] == [2, 2]
    assert "liquidated: sell 2" in log.lines[0].text
    assert "1 orders cancelled" in log.lines[1].text
