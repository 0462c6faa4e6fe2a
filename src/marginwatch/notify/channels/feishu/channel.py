"""Sends messages through a group's custom bot in Feishu or Lark."""

import re
from typing import Any

import msgspec

from marginwatch.clock import Clock
from marginwatch.errors import ConfigError, DeliveryError
from marginwatch.model.secret import Secret
from marginwatch.notify.channels.base import ChannelContext, Outgoing, Receipt
from marginwatch.notify.channels.feishu.config import FeishuTable
from marginwatch.notify.channels.feishu.form import card_of, fits
from marginwatch.notify.channels.feishu.signing import signature
from marginwatch.notify.channels.harmless import harmless_message
from marginwatch.notify.channels.http_post import Answer, HttpPost
from marginwatch.notify.channels.layout import wants_mention
from marginwatch.notify.channels.trimming import fitted
from marginwatch.notify.channels.webhook_address import webhook_address

OFFICIAL_URL = "https://open.feishu.cn"
RATE_WAIT_S = 10.0
"""Five a second and 100 a minute; the answer does not say which was passed."""


class _Said(msgspec.Struct, frozen=True):
    """Both spellings of its answers; ``StatusCode`` is that of older bots."""

    code: int | None = None
    msg: str = ""
    status_code: int | None = msgspec.field(default=None, name="StatusCode")
    status_message: str = msgspec.field(default="", name="StatusMessage")


class FeishuChannel:
    """One group's custom bot.

    Parameters
    ----------
    table : FeishuTable
        Its configuration.
    webhook : Secret
        Its address, or the key at its end.
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
        self, table: FeishuTable, webhook: Secret, secret: Secret | None, context: ChannelContext
    ) -> None:
        for name in table.mention:
            if name != "all" and not re.fullmatch(r"ou_[A-Za-z0-9]+", name):
                raise ConfigError(
                    f"mention has {name!r}; write all, or open ids (ou_…): a bot knows no others"
                )
        known = (webhook,) if secret is None else (webhook, secret)
        self._http = HttpPost(context, "feishu", table.timeout_s, table.proxy, known)
        self._url = webhook_address(
            webhook, official=OFFICIAL_URL, path="/open-apis/bot/v2/hook/", base_url=table.base_url
        )
        self._secret = secret
        self._mention = table.mention
        self._clock: Clock = context.clock

    @property
    def can_edit(self) -> bool:
        """False: what is sent stays."""
        return False

    async def send(self, outgoing: Outgoing) -> Receipt:
        """Send one message; see :class:`Channel`."""
        message = harmless_message(outgoing.message)
        mention = self._mention if wants_mention(message) else ()
        card = fitted(message, lambda one, left_out: card_of(one, left_out, mention), fits)
        payload: dict[str, Any] = {"msg_type": "interactive", "card": card}
        if self._secret is not None:
            timestamp_s = self._clock.now_ns() // 1_000_000_000
            payload |= {"timestamp": str(timestamp_s), "sign": signature(timestamp_s, self._secret)}
        self._judge(await self._http.send(self._url, payload))
        return Receipt()

    async def close(self) -> None:
        """Give nothing back: the connections are shared."""

    def _judge(self, answer: Answer) -> None:
        said = self._http.read(answer, _Said)
        code = said.code if said.code is not None else said.status_code
        if code is None:
            self._http.raise_for_status(answer)
            raise self._http.garbage(answer)
        if code:
            raise self._error(answer, code, said.msg or said.status_message)
        self._http.raise_for_status(answer)

    def _error(self, answer: Answer, code: int, words: str) -> DeliveryError:
        is_limited = code in _RATE_LIMITS or answer.status == 429 or "frequency limit" in words.lower()
        if is_limited:
            wait_s = self._reset_s(answer)
            return self._http.error("rate_limited", words, retryable=True, code=code, retry_after_s=wait_s)
        if answer.status >= 500 or code in _SERVER:
            return self._http.error("server", words, retryable=True, code=code)
        return self._http.error(_REASONS.get(code, "rejected"), words or "no words", code=code)

    def _reset_s(self, answer: Answer) -> float:
        text = answer.headers.get("x-ogw-ratelimit-reset", "")
        return (
            float(min(int(text), 3_600))
            if text.isdecimal()
            else self._http.retry_after_s(answer) or RATE_WAIT_S
        )


_RATE_LIMITS = frozenset({11232, 11233, 99991400})
_SERVER = frozenset({1500, 1503, 1551, 1557})
_REASONS = {
    19001: "not_found",
    19021: "auth",
    19022: "auth",
}
"""No such bot; a wrong signature, or a clock an hour off; an address that is not allowed. 19024 (a keyword is missing) and
9499 (a request that it cannot read, or over 20 KB) are ``rejected``."""
