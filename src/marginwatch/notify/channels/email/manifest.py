"""What e-mail is called and needs."""

from typing import Final, cast

from marginwatch.model.secret import Secret
from marginwatch.notify.channels.base import Channel, ChannelContext, ChannelKind, ChannelTable
from marginwatch.notify.channels.email.channel import EmailChannel
from marginwatch.notify.channels.email.config import EmailTable
from marginwatch.notify.channels.email.form import TEXT_MAX
from marginwatch.notify.channels.email.settings import email_settings


def _build(table: ChannelTable, secrets: dict[str, Secret], context: ChannelContext) -> Channel:
    return EmailChannel(email_settings(cast("EmailTable", table), secrets, context.folder))


KIND: Final = ChannelKind(
    kind="email",
    table=EmailTable,
    secrets=("password",),
    build=_build,
    messages_per_minute=30.0,
    text_max=TEXT_MAX,
    documents=(
        "https://www.rfc-editor.org/rfc/rfc5321 (SMTP, read 2026-11-21)",
        "https://www.rfc-editor.org/rfc/rfc8314 (TLS for mail, read 2026-11-21)",
    ),
)
"""E-mail."""
