"""Texts from outside are texts, whatever stands in them."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect
from tests.browser import hostile
from tests.browser.product import Product
from tests.browser.terminal import Terminal
from tests.browser.watch import Watch

PAGES = ("overview", "accounts", "positions", "exposure", "stress", "advice", "alerts", "health")
NAME = f"dir-momentum{hostile.SHORT}"


@pytest.fixture(scope="module")
def infested(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """A product whose accounts, desks, owners and tags have hostile names, and where something fires."""
    running = Product(tmp_path_factory.mktemp("hostile"), n_accounts=3, dress=hostile.dressed)
    try:
        running.start()
        running.ask(lambda: running.exchange.shock(-0.06))
        yield running
    finally:
        running.stop()


@pytest.fixture
def tab(page: Page, infested: Product) -> Iterator[Terminal]:
    watch = Watch(infested.url)
    watch.attend(page)
    yield Terminal(page, infested.url)
    assert page.evaluate(f"window.{hostile.RAN}") is None
    # Nothing that a text brought along became a part of the page.
    assert page.locator("img[src='x'], main script, b[onclick]").count() == 0
    assert watch.complaints() == []


def fits(tab: Terminal) -> bool:
    """Return whether the page is still as wide as the screen: long texts are cut, not the page stretched."""
    return bool(
        tab.page.evaluate(
            "document.documentElement.scrollWidth <= innerWidth && document.querySelector('main').scrollWidth"
            " <= document.querySelector('main').clientWidth"
        )
    )


def test_names_of_accounts_and_desks_are_shown_as_they_are(tab: Terminal) -> None:
    assert [route for route in tab.walk(PAGES) if not fits(tab)] == []


def test_what_the_exchange_says_is_shown_as_it_is(tab: Terminal) -> None:
    hostile.poison(tab.page)
    assert [route for route in tab.walk(PAGES) if not fits(tab)] == []


def test_an_account_with_a_hostile_name_can_be_opened(tab: Terminal) -> None:
    tab.open("accounts")
    tab.page.get_by_text("dir-momentum").first.click()
    expect(tab.page.locator("main")).to_contain_text("<img src=x onerror=")
    assert tab.page.url.startswith(tab.url)
    assert fits(tab)


def test_a_hostile_address_is_shown_as_text(tab: Terminal) -> None:
    for route in (f"accounts/{hostile.TAG}", f"{hostile.TAG}", "positions?asset=" + hostile.TAG, "%E0%A4%A"):
        tab.page.goto("about:blank")
        tab.page.goto(f"{tab.url}/#/{route}")
        tab.is_live()
    assert fits(tab)


def test_hidden_characters_are_made_visible(tab: Terminal) -> None:
    tab.open("accounts")
    shown = tab.page.get_by_text("dir-momentum").first.inner_text()
    assert "<img src=x onerror=" in shown
    assert "\u202e" not in shown
