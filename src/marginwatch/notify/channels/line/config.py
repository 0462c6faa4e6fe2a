"""Keys of a ``[[channel]]`` of type ``line``."""

from typing import Literal

from marginwatch.notify.channels.base import ChannelTable

OFFICIAL_URL = "https://api.line.me"


class LineTable(ChannelTable, frozen=True, kw_only=True):
    """One official account and one chat.

    Parameters
    ----------
    type : str
        ``line``.
    token : str
        Reference to the channel access token.
    to : str
        Id of the user (``U…``), group (``C…``) or room (``R…``).
    base_url : str
        Of the API, for a gateway.
    proxy : str or None
        Address of an HTTP proxy.
    """

    type: Literal["line"] = "line"
    token: str
    to: str
    base_url: str = OFFICIAL_URL
    proxy: str | None = None
