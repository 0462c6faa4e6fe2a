"""The ``[[channel]]`` table of a webhook."""

from typing import Literal

import msgspec

from marginwatch.notify.channels.base import ChannelTable


class WebhookTable(ChannelTable, frozen=True, kw_only=True):
    """Keys of ``type = "webhook"`` beside those that every channel has.

    Parameters
    ----------
    type : str
        ``webhook``.
    url : str or None
        Where to, if anybody may read it.
    secret_url : str or None
        Reference to where to, if it has a token in it. One of the two.
    signing_key : str or None
        Reference to the key of the signature; without it bodies are not signed.
    headers : dict of str to str
        Header → reference to its value, for instance ``Authorization``.
    proxy : str or None
        Address of an HTTP proxy.
    """

    type: Literal["webhook"] = "webhook"
    url: str | None = None
    secret_url: str | None = None
    signing_key: str | None = None
    headers: dict[str, str] = msgspec.field(default_factory=dict[str, str])
    proxy: str | None = None
