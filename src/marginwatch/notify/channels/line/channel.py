"""Pushes messages into one LINE chat; a retry key makes each count once."""

import re
import uuid
from typing import Any

import msgspec

from marginwatch.errors import ConfigError
from marginwatch.model.secret import Secret
from marginwatch.model.severity import Severity
from marginwatch.notify.channels.base import ChannelContext, Outgoing, Receipt
from marginwatch.notify.channels.harmless import harmless_message
from marginwatch.notify.channels.http_post import Answer, HttpPost, http_address
from marginwatch.notify.channels.layout import plain_form
from marginwatch.notify.channels.line.config import LineTable
from marginwatch.notify.channels.trimming import fitted, utf16_length

TEXT_MAX = 5_000

_KEYS = uuid.UUID("a3b0c5e2-6f7d-4c1e-9a54-0d2f3c9b7e11")
"""Name space of our retry keys (RFC 9562, version 5): one message has one key, whoever asks."""


class _Detail(msgspec.Struct, frozen=True):
    message: str = ""
    property: str = ""


class _Said(msgspec.Struct, frozen=True):
    message: str = ""
    details: tuple[_Detail, ...] = ()


class LineChannel:
    """One official account and one chat.

    Parameters
    ----------
    table : LineTable
        Its configuration.
    token : Secret
        Channel access token.
    context : ChannelContext
        Connections and clock.

    Raises
    ------
    ConfigError
        If ``to`` is no id, or an address is none.
    """

    def __init__(self, table: LineTable, token: Secret, context: ChannelContext) -> None:
        if not re.fullmatch(r"[UCR][0-9a-f]{32}", table.to):
            raise ConfigError(
                "to is no id of LINE; it has 32 hexadecimal digits after U, C or R (not the LINE ID)"
            )
        self._http = HttpPost(context, "line", table.timeout_s, table.proxy, (token,))
        self._url = http_address(table.base_url, "base_url") / "v2/bot/message/push"
        self._token = token
        self._name = table.name
        self._to = table.to

    @property
    def can_edit(self) -> bool:
        """False: what is sent stays."""
        return False

    async def send(self, outgoing: Outgoing) -> Receipt:
        """Send one message; see :class:`Channel`."""
        message = harmless_message(outgoing.message)
        text = fitted(message, plain_form, lambda one: utf16_length(one) <= TEXT_MAX)
        payload: dict[str, Any] = {"to": self._to, "messages": [{"type": "text", "text": text}]}
        if message.severity == Severity.INFO:
            payload["notificationDisabled"] = True
        headers = {
            "Authorization": f"Bearer {self._token.reveal()}",
            "X-Line-Retry-Key": str(uuid.uuid5(_KEYS, f"{self._name}\n{outgoing.message.message_id}")),
        }
        answer = await self._http.send(self._url, payload, headers)
        if answer.status == 409:
            accepted = answer.headers.get("x-line-accepted-request-id", "")
            return Receipt(detail=self._http.detail(f"accepted before {accepted}".strip()))
        self._raise_for(answer)
        return Receipt(detail=self._http.detail(answer.headers.get("x-line-request-id", "")))

    async def close(self) -> None:
        """Give nothing back: the connections are shared."""

    def _raise_for(self, answer: Answer) -> None:
        said = self._http.read(answer, _Said)
        words = "; ".join([said.message, *(f"{one.property}: {one.message}" for one in said.details)])
        if answer.status == 429 and "monthly limit" in words.lower():
            # No wait of ours helps before the month ends, so another channel gets it.
            raise self._http.error("rate_limited", words, code=429)
        self._http.raise_for_status(answer, words)
