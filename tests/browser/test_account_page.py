"""The page of one account shows what is true of it at the exchange, ours beside the venue's."""

import pytest
from playwright.sync_api import Locator, expect
from tests.browser.product import Product
from tests.browser.reading import read
from tests.browser.terminal import Terminal, until

from marginwatch.sim.rows import WalletCoin

CLOSE = 2e-4
"""Ours are reckoned at live marks; the exchange's own figures are cut after eight digits."""


@pytest.mark.parametrize("name", ["dir-momentum", "basis-btc", "mm-alts-2"])
def test_margins_are_those_of_the_exchange(terminal: Terminal, still: Product, name: str) -> None:
    totals = still.truth(name).wallet.totals
    terminal.open(f"accounts/{name}")
    expect(terminal.part("account-name")).to_have_attribute("data-value", name)
    terminal.shows("account-equity_usd", lambda: float(totals.total_equity), relative=CLOSE)
    terminal.shows(
        "account-maintenance_margin_usd", lambda: float(totals.total_maintenance_margin or 0), relative=CLOSE
    )
    terminal.shows(
        "account-initial_margin_usd", lambda: float(totals.total_initial_margin or 0), relative=CLOSE
    )
    terminal.shows(
        "account-maintenance_margin_usage", lambda: float(totals.account_mm_rate or 0), relative=CLOSE
    )


def test_coins_are_those_of_the_wallet_to_the_last_digit(terminal: Terminal, still: Product) -> None:
    coins = {coin.coin: coin for coin in still.truth("basis-btc").wallet.coins if coin.wallet_balance}
    terminal.open("accounts/basis-btc")
    for name, coin in coins.items():
        row = terminal.part(f"account-coin-{name}")

        def agree(row: Locator = row, coin: WalletCoin = coin) -> str | None:
            balance = float(row.locator("[data-value]").first.get_attribute("data-value") or "nan")
            usd = read(row.get_by_test_id("account-coin-equity_usd").inner_text()).value
            is_same = balance == float(coin.wallet_balance)
            is_close = usd == pytest.approx(float(coin.usd_value), rel=1e-3, abs=1.0)
            return None if is_same and is_close else f"{coin.coin}: {balance} and {usd}, and it is {coin}"

        until(agree)


def test_its_positions_are_listed(terminal: Terminal, still: Product) -> None:
    symbols = [row.symbol for row in still.truth("mm-alts-1").positions if row.size]
    terminal.open("accounts/mm-alts-1")
    grid = terminal.part("account-positions").locator("[data-rows]")
    expect(grid).to_have_attribute("data-rows", str(len(symbols)))
    for symbol in symbols:
        expect(terminal.part("account-positions")).to_contain_text(symbol)


def test_the_connection_and_the_key_are_told(terminal: Terminal, product: Product) -> None:
    terminal.open("accounts/dir-momentum")
    expect(terminal.part("account-link-state")).to_contain_text("streaming")
    expect(terminal.part("account-key")).to_be_visible()
    assert terminal.part("account-unsafe-key").count() == 0


def test_an_account_that_is_none_says_so(terminal: Terminal) -> None:
    terminal.open("accounts/dir-momentun")
    expect(terminal.part("account-unknown")).to_be_visible()


def test_a_silence_can_be_made_where_the_account_is_looked_at(terminal: Terminal, product: Product) -> None:
    terminal.open("accounts/mm-btc-1")
    terminal.part("account-silence").click()
    terminal.part("silence-author").fill("Ana")
    terminal.part("silence-comment").fill("moving collateral")
    terminal.part("silence-send").click()
    expect(terminal.part("silence-done")).to_be_visible()
    alerting = product.service.alerting
    assert alerting is not None
    kept = product.wait(alerting.silences())
    assert [(one.author, one.comment) for one in kept if one.author == "Ana"] == [
        ("Ana", "moving collateral")
    ]
