"""What a webhook is called and needs."""

from typing import Final, cast

from marginwatch.model.secret import Secret
from marginwatch.notify.channels.base import Channel, ChannelContext, ChannelKind, ChannelTable
from marginwatch.notify.channels.webhook.channel import WebhookChannel
from marginwatch.notify.channels.webhook.config import WebhookTable


def _build(table: ChannelTable, secrets: dict[str, Secret], context: ChannelContext) -> Channel:
    return WebhookChannel(cast("WebhookTable", table), secrets, context)


KIND: Final = ChannelKind(
    kind="webhook",
    table=WebhookTable,
    secrets=("secret_url", "signing_key", "headers"),
    build=_build,
    messages_per_minute=600.0,
    text_max=1_000_000,
    documents=(
        "https://www.rfc-editor.org/rfc/rfc2104 (HMAC, read 2026-11-21)",
        "https://www.rfc-editor.org/rfc/rfc9110#name-status-codes (read 2026-11-21)",
    ),
)
"""A webhook."""
