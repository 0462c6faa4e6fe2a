"""The ``[[channel]]`` table of an inbox."""

from typing import Literal

from marginwatch.notify.channels.base import ChannelTable


class InboxTable(ChannelTable, frozen=True, kw_only=True):
    """Keys of ``type = "inbox"`` beside those that every channel has.

    Parameters
    ----------
    type : str
        ``inbox``.
    path : str
        The file, from the folder of the configuration; made with mode 600 if it is not there.
    format : {'text', 'json'}
        A readable block, or one JSON object on one line.
    """

    type: Literal["inbox"] = "inbox"
    path: str
    format: Literal["text", "json"] = "text"
