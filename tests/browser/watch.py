"""What no page may ever do: write an error, break its own policy, ask another site for anything."""

import re
from urllib.parse import urlsplit

from playwright.sync_api import ConsoleMessage, Error, Page, Request, WebSocket

NO_REQUEST = ("data", "blob", "about")


class Watch:
    """Everything that went wrong on the pages it attends; :meth:`forgive` is for what a test brings about itself.

    Parameters
    ----------
    origin : str
        The one address that may be asked.
    """

    def __init__(self, origin: str) -> None:
        self._host = urlsplit(origin).netloc
        self._forgiven: list[re.Pattern[str]] = []
        self._found: list[str] = []
        self.n_requests = 0

    def attend(self, page: Page) -> None:
        """Listen to a page from now on."""
        page.on("console", self._heard)
        page.on("pageerror", self._failed)
        page.on("request", self._asked)
        page.on("websocket", self._opened)

    def forgive(self, pattern: str) -> None:
        """Let pass what matches: the test causes it."""
        self._forgiven.append(re.compile(pattern))

    def complaints(self) -> list[str]:
        """Return what went wrong and was not forgiven."""
        return [line for line in self._found if not any(one.search(line) for one in self._forgiven)]

    def _heard(self, message: ConsoleMessage) -> None:
        # Violations of the policy are among the errors.
        if message.type == "error":
            self._found.append(f"console: {message.text} ({message.location.get('url', '')})")

    def _failed(self, error: Error) -> None:
        self._found.append(f"page error: {error.message}\n{error.stack or ''}"[:2_000])

    def _asked(self, request: Request) -> None:
        self.n_requests += 1
        self._judge(request.url)

    def _opened(self, socket: WebSocket) -> None:
        self._judge(socket.url)

    def _judge(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in NO_REQUEST and parts.netloc != self._host:
            self._found.append(f"off-site: {url[:200]}")
