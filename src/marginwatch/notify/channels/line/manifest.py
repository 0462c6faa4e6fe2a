"""What LINE bears.

2,000 pushes a second, far more than a chat does; what binds is the monthly number of messages of the account's plan, after
which 429 says so until the month ends. 5,000 characters a text, in UTF-16 units; 5 messages a push.
"""

from typing import Final, cast

from marginwatch.model.secret import Secret
from marginwatch.notify.channels.base import Channel, ChannelContext, ChannelKind, ChannelTable
from marginwatch.notify.channels.line.channel import TEXT_MAX, LineChannel
from marginwatch.notify.channels.line.config import LineTable


def _build(table: ChannelTable, secrets: dict[str, Secret], context: ChannelContext) -> Channel:
    return LineChannel(cast("LineTable", table), secrets["token"], context)


KIND: Final = ChannelKind(
    kind="line",
    table=LineTable,
    secrets=("token",),
    build=_build,
    messages_per_minute=60,
    text_max=TEXT_MAX,
    documents=(
        "https://developers.line.biz/en/reference/messaging-api/#send-push-message (read 2026-11-21)",
        "https://developers.line.biz/en/docs/messaging-api/retrying-api-request/ (read 2026-11-21)",
        "https://developers.line.biz/en/reference/messaging-api/#rate-limits (read 2026-11-21)",
    ),
)
"""LINE Messaging API."""
