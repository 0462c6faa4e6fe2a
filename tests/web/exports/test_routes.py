"""Tables as files over the API: the same rows as the read routes, in forms that other programs read back."""

import asyncio
import csv
import io
import json
import sys
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import aiohttp
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import pytest_asyncio
from litestar.exceptions import HTTPException
from tests.risk.conftest import random_world, recorded_returns, recorded_series
from tests.web.alerts import Desk, alert_of
from tests.web.conftest import Picture
from tests.web.reckoned import frame_with
from tests.web.test_equity_routes import Kept

from marginwatch.model.alert import AlertState
from marginwatch.model.equity import EquitySample
from marginwatch.model.ids import AccountId
from marginwatch.model.secret import Secret
from marginwatch.model.snapshots import Break
from marginwatch.risk.frame import Frame
from marginwatch.risk.heavy.moves import PastReturns
from marginwatch.risk.history.returns import ReturnTable
from marginwatch.store import Store
from marginwatch.web.access.places import Places, Who
from marginwatch.web.app import create_app
from marginwatch.web.exports.routes import Transfers
from marginwatch.web.exports.tables import TABLES
from marginwatch.web.server import WebServer

__all__ = ["recorded_returns", "recorded_series"]
"""Fixtures."""

NS = 1_000_000_000
HEAVY = ("distance", "stress", "cascades", "value_at_risk", "calendars")
HEAVY_TABLES = ("ladder", "stress", "worst", "cascades", "funding", "funding_paid", "var")


@asynccontextmanager
async def served(frame: Frame, tmp_path: Path) -> AsyncGenerator[SimpleNamespace, None]:
    """Serve a frame beside some breaks, alerts and samples of equity."""
    store = await Store.open(tmp_path / "x.sqlite")
    async with store.transaction() as tx:
        found = [
            Break(
                account_id=AccountId("mm-main"),
                subject="=cmd|' /C calc'!A0",
                field="quantity",
                ours=str(number),
                theirs=None,
                found_at_ns=number,
            )
            for number in range(1, 2_501)
        ]
        await tx.add_breaks(found)
    kept = Kept(store)
    minute_s = frame.at_ns // NS // 60 * 60
    samples = [
        EquitySample(
            scope="portfolio", name="", minute_s=minute_s - 60 * back, equity_usd=None if back == 1 else 7.5
        )
        for back in range(3)
    ]
    await kept.add(samples)
    desk = Desk([alert_of("mm-main"), alert_of("arb-1", AlertState.PENDING)])
    app = create_app(Picture(frame), Secret("t0ken"), history=store, alerting=desk, equity=kept)
    server = WebServer(app, port=0)
    await server.start()
    async with aiohttp.ClientSession(headers={"Authorization": "Bearer t0ken"}) as http:

        async def get(path: str) -> SimpleNamespace:
            async with http.get(f"{server.url}/api/v1/{path}") as reply:
                return SimpleNamespace(status=reply.status, body=await reply.read(), headers=reply.headers)

        async def taken(path: str) -> bytes:
            reply = await get(f"export/{path}")
            assert reply.status == 200, reply.body
            return reply.body

        async def rows(path: str) -> list[dict]:
            return json.loads(await taken(path))["rows"]

        yield SimpleNamespace(get=get, taken=taken, rows=rows, frame=frame, http=http, url=server.url)
    await server.stop()
    await store.close()


@pytest_asyncio.fixture
async def files(measure_desk: Callable[[], Frame], tmp_path: Path) -> AsyncGenerator[SimpleNamespace, None]:
    """Of a desk for which nothing heavy was reckoned."""
    async with served(measure_desk(), tmp_path) as found:
        yield found


@pytest_asyncio.fixture
async def reckoned_files(
    recorded_returns: ReturnTable, tmp_path: Path
) -> AsyncGenerator[SimpleNamespace, None]:
    """Of a desk with all heavy measures."""
    frame = await frame_with(random_world(3, 20), HEAVY, PastReturns(daily=recorded_returns))
    async with served(frame, tmp_path) as found:
        yield found


def csv_rows(body: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(body.decode(), newline="")))


