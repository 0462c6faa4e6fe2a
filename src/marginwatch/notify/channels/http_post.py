"""One JSON POST: a bounded answer, or why there is none in the words of :class:`DeliveryError`."""

import email.utils
import re
from collections.abc import Iterable, Mapping
from typing import TypeVar

import aiohttp
import msgspec
from yarl import URL

from marginwatch.errors import ConfigError, DeliveryError
from marginwatch.model.secret import Secret
from marginwatch.notify.channels.base import ChannelContext
from marginwatch.notify.channels.harmless import harmless
from marginwatch.notify.channels.trimming import clip

Shape = TypeVar("Shape")

ANSWER_BYTES_MAX = 64 * 1024
DETAIL_CHARACTERS_MAX = 200
PART_LENGTH_MIN = 6
RETRY_AFTER_S_MAX = 86_400.0
"""No platform of ours bars for longer than a day; what says so is not believed further."""


class Answer(msgspec.Struct, frozen=True):
    """What came back: HTTP status, headers in lower case, the body (at most 64 KiB)."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def is_ok(self) -> bool:
        """Whether the status is one of success."""
        return 200 <= self.status < 300


class HttpPost:
    """Requests of one channel.

    No URL is ever part of an error: on half of the platforms it is the password. Redirects are not followed, for they
    would carry the message and its secret to another host.

    Parameters
    ----------
    context : ChannelContext
        Connections and clock.
    platform : str
        Its name in errors.
    timeout_s : float
        Of one attempt, seconds.
    proxy : str or None
        Address of an HTTP proxy.
    secrets : iterable of Secret
        Struck out of what the platform says.
    """

    def __init__(
        self,
        context: ChannelContext,
        platform: str,
        timeout_s: float,
        proxy: str | None = None,
        secrets: Iterable[Secret] = (),
    ) -> None:
        self.platform = platform
        self._http = context.http
        self._clock = context.clock
        self._timeout_s = timeout_s
        self._proxy = proxy_address(proxy)
        self._secrets = tuple(secrets)

    async def send(
        self,
        url: URL | Secret,
        payload: object,
        headers: Mapping[str, str | Secret] | None = None,
        timeout_s: float | None = None,
    ) -> Answer:
        """Send ``payload`` as JSON and return the answer, whatever its status.

        Raises
        ------
        DeliveryError
            ``timeout`` or ``connection``, to be tried again, or ``garbage`` if the answer is too long.
        """
        # What is kept as a secret was encoded when it was made.
        place = URL(url.reveal(), encoded=True) if isinstance(url, Secret) else url
        shown = {
            name: value.reveal() if isinstance(value, Secret) else value
            for name, value in (headers or {}).items()
        }
        limit_s = timeout_s or self._timeout_s
        # The causes are left out on purpose: aiohttp's errors repeat the URL.
        try:
            async with self._http.request(
                "POST",
                place,
                data=msgspec.json.encode(payload),
                headers={"Content-Type": "application/json; charset=utf-8", **shown},
                timeout=aiohttp.ClientTimeout(total=limit_s),
                proxy=self._proxy,
                allow_redirects=False,
            ) as response:
                body = await _read(response)
                names = {name.lower(): value for name, value in response.headers.items()}
                answer = Answer(response.status, names, body[:ANSWER_BYTES_MAX])
        except TimeoutError:
            raise self.error("timeout", f"no answer within {limit_s:g} s", retryable=True) from None
        except (aiohttp.ClientError, OSError) as error:
            raise self.error(
                "connection", f"no connection ({type(error).__name__})", retryable=True
            ) from None
        if len(body) > ANSWER_BYTES_MAX:
            raise self.garbage(answer, f"an answer of more than {ANSWER_BYTES_MAX} bytes")
        return answer

    def error(
        self,
        reason: str,
        said: str,
        *,
        retryable: bool = False,
        code: int | str | None = None,
        retry_after_s: float | None = None,
    ) -> DeliveryError:
        """Return an error that holds no secret, with what the platform said shortened."""
        return DeliveryError(
            f"{self.platform}: {self.detail(said)}",
            reason=reason,
            retryable=retryable,
            code=code,
            retry_after_s=retry_after_s,
        )

    def garbage(self, answer: Answer, what: str = "an answer that is none of its own") -> DeliveryError:
        """Return the error for an answer that cannot be read; tried again, for the message may not have arrived."""
        return self.error("garbage", f"{what} (HTTP {answer.status})", retryable=True)

    def read(self, answer: Answer, shape: type[Shape]) -> Shape:
        """Return the JSON of an answer, whatever its status.

        Raises
        ------
        DeliveryError
            What the status means if the body is none of the platform's own, else ``garbage``.
        """
        try:
            return msgspec.json.decode(answer.body, type=shape)
        except (msgspec.DecodeError, UnicodeDecodeError):
            self.raise_for_status(answer)
            raise self.garbage(answer) from None

    def detail(self, said: str) -> str:
        """Return what a platform said as one short, harmless line without our secrets."""
        for secret in self._secrets:
            # The whole, and its last part: the key of an address, the second half of a Telegram token.
            for part in (secret.reveal(), re.split("[=/:]", secret.reveal())[-1]):
                said = said.replace(part, "***") if len(part) >= PART_LENGTH_MIN else said
        return clip(harmless(said), DETAIL_CHARACTERS_MAX)

    def raise_for_status(self, answer: Answer, said: str = "") -> None:
        """Raise what an HTTP status means, where the platform's own answer meant nothing special.

        Raises
        ------
        DeliveryError
            If the status is none of success.
        """
        if answer.is_ok:
            return
        reason, retryable = _REASONS.get(answer.status, ("rejected", False))
        if answer.status >= 500:
            reason, retryable = "server", True
        said = said or answer.body.decode(errors="replace") or "no reason given"
        raise self.error(
            reason, said, retryable=retryable, code=answer.status, retry_after_s=self.retry_after_s(answer)
        )

    def retry_after_s(self, answer: Answer) -> float | None:
        """Return the seconds of ``Retry-After``, in seconds or as a date; None if it says nothing (RFC 9110, 10.2.3)."""
        text = answer.headers.get("retry-after", "").strip()
        try:
            seconds = float(text) if text.replace(".", "", 1).isdigit() else self._until(text)
        except ValueError:
            return None
        return min(max(seconds, 0.0), RETRY_AFTER_S_MAX)

    def _until(self, date: str) -> float:
        return email.utils.parsedate_to_datetime(date).timestamp() - self._clock.now_ns() / 1e9


_REASONS = {
    401: ("auth", False),
    403: ("auth", False),
    404: ("not_found", False),
    408: ("timeout", True),
    410: ("not_found", False),
    413: ("too_long", False),
    425: ("server", True),
    429: ("rate_limited", True),
}


async def _read(response: aiohttp.ClientResponse) -> bytes:
    """Return the body, at most one byte more than is allowed."""
    parts: list[bytes] = []
    length = 0
    async for part in response.content.iter_any():
        parts.append(part)
        length += len(part)
        if length > ANSWER_BYTES_MAX:
            break
    return b"".join(parts)


def http_address(text: str, key: str) -> URL:
    """Return an address of configuration without a slash at its end.

    Raises
    ------
    ConfigError
        If it is none, or holds a password.
    """
    try:
        url = URL(text)
    except ValueError:
        url = URL()
    if url.scheme not in ("http", "https") or not url.host:
        raise ConfigError(f"{key} is no address; write one such as https://host:port")
    if url.user or url.password or url.query_string:
        raise ConfigError(f"{key} holds a user, a password or a query; write only https://host:port/path")
    return URL(str(url).rstrip("/"))


def proxy_address(text: str | None) -> URL | None:
    """Return the address of a proxy.

    Raises
    ------
    ConfigError
        If it is none.
    """
    return None if text is None else http_address(text, "proxy")
