"""The few REST replies that a client library asks for before it listens to a stream."""

import time

from aiohttp import web

from benchmarks.wire.frames import SYMBOLS, base_price

_LAUNCH_MS = "1585526400000"


def _ok(result: object) -> web.Response:
    stamp = time.time_ns() // 1_000_000
    return web.json_response(
        {"retCode": 0, "retMsg": "OK", "result": result, "retExtInfo": {}, "time": stamp},
        headers={
            "X-Bapi-Limit": "600",
            "X-Bapi-Limit-Status": "599",
            "X-Bapi-Limit-Reset-Timestamp": str(stamp),
        },
    )


def instrument_row(symbol: str, price: float) -> dict[str, object]:
    """Return one linear perpetual in the shape of ``/v5/market/instruments-info``."""
    return {
        "symbol": symbol,
        "contractType": "LinearPerpetual",
        "status": "Trading",
        "baseCoin": symbol.removesuffix("USDT"),
        "quoteCoin": "USDT",
        "settleCoin": "USDT",
        "launchTime": _LAUNCH_MS,
        "deliveryTime": "0",
        "deliveryFeeRate": "",
        "priceScale": "6",
        "leverageFilter": {"minLeverage": "1", "maxLeverage": "100.00", "leverageStep": "0.01"},
        "priceFilter": {"minPrice": "0.000001", "maxPrice": f"{price * 20:.6f}", "tickSize": "0.000001"},
        "lotSizeFilter": {
            "maxOrderQty": "1190.000",
            "minOrderQty": "0.001",
            "qtyStep": "0.001",
            "postOnlyMaxOrderQty": "1190.000",
            "maxMktOrderQty": "500.000",
            "minNotionalValue": "5",
        },
        "unifiedMarginTrade": True,
        "fundingInterval": 480,
        "copyTrading": "none",
        "upperFundingRate": "0.00375",
        "lowerFundingRate": "-0.00375",
        "isPreListing": False,
        "preListingInfo": None,
    }


async def _instruments(request: web.Request) -> web.Response:
    category = request.query.get("category", "linear")
    is_wanted = category == "linear" and request.query.get("status", "Trading") == "Trading"
    rows = [instrument_row(symbol, base_price(number)) for number, symbol in enumerate(SYMBOLS)]
    return _ok({"category": category, "list": rows if is_wanted else [], "nextPageCursor": ""})


async def _positions(request: web.Request) -> web.Response:
    return _ok({"category": request.query.get("category", "linear"), "list": [], "nextPageCursor": ""})


async def _time(_: web.Request) -> web.Response:
    now = time.time_ns()
    return _ok({"timeSecond": str(now // 1_000_000_000), "timeNano": str(now)})


async def _coins(_: web.Request) -> web.Response:
    return _ok({"rows": []})


async def _account(_: web.Request) -> web.Response:
    return _ok({"marginMode": "REGULAR_MARGIN", "updatedTime": _LAUNCH_MS, "unifiedMarginStatus": 5})


async def _key(_: web.Request) -> web.Response:
    return _ok({"id": "1", "readOnly": 1, "permissions": {}, "ips": ["*"], "uta": 1, "userID": 1})


async def _hook(request: web.Request) -> web.Response:
    await request.read()
    return web.Response()


def rest_app() -> web.Application:
    """Return the application: instruments, an account without positions, a read-only key; and a webhook for alerts."""
    app = web.Application()
    app.router.add_get("/v5/market/time", _time)
    app.router.add_get("/v5/market/instruments-info", _instruments)
    app.router.add_get("/v5/position/list", _positions)
    app.router.add_get("/v5/asset/coin/query-info", _coins)
    app.router.add_get("/v5/account/info", _account)
    app.router.add_get("/v5/user/query-api", _key)
    app.router.add_post("/hook", _hook)
    return app
