"""The one way to Bybit's REST API: a GET, signed, budgeted, retried within bounds, its failures translated."""

import asyncio
import random
from collections.abc import Callable, Mapping
from urllib.parse import quote

import aiohttp
import msgspec
import structlog
from yarl import URL

from marginwatch.clock import Clock
from marginwatch.errors import (
    ConnectivityError,
    MarginwatchError,
    ProtocolError,
    RateLimitedError,
    RejectedError,
)
from marginwatch.model.ids import AccountId, VenueId
from marginwatch.model.quarantine import Quarantined
from marginwatch.venues.base import RateGate
from marginwatch.venues.bybit.auth import Credentials
from marginwatch.venues.bybit.errors import error_for, error_for_status
from marginwatch.venues.bybit.manifest import FLOOD_WAIT_S
from marginwatch.venues.bybit.parse.envelope import Envelope, open_envelope
from marginwatch.venues.bybit.parse.server import parse_server_time
from marginwatch.venues.bybit.retries import RetryCount
from marginwatch.venues.bybit.server_clock import ServerClock

TIME_ENDPOINT = "/v5/market/time"
SYNC_EVERY_S = 300.0
"""Quartz drifts by some milliseconds in this time; what matters is that a clock that was set is noticed."""

RESET_WAIT_MAX_NS = 120_000_000_000
"""No bucket of the venue is longer than a minute; a reset stamp beyond this is not believed."""

TIMEOUT = aiohttp.ClientTimeout(total=15.0, sock_connect=5.0, sock_read=10.0)
BODY_BYTES_MAX = 32 * 1024 * 1024
KEPT_BYTES = 64 * 1024

_log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

Params = Mapping[str, str | int | None]
"""Query parameters in the order in which they are sent; those that are None or empty are left out."""


class Caller(msgspec.Struct, frozen=True):
    """On whose behalf a signed call is made."""

    account_id: AccountId
    credentials: Credentials

    @property
    def uid_key(self) -> str:
        """Names the caller's own rate buckets."""
        return str(self.account_id)


class Reply(msgspec.Struct, frozen=True):
    """A successful reply: its envelope, and when we sent and heard, our UTC nanoseconds."""

    envelope: Envelope
    sent_ns: int
    heard_ns: int

    @property
    def result(self) -> msgspec.Raw:
        """The part that the endpoint's parser reads."""
        return self.envelope.result


class _Answer(msgspec.Struct, frozen=True):
    status: int
    headers: Mapping[str, str]
    body: bytes
    sent_ns: int
    heard_ns: int


