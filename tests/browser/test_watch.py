"""What attends every page hears what it is there for: otherwise all the other tests would prove less than they say."""

import pytest
from playwright.sync_api import Page
from tests.browser.product import Product
from tests.browser.terminal import until
from tests.browser.watch import Watch


@pytest.fixture
def attended(page: Page, product: Product) -> Watch:
    watch = Watch(product.url)
    watch.attend(page)
    page.goto(product.url)
    return watch


def hears(page: Page, watch: Watch, words: str) -> None:
    """Wait until something is held against the page, and see that it is this."""

    def agree() -> str | None:
        # What a page does is told while somebody waits for it.
        page.wait_for_timeout(20)
        found = "\n".join(watch.complaints())
        return None if words in found else f"heard: {found}"

    until(agree)


def test_an_error_on_the_console_is_heard(page: Page, attended: Watch) -> None:
    page.evaluate("console.error('something broke')")
    hears(page, attended, "something broke")


def test_an_exception_is_heard(page: Page, attended: Watch) -> None:
    page.evaluate("setTimeout(() => { throw new Error('nobody caught it') })")
    hears(page, attended, "nobody caught it")


@pytest.mark.parametrize(
    "script",
    [
        "document.body.append(Object.assign(new Image(), {src: 'http://127.0.0.1:9/x.png'}))",
        "fetch('http://127.0.0.1:9/').catch(() => null)",
        "document.head.append(Object.assign(document.createElement('script'), {textContent: 'window.ran = 1'}))",
        "document.body.setAttribute('style', 'color: red')",
    ],
)
def test_what_the_policy_forbids_does_not_happen_and_is_heard(
    page: Page, attended: Watch, script: str
) -> None:
    page.evaluate(script)
    hears(page, attended, "Content Security Policy")
    assert page.evaluate("window.ran") is None


def test_another_site_is_heard_even_where_the_policy_is_passed_by(page: Page, attended: Watch) -> None:
    page.goto("data:text/html,<img src='http://127.0.0.1:9/x.png'>")
    hears(page, attended, "off-site: http://127.0.0.1:9/x.png")


def test_what_a_test_forgives_is_not_held_against_it(page: Page, attended: Watch) -> None:
    attended.forgive("something broke")
    page.evaluate("console.error('something broke'); console.error('and something else')")
    hears(page, attended, "and something else")
    assert "something broke" not in "\n".join(attended.complaints())
