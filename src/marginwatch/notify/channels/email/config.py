"""The ``[[channel]]`` table of e-mail."""

from typing import Annotated, Literal

import msgspec

from marginwatch.notify.channels.base import ChannelTable


class EmailTable(ChannelTable, frozen=True, kw_only=True):
    """Keys of ``type = "email"`` beside those that every channel has.

    Parameters
    ----------
    type : str
        ``email``.
    host : str
        The SMTP server.
    port : int or None
        None takes 587 with STARTTLS, 465 with TLS, 25 without either.
    security : {'starttls', 'tls', 'none'}
        TLS after greeting, TLS from the first byte, or none. Certificates are always checked.
    allow_plaintext : bool
        Demanded for ``none`` with a server on another machine.
    ca_file : str or None
        Certificates to trust instead of the system's, from the folder of the configuration.
    username, password : str or None
        A name, and a reference.
    sender : str
        ``alerts@example.org`` or ``marginwatch <alerts@example.org>``.
    to : tuple of str
        At least one, each written like ``sender``.
    """

    type: Literal["email"] = "email"
    host: Annotated[str, msgspec.Meta(min_length=1, max_length=253)]
    port: Annotated[int, msgspec.Meta(ge=1, le=65_535)] | None = None
    security: Literal["starttls", "tls", "none"] = "starttls"
    allow_plaintext: bool = False
    ca_file: str | None = None
    username: str | None = None
    password: str | None = None
    sender: str
    to: Annotated[tuple[str, ...], msgspec.Meta(min_length=1, max_length=100)]
    timeout_s: float = 30.0
