import asyncio
import logging
import time

import pytest
from aiohttp import web

from marginwatch.errors import (
    AuthError,
    ConnectivityError,
    MarginwatchError,
    ProtocolError,
    RateLimitedError,
    RejectedError,
)
from marginwatch.model.ids import AccountId
from marginwatch.model.secret import Secret
from marginwatch.venues.bybit.adapter import BybitVenue
from marginwatch.venues.bybit.auth import Credentials
from marginwatch.venues.bybit.rest import TIME_ENDPOINT, Caller, query_of

WALLET = "/v5/account/wallet-balance"
# Keys of the fixture's stand-in; it knows no others.
KEY, SECRET = "Kk7testKEYkk", "Ss9testSECRETss"


@pytest.fixture
def rest(bench):  # type: ignore[no-untyped-def]
    """The bench's calls, with the clock as good as measured, so that a test sees its own calls alone."""
    bench.venue._rest._sync_tried_s = bench.clock.monotonic_s()
    return bench.venue._rest


@pytest.fixture
def caller() -> Caller:
    return Caller(AccountId("mm-main"), Credentials(Secret(KEY), Secret(SECRET)))


async def failure(awaitable) -> MarginwatchError:  # type: ignore[no-untyped-def]
    with pytest.raises(MarginwatchError) as caught:
        await awaitable
    return caught.value


def test_the_query_keeps_its_order_and_passes_the_cursor_untouched() -> None:
    assert (
        query_of({"category": "linear", "symbol": None, "baseCoin": "", "limit": 200})
        == "category=linear&limit=200"
    )
    assert query_of({"coinName": "BTC,ETH"}) == "coinName=BTC%2CETH"
    assert query_of({"a": 1}, "cursor=x%3A1%2C2") == "a=1&cursor=x%3A1%2C2"
    assert query_of({}) == ""


async def test_a_signed_call_reaches_the_venue_as_it_was_signed(bench, rest, caller) -> None:
    bench.stub.standing[WALLET] = lambda _: bench.stub.ok({"fine": True})
    reply = await rest.get(WALLET, {"accountType": "UNIFIED"}, caller=caller, where="cursor=a%3A1%2C%20b")
    assert bytes(reply.result) == b'{"fine": true}'
    (heard,) = bench.stub.calls(WALLET)
    assert heard.query == "accountType=UNIFIED&cursor=a%3A1%2C%20b"
    assert bench.gate.acquired == bench.gate.observed == [(WALLET, "mm-main")]


async def test_a_public_call_carries_no_key(bench, rest) -> None:
    await rest.get("/v5/market/time")
    (heard,) = bench.stub.heard
    assert not [name for name in heard.headers if name.upper().startswith("X-BAPI")]
    assert bench.gate.acquired == [("/v5/market/time", None)]


async def test_a_path_prefix_of_a_private_gateway_is_kept(bench, rest, caller) -> None:
    rest._base_url += "/gateway"
    bench.stub.standing["/gateway/v5/x"] = lambda _: bench.stub.ok({})
    await rest.get("/v5/x", caller=caller)
    assert [heard.path for heard in bench.stub.heard] == ["/gateway/v5/x"]


