"""A page that is not live says so before anybody trusts it, and comes back by itself."""

import math
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect
from tests.browser.product import Product
from tests.browser.terminal import Terminal, until
from tests.browser.watch import Watch

HANGS_S = 6.0
TOLD_WITHIN_S = 3.0
"""Two seconds, and what a busy machine adds."""

RECONNECT = "WebSocket connection to .* failed|ERR_CONNECTION_REFUSED|ERR_CONNECTION_RESET"
"""What a browser writes by itself where nobody answers."""


@pytest.fixture(scope="module")
def disturbed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """A product of our own: others must not see it hang."""
    running = Product(tmp_path_factory.mktemp("disturbed"), n_accounts=2)
    try:
        running.start()
        yield running
    finally:
        running.stop()


@pytest.fixture
def tab(page: Page, disturbed: Product) -> Iterator[Terminal]:
    watch = Watch(disturbed.url)
    watch.forgive(RECONNECT)
    watch.attend(page)
    terminal = Terminal(page, disturbed.url)
    terminal.open()
    yield terminal
    assert watch.complaints() == []


def color(tab: Terminal, name: str) -> str:
    look = "element => { const s = getComputedStyle(element); return s.color + s.opacity + s.filter; }"
    return str(tab.part(name).first.evaluate(look))


def test_a_service_that_hangs_is_not_live_within_two_seconds(tab: Terminal, disturbed: Product) -> None:
    disturbed.hang(HANGS_S)
    tab.is_not_live(within_s=TOLD_WITHIN_S)
    expect(tab.part("banner-not-live")).to_be_visible()
    assert tab.part("live-state").get_attribute("data-value") != "live"
    tab.is_live(within_s=HANGS_S + 5.0)
    expect(tab.part("banner-not-live")).to_have_count(0)


def test_an_engine_that_makes_no_frames_is_not_live_although_the_socket_talks(
    tab: Terminal, disturbed: Product
) -> None:
    engine = disturbed.service.engine
    real = engine.run_frame
    disturbed.ask(lambda: setattr(engine, "run_frame", lambda: engine.frame))
    try:
        tab.is_not_live(within_s=2.0 + TOLD_WITHIN_S)
        expect(tab.part("banner-not-live")).to_have_attribute("data-value", "frozen")
    finally:
        disturbed.ask(lambda: setattr(engine, "run_frame", real))
    tab.is_live()


def test_a_server_that_comes_back_on_its_port_is_found_again(tab: Terminal, disturbed: Product) -> None:
    until(lambda: "no equity yet" if math.isnan(tab.figure("overview-equity")) else None)
    shown = tab.figure("overview-equity")
    disturbed.wait(disturbed.unserve())
    tab.is_not_live(within_s=TOLD_WITHIN_S)
    # What was known stays, and looks old.
    assert tab.figure("overview-equity") == pytest.approx(shown, rel=0.05)
    grey = color(tab, "overview-equity")
    disturbed.wait(disturbed.serve())
    tab.is_live(within_s=15.0)
    assert color(tab, "overview-equity") != grey
    assert tab.page.url.startswith(disturbed.url)
