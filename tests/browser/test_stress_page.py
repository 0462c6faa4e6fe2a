"""The stress page: what it says a fall would do is what the exchange does when that fall comes."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect
from tests.browser.product import Product
from tests.browser.reading import read
from tests.browser.terminal import Terminal, until
from tests.browser.watch import Watch

MOVE = -0.1
BITCOIN_ALONE = ("treasury", "mm-btc-1")
"""These hold Bitcoin and stablecoins only, so that no beta is in the answer."""

CLOSE = 5e-3


@pytest.fixture(scope="module")
def doomed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """A product of our own: its market will fall."""
    running = Product(tmp_path_factory.mktemp("doomed"), n_accounts=3)
    try:
        running.start()
        running.hold(is_held=True)
        yield running
    finally:
        running.stop()


@pytest.fixture
def tab(page: Page, doomed: Product) -> Iterator[Terminal]:
    watch = Watch(doomed.url)
    watch.attend(page)
    yield Terminal(page, doomed.url)
    assert watch.complaints() == []


def foretold(tab: Terminal, name: str) -> float:
    return read(tab.cell("whatif-accounts", name, "after_equity").inner_text()).value


def test_the_usual_grid_and_named_days_come_by_themselves(tab: Terminal) -> None:
    tab.open("stress")
    expect(tab.part("stress-cell").first).to_be_visible(timeout=20_000)

    def falls() -> str | None:
        values = tab.part("stress-cell").evaluate_all("cells => cells.map(cell => cell.dataset.value)")
        return None if any(value and float(value) < 0.0 for value in values) else f"no loss in {values}"

    until(falls, within_s=30.0)
    expect(tab.part("stress-scenarios-grid")).to_contain_text("2020-03-12")


def test_what_if_says_what_the_exchange_does_then(tab: Terminal, doomed: Product) -> None:
    tab.open(f"stress?btc={MOVE * 100:.0f}")
    expect(tab.part("whatif-answer")).to_be_visible()
    expect(tab.part("whatif-state")).to_have_attribute("data-busy", "false")
    assert tab.figure("whatif-before-equity_usd") == pytest.approx(
        sum(float(one.wallet.totals.total_equity) for one in doomed.truths().values()), rel=CLOSE
    )
    told = {name: foretold(tab, name) for name in BITCOIN_ALONE}
    dead = tab.cell("whatif-accounts", "dir-momentum", "fate").inner_text()
    doomed.ask(lambda: doomed.exchange.shock(MOVE))
    for name, equity in told.items():
        now = float(doomed.truth(name).wallet.totals.total_equity)
        assert equity == pytest.approx(now, rel=CLOSE), name
    # Its page said so before it came: the exchange took its positions.
    assert dead
    assert doomed.truth("dir-momentum").liquidations > 0


def test_scenarios_are_named_in_the_language(tab: Terminal) -> None:
    tab.open("stress?kind=coin")
    tab.part("language").select_option("zh")
    name = tab.part("stress-scenarios-grid").get_by_text("仅 BTC −30%", exact=True)
    name.dblclick(timeout=30_000)
    expect(tab.part("stress-under")).to_contain_text("仅 BTC −30%")
    # Addresses keep the name by which the service knows it.
    expect(tab.page).to_have_url(re.compile(r"scenario=BTC(\+|%20)alone(\+|%20)-30%25"))
