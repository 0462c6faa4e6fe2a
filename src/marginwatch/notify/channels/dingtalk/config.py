"""Keys of a ``[[channel]]`` of type ``dingtalk``."""

from typing import Literal

from marginwatch.notify.channels.base import ChannelTable


class DingtalkTable(ChannelTable, frozen=True, kw_only=True):
    """One group's custom robot.

    Parameters
    ----------
    type : str
        ``dingtalk``.
    webhook : str
        Reference to the robot's address, or to the access token in it.
    secret : str or None
        Reference to the signing secret (``SEC…``), where the robot checks signatures.
    keyword : str or None
        A word without which the robot takes no message, if it is set up so; added where it is missing.
    mention : tuple of str
        Whom a critical alert calls: ``all``, telephone numbers, or ids of users.
    base_url : str or None
        Takes the place of ``https://oapi.dingtalk.com``, for a gateway.
    proxy : str or None
        Address of an HTTP proxy.
    """

    type: Literal["dingtalk"] = "dingtalk"
    webhook: str
    secret: str | None = None
    keyword: str | None = None
    mention: tuple[str, ...] = ()
    base_url: str | None = None
    proxy: str | None = None
