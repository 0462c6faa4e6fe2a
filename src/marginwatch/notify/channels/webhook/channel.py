"""Sending the document to one address."""

import re
from collections.abc import Mapping

import msgspec
from yarl import URL

from marginwatch.errors import ConfigError
from marginwatch.model.secret import Secret
from marginwatch.notify.channels.base import ChannelContext, Outgoing, Receipt
from marginwatch.notify.channels.http_post import HttpPost, http_address
from marginwatch.notify.channels.payload import document_bytes
from marginwatch.notify.channels.webhook.config import WebhookTable
from marginwatch.notify.channels.webhook.signature import (
    SIGNATURE_HEADER,
    TIMESTAMP_HEADER,
    signature_headers,
)

MESSAGE_ID_HEADER = "X-Marginwatch-Message-Id"
HEADERS_PREFIX = "headers."

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
"""What a header may be called (RFC 9110, 5.6.2)."""

_OURS = {"content-type", "content-length", "host", "transfer-encoding"} | {
    name.lower() for name in (MESSAGE_ID_HEADER, SIGNATURE_HEADER, TIMESTAMP_HEADER)
}


class WebhookChannel:
    """One address.

    Parameters
    ----------
    table : WebhookTable
        As configured.
    secrets : mapping
        By key: ``secret_url``, ``signing_key``, ``headers.NAME``.
    context : ChannelContext
        Connections, clock, name.

    Raises
    ------
    ConfigError
        If there is no address or there are two, or a header is none.
    """

    can_edit = False

    def __init__(self, table: WebhookTable, secrets: Mapping[str, Secret], context: ChannelContext) -> None:
        self._url = _address(table, secrets)
        self._key = secrets.get("signing_key")
        self._headers = _headers(secrets)
        self._name = context.name
        self._clock = context.clock
        self._post = HttpPost(context, "webhook", table.timeout_s, table.proxy, secrets.values())

    async def send(self, outgoing: Outgoing) -> Receipt:
        """Send one message; any status from 200 to 299 means that it was taken.

        Raises
        ------
        DeliveryError
            408, 425, 429 and 5xx are retryable, other statuses are not; redirects are not followed.
        """
        body = document_bytes(self._name, outgoing)
        headers: dict[str, str | Secret] = {**self._headers, MESSAGE_ID_HEADER: outgoing.message.message_id}
        if self._key is not None:
            headers |= signature_headers(self._key, body, self._clock.now_ns())
        answer = await self._post.send(self._url, msgspec.Raw(body), headers)
        self._post.raise_for_status(answer)
        return Receipt(detail=f"HTTP {answer.status}")

    async def close(self) -> None:
        """Do nothing: connections are shared."""


def _address(table: WebhookTable, secrets: Mapping[str, Secret]) -> URL:
    if (table.url is None) == (table.secret_url is None):
        raise ConfigError("url: write either url, or secret_url with a reference if a token is part of it")
    if table.url is not None:
        return http_address(table.url, "url")
    try:
        url = URL(secrets["secret_url"].reveal())
    except ValueError:
        url = URL()
    if url.scheme not in ("http", "https") or not url.host:
        raise ConfigError("secret_url: what it refers to is no address; it must begin with https://")
    return url


def _headers(secrets: Mapping[str, Secret]) -> dict[str, Secret]:
    headers: dict[str, Secret] = {}
    for key, value in secrets.items():
        if not key.startswith(HEADERS_PREFIX):
            continue
        name = key.removeprefix(HEADERS_PREFIX)
        if not _TOKEN.fullmatch(name) or name.lower() in _OURS:
            raise ConfigError(
                f"headers: {name!r} is no header that may be set; use one such as Authorization"
            )
        text = value.reveal()
        if not (text.isascii() and text.isprintable()):
            raise ConfigError(f"headers: the value of {name!r} is not one line of ASCII text")
        headers[name] = value
    return headers
