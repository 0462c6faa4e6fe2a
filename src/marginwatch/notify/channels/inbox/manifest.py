"""What an inbox is called and needs."""

from typing import cast

from marginwatch.model.secret import Secret
from marginwatch.notify.channels.base import ChannelContext, ChannelKind, ChannelTable
from marginwatch.notify.channels.inbox.channel import InboxChannel
from marginwatch.notify.channels.inbox.config import InboxTable


def build(table: ChannelTable, secrets: dict[str, Secret], context: ChannelContext) -> InboxChannel:  # noqa: ARG001  # every kind is built alike
    """Return the channel of a table."""
    own = cast("InboxTable", table)
    return InboxChannel(
        context.name, context.folder / own.path, is_json=own.format == "json", timeout_s=own.timeout_s
    )


KIND = ChannelKind(
    kind="inbox",
    table=InboxTable,
    secrets=(),
    build=build,
    messages_per_minute=6_000.0,
    text_max=1_000_000,
    documents=(),
)
