"""What WeCom bears: 20 messages a minute a robot; 4,096 bytes of markdown, 2,048 of text."""

from typing import Final, cast

from marginwatch.model.secret import Secret
from marginwatch.notify.channels.base import Channel, ChannelContext, ChannelKind, ChannelTable
from marginwatch.notify.channels.wecom.channel import WecomChannel
from marginwatch.notify.channels.wecom.config import WecomTable
from marginwatch.notify.channels.wecom.form import MARKDOWN_BYTES_MAX


def _build(table: ChannelTable, secrets: dict[str, Secret], context: ChannelContext) -> Channel:
    return WecomChannel(cast("WecomTable", table), secrets["webhook"], context)


KIND: Final = ChannelKind(
    kind="wecom",
    table=WecomTable,
    secrets=("webhook",),
    build=_build,
    messages_per_minute=20,
    # The limit is in bytes; so many characters fit in any script.
    text_max=MARKDOWN_BYTES_MAX // 4,
    documents=(
        "https://developer.work.weixin.qq.com/document/path/91770 (in copies, read 2026-11-21)",
        "https://developer.work.weixin.qq.com/document/path/90455 (error codes, read 2026-11-21)",
    ),
)
"""WeCom."""
