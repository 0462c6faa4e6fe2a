"""Keys of a ``[[channel]]`` of type ``telegram``."""

from typing import Literal

from marginwatch.notify.channels.base import ChannelTable

OFFICIAL_URL = "https://api.telegram.org"


class TelegramTable(ChannelTable, frozen=True, kw_only=True):
    """One bot in one chat.

    Parameters
    ----------
    type : str
        ``telegram``.
    token : str
        Reference to the bot's token.
    chat : int or str
        Number of the chat (groups are negative), or ``@name`` of a public channel.
    thread : int or None
        Topic of a forum group.
    polling : bool
        Whether messages have a button to acknowledge; only one program may poll a bot.
    acknowledgers : tuple of int
        Numbers of the users who may acknowledge; empty allows everybody in the chat.
    base_url : str
        Of the Bot API, for an own server or a gateway.
    proxy : str or None
        Address of an HTTP proxy.
    """

    type: Literal["telegram"] = "telegram"
    token: str
    chat: int | str
    thread: int | None = None
    polling: bool = False
    acknowledgers: tuple[int, ...] = ()
    base_url: str = OFFICIAL_URL
    proxy: str | None = None