async def test_the_clock_is_measured_before_the_first_signed_call_and_again_when_that_is_long_ago(
    bench, caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.stub.clock_ahead_ms = 120_000
    bench.stub.standing[WALLET] = lambda _: bench.stub.ok({})
    await asyncio.gather(*(bench.venue._rest.get(WALLET, caller=caller) for _ in range(5)))
    assert len(bench.stub.calls("/v5/market/time")) == 3
    assert len(bench.stub.calls(WALLET)) == 5  # none was refused
    assert [notice.kind for notice in bench.notices] == ["clock_skew"]
    now_s = bench.clock.monotonic_s()
    monkeypatch.setattr(bench.clock, "monotonic_s", lambda: now_s + 301)
    await bench.venue._rest.get(WALLET, caller=caller)
    assert len(bench.stub.calls("/v5/market/time")) == 6


async def test_a_clock_that_cannot_be_measured_does_not_stop_the_call(bench, caller) -> None:
    bench.stub.standing["/v5/market/time"] = lambda _: bench.stub.text(500, "")
    bench.stub.standing[WALLET] = lambda _: bench.stub.ok({})
    for _ in range(3):
        await bench.venue._rest.get(WALLET, caller=caller)
    assert len(bench.stub.calls("/v5/market/time")) == 1


@pytest.mark.parametrize("ahead_ms", [-120_000, 120_000])
async def test_a_wrong_clock_is_measured_once_and_the_call_repeated(
    bench, rest, caller, ahead_ms: int
) -> None:
    bench.stub.clock_ahead_ms = ahead_ms
    bench.stub.standing[WALLET] = lambda _: bench.stub.ok({})
    await asyncio.gather(*(rest.get(WALLET, caller=caller) for _ in range(5)))
    assert len(bench.stub.calls("/v5/market/time")) == 3  # three samples, once for all five callers
    assert abs(bench.venue.clock_offset.offset_ns / 1e6 - ahead_ms) < 900
    before = len(bench.stub.calls(WALLET))
    await rest.get(WALLET, caller=caller)
    assert len(bench.stub.calls(WALLET)) == before + 1


async def test_a_clock_that_stays_refused_is_reported(bench, rest, caller) -> None:
    def refused(_):
        return bench.stub.code(10002, "req_timestamp[5000],server_timestamp[9000],recv_window[5000]")

    bench.stub.standing[WALLET] = refused
    error = await failure(rest.get(WALLET, caller=caller))
    assert isinstance(error, AuthError)
    assert error.reason == "clock_skew"
    assert "4000 ms behind" in error.message
    assert len(bench.stub.calls(WALLET)) == 2


async def test_a_used_up_limit_closes_its_bucket_until_the_stamp(bench, rest, caller) -> None:
    reset_ms = bench.stub.now_ms() + 700
    headers = {"X-Bapi-Limit-Reset-Timestamp": str(reset_ms)}
    bench.stub.queued[WALLET] = [lambda _: bench.stub.code(10006, "Too many visits!", headers)]
    bench.stub.standing[WALLET] = lambda _: bench.stub.ok({})
    await rest.get(WALLET, caller=caller)
    ((endpoint, uid_key, until_ns),) = bench.gate.bucket_blocks
    assert (endpoint, uid_key) == (WALLET, "mm-main")
    assert reset_ms * 1_000_000 < until_ns <= (reset_ms + 400) * 1_000_000


async def test_a_limited_measurement_of_a_clock_that_is_off_is_not_waited_for_by_that_clock(
    bench, rest
) -> None:
    bench.stub.clock_ahead_ms = 47_000
    headers = {"X-Bapi-Limit-Reset-Timestamp": str(bench.stub.now_ms() + 700)}
    bench.stub.standing[TIME_ENDPOINT] = lambda _: bench.stub.code(10006, "Too many visits!", headers)
    assert isinstance(await failure(rest.sync_clock()), RateLimitedError)
    ((endpoint, _, until_ns),) = bench.gate.bucket_blocks
    assert endpoint == TIME_ENDPOINT
    assert until_ns < time.time_ns() + 2 * 1_000_000_000


@pytest.mark.parametrize("stamp", [None, "", "soon", "1", "99999999999999999"])
async def test_a_missing_or_absurd_reset_stamp_is_a_short_wait(
    bench, rest, caller, stamp: str | None
) -> None:
    headers = {"X-Bapi-Limit-Reset-Timestamp": stamp} if stamp is not None else None
    bench.stub.standing[WALLET] = lambda _: bench.stub.code(10006, "Too many visits!", headers)
    error = await failure(rest.get(WALLET, caller=caller))
    assert isinstance(error, RateLimitedError)
    assert error.retry_after_s is not None
    assert 0 < error.retry_after_s < 121
    assert len(bench.stub.calls(WALLET)) == 4  # bounded


async def test_a_refused_address_blocks_the_host_and_is_not_asked_again(bench, rest, caller) -> None:
    bench.stub.standing["/v5/x"] = lambda _: bench.stub.ok({})
    bench.stub.standing[WALLET] = lambda _: bench.stub.text(403, "<html>access too frequent</html>")
    await rest.get("/v5/x", caller=caller)
    error = await failure(rest.get(WALLET, caller=caller))
    assert isinstance(error, RateLimitedError)
    assert error.retry_after_s == 600
    assert "address banned until about" in error.message
    assert "country" not in error.message
    ((seconds, message),) = bench.gate.host_blocks
    assert seconds == 600
    assert message == error.message
    assert len(bench.stub.calls(WALLET)) == 1


async def test_a_host_that_lifts_its_bans_earlier_is_left_alone_for_as_long_as_told(bench, caller) -> None:
    bench.stub.standing[WALLET] = lambda _: bench.stub.text(403, "")
    venue = BybitVenue(
        bench.venue.venue, bench.venue.endpoints, bench.gate, bench.clock, bench.http, ban_wait_s=20.0
    )
    venue._rest._sync_tried_s = bench.clock.monotonic_s()
    error = await failure(venue._rest.get(WALLET, caller=caller))
    assert error.retry_after_s == 20.0
    assert bench.gate.host_blocks[0][0] == 20.0


async def test_a_refusal_of_the_first_call_ever_may_be_the_country(bench, rest, caller) -> None:
    bench.stub.standing[WALLET] = lambda _: bench.stub.text(403, "")
    error = await failure(rest.get(WALLET, caller=caller))
    assert "country" in error.message


async def test_the_struck_out_code_for_a_refused_address_is_treated_as_one(bench, rest, caller) -> None:
    bench.stub.standing[WALLET] = lambda _: bench.stub.code(10018, "exceeded IP rate limit")
    assert isinstance(await failure(rest.get(WALLET, caller=caller)), RateLimitedError)
    assert bench.gate.host_blocks[0][0] == 600


async def test_a_region_that_is_not_served_is_not_hammered(bench, rest, caller) -> None:
    bench.stub.standing[WALLET] = lambda _: bench.stub.code(10009, "restricted")
    error = await failure(rest.get(WALLET, caller=caller))
    assert isinstance(error, AuthError)
    assert not error.retryable
    assert len(bench.stub.calls(WALLET)) == 1
    # The budget is shared with the exchange's other hosts, which may well serve this region.
    assert bench.gate.host_blocks == []


TROUBLE = {
    "500": lambda stub: stub.text(500, "<html>oops</html>"),
    "502 with json": lambda stub: stub.text(502, '{"retCode":0,"result":{}}', "application/json"),
    "a page for people": lambda stub: stub.text(200, "<html>maintenance</html>"),
    "nothing": lambda stub: stub.text(200, ""),
    "restarting": lambda stub: stub.code(10016, "server error"),
    "load": lambda stub: stub.text(429, "busy"),
}


@pytest.mark.parametrize("kind", TROUBLE)
async def test_passing_trouble_is_waited_out(bench, rest, caller, kind: str) -> None:
    bench.stub.queued[WALLET] = [lambda _: TROUBLE[kind](bench.stub)] * 2
    bench.stub.standing[WALLET] = lambda _: bench.stub.ok({"fine": True})
    await rest.get(WALLET, caller=caller)
    assert len(bench.stub.calls(WALLET)) == 3
    assert bench.gate.acquired == bench.gate.observed  # each attempt passed the budget, and reported its end


@pytest.mark.parametrize("kind", TROUBLE)
async def test_lasting_trouble_ends_in_an_error_that_may_be_retried_later(
    bench, rest, caller, kind: str
) -> None:
    bench.stub.standing[WALLET] = lambda _: TROUBLE[kind](bench.stub)
    error = await failure(rest.get(WALLET, caller=caller))
    assert isinstance(error, ConnectivityError | RateLimitedError)
    assert error.retryable
    assert (error.venue, error.account_id, error.endpoint) == ("bybit", "mm-main", WALLET)
    assert len(bench.stub.calls(WALLET)) <= 4
    assert len(bench.gate.acquired) == len(bench.gate.observed)


@pytest.mark.parametrize(
    "body", ['{"retCode":0,"result":{', '{"retCode":"x","result":{}}', "{}", '{"retCode":0,"result":\xff']
)
async def test_a_cut_reply_is_quarantined_and_raises(bench, rest, caller, body: str) -> None:
    raw = body.encode("latin-1")
    bench.stub.standing[WALLET] = lambda _: web.Response(body=raw, content_type="application/json")
    error = await failure(rest.get(WALLET, caller=caller))
    assert isinstance(error, ProtocolError)
    assert error.account_id == "mm-main"
    assert {one.payload for one in bench.quarantined} == {raw}
    assert len(bench.stub.calls(WALLET)) == 3


async def test_an_unknown_code_is_tried_twice_more(bench, rest, caller) -> None:
    bench.stub.standing[WALLET] = lambda _: bench.stub.code(987654, "a new one")
    error = await failure(rest.get(WALLET, caller=caller))
    assert (error.code, len(bench.stub.calls(WALLET))) == (987654, 3)
    assert "a new one" in error.message


@pytest.mark.parametrize("code", [10003, 10004, 10005, 10007, 10008, 10010, 10024, 33004])
async def test_a_refused_key_is_never_tried_again(bench, rest, caller, code: int) -> None:
    bench.stub.standing[WALLET] = lambda _: bench.stub.code(code, "no")
    error = await failure(rest.get(WALLET, caller=caller))
    assert isinstance(error, AuthError)
    assert not error.retryable
    assert len(bench.stub.calls(WALLET)) == 1


async def test_a_wrong_secret_is_refused_and_the_venues_quote_of_the_key_blotted_out(
    bench, rest, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    wrong = Caller(AccountId("mm-main"), Credentials(Secret(KEY), Secret("another-secret")))
    with caplog.at_level(logging.DEBUG):
        error = await failure(rest.get(WALLET, {"accountType": "UNIFIED"}, caller=wrong))
    assert isinstance(error, AuthError)
    assert "origin_string" in error.message
    told = "".join([str(error), repr(error), repr(vars(error)), caplog.text, *capsys.readouterr()])
    assert KEY not in told
    assert "another-secret" not in told


async def test_a_refused_request_says_what_was_asked(bench, rest, caller) -> None:
    bench.stub.standing[WALLET] = lambda _: bench.stub.code(10001, "params error")
    error = await failure(rest.get(WALLET, {"accountType": "UNIFIED"}, caller=caller))
    assert isinstance(error, RejectedError)
    assert "accountType=UNIFIED" in str(error)
    assert len(bench.stub.calls(WALLET)) == 1


async def test_a_quarantined_reply_that_quotes_the_key_has_it_blotted_out(bench, rest, caller) -> None:
    bench.stub.standing[WALLET] = lambda _: bench.stub.text(200, '{"retMsg":"sign ' + KEY + "5000")
    await failure(rest.get(WALLET, caller=caller))
    assert bench.quarantined[0].payload == b'{"retMsg":"sign ***5000'


async def test_a_redirect_is_not_followed_with_signed_headers(bench, rest, caller) -> None:
    bench.stub.standing[WALLET] = lambda _: web.Response(status=302, headers={"Location": "/v5/elsewhere"})
    assert isinstance(await failure(rest.get(WALLET, caller=caller)), RejectedError)
    assert bench.stub.calls("/v5/elsewhere") == []


async def test_a_closed_port_is_a_connectivity_error(bench, rest, caller) -> None:
    rest._base_url = "http://127.0.0.1:1"
    error = await failure(rest.get(WALLET, caller=caller))
    assert isinstance(error, ConnectivityError)
    assert len(bench.gate.acquired) == len(bench.gate.observed) == 3
    assert len(bench.clock.slept) == 2


async def test_a_reply_without_end_is_cut_off(bench, rest, caller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("marginwatch.venues.bybit.rest.BODY_BYTES_MAX", 1000)
    bench.stub.standing[WALLET] = lambda _: bench.stub.ok({"x": "y" * 2000})
    assert isinstance(await failure(rest.get(WALLET, caller=caller)), ConnectivityError)


async def test_a_cancelled_call_still_reports_its_end(bench, rest, caller) -> None:
    arrived = asyncio.Event()

    async def hang(_: web.Request) -> web.Response:
        arrived.set()
        await asyncio.sleep(30)
        return web.Response()

    app = web.Application()
    app.router.add_get(WALLET, hang)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    rest._base_url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    task = asyncio.ensure_future(rest.get(WALLET, caller=caller))
    await asyncio.wait_for(arrived.wait(), 20)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await runner.cleanup()
    assert bench.gate.observed == [(WALLET, "mm-main")]
