"""What Slack bears.

About one message a second into one conversation; 50 blocks, 150 characters of a header, 3,000 of a section. Beyond about
13,200 characters over all blocks it answers ``msg_blocks_too_long``, which stands in no document (slackapi/bolt-js#2509).
"""

from typing import Final, cast

from marginwatch.model.secret import Secret
from marginwatch.notify.channels.base import Channel, ChannelContext, ChannelKind, ChannelTable
from marginwatch.notify.channels.slack.channel import SlackChannel
from marginwatch.notify.channels.slack.config import SlackTable
from marginwatch.notify.channels.slack.form import BLOCKS_CHARACTERS_MAX


def _build(table: ChannelTable, secrets: dict[str, Secret], context: ChannelContext) -> Channel:
    return SlackChannel(cast("SlackTable", table), secrets, context)


KIND: Final = ChannelKind(
    kind="slack",
    table=SlackTable,
    secrets=("webhook", "token"),
    build=_build,
    messages_per_minute=60,
    text_max=BLOCKS_CHARACTERS_MAX,
    documents=(
        "https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks (in copies, read 2026-11-21)",
        "https://api.slack.com/changelog/2016-05-17-changes-to-errors-for-incoming-webhooks (in copies, read 2026-11-21)",
        "https://docs.slack.dev/reference/methods/chat.postMessage (in copies, read 2026-11-21)",
        "https://docs.slack.dev/reference/methods/chat.update (in copies, read 2026-11-21)",
        "https://docs.slack.dev/reference/block-kit/blocks (in copies, read 2026-11-21)",
        "https://docs.slack.dev/messaging/formatting-message-text (in copies, read 2026-11-21)",
        "https://docs.slack.dev/apis/web-api/rate-limits (in copies, read 2026-11-21)",
    ),
)
"""Slack."""
