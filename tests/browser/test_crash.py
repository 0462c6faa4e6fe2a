"""A market that falls: the account that is in danger turns red, and no other."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect
from tests.browser.product import Product
from tests.browser.terminal import Terminal, until
from tests.browser.watch import Watch

VICTIM = "dir-momentum"
"""Leverage of ten and more; all others have little."""

DANGEROUS = 0.87
STEP = -0.002


def usage(product: Product, name: str) -> float:
    return float(product.truth(name).wallet.totals.account_mm_rate or 0)


@pytest.fixture(scope="module")
def crashed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """A market that fell until the victim is nearly liquidated, and stands still there."""
    running = Product(tmp_path_factory.mktemp("crashed"), n_accounts=5)
    try:
        running.start()
        running.hold(is_held=True)
        for _ in range(120):
            if usage(running, VICTIM) >= DANGEROUS:
                break
            running.ask(lambda: (running.exchange.shock(STEP), running.exchange.step()))
        assert DANGEROUS <= usage(running, VICTIM) < 1.0
        yield running
    finally:
        running.stop()


@pytest.fixture
def tab(page: Page, crashed: Product) -> Iterator[Terminal]:
    watch = Watch(crashed.url)
    watch.attend(page)
    yield Terminal(page, crashed.url)
    assert watch.complaints() == []


def test_the_right_account_turns_red(tab: Terminal, crashed: Product) -> None:
    tab.open("accounts")
    grid = tab.part("accounts-grid")
    expect(grid.locator("[role=row][row-index='0'] [col-id=account_id]")).to_have_text(VICTIM)
    tab.cell_shows("accounts-grid", VICTIM, "maintenance_margin_usage", lambda: usage(crashed, VICTIM))
    loud = grid.locator("[col-id=maintenance_margin_usage] .value.critical")
    expect(loud).to_have_count(1)
    assert tab.cell("accounts-grid", VICTIM, "maintenance_margin_usage").locator(".critical").count() > 0


def test_its_alert_is_counted_on_every_page(tab: Terminal) -> None:
    tab.open("reports")
    expect(tab.part("nav-alert-count")).to_be_visible(timeout=15_000)
    until(lambda: None if int(tab.text("nav-alert-count")) >= 1 else "nothing fires")


def test_the_transfers_advised_do_save_it(tab: Terminal, crashed: Product) -> None:
    """The last test here: it does at the exchange what the page only says."""
    tab.open("advice")
    expect(tab.part("advice-transfer").first).to_be_visible(timeout=30_000)
    uids = {info.name: info.uid for info in crashed.ask(crashed.exchange.accounts)}
    given = 0.0
    # All at once: with the first transfer the next advice is another one.
    lines = tab.part("advice-transfer").evaluate_all(
        "lines => lines.map(one => [one.dataset.coin, one.dataset.value, one.innerText])"
    )
    for coin, amount, text in lines:
        giver = next(name for name in uids if name != VICTIM and name in text)
        assert VICTIM in text
        assert coin
        assert amount
        crashed.ask(
            lambda giver=giver, coin=coin, amount=amount: crashed.exchange.transfer(
                uids[giver], uids[VICTIM], coin, amount
            )
        )
        given += float(amount)
    assert given > 0.0
    assert usage(crashed, VICTIM) < 0.6
    tab.open("accounts")
    tab.cell_shows("accounts-grid", VICTIM, "maintenance_margin_usage", lambda: usage(crashed, VICTIM))
    loud = tab.part("accounts-grid").locator("[col-id=maintenance_margin_usage] .value.critical")
    expect(loud).to_have_count(0)
