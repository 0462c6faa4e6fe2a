"""The HTTP connections of a process: shared by all accounts, and no request is sent twice behind our back."""

import aiohttp

PER_HOST_MAX = 64


def open_http() -> aiohttp.ClientSession:
    """Return a session for REST calls; its owner closes it. Needs a running loop."""
    http = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0, limit_per_host=PER_HOST_MAX))
    # The library sends a GET again by itself when a reused connection turns out to be dead. The exchange counts both and
    # the budget knows of one, so we would use more than our share of its limit; whether to try again is ours to decide.
    http._retry_connection = False  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]  # there is no public switch
    return http
