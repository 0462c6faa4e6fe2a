"""Keys of a ``[[channel]]`` of type ``slack``."""

from typing import Literal

from marginwatch.notify.channels.base import ChannelTable


class SlackTable(ChannelTable, frozen=True, kw_only=True):
    """A webhook, or a bot in one conversation; exactly one of ``webhook`` and ``token``.

    Parameters
    ----------
    type : str
        ``slack``.
    webhook : str or None
        Reference to the address of an incoming webhook.
    token : str or None
        Reference to a bot token (``xoxb-…``) with the scope ``chat:write``.
    channel : str or None
        Id of the conversation (``C…``), for a bot.
    mention : tuple of str
        Whom a critical alert calls: ``channel``, ``here``, ``everyone``, ids of users (``U…``) or groups (``S…``).
    base_url : str or None
        Of the platform, for a gateway.
    proxy : str or None
        Address of an HTTP proxy.
    """

    type: Literal["slack"] = "slack"
    webhook: str | None = None
    token: str | None = None
    channel: str | None = None
    mention: tuple[str, ...] = ()
    base_url: str | None = None
    proxy: str | None = None