async def test_files_hold_the_rows_of_the_read_routes(reckoned_files: SimpleNamespace) -> None:
    files = reckoned_files
    for table, path in (
        ("accounts", "accounts"),
        ("positions", "positions"),
        ("stress", "stress"),
        ("var", "var"),
    ):
        whole = json.loads((await files.get(path)).body)
        body = json.loads(await files.taken(f"{table}.json"))
        assert body["rows"] == whole["rows"] != []
        assert (body["table"], body["sequence"], body["taken_at_ns"]) == (
            table,
            whole["sequence"],
            whole["taken_at_ns"],
        )
        lines = csv_rows(await files.taken(f"{table}.csv"))
        assert len(lines) == len(whole["rows"])
        for line, row in zip(lines, whole["rows"], strict=True):
            assert set(line) == set(row)
            for name, value in row.items():
                if value is None or isinstance(value, float):
                    assert (None if line[name] == "" else float(line[name])) == value
    assert (
        await files.rows("exposure.json?by=account")
        == json.loads((await files.get("exposure?by=account")).body)["rows"]
    )
    assert await files.rows("ladder.json") == json.loads((await files.get("margin")).body)["ladder"]
    not_included = json.loads((await files.get("accounts")).body)["not_included"]
    assert await files.rows("not_included.json") == not_included


async def test_filters_are_those_of_the_routes(files: SimpleNamespace) -> None:
    assert {row["account_id"] for row in await files.rows("positions.json?desk=ARBITRAGE")} == {"arb-1"}
    assert {row["underlying_asset"] for row in await files.rows("positions.json?asset=eth")} == {"ETH"}
    assert [row["account_id"] for row in await files.rows("accounts.json?account=cold")] == ["cold"]
    assert [row["account_id"] for row in await files.rows("alerts.json?state=pending")] == ["arb-1"]
    assert len(await files.rows("breaks.json?limit=7")) == 7
    assert len(await files.rows("breaks.json?account=MM-MAIN&limit=7")) == 7
    changes = await files.rows("transitions.json?account=mm-main")
    assert changes == await files.rows("transitions.json?account=MM-MAIN") != []
    assert json.loads((await files.get("alerts/transitions?account=MM-MAIN")).body)["rows"] == changes
    for path, part in (
        (
            "accounts.json?asset=BTC",
            b"accounts cannot be filtered by 'asset'; it can by: account, desk, venue",
        ),
        ("positions.csv?account=nobody", b"there is no account 'nobody'"),
        ("nothing.csv", b"there is no table"),
        ("accounts.xlsx", b"there is: csv, json, parquet"),
        ("accounts", b"there is no table"),
        ("breaks.csv?limit=0", b"limit"),
        ("exposure.parquet?by=moon", b"unknown"),
    ):
        reply = await files.get(f"export/{path}")
        assert reply.status == (404 if part.startswith(b"there is no account") else 400), path
        assert part in reply.body, reply.body


@pytest.mark.parametrize(
    "table",
    [
        "accounts",
        "positions",
        "ladder",
        "stress",
        "worst",
        "alerts",
        "transitions",
        "breaks",
        "notices",
        "equity",
    ],
)
@pytest.mark.parametrize("form", ["csv", "json", "parquet"])
async def test_of_an_account_that_there_is_not_there_is_no_file(
    files: SimpleNamespace, table: str, form: str
) -> None:
    reply = await files.get(f"export/{table}.{form}?account=mm-mian")
    assert (reply.status, reply.body) == (
        404,
        b"404: there is no account 'mm-mian'; did you mean 'mm-main'?\n",
    )


async def test_of_an_account_of_which_nothing_is_stored_there_is_an_empty_file(
    files: SimpleNamespace,
) -> None:
    assert await files.rows("breaks.json?account=cold") == []


async def test_parquet_is_typed_and_missing_is_null(files: SimpleNamespace) -> None:
    rows = json.loads((await files.get("accounts")).body)["rows"]
    table = pq.read_table(io.BytesIO(await files.taken("accounts.parquet")))
    assert table.schema.field("equity_usd").type == pa.float64()
    assert table.schema.field("n_positions").type == pa.int64()
    assert table.schema.field("is_fresh").type == pa.bool_()
    assert table.schema.field("tags").type == pa.list_(pa.string())
    assert table.schema.metadata[b"table"] == b"accounts"
    for found, row in zip(table.to_pylist(), rows, strict=True):
        for name, value in row.items():
            if name == "reasons":
                assert (json.loads(found[name]) if found[name] else {}) == value
            else:
                assert found[name] == value, name
    assert any(row["equity_usd"] is None for row in table.to_pylist())
    breaks = pq.read_table(io.BytesIO(await files.taken("breaks.parquet")))
    assert breaks.schema.field("found_at_ns").type == pa.timestamp("ns", tz="UTC")
    assert breaks.column("found_at_ns").cast(pa.int64()).to_pylist() == list(range(2_500, 0, -1))
    assert set(breaks.column("theirs").to_pylist()) == {None}


