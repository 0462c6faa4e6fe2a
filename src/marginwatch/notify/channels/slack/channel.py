"""Sends messages to Slack by a webhook, or as a bot, which can change them."""

from typing import Any

import msgspec

from marginwatch.errors import ConfigError, DeliveryError
from marginwatch.model.secret import Secret
from marginwatch.notify.channels.base import ChannelContext, Outgoing, Receipt
from marginwatch.notify.channels.harmless import harmless_message
from marginwatch.notify.channels.http_post import Answer, HttpPost, http_address
from marginwatch.notify.channels.layout import wants_mention
from marginwatch.notify.channels.slack.config import SlackTable
from marginwatch.notify.channels.slack.errors import GONE, REASONS
from marginwatch.notify.channels.slack.form import blocks_of, fallback_of, fits, mentions_of
from marginwatch.notify.channels.trimming import fitted
from marginwatch.notify.channels.webhook_address import webhook_address

OFFICIAL_URL = "https://slack.com/api"
WEBHOOK_URL = "https://hooks.slack.com"


class _Said(msgspec.Struct, frozen=True):
    ok: bool
    error: str = ""
    channel: str = ""
    ts: str = ""


class SlackChannel:
    """One webhook, or one bot in one conversation.

    Parameters
    ----------
    table : SlackTable
        Its configuration.
    secrets : dict of str to Secret
        ``webhook`` or ``token``.
    context : ChannelContext
        Connections and clock.

    Raises
    ------
    ConfigError
        If there are both or none of them, or the bot has no conversation.
    """

    def __init__(self, table: SlackTable, secrets: dict[str, Secret], context: ChannelContext) -> None:
        webhook, token = secrets.get("webhook"), secrets.get("token")
        if (webhook is None) == (token is None):
            raise ConfigError("a slack channel needs either webhook or token; remove one or add one")
        if token is not None and not table.channel:
            raise ConfigError("channel is missing: the id of the conversation that the bot writes into (C…)")
        self._http = HttpPost(context, "slack", table.timeout_s, table.proxy, secrets.values())
        self._mentions = mentions_of(table.mention)
        self._channel = table.channel or ""
        self._token = token
        self._webhook = (
            webhook_address(webhook, official=WEBHOOK_URL, path="/services/", base_url=table.base_url)
            if webhook is not None
            else None
        )
        self._base_url = http_address(table.base_url or OFFICIAL_URL, "base_url")

    @property
    def can_edit(self) -> bool:
        """A bot can, a webhook cannot."""
        return self._token is not None

    async def send(self, outgoing: Outgoing) -> Receipt:
        """Send or change one message; see :class:`Channel`."""
        message = harmless_message(outgoing.message)
        mentions = self._mentions if wants_mention(message) else ""
        blocks = fitted(message, lambda one, left_out: blocks_of(one, left_out, mentions), fits)
        content: dict[str, Any] = {"text": fallback_of(message), "blocks": blocks}
        if self._webhook is not None:
            return await self._send_by_webhook(self._webhook, content)
        if (
            outgoing.replaces is not None
            and (edited := await self._edit(outgoing.replaces, content)) is not None
        ):
            return edited
        said = await self._call(
            "chat.postMessage",
            {"channel": self._channel, "unfurl_links": False, "unfurl_media": False, **content},
        )
        return Receipt(reference=f"{said.channel or self._channel}/{said.ts}" if said.ts else None)

    async def close(self) -> None:
        """Give nothing back: the connections are shared."""

    async def _send_by_webhook(self, url: Secret, content: dict[str, Any]) -> Receipt:
        answer = await self._http.send(url, {"unfurl_links": False, "unfurl_media": False, **content})
        said = answer.body.decode(errors="replace").strip()
        if answer.is_ok and said == "ok":
            return Receipt()
        if said in REASONS:
            raise self._error(answer, said)
        self._http.raise_for_status(answer, said)
        raise self._http.garbage(answer)

    async def _edit(self, reference: str, content: dict[str, Any]) -> Receipt | None:
        """Change an earlier message; None if that cannot be."""
        channel, _, ts = reference.partition("/")
        if not channel or not ts.replace(".", "", 1).isdigit():
            return None
        try:
            await self._call("chat.update", {"channel": channel, "ts": ts, **content})
        except DeliveryError as error:
            if error.code in GONE:
                return None
            raise
        return Receipt(reference=reference, is_edit=True)

    async def _call(self, method: str, arguments: dict[str, Any]) -> _Said:
        token = self._token.reveal() if self._token is not None else ""
        headers = {"Authorization": f"Bearer {token}"}
        answer = await self._http.send(self._base_url / method, arguments, headers)
        said = self._http.read(answer, _Said)
        if not said.ok:
            raise self._error(answer, said.error)
        return said

    def _error(self, answer: Answer, word: str) -> DeliveryError:
        reason, retryable = REASONS.get(word, ("rejected", False))
        if answer.status == 429 or answer.status >= 500:
            reason, retryable = ("rate_limited" if answer.status == 429 else "server"), True
        wait_s = self._http.retry_after_s(answer)
        return self._http.error(
            reason, word or "no reason given", retryable=retryable, code=word, retry_after_s=wait_s
        )
