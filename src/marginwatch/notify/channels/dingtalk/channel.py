"""Sends messages through a group's custom robot in DingTalk."""

import re

import msgspec
from yarl import URL

from marginwatch.clock import Clock
from marginwatch.errors import ConfigError, DeliveryError
from marginwatch.model.secret import Secret
from marginwatch.notify.channels.base import ChannelContext, Outgoing, Receipt
from marginwatch.notify.channels.dingtalk.config import DingtalkTable
from marginwatch.notify.channels.dingtalk.form import body_of, fits
from marginwatch.notify.channels.dingtalk.signing import signature
from marginwatch.notify.channels.harmless import harmless_message
from marginwatch.notify.channels.http_post import RETRY_AFTER_S_MAX, Answer, HttpPost
from marginwatch.notify.channels.layout import wants_mention
from marginwatch.notify.channels.trimming import fitted
from marginwatch.notify.channels.webhook_address import webhook_address

OFFICIAL_URL = "https://oapi.dingtalk.com"
RATE_WAIT_S = 60.0
"""A robot over its limit may be barred for ten minutes; asking once a minute finds out when that is over."""


class _Said(msgspec.Struct, frozen=True):
    """An answer; the gateway before the robot says ``punish`` and ``wait`` instead."""

    errcode: int | None = None
    errmsg: str = ""
    punish: str = ""
    wait: float | None = None


class DingtalkChannel:
    """One group's custom robot.

    Parameters
    ----------
    table : DingtalkTable
        Its configuration.
    webhook : Secret
        Its address, or the access token in it.
    secret : Secret or None
        Signs requests.
    context : ChannelContext
        Connections and clock.

    Raises
    ------
    ConfigError
        If the address is none, or somebody cannot be called.
    """

    def __init__(
        self, table: DingtalkTable, webhook: Secret, secret: Secret | None, context: ChannelContext
    ) -> None:
        for name in table.mention:
            if not re.fullmatch(r"\+?[\w-]{1,64}", name, re.ASCII):
                raise ConfigError(f"mention has {name!r}; write all, telephone numbers, or ids of users")
        known = (webhook,) if secret is None else (webhook, secret)
        self._http = HttpPost(context, "dingtalk", table.timeout_s, table.proxy, known)
        self._url = webhook_address(
            webhook,
            official=OFFICIAL_URL,
            path="/robot/send",
            query_key="access_token",
            base_url=table.base_url,
        )
        self._secret = secret
        self._table = table
        self._clock: Clock = context.clock

    @property
    def can_edit(self) -> bool:
        """False: what is sent stays."""
        return False

    async def send(self, outgoing: Outgoing) -> Receipt:
        """Send one message; see :class:`Channel`."""
        message = harmless_message(outgoing.message)
        mention = self._table.mention if wants_mention(message) else ()
        keyword = self._table.keyword
        body = fitted(message, lambda one, left_out: body_of(one, left_out, mention, keyword), fits)
        self._judge(await self._http.send(self._signed(), body))
        return Receipt()

    async def close(self) -> None:
        """Give nothing back: the connections are shared."""

    def _signed(self) -> Secret:
        if self._secret is None:
            return self._url
        timestamp_ms = self._clock.now_ns() // 1_000_000
        signed = {"timestamp": str(timestamp_ms), "sign": signature(timestamp_ms, self._secret)}
        return Secret(str(URL(self._url.reveal(), encoded=True).update_query(signed)))

    def _judge(self, answer: Answer) -> None:
        said = self._http.read(answer, _Said)
        if said.errcode:
            raise self._error(said.errcode, said.errmsg)
        if said.punish or said.wait is not None:
            wait_s = min(max(said.wait or RATE_WAIT_S, 0.0), RETRY_AFTER_S_MAX)
            raise self._http.error("rate_limited", "barred", retryable=True, retry_after_s=wait_s)
        self._http.raise_for_status(answer)
        if said.errcode is None:
            raise self._http.garbage(answer)

    def _error(self, code: int, words: str) -> DeliveryError:
        if code in _RATE_LIMITS or "too fast" in words:
            return self._http.error(
                "rate_limited", words, retryable=True, code=code, retry_after_s=RATE_WAIT_S
            )
        if code == _BUSY:
            return self._http.error("server", words or "busy", retryable=True, code=code)
        if code == _SECURITY:
            # One code for three settings of the robot; only a wrong keyword is a fault of the message.
            return self._http.error("rejected" if "keyword" in words else "auth", words, code=code)
        reason = "too_long" if "too long" in words else _REASONS.get(code, "rejected")
        return self._http.error(reason, words or "no words", code=code)


_RATE_LIMITS = frozenset({130101, 410100})
_BUSY = -1
_SECURITY = 310000
_REASONS: dict[int, str] = dict.fromkeys((300001, 300005, 400013, 400101, 400102, 400106), "not_found")
"""No such token (three spellings of it), group dissolved, robot stopped, robot gone."""
