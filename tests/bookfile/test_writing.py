"""Books written and read again: the same frame, the same distances, the same file."""

import json

import numpy as np
import pytest
from tests.risk.conftest import random_world

from marginwatch.bookfile.building import build_book
from marginwatch.bookfile.text import parse_book
from marginwatch.bookfile.writing import PastReturn, encode, gather
from marginwatch.risk.frame import FramePress
from marginwatch.risk.heavy.distance import measure_distance
from marginwatch.risk.heavy.moves import moves_of
from marginwatch.risk.tables import account_rows, portfolio_summary, position_rows

BY_ITSELF = {"model_error", "model_error_equity", "model_error_age_s", "estimate", "reasons"}
"""Measured when the venue spoke, which a file does not repeat."""


def reread(book, at_ns):
    return build_book(parse_book(encode(gather(book.columns, at_ns)), "x"), now_ns=1)


def plain(rows, left_out=frozenset()):
    names = [name for name in rows[0].__struct_fields__ if name not in left_out]
    return [{name: getattr(row, name) for name in names} for row in rows]


def test_random_books_come_back_with_the_same_figures():
    n_known = 0
    for seed in range(12):
        world = random_world(seed)
        before = world.frame()
        filed = reread(world.book, world.now)
        after = FramePress(filed.book).frame(filed.at_ns)
        # Terms that the random option lacks are told by its symbol.
        optional = {row.account_id for row in position_rows(before) if row.instrument_kind == "option"}
        mine, theirs = (
            sorted(
                (row for row in account_rows(one) if row.account_id not in optional),
                key=lambda row: row.account_id,
            )
            for one in (before, after)
        )
        for ours, read in zip(plain(mine, BY_ITSELF), plain(theirs, BY_ITSELF), strict=True):
            portfolio = ours["margin_mode"] == "portfolio"
            for name, value in ours.items():
                if (portfolio and "margin_usage" in name) or (portfolio and name == "free_usd"):
                    continue  # Estimates are calibrated anew.
                if isinstance(value, float):
                    assert read[name] == pytest.approx(value, rel=1e-12, abs=1e-9), (
                        seed,
                        ours["account_id"],
                        name,
                    )
                    n_known += 1
                else:
                    assert read[name] == value, (seed, ours["account_id"], name)
        positions = [
            sorted(plain(position_rows(one), {"reasons", "ts_venue_ns"}), key=str) for one in (before, after)
        ]
        assert len(positions[0]) == len(positions[1])
        assert portfolio_summary(before).n_included == portfolio_summary(after).n_included
    assert n_known > 2_500


def ways_of(press, at_ns):
    sheet = press.sheet(at_ns)
    common = measure_distance(sheet, moves_of(sheet, None)).distances.common
    exact = np.flatnonzero(~sheet.is_estimated).tolist()
    return {sheet.account_ids[row]: (common.down[row], common.up[row]) for row in exact}


def test_distances_come_back_the_same():
    n_numbers = 0
    for seed in range(20):
        world = random_world(seed)
        world.frame()
        filed = reread(world.book, world.now)
        press = FramePress(filed.book)
        press.frame(filed.at_ns)
        ours, read = ways_of(world.press, world.now), ways_of(press, filed.at_ns)
        assert set(ours) == set(read)
        optional = {row.account_id for row in position_rows(world.frame()) if row.instrument_kind == "option"}
        for name, ways in ours.items():
            if name in optional:
                continue
            assert np.allclose(ways, read[name], rtol=1e-9, equal_nan=True), (seed, name)
            n_numbers += int(np.isfinite(ways).any())
    assert n_numbers >= 5


def test_a_file_of_a_file_is_the_same_file():
    world = random_world(5)
    first = encode(
        gather(world.book.columns, world.now, (PastReturn("BTC", 86_400, 864_000, np.array([0.1, np.nan])),))
    )
    parsed = parse_book(first, "x")
    assert parsed.returns[0].values == [0.1, None]
    filed = build_book(parsed, now_ns=1)
    again, once = json.loads(encode(gather(filed.book.columns, filed.at_ns))), json.loads(first)

    def as_set(rows):
        return sorted(json.dumps(row, sort_keys=True) for row in rows)

    for key in ("accounts", "positions", "balances", "marks", "tiers", "collateral", "borrow", "orders"):
        assert as_set(again[key]) == as_set(once[key]), key


def test_no_secret_is_in_a_file():
    world = random_world(1)
    body = encode(gather(world.book.columns, world.now))
    assert b"api_key" not in body
    assert b"secret" not in body.lower()