class BybitRest:
    """Calls of one host.

    Parameters
    ----------
    venue : VenueId
        For errors.
    base_url : str
        Scheme, host and, for private gateways, a path prefix.
    gate : RateGate
        The shared budget; each attempt passes it.
    clock : Clock
        Our time.
    http : aiohttp.ClientSession
        The connections; ours to use, not to close.
    server_clock : ServerClock
        The venue's time, kept up to date here.
    on_quarantine : callable, optional
        Takes replies that did not decode.
    on_sync : callable, optional
        Called whenever the venue's clock was measured.
    chance : random.Random, optional
        Source of jitter.
    ban_wait_s : float, default=600
        How long all calls stop after the address was banned, seconds.
    """

    def __init__(
        self,
        venue: VenueId,
        base_url: str,
        gate: RateGate,
        clock: Clock,
        http: aiohttp.ClientSession,
        server_clock: ServerClock,
        *,
        on_quarantine: Callable[[Quarantined], None] | None = None,
        on_sync: Callable[[], None] | None = None,
        chance: random.Random | None = None,
        ban_wait_s: float = FLOOD_WAIT_S,
    ) -> None:
        self.venue = venue
        self.server_clock = server_clock
        self._base_url = base_url.rstrip("/")
        self._gate = gate
        self._clock = clock
        self._http = http
        self._on_quarantine = on_quarantine
        self._chance = chance or random.Random()
        self._ban_wait_s = ban_wait_s
        self._has_succeeded = False
        self._sync_lock = asyncio.Lock()
        self._on_sync = on_sync or _nothing
        self._synced_at_s: float | None = None
        self._sync_tried_s: float | None = None

    async def get(
        self,
        endpoint: str,
        params: Params | None = None,
        *,
        caller: Caller | None = None,
        where: str | None = None,
    ) -> Reply:
        """Return the reply of one call, after as many attempts as its failures deserve.

        Parameters
        ----------
        endpoint : str
            Path.
        params : mapping, optional
            Query parameters.
        caller : Caller or None
            Who signs; None for public calls.
        where : str or None
            ``cursor=…`` of the page wanted, sent exactly as it is: cursors come percent-encoded already.

        Raises
        ------
        MarginwatchError
            One of the taxonomy, with venue, account and endpoint.
        """
        query = query_of(params or {}, where)
        retries = RetryCount(self._chance)
        while True:
            try:
                if caller is not None:
                    await self._keep_clock()
                return await self._attempt(endpoint, query, caller)
            except MarginwatchError as error:
                wait_s = retries.wait_s(error)
                if wait_s is None:
                    if isinstance(error, RejectedError) and query:
                        error.message += f" [asked: {query}]"
                    raise
                if error.reason == "clock_skew":
                    await self._resync_after(error)
            if wait_s > 0:
                await self._clock.sleep(wait_s)

    async def sync_clock(self, samples: int = 3) -> None:
        """Measure the venue's clock with a few round trips; one that succeeds is enough.

        Raises
        ------
        MarginwatchError
            If none of them succeeded; the offset known before stays in use.
        """
        try:
            for number in range(samples):
                try:
                    await self._sample_clock()
                except MarginwatchError:
                    if number == 0:
                        raise
                    break
            self._synced_at_s = self._clock.monotonic_s()
            self._on_sync()
        finally:
            self._sync_tried_s = self._clock.monotonic_s()

    async def _sample_clock(self) -> None:
        answer = await self._exchange(TIME_ENDPOINT, "", None)
        server_ns = parse_server_time(self._open(TIME_ENDPOINT, answer, None).result)
        self.server_clock.add(answer.sent_ns, answer.heard_ns, server_ns)

    async def _keep_clock(self) -> None:
        """Measure the clock before the first signed call and when the last measurement is old; never twice at once."""
        if not self._is_sync_due():
            return
        if self._sync_tried_s is not None and self._sync_lock.locked():
            return  # somebody is at it; only for the very first measurement is it worth waiting
        async with self._sync_lock:
            if not self._is_sync_due():
                return
            try:
                await self.sync_clock()
            except MarginwatchError as error:
                # Our own clock may well be right; a wrong one is found out by the venue's refusal.
                _log.warning("clock not measured", venue=self.venue, reason=error.reason)

    def _is_sync_due(self) -> bool:
        return self._sync_tried_s is None or self._clock.monotonic_s() - self._sync_tried_s > SYNC_EVERY_S

    async def _resync_after(self, error: MarginwatchError) -> None:
        """Measure the clock once for all callers that were refused at about the same time."""
        refused_at_s = self._clock.monotonic_s()
        async with self._sync_lock:
            if self._synced_at_s is not None and self._synced_at_s > refused_at_s:
                return
            self.server_clock.distrust()
            try:
                await self.sync_clock()
            except MarginwatchError:
                raise error from None

    async def _attempt(self, endpoint: str, query: str, caller: Caller | None) -> Reply:
        answer = await self._exchange(endpoint, query, caller)
        return Reply(self._open(endpoint, answer, caller), answer.sent_ns, answer.heard_ns)

    async def _exchange(self, endpoint: str, query: str, caller: Caller | None) -> _Answer:
        """Send one request and read its reply to the end, within the budget."""
        uid_key = caller.uid_key if caller else None
        try:
            await self._gate.acquire(endpoint, uid_key)
        except RateLimitedError as error:
            raise self._place(error, endpoint, caller) from None
        headers: Mapping[str, str] = {}
        try:
            answer = await self._send(endpoint, query, caller)
            headers = answer.headers
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise self._place(_link_error(error), endpoint, caller) from None
        finally:
            self._gate.observe(endpoint, uid_key, headers)
        return answer

    async def _send(self, endpoint: str, query: str, caller: Caller | None) -> _Answer:
        url = URL(
            f"{self._base_url}{endpoint}?{query}" if query else f"{self._base_url}{endpoint}", encoded=True
        )
        # Stamped after the budget let us through: a stamp made before could be too old by the time it is sent.
        stamp_ms = self.server_clock.now_ns() // 1_000_000
        headers = caller.credentials.rest_headers(query, stamp_ms) if caller else {}
        sent_ns = self._clock.now_ns()
        # A redirect would carry the signed headers to another host, so none is followed.
        async with self._http.get(url, headers=headers, timeout=TIMEOUT, allow_redirects=False) as response:
            heard_ns = self._clock.now_ns()
            body = await _read_bounded(response)
            return _Answer(response.status, response.headers, body, sent_ns, heard_ns)

    def _open(self, endpoint: str, answer: _Answer, caller: Caller | None) -> Envelope:
        if answer.status != 200:
            raise self._http_error(endpoint, answer, caller)
        if not answer.body.lstrip()[:1] == b"{":
            raise self._place(
                ConnectivityError(
                    "the reply is empty or a page for people, not data; the venue is in trouble"
                ),
                endpoint,
                caller,
            )
        try:
            envelope = open_envelope(answer.body, endpoint=endpoint)
        except ProtocolError as error:
            self.quarantine(endpoint, error.message, answer.body, caller)
            raise self._place(error, endpoint, caller) from None
        if envelope.ret_code != 0:
            raise self._code_error(endpoint, envelope, answer, caller)
        self._has_succeeded = True
        return envelope

    def quarantine(
        self, endpoint: str, message: str, body: bytes | msgspec.Raw, caller: Caller | None
    ) -> None:
        """Keep aside a reply that did not decode."""
        if self._on_quarantine is not None:
            payload = bytes(body)[:KEPT_BYTES]
            self._on_quarantine(
                Quarantined(
                    venue=self.venue,
                    account_id=caller.account_id if caller else None,
                    source=endpoint,
                    message=message,
                    payload=caller.credentials.redact_bytes(payload) if caller else payload,
                    at_ns=self._clock.now_ns(),
                )
            )

    def _code_error(
        self, endpoint: str, envelope: Envelope, answer: _Answer, caller: Caller | None
    ) -> MarginwatchError:
        code = envelope.ret_code
        retry_after_s = self._block_bucket(endpoint, envelope, answer, caller) if code == 10006 else None
        if code == 10018:
            return self._refused_address(endpoint, caller, code)
        return error_for(
            code,
            caller.credentials.redact(envelope.message) if caller else envelope.message,
            venue=self.venue,
            account_id=caller.account_id if caller else None,
            endpoint=endpoint,
            retry_after_s=retry_after_s,
        )

    def _block_bucket(
        self, endpoint: str, envelope: Envelope, answer: _Answer, caller: Caller | None
    ) -> float:
        """Close the bucket until the stamp in the reply, or for a second if there is none; return the seconds."""
        now_ns = self._clock.now_ns()
        stamp = answer.headers.get("X-Bapi-Limit-Reset-Timestamp", "")
        stamp_ns = int(stamp) * 1_000_000 if stamp.isascii() and stamp.isdigit() else 0
        # Both times are the venue's, so the wait is right before its clock was measured, and after it was moved.
        venue_ns = envelope.time_ns or self.server_clock.to_server_ns(now_ns)
        wait_ns = stamp_ns - venue_ns if stamp_ns else 1_000_000_000
        wait_ns = min(max(wait_ns, 0), RESET_WAIT_MAX_NS) + int(self._chance.uniform(0.05, 0.3) * 1e9)
        self._gate.block_bucket(endpoint, caller.uid_key if caller else None, now_ns + wait_ns)
        return wait_ns / 1e9

    def _http_error(self, endpoint: str, answer: _Answer, caller: Caller | None) -> MarginwatchError:
        status = answer.status
        if status == 403:
            return self._refused_address(endpoint, caller, status)
        if 300 <= status < 400:
            text = "the host answers with a redirect; check the configured REST URL"
            return self._place(RejectedError(text, code=status), endpoint, caller)
        # Bodies of such replies are pages for people; nothing in them is worth repeating.
        return self._place(error_for_status(status, ""), endpoint, caller)

    def _refused_address(self, endpoint: str, caller: Caller | None, code: int) -> MarginwatchError:
        """Block the host: more calls from a banned address only prolong the ban."""
        until_s = self._clock.now_ns() // 1_000_000_000 + int(self._ban_wait_s)
        clock_time = f"{until_s // 3600 % 24:02}:{until_s // 60 % 60:02}:{until_s % 60:02} UTC"
        message = f"address banned until about {clock_time}: the venue refuses our address, as it does after too many calls"
        if not self._has_succeeded:
            message += "; nothing has ever been answered from here, so it may be a block of this country or network instead"
        self._gate.block_host(self._ban_wait_s, message)
        error = RateLimitedError(message, code=code, retry_after_s=self._ban_wait_s, reason="ip_blocked")
        return self._place(error, endpoint, caller)

    def _place(self, error: MarginwatchError, endpoint: str, caller: Caller | None) -> MarginwatchError:
        error.venue = self.venue
        error.endpoint = endpoint
        error.account_id = caller.account_id if caller else None
        return error


def _nothing() -> None:
    return


def query_of(params: Params, where: str | None = None) -> str:
    """Return the query string exactly as it is signed and sent; ``where`` is passed on untouched."""
    pairs = [
        f"{name}={quote(str(value), safe='')}" for name, value in params.items() if value not in (None, "")
    ]
    if where:
        pairs.append(where)
    return "&".join(pairs)


def _link_error(error: Exception) -> ConnectivityError:
    if isinstance(error, TimeoutError):
        return ConnectivityError("no reply within the time limit", reason="timeout")
    # Other messages of the library may quote what was received.
    detail = str(error) if isinstance(error, aiohttp.ClientConnectorError) else type(error).__name__
    return ConnectivityError(f"the connection failed: {detail}")


async def _read_bounded(response: aiohttp.ClientResponse) -> bytes:
    body = bytearray()
    async for chunk in response.content.iter_any():
        body += chunk
        if len(body) > BODY_BYTES_MAX:
            raise aiohttp.ClientPayloadError(f"the reply is larger than {BODY_BYTES_MAX} bytes")
    return bytes(body)
