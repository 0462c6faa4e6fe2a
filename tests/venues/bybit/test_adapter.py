import pytest

from marginwatch.clock import SystemClock
from marginwatch.errors import ConfigError, ConnectivityError
from marginwatch.model.instrument import Instrument
from marginwatch.model.secret import Secret

INSTRUMENTS = "/v5/market/instruments-info"
TICKERS = "/v5/market/tickers"
RISK = "/v5/market/risk-limit"


def contract(symbol: str, **changes: object) -> dict[str, object]:
    # Trimmed from the documents' example of instruments-info.
    row: dict[str, object] = {
        "symbol": symbol,
        "contractType": "LinearPerpetual",
        "status": "Trading",
        "baseCoin": symbol.removesuffix("USDT"),
        "quoteCoin": "USDT",
        "settleCoin": "USDT",
        "launchTime": "1585526400000",
        "deliveryTime": "0",
        "priceFilter": {"tickSize": "0.10"},
        "lotSizeFilter": {"qtyStep": "0.001"},
        "fundingInterval": 480,
    }
    return {**row, **changes}


def serve_contracts(stub, linear: dict[str, dict[str, object]], missing: tuple[str, ...] = ()) -> None:  # type: ignore[no-untyped-def]
    """Linear contracts two a page, single ones by symbol whatever their status; empty lists elsewhere."""

    def answer(heard):  # type: ignore[no-untyped-def]
        params = heard.params
        if params["category"] in missing:
            return stub.code(10001, "params error: Category is invalid")
        if params["category"] != "linear":
            return stub.ok({"category": params["category"], "list": [], "nextPageCursor": ""})
        if "symbol" in params:
            row = linear.get(params["symbol"])
            if row is None:
                return stub.code(10001, "params error: symbol invalid")
            return stub.ok({"category": "linear", "list": [row], "nextPageCursor": ""})
        rows = [row for row in linear.values() if row["status"] == "Trading"]
        start = int(params.get("cursor", "first%3A0").split("%3A")[1])
        following = f"first%3A{start + 2}" if start + 2 < len(rows) else ""
        return stub.ok({"category": "linear", "list": rows[start : start + 2], "nextPageCursor": following})

    stub.standing[INSTRUMENTS] = answer


async def test_all_contracts_are_loaded_and_learned(bench) -> None:
    symbols = [f"C{n}USDT" for n in range(5)]
    serve_contracts(bench.stub, {s: contract(s) for s in symbols})
    found = await bench.venue.load_instruments()
    assert [i.venue_symbol for i in found] == symbols
    assert not any(bench.venue.catalog.resolve("linear", s).is_inferred for s in symbols)
    asked = [h.params for h in bench.stub.calls(INSTRUMENTS)]
    assert {p["category"] for p in asked} == {"linear", "inverse", "spot", "option"}
    assert all(p.get("limit") == ("1000" if p["category"] != "spot" else None) for p in asked)
    assert {"BTC", "ETH"} <= {p.get("baseCoin") for p in asked if p["category"] == "option"}


async def test_a_host_without_options_or_spot_still_works(bench) -> None:
    serve_contracts(bench.stub, {"BTCUSDT": contract("BTCUSDT")}, missing=("option", "spot", "inverse"))
    assert [i.venue_symbol for i in await bench.venue.load_instruments()] == ["BTCUSDT"]


async def test_a_held_contract_that_no_longer_trades_is_asked_for_by_name(bench) -> None:
    serve_contracts(bench.stub, {"OLDUSDT": contract("OLDUSDT", status="Delivering")})
    inferred = bench.venue.catalog.resolve("linear", "OLDUSDT")
    unknown = bench.venue.catalog.resolve("linear", "NOSUCHUSDT")
    assert inferred.is_inferred
    assert set(bench.venue.take_unknown()) == {inferred, unknown}
    (found,) = await bench.venue.load_contracts([inferred, unknown])
    assert (found.venue_symbol, found.status, found.is_inferred) == ("OLDUSDT", "delivering", False)
    assert bench.venue.catalog.resolve("linear", "OLDUSDT") == found


async def test_many_unknown_contracts_are_loaded_as_a_whole_segment(bench) -> None:
    symbols = [f"C{n}USDT" for n in range(20)]
    serve_contracts(
        bench.stub, {**{s: contract(s) for s in symbols}, "OLDUSDT": contract("OLDUSDT", status="Closed")}
    )
    wanted: list[Instrument] = [bench.venue.catalog.resolve("linear", s) for s in [*symbols, "OLDUSDT"]]
    found = await bench.venue.load_contracts(wanted)
    assert {i.venue_symbol for i in found} == {*symbols, "OLDUSDT"}
    assert [h.params["symbol"] for h in bench.stub.calls(INSTRUMENTS) if "symbol" in h.params] == ["OLDUSDT"]


async def test_prices_of_a_segment_come_in_one_call_with_the_time_of_the_reply(bench) -> None:
    rows = [
        {
            "symbol": "BTCUSDT",
            "markPrice": "100.5",
            "indexPrice": "100.4",
            "lastPrice": "100.6",
            "fundingRate": "0.0001",
        }
    ]
    bench.stub.standing[TICKERS] = lambda _: bench.stub.ok(
        {"category": "linear", "list": rows}, time=1_700_000_000_000
    )
    (mark,) = await bench.venue.fetch_marks("linear")
    assert (mark.mark_price, mark.ts_venue_ns, mark.is_snapshot) == ("100.5", 1_700_000_000_000_000_000, True)


