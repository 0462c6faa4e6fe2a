"""Open a page in the browser of whoever sits before the screen; where nobody does, do nothing."""

import os
import sys
import threading
import webbrowser
from collections.abc import Callable

OpenPage = Callable[[str], object]


def has_screen() -> bool:
    """Return whether a browser with windows could open: a screen is there, and the terminal is not a distant one.

    Without a screen, Python would start a browser for terminals, in the middle of what is shown there.
    """
    if "SSH_CONNECTION" in os.environ and sys.platform != "linux":
        return False
    if sys.platform == "linux":
        return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
    return True


def open_page(url: str, opener: OpenPage = webbrowser.open) -> threading.Thread | None:
    """Open ``url`` beside what goes on; None where there is no screen. A browser that does not start is no failure."""
    if not has_screen():
        return None
    thread = threading.Thread(target=_open, args=(url, opener), name="browser", daemon=True)
    thread.start()
    return thread


def _open(url: str, opener: OpenPage) -> None:
    try:
        opener(url)
    except (OSError, ValueError, webbrowser.Error):
        # The address stands on the terminal as well.
        return
