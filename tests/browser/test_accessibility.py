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


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_axe_finds_nothing_serious_on_any_page(terminal: Terminal, theme: str) -> None:
    terminal.page.add_init_script(f"localStorage.setItem('marginwatch.theme', '{theme}')")
    found = {}
    for route in terminal.walk(PAGES):
        found[route] = terminal.violations()
    assert {route: wrong for route, wrong in found.items() if wrong} == {}


def test_axe_is_awake(terminal: Terminal) -> None:
    terminal.open()
    terminal.page.evaluate("document.querySelector('main').append(document.createElement('button'))")
    assert any(line.startswith("button-name") for line in terminal.violations())
