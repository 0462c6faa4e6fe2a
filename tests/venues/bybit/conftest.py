"""A scripted stand-in for Bybit's REST API that checks signatures for itself."""

import hashlib
import hmac
import itertools
import json
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field

import aiohttp
import pytest
from aiohttp import web

from marginwatch.clock import SystemClock
from marginwatch.model.account import AccountSpec, Endpoints
from marginwatch.model.ids import AccountId, VenueId
from marginwatch.model.notice import Notice
from marginwatch.model.quarantine import Quarantined
from marginwatch.model.secret import Secret
from marginwatch.venues.bybit.adapter import BybitVenue

KEY, SECRET = "Kk7testKEYkk", "Ss9testSECRETss"


@dataclass
class Heard:
    """One request as it came over the wire."""

    path: str
    query: str
    headers: dict[str, str]
    has_body: bool

    @property
    def params(self) -> dict[str, str]:
        return dict(pair.split("=", 1) for pair in self.query.split("&")) if self.query else {}


Answer = Callable[[Heard], web.Response]


@dataclass
class Stub:
    """Answers by path: those queued first, then the standing one, else 404."""

    port: int = 0
    clock_ahead_ms: int = 0
    heard: list[Heard] = field(default_factory=list)
    queued: dict[str, list[Answer]] = field(default_factory=lambda: defaultdict(list))
    standing: dict[str, Answer] = field(default_factory=dict)

    def now_ms(self) -> int:
        return time.time_ns() // 1_000_000 + self.clock_ahead_ms

    def ok(self, result: object, **extra: object) -> web.Response:
        reply = {"retCode": 0, "retMsg": "OK", "result": result, "retExtInfo": {}, "time": self.now_ms()}
        return web.json_response({**reply, **extra})

    def code(self, code: int, message: str = "no", headers: dict[str, str] | None = None) -> web.Response:
        reply = {"retCode": code, "retMsg": message, "result": {}, "retExtInfo": {}, "time": self.now_ms()}
        return web.json_response(reply, headers=headers)

    def text(self, status: int, body: str, content_type: str = "text/html") -> web.Response:
        return web.Response(status=status, text=body, content_type=content_type)

    def pages(self, *pages: tuple[list[object], str], **extra: object) -> Answer:
        """A list endpoint; each page is (rows, the cursor it ends with). Asked for by the cursor of the one before."""
        by_cursor = {"": pages[0]}
        by_cursor.update({cursor: page for (_, cursor), page in itertools.pairwise(pages)})

        def answer(heard: Heard) -> web.Response:
            rows, cursor = by_cursor[heard.params.get("cursor", "")]
            return self.ok({"list": rows, "nextPageCursor": cursor, **extra})

        return answer

    def calls(self, path: str) -> list[Heard]:
        return [heard for heard in self.heard if heard.path == path]

    async def handle(self, request: web.Request) -> web.StreamResponse:
        path, _, query = request.raw_path.partition("?")
        heard = Heard(path, query, dict(request.headers), request.can_read_body)
        self.heard.append(heard)
        assert request.method == "GET"
        assert not heard.has_body
        if "X-BAPI-SIGN" in request.headers and (refusal := self.refuse(heard)) is not None:
            return refusal
        if self.queued[path]:
            return self.queued[path].pop(0)(heard)
        if path in self.standing:
            return self.standing[path](heard)
        return self.text(404, "<html>not here</html>")

    def refuse(self, heard: Heard) -> web.Response | None:
        stamp, window = heard.headers["X-BAPI-TIMESTAMP"], heard.headers["X-BAPI-RECV-WINDOW"]
        text = stamp + heard.headers["X-BAPI-API-KEY"] + window + heard.query
        expected = hmac.new(SECRET.encode(), text.encode(), hashlib.sha256).hexdigest()
        now = self.now_ms()
        if not now - int(window) <= int(stamp) < now + 1000:
            message = f"invalid request, req_timestamp[{stamp}],server_timestamp[{now}],recv_window[{window}]"
            return self.code(10002, message)
        if heard.headers["X-BAPI-API-KEY"] != KEY:
            return self.code(10003, "API key is invalid.")
        if heard.headers["X-BAPI-SIGN"] != expected:
            return self.code(10004, f"error sign! origin_string[{text}]")
        return None


