"""Keys of a ``[[channel]]`` of type ``wecom``."""

from typing import Literal

from marginwatch.notify.channels.base import ChannelTable


class WecomTable(ChannelTable, frozen=True, kw_only=True):
    """One group's robot.

    Parameters
    ----------
    type : str
        ``wecom``.
    webhook : str
        Reference to the robot's address, or to the key in it.
    format : {'markdown', 'text'}
        ``text`` is shorter, and is shown in WeChat as well.
    mention : tuple of str
        Ids of users whom a critical alert calls; ``@all`` only with ``format = "text"``.
    base_url : str or None
        Takes the place of ``https://qyapi.weixin.qq.com``, for a gateway or a private deployment.
    proxy : str or None
        Address of an HTTP proxy.
    """

    type: Literal["wecom"] = "wecom"
    webhook: str
    format: Literal["markdown", "text"] = "markdown"
    mention: tuple[str, ...] = ()
    base_url: str | None = None
    proxy: str | None = None
