"""The frame around all pages: addresses, keys, languages, themes, a phone."""

import re

import pytest
from playwright.sync_api import Browser, expect
from tests.browser.product import Product
from tests.browser.terminal import Terminal, until
from tests.browser.watch import Watch

PAGES = ("overview", "accounts", "positions", "exposure", "stress", "advice", "alerts", "health")
LETTERS = {
    "o": "overview",
    "a": "accounts",
    "p": "positions",
    "e": "exposure",
    "s": "stress",
    "d": "advice",
    "l": "alerts",
    "h": "health",
}
NAMES = {
    "en": ("Overview", "Accounts"),
    "zh": ("总览", "账户"),
    "vi": ("Tổng quan", "Tài khoản"),
    "th": ("ภาพรวม", "บัญชี"),
}


def here(terminal: Terminal, name: str) -> None:
    expect(terminal.page.locator(f"main[data-page={name}]")).to_be_attached()


def test_the_page_is_live_and_loads_nothing_but_its_own(terminal: Terminal, watch: Watch) -> None:
    terminal.open()
    here(terminal, "overview")
    assert terminal.part("live-state").get_attribute("data-value") == "live"
    assert watch.n_requests > 2


def test_an_address_that_is_none_says_so_and_leads_back(terminal: Terminal) -> None:
    terminal.open("nowhere/at/all")
    expect(terminal.part("page-missing")).to_be_visible()
    terminal.part("page-missing").get_by_role("link").click()
    here(terminal, "overview")


def test_an_address_opens_the_right_account(terminal: Terminal) -> None:
    terminal.open("accounts/dir-momentum")
    expect(terminal.page).to_have_title(re.compile("dir-momentum"))
    expect(terminal.page.locator("main")).to_contain_text("dir-momentum")
    expect(terminal.page.locator("main")).not_to_contain_text("mm-btc-1")


def test_back_and_forward_go_through_pages(terminal: Terminal) -> None:
    terminal.open("accounts")
    terminal.part("nav-positions").click()
    here(terminal, "positions")
    terminal.page.go_back()
    here(terminal, "accounts")
    terminal.page.go_forward()
    here(terminal, "positions")


def test_g_and_a_letter_go_to_every_page(terminal: Terminal) -> None:
    terminal.open("reports")
    for letter, name in LETTERS.items():
        terminal.page.keyboard.press("g")
        terminal.page.keyboard.press(letter)
        here(terminal, name)


def test_a_slash_finds_an_account_by_keys_alone(terminal: Terminal) -> None:
    terminal.open()
    terminal.page.keyboard.press("/")
    expect(terminal.part("search-input")).to_be_focused()
    terminal.page.keyboard.type("momentum")
    expect(terminal.part("search").get_by_role("option")).to_have_count(1)
    terminal.page.keyboard.press("Enter")
    expect(terminal.page).to_have_url(f"{terminal.url}/#/accounts/dir-momentum")
    expect(terminal.part("search")).to_have_count(0)


def test_letters_typed_into_a_field_move_nobody(terminal: Terminal) -> None:
    terminal.open()
    terminal.page.keyboard.press("/")
    terminal.page.keyboard.type("gh?/")
    expect(terminal.part("search-input")).to_have_value("gh?/")
    here(terminal, "overview")


def test_a_question_mark_helps_and_escape_closes(terminal: Terminal) -> None:
    terminal.open()
    terminal.page.keyboard.press("?")
    expect(terminal.page.get_by_role("dialog")).to_be_visible()
    expect(terminal.page.get_by_role("dialog")).to_contain_text("TradingView")
    terminal.page.keyboard.press("Escape")
    expect(terminal.page.get_by_role("dialog")).to_have_count(0)


def test_the_keyboard_reaches_the_content_and_the_pages(terminal: Terminal) -> None:
    terminal.open()
    terminal.page.keyboard.press("Tab")
    terminal.page.keyboard.press("Enter")
    expect(terminal.page.locator("main")).to_be_focused()
    expect(terminal.page).to_have_url(f"{terminal.url}/#/overview")
    terminal.part("nav-health").focus()
    terminal.page.keyboard.press("Enter")
    here(terminal, "health")


