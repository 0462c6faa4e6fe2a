"""The door of every REST call: address limit, route, signature, permission, rate, then the handler; faults around.

Headers of each reply say the limit of the endpoint, what is left and when the window resets.
"""

from urllib.parse import parse_qsl

import msgspec
from aiohttp import web

from marginwatch.sim.bybit import rest_account, rest_asset, rest_market, rest_records, rest_trade
from marginwatch.sim.bybit.broken_replies import broken, instead_of_reply
from marginwatch.sim.bybit.envelope import (
    NO_ROUTE,
    RATE_LIMIT,
    RefusalError,
    Result,
    reply,
    too_many_visits,
)
from marginwatch.sim.bybit.front import Call, Front, Route
from marginwatch.sim.bybit.lag import Question
from marginwatch.sim.bybit.limits import UNLISTED_LIMIT, Verdict
from marginwatch.sim.bybit.ret_codes import text_of
from marginwatch.sim.rows import KeyInfo

ROUTES: dict[str, Route] = {
    **rest_market.ROUTES,
    **rest_trade.ROUTES,
    **rest_account.ROUTES,
    **rest_asset.ROUTES,
    **rest_records.ROUTES,
}

FORBIDDEN_PAGE = "<html><head><title>403 Forbidden</title></head><body>access too frequent</body></html>"


class RestGate:
    """Serves every path below ``/v5`` but the sockets.

    Parameters
    ----------
    front : Front
        The exchange and its door-keepers.
    """

    def __init__(self, front: Front) -> None:
        self._front = front

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Answer one call, with the faults of the day."""
        front, path = self._front, request.path
        front.counts[path if path in ROUTES else "unknown paths"] += 1
        is_admitted = front.limits.admit_address(request.remote or "", front.clock.monotonic_s())
        # A body on GET is refused at the edge, as flooding is (document: v5/error).
        if not is_admitted or (request.method == "GET" and request.can_read_body):
            front.counts["http 403"] += 1
            return web.Response(status=403, text=FORBIDDEN_PAGE, content_type="text/html")
        fault, faults = front.faults.rest_fault(), front.faults
        if fault is not None:
            front.counts[f"rest {fault}"] += 1
            status = faults.rest_error_status() if fault == "error" else 200
            instead = await instead_of_reply(request, fault, status, front.clock)
            if instead is not None:
                return instead
        body = (await request.read()).decode("utf-8", "replace")
        response = self._answer(request, body, is_limited=fault == "limited")
        # The answer is made before the wait: what a slow exchange says is old by the time it is heard.
        if latency_s := faults.rest_latency_s():
            await front.clock.sleep(latency_s)
        return response if fault is None else await broken(request, response, fault, faults.damage_dice())

    def _answer(self, request: web.Request, body: str, *, is_limited: bool) -> web.Response:
        front = self._front
        verdict = Verdict(is_allowed=True, remaining=UNLISTED_LIMIT - 1, reset_s=front.clock.monotonic_s())
        limit = UNLISTED_LIMIT
        try:
            route = self._route(request, body)
            is_limited = self._throw(request.path) or is_limited
            key = self._key(request, body) if route.is_private else None
            if key is not None:
                front.gatekeeper.check_permission(key, request.path)
                verdict = front.limits.admit_call(key.uid, request.path, front.clock.monotonic_s())
                limit = front.limits.limit_of(request.path)
            if is_limited:
                verdict = Verdict(is_allowed=False, remaining=0, reset_s=front.clock.monotonic_s() + 1)
            if not verdict.is_allowed:
                raise too_many_visits()
            query = dict(parse_qsl(_raw_query(request), keep_blank_values=True))
            result: Result | msgspec.Raw = route.handler(Call(front, query, key))
            if key is not None:
                result = front.lag.reply(Question(key.uid, request.path, _raw_query(request)), result)
            return self._respond(result, verdict, limit)
        except RefusalError as refusal:
            front.counts[f"retCode {refusal.ret_code}"] += 1
            return self._respond({}, verdict, limit, refusal)

    def _throw(self, path: str) -> bool:
        """Refuse the call if the dice say so; return whether they say that it is one too many."""
        code = self._front.faults.ret_code(path)
        if code is not None and code != RATE_LIMIT:
            raise RefusalError(code, text_of(code, now_ms=self._front.now_ms()))
        return code == RATE_LIMIT

    def _route(self, request: web.Request, body: str) -> Route:
        front, path = self._front, request.path
        if request.method != "GET":
            front.counts["writes"] += 1
            front.gatekeeper.check_permission(self._key(request, body), path, writes=True)
        route = ROUTES.get(path)
        if route is None or (front.is_demo and path.startswith(rest_asset.NOT_ON_DEMO)):
            raise RefusalError(NO_ROUTE, "Route not found.", status=404)
        if request.method != "GET":
            raise RefusalError(NO_ROUTE, "Route not found.")
        return route

    def _key(self, request: web.Request, body: str) -> KeyInfo:
        signed = _raw_query(request) if request.method == "GET" else body
        front = self._front
        return front.gatekeeper.check_rest(
            request.headers, signed, now_ms=front.now_ms(), remote=request.remote or ""
        )

    def _respond(
        self, result: Result | msgspec.Raw, verdict: Verdict, limit: int, refusal: RefusalError | None = None
    ) -> web.Response:
        now_ms = self._front.now_ms()
        code, message = (refusal.ret_code, refusal.message) if refusal else (0, "OK")
        ahead_ms = (
            0 if verdict.is_allowed else round(1000 * (verdict.reset_s - self._front.clock.monotonic_s())) + 1
        )
        return web.Response(
            body=reply(result, now_ms, ret_code=code, message=message),
            status=refusal.status if refusal else 200,
            content_type="application/json",
            headers={
                "X-Bapi-Limit": str(limit),
                "X-Bapi-Limit-Status": str(verdict.remaining),
                "X-Bapi-Limit-Reset-Timestamp": str(now_ms + ahead_ms),
                "Timenow": str(now_ms),
                "Ret_code": str(code),
            },
        )


def _raw_query(request: web.Request) -> str:
    return request.raw_path.partition("?")[2]
