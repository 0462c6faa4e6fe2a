"""Addresses of PostgreSQL databases, and how they are shown without what is secret in them."""

import re
from urllib.parse import parse_qs, urlsplit

from marginwatch.errors import ConfigError

SCHEMES = ("postgresql://", "postgres://")

_FORM = "write postgresql://user:password@host:5432/database, with / ? # @ % of user and password as %2F %3F %23 %40 %25"


def is_postgres_url(text: str) -> bool:
    """Return whether a text is the address of a PostgreSQL database."""
    return text.startswith(SCHEMES)


def shown_place(url: str) -> str:
    """Return an address without password and options, for people.

    Raises
    ------
    ConfigError
        If it cannot be told where its password ends; the message repeats nothing of it.
    """
    try:
        parts = urlsplit(url)
        userinfo, at, hosts = parts.netloc.rpartition("@")
        options = parse_qs(parts.query)
    except ValueError:
        raise _unreadable() from None
    # A special character that is not written as %.. ends the password early, and the rest would be taken for a host.
    is_torn = "@" in parts.path + parts.fragment or (not at and "@" in parts.query)
    if not is_postgres_url(url) or is_torn or not re.fullmatch(r"[A-Za-z0-9._:,\[\]%-]*", hosts):
        raise _unreadable()
    user = userinfo.partition(":")[0] or options.get("user", [""])[0]
    where = hosts or ",".join(options.get("host", ["localhost"]))
    return f"postgresql://{user + '@' if user else ''}{where}{parts.path}"


def _unreadable() -> ConfigError:
    return ConfigError(f"the address of the database cannot be read; {_FORM}")
