"""What the headers of a request say about who sends it: to which name, from which page, through whom."""

import ipaddress
from collections.abc import Iterable
from urllib.parse import urlsplit

FORWARDING = frozenset(
    {
        *(b"forwarded", b"via", b"x-real-ip", b"x-scheme", b"x-url-scheme", b"x-rewrite-url"),
        *(b"client-ip", b"max-forwards", b"cdn-loop", b"x-varnish", b"x-timer"),
    }
)
FORWARDING_BEGINS = (
    *(b"x-forwarded", b"forwarded-", b"x-original-", b"x-envoy-", b"x-amzn-", b"x-appengine-", b"x-azure-"),
    *(b"cf-", b"tailscale-", b"x-arr-", b"x-cloud-trace"),
)
FORWARDING_ENDS = (
    b"-client-ip",
    b"-clientip",
    b"-user-ip",
    b"proxyuser-ip",
    b"cluster-client-ip",
    b"connecting-ip",
)
"""Headers that proxies and tunnels add: whoever they pass on need not be on this machine."""

DEFAULT_PORTS = {"http": "80", "https": "443", "ws": "80", "wss": "443"}

Headers = Iterable[tuple[bytes, bytes]]


class RequestHeaders:
    """The headers of one request by name, for what must be there once or not at all.

    Parameters
    ----------
    headers : iterable of (bytes, bytes)
        Names in lower case, as servers pass them on.
    """

    def __init__(self, headers: Headers) -> None:
        self._values: dict[bytes, list[str]] = {}
        for name, value in headers:
            self._values.setdefault(name, []).append(value.decode("latin-1"))

    def has(self, name: bytes) -> bool:
        """Return whether the header is there at all, also an empty one."""
        return name in self._values

    def one(self, name: bytes) -> str | None:
        """Return the value of a header that is there exactly once; None for none, and for several that may contradict."""
        values = self._values.get(name, [])
        return values[0] if len(values) == 1 else None

    def is_forwarded(self) -> bool:
        """Return whether a proxy says that it passes this request on for somebody."""
        return any(
            name in FORWARDING or name.startswith(FORWARDING_BEGINS) or name.endswith(FORWARDING_ENDS)
            for name in self._values
        )

    def is_for_this_machine(self) -> bool:
        """Return whether the name asked for is one of this machine alone.

        A page of another site can let its own name lead to 127.0.0.1 and so become of our origin; the name is then
        still that of the other site.
        """
        return is_loopback_name(host_name(self.one(b"host")))

    def is_of_another_page(self) -> bool:
        """Return whether the browser says that a page of another origin sends this."""
        if self.has(b"origin"):
            return not self.is_of_our_page()
        return self.has(b"sec-fetch-site") and self.one(b"sec-fetch-site") not in ("same-origin", "none")

    def is_of_our_page(self) -> bool:
        """Return whether the browser says that a page of the very name and port asked for sends this.

        The scheme is left out of it: behind a proxy that ends TLS the page is https and this request is http.
        """
        origin, host = self.one(b"origin"), self.one(b"host")
        if origin is None or not host:
            return False
        try:
            parts = urlsplit(origin)
        except ValueError:
            return False
        default = DEFAULT_PORTS.get(parts.scheme)
        if default is None or not parts.netloc or origin != f"{parts.scheme}://{parts.netloc}":
            return False
        return _without(parts.netloc, default) == _without(host, default)

    def is_secure(self) -> bool:
        """Return whether a proxy says that the browser's side is https. Nothing is allowed because of it."""
        values = self._values.get(b"x-forwarded-proto", [])
        return any(word.strip().lower() == "https" for value in values for word in value.split(","))

    def cookies(self, name: str) -> tuple[str, ...]:
        """Return the values of all cookies of a name; a page of a neighboring host may have planted a second one."""
        pairs = (
            pair.strip().partition("=")
            for line in self._values.get(b"cookie", [])
            for pair in line.split(";")
        )
        return tuple(value for key, sign, value in pairs if key == name and sign)


def host_name(host: str | None) -> str:
    """Return the name in a ``Host`` header without its port and brackets, in lower case; ``""`` for none."""
    if not host:
        return ""
    if host.startswith("["):
        name, _, port = host[1:].partition("]")
        return name.lower() if _is_port(port) and "]" in host and "%" not in name else ""
    name, sign, port = host.partition(":")
    return name.lower() if _is_port(sign + port) else ""


def is_loopback_name(name: str) -> bool:
    """Return whether a name or address leads nowhere but to this machine: ``localhost``, 127.0.0.0/8, ``::1``."""
    if name == "localhost":
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def _is_port(text: str) -> bool:
    """Return whether this may follow a name: nothing, or a colon and digits."""
    return not text or (text[0] == ":" and (not text[1:] or (text[1:].isascii() and text[1:].isdigit())))


def _without(netloc: str, port: str) -> str:
    return netloc.lower().removesuffix(f":{port}")
