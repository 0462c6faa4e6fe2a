"""What Feishu bears: 100 messages a minute and 5 a second for a bot, fewer on the hour; 20 KB a request."""

from typing import Final, cast

from marginwatch.model.secret import Secret
from marginwatch.notify.channels.base import Channel, ChannelContext, ChannelKind, ChannelTable
from marginwatch.notify.channels.feishu.channel import FeishuChannel
from marginwatch.notify.channels.feishu.config import FeishuTable
from marginwatch.notify.channels.feishu.form import CARD_BYTES_MAX


def _build(table: ChannelTable, secrets: dict[str, Secret], context: ChannelContext) -> Channel:
    return FeishuChannel(cast("FeishuTable", table), secrets["webhook"], secrets.get("secret"), context)


KIND: Final = ChannelKind(
    kind="feishu",
    table=FeishuTable,
    secrets=("webhook", "secret"),
    build=_build,
    messages_per_minute=100,
    # The limit is in bytes; so many characters fit in any script.
    text_max=CARD_BYTES_MAX // 4,
    documents=(
        "https://open.feishu.cn/document/client-docs/bot-v3/add-custom-bot (read 2026-11-21)",
        "https://open.larksuite.com/document/client-docs/bot-v3/add-custom-bot (read 2026-11-21)",
        "https://open.feishu.cn/document/server-docs/api-call-guide/frequency-control (read 2026-11-21)",
    ),
)
"""Feishu and Lark."""
