"""The accounts page shows what is true at the exchange, and who is in danger first."""

import re

import pytest
from playwright.sync_api import expect
from tests.browser.product import Product
from tests.browser.terminal import Terminal

GRID = "accounts-grid"
ACCOUNTS = ("dir-momentum", "mm-btc-1", "basis-eth", "treasury")


def test_every_account_is_there(terminal: Terminal, still: Product) -> None:
    terminal.open("accounts")
    truths = still.truths()
    expect(terminal.part(GRID)).to_have_attribute("data-rows", str(len(truths)))
    for name in truths:
        expect(terminal.cell(GRID, name, "account_id")).to_have_text(name)


@pytest.mark.parametrize("name", ACCOUNTS)
def test_figures_of_an_account_are_those_of_the_exchange(
    terminal: Terminal, still: Product, name: str
) -> None:
    totals = still.truth(name).wallet.totals
    assert totals.total_maintenance_margin is not None
    terminal.open("accounts")
    terminal.cell_shows(GRID, name, "equity_usd", lambda: float(totals.total_equity))
    terminal.cell_shows(GRID, name, "maintenance_margin_usage", lambda: float(totals.account_mm_rate or 0))
    terminal.cell_shows(GRID, name, "initial_margin_usage", lambda: float(totals.account_im_rate or 0))


def test_the_most_endangered_stands_first(terminal: Terminal, still: Product) -> None:
    usages = {name: one.wallet.totals.account_mm_rate or 0 for name, one in still.truths().items()}
    terminal.open("accounts")
    first = terminal.part(GRID).locator("[role=row][row-index='0'] [col-id=account_id]")
    expect(first).to_have_text(max(usages, key=lambda name: usages[name]))


def test_a_filter_stands_in_the_address_and_comes_back_with_it(terminal: Terminal, still: Product) -> None:
    terminal.open("accounts")
    terminal.part("accounts-desk").select_option("market-making")
    expect(terminal.part(GRID)).to_have_attribute("data-rows", "4")
    expect(terminal.page).to_have_url(re.compile("market-making"))
    terminal.page.reload()
    expect(terminal.part(GRID)).to_have_attribute("data-rows", "4")
    expect(terminal.part("accounts-desk")).to_have_value("market-making")


def test_typing_finds_an_account_and_a_click_opens_it(terminal: Terminal) -> None:
    terminal.open("accounts")
    terminal.part("accounts-filter").fill("momen")
    expect(terminal.part(GRID)).to_have_attribute("data-rows", "1")
    terminal.cell(GRID, "dir-momentum", "account_id").get_by_role("link").click()
    expect(terminal.page).to_have_url(re.compile(r"#/accounts/dir-momentum"))