async def test_option_prices_are_asked_for_the_underlyings_that_are_held(bench) -> None:
    bench.stub.standing[TICKERS] = lambda _: bench.stub.ok({"category": "option", "list": []})
    held = [
        bench.venue.catalog.resolve("option", s)
        for s in ("SOL-26DEC25-200-C", "BTC-26DEC25-100000-P", "SOL-26DEC25-210-C")
    ]
    await bench.venue.fetch_marks("option", held)
    assert [h.params["baseCoin"] for h in bench.stub.calls(TICKERS)] == ["BTC", "SOL"]


async def test_risk_limits_are_read_over_all_pages(bench) -> None:
    def tier(symbol: str) -> dict[str, object]:
        return {
            "id": 1,
            "symbol": symbol,
            "riskLimitValue": "2000000",
            "maintenanceMargin": "0.005",
            "initialMargin": "0.01",
            "isLowestRisk": 1,
            "maxLeverage": "100.00",
            "mmDeduction": "",
        }

    bench.stub.standing[RISK] = bench.stub.pages(
        ([tier("BTCUSDT")], "next%3A15"), ([tier("ETHUSDT")], ""), category="linear"
    )
    tiers = await bench.venue.fetch_tiers("linear")
    assert [t.venue_symbol for t in tiers] == ["BTCUSDT", "ETHUSDT"]
    bench.stub.standing[RISK] = lambda h: bench.stub.ok(
        {"category": "linear", "list": [tier(h.params["symbol"])], "nextPageCursor": ""}
    )
    some = await bench.venue.fetch_tiers("linear", [bench.venue.catalog.resolve("linear", "SOLUSDT")])
    assert [t.venue_symbol for t in some] == ["SOLUSDT"]


async def test_collateral_bands_and_announcements_need_no_key(bench) -> None:
    bench.stub.standing["/v5/spot-margin-trade/collateral"] = lambda _: bench.stub.ok(
        {
            "list": [
                {
                    "currency": "BTC",
                    "collateralRatioList": [
                        {"minQty": "0", "maxQty": "1000000", "collateralRatio": "0.85"},
                        {"minQty": "1000000", "maxQty": "", "collateralRatio": "0"},
                    ],
                }
            ]
        },
        retExtInfo="{}",
    )
    bench.stub.standing["/v5/system/status"] = lambda _: bench.stub.ok(
        {
            "list": [
                {
                    "id": "1",
                    "title": "upgrade",
                    "state": "scheduled",
                    "begin": "1751596902000",
                    "end": "1751597011000",
                    "href": "",
                    "serviceTypes": [2, 3],
                    "product": [1],
                    "uidSuffix": [],
                    "maintainType": 1,
                    "env": 1,
                }
            ]
        }
    )
    assert [t.quantity_to for t in await bench.venue.fetch_collateral_tiers()] == ["1000000", None]
    assert [m.state for m in await bench.venue.fetch_system_status()] == ["scheduled"]
    assert all("X-BAPI-API-KEY" not in h.headers for h in bench.stub.heard)


async def test_the_clock_is_measured_and_a_wrong_one_told_once(bench) -> None:
    bench.stub.clock_ahead_ms = 90_000
    await bench.venue.sync_clock()
    await bench.venue.sync_clock()
    (notice,) = bench.notices
    assert notice.kind == "clock_skew"
    assert "behind" in notice.message
    assert abs(bench.venue.venue_now_ns() - SystemClock().now_ns() - 90_000_000_000) < 900_000_000


async def test_a_clock_that_cannot_be_measured_keeps_its_offset(bench) -> None:
    bench.stub.clock_ahead_ms = 90_000
    await bench.venue.sync_clock()
    before = bench.venue.clock_offset.offset_ns
    bench.stub.standing["/v5/market/time"] = lambda _: bench.stub.text(502, "")
    with pytest.raises(ConnectivityError):
        await bench.venue.sync_clock()
    assert bench.venue.clock_offset.offset_ns == before


async def test_unusable_credentials_name_the_account(bench) -> None:
    with pytest.raises(ConfigError, match="api_key") as caught:
        bench.venue.client(bench.spec(api_key=Secret("")))
    assert caught.value.account_id == "mm-main"


async def test_closes_are_those_of_finished_intervals_oldest_first(bench) -> None:
    now_ms = bench.venue.venue_now_ns() // 1_000_000
    newest = now_ms // 3_600_000 * 3_600_000
    rows = [[str(newest - hour * 3_600_000), "1", "2", "0.5", f"1.{hour}", "9", "9"] for hour in range(4)]
    bench.stub.standing["/v5/market/kline"] = lambda _: bench.stub.ok(
        {"category": "linear", "symbol": "BTCUSDT", "list": rows}
    )
    found = await bench.venue.fetch_closes("linear", "BTCUSDT", 3_600, newest // 1000 - 3 * 3_600, 500)
    # The first row's hour has not ended: 1.0 is the price of the moment.
    assert [close.close for close in found] == ["1.3", "1.2", "1.1"]
    assert [close.ended_at_s * 1000 for close in found] == [
        newest - 2 * 3_600_000,
        newest - 3_600_000,
        newest,
    ]
    (heard,) = bench.stub.calls("/v5/market/kline")
    assert heard.params == {
        "category": "linear",
        "symbol": "BTCUSDT",
        "interval": "60",
        "start": str(newest - 3 * 3_600_000),
        "limit": "500",
    }
