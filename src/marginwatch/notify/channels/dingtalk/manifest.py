"""What DingTalk bears: 20 messages a minute a robot, else it is barred for ten minutes; 20,000 bytes a message."""

from typing import Final, cast

from marginwatch.model.secret import Secret
from marginwatch.notify.channels.base import Channel, ChannelContext, ChannelKind, ChannelTable
from marginwatch.notify.channels.dingtalk.channel import DingtalkChannel
from marginwatch.notify.channels.dingtalk.config import DingtalkTable
from marginwatch.notify.channels.dingtalk.form import BODY_BYTES_MAX


def _build(table: ChannelTable, secrets: dict[str, Secret], context: ChannelContext) -> Channel:
    return DingtalkChannel(cast("DingtalkTable", table), secrets["webhook"], secrets.get("secret"), context)


KIND: Final = ChannelKind(
    kind="dingtalk",
    table=DingtalkTable,
    secrets=("webhook", "secret"),
    build=_build,
    messages_per_minute=20,
    # The limit is in bytes; so many characters fit in any script.
    text_max=BODY_BYTES_MAX // 4,
    documents=(
        "https://open.dingtalk.com/document/orgapp/custom-robots-send-group-messages (in copies, read 2026-11-21)",
        "https://open.dingtalk.com/document/orgapp/customize-robot-security-settings (in copies, read 2026-11-21)",
    ),
)
"""DingTalk."""
