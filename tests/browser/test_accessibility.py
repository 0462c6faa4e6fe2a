"""Nothing serious stands in the way of people who hear the page, use keys alone, or see little contrast."""

import pytest
from tests.browser.terminal import Terminal

PAGES = (
    "overview",
    "accounts",
    "accounts/dir-momentum",
    "positions",
    "exposure",
    "stress",
    "advice",
    "alerts",
    "health",
)


@pytest.mark.parametrize("route", PAGES)
def test_axe_finds_nothing_serious_in_either_theme(terminal: Terminal, route: str) -> None:
    terminal.open(route)
    terminal.page.wait_for_timeout(700)
    dark = terminal.violations()
    terminal.part("theme").click()
    assert terminal.page.locator("html").get_attribute("data-theme") == "light"
    assert (dark, terminal.violations()) == ([], [])


def test_axe_is_awake(terminal: Terminal) -> None:
    terminal.open()
    terminal.page.evaluate("document.querySelector('main').append(document.createElement('button'))")
    assert any(line.startswith("button-name") for line in terminal.violations())
