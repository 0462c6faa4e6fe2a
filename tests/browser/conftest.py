"""One product and one browser for all; a tab for each test, which fails with whatever its pages do wrong."""

import shutil
from collections.abc import Iterator
from typing import Any

import pytest
import structlog
from playwright.sync_api import BrowserContext, Page, expect
from tests.browser.product import Product
from tests.browser.terminal import WAIT_MS, Terminal
from tests.browser.watch import Watch

expect.set_options(timeout=WAIT_MS)

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@pytest.fixture(scope="session")
def browser_type_launch_args() -> dict[str, Any]:
    """The system's own Chromium: none is downloaded."""
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        pytest.fail("these tests need a browser: sudo apt-get install chromium")
    return {"executable_path": found, "args": list(QUIET)}


@pytest.fixture(scope="session")
def browser_context_args() -> dict[str, Any]:
    """What a trader's screen is."""
    return {"viewport": {"width": 1440, "height": 840}, "locale": "en-US", "timezone_id": "Asia/Singapore"}


@pytest.fixture(scope="session")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """The product that tests look at; those that disturb it make their own."""
    running = Product(tmp_path_factory.mktemp("product"))
    try:
        running.start()
        yield running
    finally:
        running.stop()


@pytest.fixture
def still(product: Product) -> Iterator[Product]:
    """The product while its market stands still, so that figures can be compared to the cent."""
    product.hold(is_held=True)
    yield product
    product.hold(is_held=False)


@pytest.fixture
def page(page: Page) -> Iterator[Page]:
    """A tab. A reply that a test holds in its hands when it ends is dropped: its error would be the next test's."""
    yield page
    page.unroute_all(behavior="ignoreErrors")


@pytest.fixture
def watch(page: Page, product: Product) -> Iterator[Watch]:
    """What went wrong on the test's page; checked when the test is over."""
    watch = Watch(product.url)
    watch.attend(page)
    yield watch
    assert watch.complaints() == []


@pytest.fixture
def terminal(page: Page, product: Product, watch: Watch) -> Terminal:
    """A tab on the dashboard."""
    del watch
    return Terminal(page, product.url)


@pytest.fixture
def phone(context: BrowserContext, product: Product) -> Iterator[Terminal]:
    """The same on a phone."""
    page = context.new_page()
    page.set_viewport_size({"width": 390, "height": 844})
    watch = Watch(product.url)
    watch.attend(page)
    yield Terminal(page, product.url)
    assert watch.complaints() == []


@pytest.fixture(autouse=True)
def server_errors() -> Iterator[None]:
    """Fail a test during which the service logs an error: a page hides what its server says to itself."""
    heard: list[str] = []

    def listen(logger: Any, method: str, event: dict[str, Any]) -> dict[str, Any]:
        del logger
        if method in ("error", "critical", "exception"):
            heard.append(repr(event))
        raise structlog.DropEvent

    structlog.configure(processors=[listen])
    yield
    assert heard == []
