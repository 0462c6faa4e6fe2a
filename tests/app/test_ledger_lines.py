"""Lines as they are kept: the same line has the same key, another line has another, a new kind is told once."""

import math

import msgspec
import pytest
from structlog.testing import capture_logs

from marginwatch.app.ledger_lines import line_of, move_of
from marginwatch.model.activity import LedgerEntry

ENTRY = LedgerEntry(
    entry_id="592324_XRPUSDT_161440249321",
    asset="USDT",
    kind="settlement",
    venue_symbol="XRPUSDT",
    change="-0.003676",
    cash_flow="0",
    funding_payment="-0.003676",
    fee="0.00000000",
    cash_balance="986.31",
    trade_id="7b",
    ts_venue_ns=1_672_128_000_000_000_000,
)


def test_a_line_keeps_what_was_said_and_is_money_that_moved():
    line = line_of("mm-1", ENTRY)
    assert (line.change, line.funding_payment, line.fee, line.is_flow) == (
        "-0.003676",
        "-0.003676",
        "0.00000000",
        False,
    )
    assert math.isnan(move_of(line).usd)
    assert move_of(msgspec.structs.replace(line, usd=-0.25)) == (
        ENTRY.ts_venue_ns,
        -0.25,
        False,
        line.line_key,
    )


@pytest.mark.parametrize(
    "change",
    [
        {"trade_id": "7c"},
        {"kind": "trade"},
        {"asset": "USDC"},
        {"venue_symbol": "BTCUSDT"},
        {"cash_balance": "986.30"},
        {"change": None},
    ],
)
def test_the_venue_s_id_repeats_but_a_key_does_not(change):
    assert line_of("a", ENTRY).line_key == line_of("a", msgspec.structs.replace(ENTRY)).line_key
    assert line_of("a", ENTRY).line_key != line_of("a", msgspec.structs.replace(ENTRY, **change)).line_key


def test_a_line_without_a_time_belongs_to_no_day():
    assert line_of("a", msgspec.structs.replace(ENTRY, ts_venue_ns=None)) is None


def test_a_kind_that_is_new_is_told_once_and_counts_as_performance():
    new = msgspec.structs.replace(ENTRY, kind="new_kind_of_2027")
    with capture_logs() as logs:
        assert [line_of("a", new).is_flow for _ in range(3)] == [False] * 3
    assert [one["kind"] for one in logs] == ["new_kind_of_2027"]
