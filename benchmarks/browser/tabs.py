"""Tabs of a real browser, and what is counted in them."""

import asyncio
import contextlib
import json
import shutil
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, field

from playwright.async_api import Browser, Page, WebSocket, async_playwright

ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
SCREEN = {"width": 1440, "height": 840}
OPEN_TIMEOUT_MS = 30_000

# Looked at each time something is drawn, in the page itself: what is measured must not wait for us.
WATCH_ROWS = """
window.firstRowsMs = null;
window.drawn = 0;
const look = () => {
  window.drawn += 1;
  if (window.firstRowsMs === null && document.querySelector('.ag-row .ag-cell')) window.firstRowsMs = performance.now();
  requestAnimationFrame(look);
};
requestAnimationFrame(look);
"""


@dataclass
class Tab:
    """One tab: how many frames of which topic came in, in how many bytes."""

    page: Page
    frames: dict[str, int] = field(default_factory=dict)
    n_bytes: int = 0

    def attend(self, socket: WebSocket) -> None:
        """Count what a stream brings."""
        socket.on("framereceived", self._count)

    def _count(self, payload: str | bytes) -> None:
        self.n_bytes += len(payload)
        topic = topic_of(payload)
        self.frames[topic] = self.frames.get(topic, 0) + 1


def topic_of(payload: str | bytes) -> str:
    """Return which topic a message of the stream is about; a heartbeat is ``beat``."""
    if isinstance(payload, bytes):
        length = int.from_bytes(payload[:4], "little")
        return str(json.loads(payload[4 : 4 + length])["topic"])
    message = json.loads(payload)
    return str(message.get("topic", next(iter(message))))


@contextlib.asynccontextmanager
async def browser() -> AsyncGenerator[Browser]:
    """Run a browser of the system; end it with the block.

    Raises
    ------
    RuntimeError
        If there is none.
    """
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None:
        raise RuntimeError("this needs a browser: sudo apt-get install chromium")
    async with async_playwright() as playwright:
        running = await playwright.chromium.launch(executable_path=program, args=list(ARGUMENTS))
        try:
            yield running
        finally:
            await running.close()


async def open_tab(running: Browser, url: str, route: str) -> Tab:
    """Open a page in a tab of its own and return when it says that it is live."""
    context = await running.new_context(viewport={"width": SCREEN["width"], "height": SCREEN["height"]})
    await context.add_init_script(WATCH_ROWS)
    page = await context.new_page()
    tab = Tab(page)
    page.on("websocket", tab.attend)
    await page.goto(f"{url}/#/{route}", timeout=OPEN_TIMEOUT_MS)
    await page.wait_for_selector("body[data-live=true]", state="attached", timeout=OPEN_TIMEOUT_MS)
    return tab


async def first_rows_ms(tab: Tab) -> float:
    """Return how long after the start of the navigation the first cells of the grid were drawn."""
    await tab.page.wait_for_selector(".ag-row .ag-cell", timeout=OPEN_TIMEOUT_MS)
    await asyncio.sleep(0.2)
    return float(await tab.page.evaluate("window.firstRowsMs"))


async def close(tabs: Sequence[Tab]) -> None:
    """Close tabs with all that belongs to them."""
    for tab in tabs:
        await tab.page.context.close()
