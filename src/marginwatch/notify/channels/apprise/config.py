"""The ``[[channel]]`` table of Apprise."""

from typing import Literal

from marginwatch.notify.channels.base import ChannelTable


class AppriseTable(ChannelTable, frozen=True, kw_only=True):
    """Keys of ``type = "apprise"`` beside those that every channel has.

    Parameters
    ----------
    type : str
        ``apprise``.
    url : str
        Reference to an address of Apprise, such as ``env:NAME``; it has the credentials in it.
    """

    type: Literal["apprise"] = "apprise"
    url: str
