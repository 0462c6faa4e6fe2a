"""The ``[[channel]]`` table of an Alertmanager."""

from typing import Literal

from marginwatch.notify.channels.base import ChannelTable


class AlertmanagerTable(ChannelTable, frozen=True, kw_only=True):
    """Keys of ``type = "alertmanager"`` beside those that every channel has.

    Parameters
    ----------
    type : str
        ``alertmanager``.
    url : str
        Where it is reached, without ``/api/v2``.
    username, password : str or None
        For basic authentication: a name, and a reference.
    bearer_token : str or None
        Reference to a token, instead of name and password.
    hold : str
        How long a firing alert stays there when nothing more is heard of it, a duration such as ``24h``. Longer than the
        repeat interval of its route.
    proxy : str or None
        Address of an HTTP proxy.
    """

    type: Literal["alertmanager"] = "alertmanager"
    url: str
    username: str | None = None
    password: str | None = None
    bearer_token: str | None = None
    hold: str = "24h"
    proxy: str | None = None
