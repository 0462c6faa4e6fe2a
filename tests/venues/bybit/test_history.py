import itertools

import pytest

from marginwatch.venues.bybit.history import REACH_MS, WINDOW_MS, windows

EXECUTIONS = "/v5/execution/list"
DAY_MS = 86_400_000


@pytest.mark.parametrize("span_ms", [0, 1, WINDOW_MS - 1, WINDOW_MS, WINDOW_MS + 1, 5 * WINDOW_MS, REACH_MS])
def test_windows_cover_every_millisecond_once(span_ms: int) -> None:
    since_ms = 1_700_000_000_000
    found = list(windows(since_ms * 1_000_000, (since_ms + span_ms) * 1_000_000))
    assert found[0][0] == since_ms
    assert found[-1][1] == since_ms + span_ms
    assert all(end - start < WINDOW_MS for start, end in found)
    assert all(end + 1 == start for (_, end), (start, _) in itertools.pairwise(found))


def test_there_is_no_window_into_the_past() -> None:
    assert list(windows(2_000_000, 1_000_000)) == []


def execution(exec_id: str, at_ms: int, **changes: object) -> dict[str, object]:
    # Fields of the documents' example of /v5/execution/list.
    row = {
        "symbol": "ETHUSDT",
        "side": "Buy",
        "execId": exec_id,
        "orderId": "o",
        "execPrice": "2000",
        "execQty": "0.1",
        "execFee": "0.07",
        "execType": "Trade",
        "execTime": str(at_ms),
        "seq": 5,
    }
    return {**row, **changes}


async def test_executions_since_a_moment_in_windows_no_longer_than_the_venue_takes(bench) -> None:
    stub = bench.stub
    now_ms = stub.now_ms()
    since_ms = now_ms - 16 * DAY_MS
    history = [
        execution("a", since_ms),
        execution("b", now_ms - 8 * DAY_MS, execType="BustTrade"),
        execution("c", now_ms - 5),
    ]

    def answer(heard):  # type: ignore[no-untyped-def]
        start, end = int(heard.params["startTime"]), int(heard.params["endTime"])
        assert 0 <= end - start <= 7 * DAY_MS
        rows = [row for row in history if start <= int(row["execTime"]) <= end]
        return stub.ok(
            {"list": rows[::-1] if heard.params["category"] == "linear" else [], "nextPageCursor": ""}
        )

    stub.standing[EXECUTIONS] = answer
    fills = await bench.venue.client(bench.spec()).fetch_fills_since(since_ms * 1_000_000)
    assert [(f.fill_id, f.kind) for f in fills] == [("a", "trade"), ("b", "liquidation"), ("c", "trade")]
    asked = [h.params for h in stub.calls(EXECUTIONS)]
    assert {(p["category"], p.get("baseCoin")) for p in asked} == {
        ("linear", None),
        ("inverse", None),
        ("option", "BTC"),
    }


async def test_executions_of_several_pages_come_once_and_in_order(bench) -> None:
    stub = bench.stub
    now_ms = stub.now_ms()
    linear = stub.pages(
        ([execution("c", now_ms - 1), execution("b", now_ms - 2)], "p%3A2"),
        ([execution("b", now_ms - 2), execution("a", now_ms - 3)], ""),
    )
    empty = stub.pages(([], ""))
    stub.standing[EXECUTIONS] = lambda h: (linear if h.params["category"] == "linear" else empty)(h)
    fills = await bench.venue.client(bench.spec()).fetch_fills_since((now_ms - 1000) * 1_000_000)
    assert [f.fill_id for f in fills] == ["a", "b", "c"]


async def test_nothing_is_asked_for_a_moment_to_come(bench) -> None:
    fills = await bench.venue.client(bench.spec()).fetch_fills_since(
        (bench.stub.now_ms() + DAY_MS) * 1_000_000
    )
    assert fills == ()
    assert bench.stub.calls(EXECUTIONS) == []


async def test_a_very_old_start_is_cut_to_what_is_worth_asking(bench) -> None:
    bench.stub.standing[EXECUTIONS] = lambda _: bench.stub.ok({"list": [], "nextPageCursor": ""})
    await bench.venue.client(bench.spec()).fetch_fills_since(0)
    starts = [int(h.params["startTime"]) for h in bench.stub.calls(EXECUTIONS)]
    assert bench.stub.now_ms() - 181 * DAY_MS < min(starts)
    assert len({*starts}) == 26


async def test_ledger_lines_with_one_id_are_all_kept(bench) -> None:
    # Two lines of one id with different trades, as in the documents' example.
    line = {
        "id": "x",
        "symbol": "XRPUSDT",
        "type": "TRADE",
        "currency": "USDT",
        "change": "-1",
        "transactionTime": "1672128000000",
    }
    rows = [{**line, "tradeId": "1"}, {**line, "tradeId": "2"}, {**line, "tradeId": "2"}]
    bench.stub.standing["/v5/account/transaction-log"] = bench.stub.pages((rows, ""))
    now_ns = bench.stub.now_ms() * 1_000_000
    entries = await bench.venue.client(bench.spec()).fetch_ledger(now_ns - 10**9)
    assert [entry.trade_id for entry in entries] == ["1", "2"]
    (heard,) = bench.stub.calls("/v5/account/transaction-log")
    assert heard.params["limit"] == "50"
