"""The table of an e-mail channel with everything checked that a type cannot."""

import ipaddress
import ssl
from collections.abc import Mapping
from email.headerregistry import Address
from email.utils import parseaddr
from pathlib import Path

import msgspec

from marginwatch.errors import ConfigError
from marginwatch.model.secret import Secret
from marginwatch.notify.channels.email.config import EmailTable

PORTS = {"starttls": 587, "tls": 465, "none": 25}


class EmailSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What the channel needs.

    Parameters
    ----------
    host, port : str, int
        The server.
    tls : ssl.SSLContext or None
        None speaks in the clear.
    is_tls_at_once : bool
        TLS from the first byte, not after STARTTLS.
    username, password : str or None, Secret or None
        Both or neither.
    sender : Address
        From whom.
    to : tuple of Address
        To whom.
    timeout_s : float
        Of one attempt.
    """

    host: str
    port: int
    tls: ssl.SSLContext | None
    is_tls_at_once: bool
    username: str | None
    password: Secret | None
    sender: Address
    to: tuple[Address, ...]
    timeout_s: float


def email_settings(table: EmailTable, secrets: Mapping[str, Secret], folder: Path) -> EmailSettings:
    """Return the settings of a table.

    Raises
    ------
    ConfigError
        If an address is none, the connection would be open to readers without anybody having said so, or name and password
        do not come together.
    """
    if table.security == "none" and not (table.allow_plaintext or is_loopback(table.host)):
        raise ConfigError(
            'security: "none" sends alerts in the clear to another machine; use "starttls" or "tls",'
            " or write allow_plaintext = true"
        )
    if (table.username is None) != (table.password is None):
        raise ConfigError("username: write username and password, or neither")
    return EmailSettings(
        host=table.host,
        port=table.port or PORTS[table.security],
        tls=None if table.security == "none" else _tls(table, folder),
        is_tls_at_once=table.security == "tls",
        username=table.username,
        password=secrets.get("password"),
        sender=_address(table.sender, "sender"),
        to=tuple(_address(one, "to") for one in table.to),
        timeout_s=table.timeout_s,
    )


def is_loopback(host: str) -> bool:
    """Return whether a host is this machine for certain."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _tls(table: EmailTable, folder: Path) -> ssl.SSLContext:
    path = None if table.ca_file is None else folder / Path(table.ca_file).expanduser()
    try:
        return ssl.create_default_context(cafile=path)
    except (OSError, ssl.SSLError) as error:
        raise ConfigError(f"ca_file: cannot read certificates from {path}: {error}") from error


def _address(text: str, key: str) -> Address:
    name, plain = parseaddr(text) if text.isprintable() else ("", "")
    try:
        address = Address(display_name=name, addr_spec=plain)
    except (ValueError, IndexError):
        address = None
    if address is None or not (address.username and address.domain) or not plain.isascii():
        raise ConfigError(
            f"{key}: {text!r} is no address; write alerts@example.org or Name <alerts@example.org>"
        )
    return address
