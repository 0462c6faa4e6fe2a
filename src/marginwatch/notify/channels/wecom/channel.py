"""Sends messages through a group's robot in WeCom."""

import re
from typing import Any

import msgspec

from marginwatch.errors import ConfigError, DeliveryError
from marginwatch.model.secret import Secret
from marginwatch.notify.channels.base import ChannelContext, Outgoing, Receipt
from marginwatch.notify.channels.harmless import harmless_message
from marginwatch.notify.channels.http_post import HttpPost
from marginwatch.notify.channels.layout import plain_form, wants_mention
from marginwatch.notify.channels.trimming import fitted, utf8_length
from marginwatch.notify.channels.webhook_address import webhook_address
from marginwatch.notify.channels.wecom.config import WecomTable
from marginwatch.notify.channels.wecom.form import MARKDOWN_BYTES_MAX, TEXT_BYTES_MAX, markdown_of
from marginwatch.notify.messages.message import Message

OFFICIAL_URL = "https://qyapi.weixin.qq.com"
RATE_WAIT_S = 60.0
"""The limit counts minutes, and the answer does not say how much of it is left."""


class _Said(msgspec.Struct, frozen=True):
    errcode: int
    errmsg: str = ""


class WecomChannel:
    """One group's robot.

    Parameters
    ----------
    table : WecomTable
        Its configuration.
    webhook : Secret
        Its address, or the key.
    context : ChannelContext
        Connections and clock.

    Raises
    ------
    ConfigError
        If the address is none, or somebody cannot be called.
    """

    def __init__(self, table: WecomTable, webhook: Secret, context: ChannelContext) -> None:
        for name in table.mention:
            if name == "@all" and table.format == "markdown":
                raise ConfigError('mention has "@all", which works only with format = "text"')
            if name != "@all" and not re.fullmatch(r"[\w.@-]{1,64}", name, re.ASCII):
                raise ConfigError(f"mention has {name!r}, which is no id of a user of WeCom")
        self._http = HttpPost(context, "wecom", table.timeout_s, table.proxy, (webhook,))
        self._url = webhook_address(
            webhook,
            official=OFFICIAL_URL,
            path="/cgi-bin/webhook/send",
            query_key="key",
            base_url=table.base_url,
        )
        self._table = table

    @property
    def can_edit(self) -> bool:
        """False: what is sent stays."""
        return False

    async def send(self, outgoing: Outgoing) -> Receipt:
        """Send one message; see :class:`Channel`."""
        message = harmless_message(outgoing.message)
        answer = await self._http.send(self._url, self._payload(message))
        said = self._http.read(answer, _Said)
        if said.errcode:
            raise self._error(said)
        self._http.raise_for_status(answer)
        return Receipt()

    async def close(self) -> None:
        """Give nothing back: the connections are shared."""

    def _payload(self, message: Message) -> dict[str, Any]:
        mention = self._table.mention if wants_mention(message) else ()
        if self._table.format == "text":
            text = fitted(message, plain_form, lambda one: utf8_length(one) <= TEXT_BYTES_MAX)
            called = {"mentioned_list": list(mention)} if mention else {}
            return {"msgtype": "text", "text": {"content": text, **called}}
        markdown = fitted(
            message,
            lambda one, left_out: markdown_of(one, left_out, mention),
            lambda one: utf8_length(one) <= MARKDOWN_BYTES_MAX,
        )
        return {"msgtype": "markdown", "markdown": {"content": markdown}}

    def _error(self, said: _Said) -> DeliveryError:
        reason, retryable, wait_s = _REASONS.get(said.errcode, ("rejected", False, None))
        # 40058 stands for any wrong parameter; its words tell a text that is too long.
        if said.errcode == 40058 and "exceed max length" in said.errmsg:
            reason = "too_long"
        return self._http.error(
            reason, said.errmsg or "no words", retryable=retryable, code=said.errcode, retry_after_s=wait_s
        )


_REASONS: dict[int, tuple[str, bool, float | None]] = {
    -1: ("server", True, None),
    6000: ("server", True, None),
    45009: ("rate_limited", True, RATE_WAIT_S),
    45033: ("rate_limited", True, RATE_WAIT_S),
    45002: ("too_long", False, None),
    93000: ("not_found", False, None),
    60020: ("auth", False, None),
}
"""Codes of WeCom: busy, conflict, two rate limits, too long, no such robot, address not allowed."""
