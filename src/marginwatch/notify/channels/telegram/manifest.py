"""What Telegram bears.

20 messages a minute into one group, about one a second into one chat; 1 to 4096 characters after entities are parsed;
64 bytes of ``callback_data``; 200 characters of the answer to a button.
"""

from typing import Final, cast

from marginwatch.model.secret import Secret
from marginwatch.notify.channels.base import Channel, ChannelContext, ChannelKind, ChannelTable
from marginwatch.notify.channels.telegram.channel import TelegramChannel
from marginwatch.notify.channels.telegram.config import TelegramTable
from marginwatch.notify.channels.telegram.form import TEXT_MAX


def _build(table: ChannelTable, secrets: dict[str, Secret], context: ChannelContext) -> Channel:
    return TelegramChannel(cast("TelegramTable", table), secrets["token"], context)


KIND: Final = ChannelKind(
    kind="telegram",
    table=TelegramTable,
    secrets=("token",),
    build=_build,
    messages_per_minute=20,
    text_max=TEXT_MAX,
    documents=(
        "https://core.telegram.org/bots/api#sendmessage (in copies, read 2026-11-21)",
        "https://core.telegram.org/bots/api#editmessagetext (in copies, read 2026-11-21)",
        "https://core.telegram.org/bots/api#html-style (in copies, read 2026-11-21)",
        "https://core.telegram.org/bots/faq#my-bot-is-hitting-limits-how-do-i-avoid-this (in copies, read 2026-11-21)",
    ),
)
"""Telegram."""
