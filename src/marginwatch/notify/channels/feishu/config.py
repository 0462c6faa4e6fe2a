"""Keys of a ``[[channel]]`` of type ``feishu``."""

from typing import Literal

from marginwatch.notify.channels.base import ChannelTable


class FeishuTable(ChannelTable, frozen=True, kw_only=True):
    """One group's custom bot.

    Parameters
    ----------
    type : str
        ``feishu``, for Lark as well.
    webhook : str
        Reference to the bot's address, or to the key at its end (then of Feishu).
    secret : str or None
        Reference to the signing secret, where the bot checks signatures.
    mention : tuple of str
        Whom a critical alert calls: ``all``, or open ids (``ou_…``).
    base_url : str or None
        Takes the place of scheme and host, for a gateway.
    proxy : str or None
        Address of an HTTP proxy.
    """

    type: Literal["feishu"] = "feishu"
    webhook: str
    secret: str | None = None
    mention: tuple[str, ...] = ()
    base_url: str | None = None
    proxy: str | None = None
