"""What Apprise is called and needs."""

from typing import Final, cast

from marginwatch.model.secret import Secret
from marginwatch.notify.channels.apprise.channel import AppriseChannel
from marginwatch.notify.channels.apprise.config import AppriseTable
from marginwatch.notify.channels.base import Channel, ChannelContext, ChannelKind, ChannelTable


def _build(table: ChannelTable, secrets: dict[str, Secret], context: ChannelContext) -> Channel:
    return AppriseChannel(cast("AppriseTable", table), secrets, context)


KIND: Final = ChannelKind(
    kind="apprise",
    table=AppriseTable,
    secrets=("url",),
    build=_build,
    messages_per_minute=20.0,
    text_max=32_768,
    documents=("https://github.com/caronc/apprise/wiki (read 2026-11-21)",),
)
"""Apprise."""