async def test_what_is_stored_comes_page_by_page_and_no_formula_with_it(files: SimpleNamespace) -> None:
    lines = csv_rows(await files.taken("breaks.csv"))
    assert [line["ours"] for line in lines] == [str(number) for number in range(2_500, 0, -1)]
    assert {line["subject"] for line in lines} == {"'=cmd|' /C calc'!A0"}
    assert [line["equity_usd"] for line in csv_rows(await files.taken("equity.csv"))] == ["7.5", "", "7.5"]


async def test_every_table_in_every_form(reckoned_files: SimpleNamespace) -> None:
    files = reckoned_files
    made = f"{datetime.fromtimestamp(files.frame.at_ns // NS, UTC):%Y%m%dT%H%M%SZ}"
    for table, kind in TABLES.items():
        names = set(kind.shape.__struct_fields__)
        found = {form: await files.get(f"export/{table}.{form}") for form in ("csv", "json", "parquet")}
        for form, reply in found.items():
            assert reply.status == 200, (table, form, reply.body)
            assert reply.headers["Content-Disposition"] == (
                f'attachment; filename="marginwatch-{table}-{made}.{form}"'
            )
            assert reply.headers["X-Content-Type-Options"] == "nosniff"
        head = found["csv"].body.decode().split("\r\n")[0].split(",")
        n_rows = len(json.loads(found["json"].body)["rows"])
        read = pq.read_table(io.BytesIO(found["parquet"].body))
        assert set(head) == set(read.column_names) == names
        assert read.num_rows == n_rows == len(csv_rows(found["csv"].body))


@pytest.mark.parametrize("table", HEAVY_TABLES)
@pytest.mark.parametrize("form", ["csv", "json", "parquet"])
async def test_what_was_not_reckoned_is_no_empty_file(files: SimpleNamespace, table: str, form: str) -> None:
    reply = await files.get(f"export/{table}.{form}")
    assert (reply.status, reply.body) == (503, b"503: there is nothing to export: not reckoned yet\n")


async def test_without_pyarrow_the_answer_is_501_with_the_remedy(
    files: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    reply = await files.get("export/accounts.parquet")
    assert (reply.status, b"pip install 'marginwatch[parquet]'" in reply.body) == (501, True)
    assert (await files.get("export/accounts.csv")).status == 200


async def test_who_hangs_up_leaves_room_for_others(files: SimpleNamespace) -> None:
    for _ in range(20):
        reply = await files.http.get(f"{files.url}/api/v1/export/breaks.json")
        reply.close()
    for _ in range(100):
        if (await files.get("export/breaks.json?limit=1")).status == 200:
            break
        await asyncio.sleep(0.02)
    for _ in range(12):
        assert (await files.get("export/breaks.json?limit=1")).status == 200


async def some_rows() -> AsyncGenerator[list[Any], None]:
    yield [1]
    yield [2]


async def test_one_visitor_leaves_places_for_the_others_and_a_place_ends_with_its_file() -> None:
    transfers = Transfers(Places(in_all=4, each_session=2, each_address=3, viewers=3))
    one, other = (Who(f"session {name}", is_session=True, role="viewer") for name in "ab")
    program = Who("token 10.0.0.1", is_session=False, role="operator")
    kept = [await transfers.begun(some_rows(), one) for _ in range(2)]
    with pytest.raises(HTTPException) as refused:
        await transfers.begun(some_rows(), one)
    assert (refused.value.status_code, refused.value.headers) == (429, {"Retry-After": "5"})
    assert refused.value.detail == (
        "too many files are being made and sent: you have 2 already; close one, or ask again when it is through"
    )
    kept.append(await transfers.begun(some_rows(), other))
    with pytest.raises(HTTPException, match="viewers have 3 already"):
        await transfers.begun(some_rows(), other)
    kept.append(await transfers.begun(some_rows(), program))
    with pytest.raises(HTTPException, match="there are 4 already"):
        await transfers.begun(some_rows(), program)
    assert [some async for some in kept.pop(0)] == [[1], [2]]
    assert transfers.n_open == 3
    assert await transfers.begun(some_rows(), one)
