"""The overview shows what is true of everything: sums of the exchange, and the account that is nearest to its end."""

import json
import math
import re
import time

import pytest
from playwright.sync_api import Route, expect
from tests.browser.product import Product
from tests.browser.terminal import Terminal, until

CLOSE = 2e-4


def test_equity_is_the_sum_of_all_accounts(terminal: Terminal, still: Product) -> None:
    total = sum(float(truth.wallet.totals.total_equity) for truth in still.truths().values())
    terminal.open()
    terminal.shows("overview-equity", lambda: total, relative=CLOSE)


def test_unrealized_profit_is_the_sum_of_all_coins(terminal: Terminal, still: Product) -> None:
    def total() -> float:
        return sum(
            float(coin.unrealized_pnl) * still.exchange.usd_index(coin.coin)
            for truth in still.truths().values()
            for coin in truth.wallet.coins
        )

    terminal.open()
    terminal.shows("overview-unrealized", total, relative=0.005)


def test_gross_exposure_is_what_all_positions_are_worth(terminal: Terminal, still: Product) -> None:
    def worth() -> float:
        found = 0.0
        for truth in still.truths().values():
            for row in truth.positions:
                if row.category == "inverse":
                    found += float(row.size)
                elif row.size:
                    usd = still.exchange.usd_index(row.settle_coin)
                    found += float(row.size * row.mark_price) * usd
        return found

    terminal.open()
    terminal.shows("overview-gross", worth, relative=CLOSE)


def test_margin_usage_is_that_of_the_exchange(terminal: Terminal, still: Product) -> None:
    truths = still.truths()
    worst = max(truths, key=lambda name: truths[name].wallet.totals.account_mm_rate or 0)
    terminal.open()
    expect(terminal.part("overview-worst-account")).to_have_text(worst)
    terminal.shows(
        "overview-worst-usage",
        lambda: float(truths[worst].wallet.totals.account_mm_rate or 0),
        relative=CLOSE,
    )


def test_the_nearest_liquidation_leads_to_its_account(terminal: Terminal, still: Product) -> None:
    terminal.open()
    expect(terminal.part("overview-nearest-account")).to_have_text("dir-momentum")
    distance = abs(terminal.figure("overview-nearest-distance"))
    assert 0.02 < distance < 0.3
    terminal.part("overview-nearest-account").click()
    expect(terminal.page).to_have_url(re.compile("#/accounts/dir-momentum"))


def test_a_fall_as_far_as_the_ladder_says_does_liquidate(terminal: Terminal, still: Product) -> None:
    """The exchange's own liquidation price lies where ours is, for the one contract that both mean."""
    btc = next(row for row in still.truth("dir-momentum").positions if row.symbol == "BTCUSDT")
    assert btc.liquidation_price is not None
    alone = 1.0 - float(btc.liquidation_price) / float(btc.mark_price)
    terminal.open()
    expect(terminal.part("overview-nearest-account")).to_have_text("dir-momentum")
    # All coins fall together there, so it is nearer than with Bitcoin alone, but not by more than its share of the book.
    assert alone / 3.0 < abs(terminal.figure("overview-nearest-distance")) < alone


def test_everything_counts_and_the_oldest_data_is_young(terminal: Terminal, still: Product) -> None:
    terminal.open()
    until(lambda: None if terminal.figure("overview-not-included") == 0.0 else "something is left out")
    oldest = terminal.figure("overview-oldest")
    assert math.isfinite(oldest)
    assert oldest < 60.0


def test_accounts_stand_by_danger_and_alerts_beside_them(terminal: Terminal, still: Product) -> None:
    truths = still.truths()
    usages = {name: one.wallet.totals.account_mm_rate or 0 for name, one in truths.items()}
    terminal.open()
    first = terminal.part("overview-accounts-grid").locator("[role=row][row-index='0'] [col-id=account_id]")
    expect(first).to_have_text(max(usages, key=lambda name: usages[name]))
    terminal.cell_shows(
        "overview-accounts-grid",
        "treasury",
        "equity_usd",
        lambda: float(truths["treasury"].wallet.totals.total_equity),
    )


def test_the_heavy_libraries_wait_for_their_pages(terminal: Terminal) -> None:
    loaded: list[str] = []
    terminal.page.on("request", lambda request: loaded.append(request.url))
    terminal.open()
    terminal.page.wait_for_timeout(500)
    assert loaded
    assert not [url for url in loaded if "/assets/chart-" in url]


@pytest.mark.parametrize(
    ("route", "chart"),
    [("overview", "overview-curve-chart"), ("accounts/mm-alts-1", "account-history-chart")],
)
def test_two_samples_within_a_second_are_drawn_as_one(terminal: Terminal, route: str, chart: str) -> None:
    minute_ns = (time.time_ns() // 60_000_000_000 - 1) * 60_000_000_000
    ages_ns = (-120_000_000_000, -60_000_000_000, 100_000_000, 300_000_000)
    points = [{"at_ns": minute_ns + age, "equity_usd": 1_000_000.0 + at} for at, age in enumerate(ages_ns)]

    def answer(asked: Route) -> None:
        reply = asked.fetch()
        asked.fulfill(response=reply, body=json.dumps({**reply.json(), "points": points}))

    terminal.page.route("**/api/v1/equity?**", answer)
    terminal.open(route)
    expect(terminal.part(chart).locator("canvas").first).to_be_visible()
    # Colors are looked up by second: a second twice made every drawing after this one fail.
    terminal.part("theme").click()
    expect(terminal.page.locator("html")).to_have_attribute("data-theme", "light")
    terminal.page.wait_for_timeout(200)