def test_languages_switch_at_once_and_are_kept(terminal: Terminal) -> None:
    terminal.open()
    for code, (overview, accounts) in NAMES.items():
        terminal.part("language").select_option(code)
        expect(terminal.page.locator("html")).to_have_attribute("lang", re.compile(f"^{code}"))
        expect(terminal.part("nav-overview")).to_contain_text(overview)
        expect(terminal.part("nav-accounts")).to_contain_text(accounts)
    terminal.page.reload()
    expect(terminal.part("nav-overview")).to_contain_text(NAMES["th"][0])


CUT_HEADS = """() => [...document.querySelectorAll('.ag-header-cell-text')]
    .filter((head) => head.scrollWidth > head.clientWidth).map((head) => head.innerText)"""


def test_heads_of_columns_are_whole_in_every_language(terminal: Terminal) -> None:
    for route in ("overview", "positions", "accounts/mm-alts-1"):
        terminal.open(route)
        expect(terminal.page.locator(".ag-header-cell-text").first).to_be_visible()
        for code in NAMES:
            terminal.part("language").select_option(code)
            expect(terminal.page.locator("html")).to_have_attribute("lang", re.compile(f"^{code}"))
            until(lambda: str(cut) if (cut := terminal.page.evaluate(CUT_HEADS)) else None)


@pytest.mark.parametrize(
    ("locale", "code"), [("zh-CN", "zh"), ("vi-VN", "vi"), ("th-TH", "th"), ("fr-FR", "en")]
)
def test_the_first_language_is_the_browser_s(
    browser: Browser, product: Product, locale: str, code: str
) -> None:
    page = browser.new_page(locale=locale)
    watch = Watch(product.url)
    watch.attend(page)
    Terminal(page, product.url).open()
    expect(page.locator("html")).to_have_attribute("lang", re.compile(f"^{code}"))
    expect(page.get_by_test_id("nav-overview")).to_contain_text(NAMES[code][0])
    page.close()
    assert watch.complaints() == []


def test_themes_switch_and_are_kept(terminal: Terminal) -> None:
    terminal.open()
    html = terminal.page.locator("html")
    expect(html).to_have_attribute("data-theme", "dark")
    dark = terminal.page.evaluate("getComputedStyle(document.body).backgroundColor")
    terminal.part("theme").click()
    expect(html).to_have_attribute("data-theme", "light")
    assert terminal.page.evaluate("getComputedStyle(document.body).backgroundColor") != dark
    terminal.page.reload()
    expect(html).to_have_attribute("data-theme", "light")


def test_a_phone_shows_every_page_without_scrolling_sideways(phone: Terminal) -> None:
    widths = {}
    for name in phone.walk([*PAGES, "accounts/dir-momentum"]):
        widths[name] = phone.page.evaluate(
            "[document.documentElement.scrollWidth, document.querySelector('main').scrollWidth]"
        )
    assert {name: found for name, found in widths.items() if max(found) > 390} == {}


CUT_WORDS = (
    """words => words.filter(word => word.scrollWidth > word.clientWidth).map(word => word.innerText)"""
)


def test_small_words_on_a_phone_are_whole_in_every_language(phone: Terminal) -> None:
    for route, words in (("accounts", "main .name"), ("advice", "main .costs dt")):
        phone.open(route)
        expect(phone.page.locator(words).first).to_be_visible()
        for code in NAMES:
            phone.part("language").select_option(code)
            expect(phone.page.locator("html")).to_have_attribute("lang", re.compile(f"^{code}"))
            until(
                lambda words=words: (
                    str(cut) if (cut := phone.page.locator(words).evaluate_all(CUT_WORDS)) else None
                )
            )


def test_a_phone_reaches_every_page(phone: Terminal) -> None:
    phone.open()
    phone.page.get_by_role("navigation").get_by_role("button").click()
    phone.part("nav-health").click()
    here(phone, "health")


SHIFTS = """
window.shifted = 0;
new PerformanceObserver(list => {
  for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.shifted += entry.value;
}).observe({type: 'layout-shift', buffered: true});
"""
SHIFTED_MAX = 0.02
"""Of the browsers' own measure; they call 0.1 good."""


@pytest.mark.parametrize("name", [*PAGES, "accounts/dir-momentum"])
def test_nothing_jumps_while_a_page_comes_in_and_lives(terminal: Terminal, name: str) -> None:
    terminal.page.add_init_script(SHIFTS)
    terminal.open(name)
    terminal.page.wait_for_timeout(1_000)
    assert terminal.page.evaluate("window.shifted") <= SHIFTED_MAX
