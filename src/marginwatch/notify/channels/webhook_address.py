"""The address of a group's robot, whose last part is its password: as the platform shows it, or that part alone."""

import re

from yarl import URL

from marginwatch.errors import ConfigError
from marginwatch.model.secret import Secret
from marginwatch.notify.channels.http_post import http_address

_KEY = re.compile(r"[A-Za-z0-9_-]+(/[A-Za-z0-9_-]+)*")


def webhook_address(
    secret: Secret, *, official: str, path: str, query_key: str | None = None, base_url: str | None = None
) -> Secret:
    """Return where to send messages, encoded; secret, for the key is in it.

    Parameters
    ----------
    secret : Secret
        The whole address, or the key in it.
    official : str
        Scheme and host where ``secret`` is a key alone.
    path : str
        What comes before the key, or, with ``query_key``, before the query.
    query_key : str or None
        Name of the query parameter that holds the key; None if it ends the path.
    base_url : str or None
        Takes the place of scheme and host, for gateways.

    Raises
    ------
    ConfigError
        If ``secret`` is neither, or ``base_url`` is no address; neither is repeated.
    """
    text = secret.reveal()
    base = http_address(base_url, "base_url") if base_url is not None else None
    if text.startswith(("https://", "http://")):
        base, key = _taken_apart(text, path, query_key, base)
    else:
        base, key = base or URL(official), text
    if not _KEY.fullmatch(key):
        raise ConfigError(f"webhook is no address of a robot; copy it whole, as in {official}{path}…")
    place = URL(str(base).rstrip("/") + path)
    return Secret(str(place.with_query({query_key: key})) if query_key else f"{place}{key}")


def _taken_apart(text: str, path: str, query_key: str | None, base: URL | None) -> tuple[URL, str]:
    """Return scheme and host, and the key; an empty key if there is none."""
    try:
        url = URL(text)
    except ValueError:
        return URL(), ""
    if path not in url.path:
        return URL(), ""
    before, _, after = url.path.partition(path)
    key = url.query.get(query_key, "") if query_key else after
    return base or url.origin().with_path(before), key