class FreeGate:
    """A gate that lets everything through and remembers what it was told."""

    def __init__(self) -> None:
        self.acquired: list[tuple[str, str | None]] = []
        self.observed: list[tuple[str, str | None]] = []
        self.host_blocks: list[tuple[float, str]] = []
        self.bucket_blocks: list[tuple[str, str | None, int]] = []

    async def acquire(self, endpoint: str, uid_key: str | None) -> None:
        self.acquired.append((endpoint, uid_key))

    def observe(self, endpoint: str, uid_key: str | None, headers: object) -> None:
        self.observed.append((endpoint, uid_key))

    def block_host(self, seconds: float, message: str) -> None:
        self.host_blocks.append((seconds, message))

    def block_bucket(self, endpoint: str, uid_key: str | None, until_ns: int) -> None:
        self.bucket_blocks.append((endpoint, uid_key, until_ns))


class QuickClock(SystemClock):
    """The machine's time, but sleeping takes none; the waits asked for are kept."""

    def __init__(self) -> None:
        self.slept: list[float] = []

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)


@dataclass
class Bench:
    """A venue talking to the stub."""

    stub: Stub
    gate: FreeGate
    clock: QuickClock
    venue: BybitVenue
    http: aiohttp.ClientSession
    notices: list[Notice]
    quarantined: list[Quarantined]

    def spec(self, **changes: object) -> AccountSpec:
        fields = {
            "account_id": AccountId("mm-main"),
            "exchange": "bybit",
            "venue": VenueId("bybit"),
            "endpoints": self.venue.endpoints,
            "api_key": Secret(KEY),
            "api_secret": Secret(SECRET),
        }
        return AccountSpec(**{**fields, **changes})


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    stub = Stub()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", stub.handle)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    stub.port = runner.addresses[0][1]

    def server_time(_: Heard) -> web.Response:
        now = stub.now_ms()
        return stub.ok({"timeSecond": str(now // 1000), "timeNano": str(now * 1_000_000)})

    stub.standing["/v5/market/time"] = server_time
    notices: list[Notice] = []
    quarantined: list[Quarantined] = []
    gate, clock = FreeGate(), QuickClock()
    async with aiohttp.ClientSession() as http:
        endpoints = Endpoints(rest=f"http://127.0.0.1:{stub.port}", private="", public={})
        venue = BybitVenue(
            VenueId("bybit"),
            endpoints,
            gate,
            clock,
            http,
            on_notice=notices.append,
            on_quarantine=quarantined.append,
        )
        yield Bench(stub, gate, clock, venue, http, notices, quarantined)
    await runner.cleanup()


@pytest.fixture
def position_row() -> Callable[..., dict[str, object]]:
    def row(symbol: str, **changes: object) -> dict[str, object]:
        # Shape and empties of the documents' example of /v5/position/list.
        base: dict[str, object] = json.loads(
            '{"positionIdx":0,"riskId":1,"riskLimitValue":"150","symbol":"","side":"Sell","size":"300","avgPrice":'
            '"27464.50441675","positionValue":"0.01092319","positionStatus":"Normal","adlRankIndicator":2,"leverage":'
            '"10","markPrice":"28224.50","liqPrice":"","positionMM":"0.0000015","positionIM":"0.00010923","takeProfit":'
            '"0.00","unrealisedPnl":"-0.00029413","curRealisedPnl":"0.00013123","cumRealisedPnl":"-0.00096902","seq":'
            '5723621632,"isReduceOnly":false,"sessionAvgPrice":"","createdTime":"1676538056258","updatedTime":'
            '"1697673600012"}'
        )
        return {**base, "symbol": symbol, **changes}

    return row
