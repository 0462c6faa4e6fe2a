"""The exposure page adds up what the exchange's positions are worth: by coin, by account, long and short."""

import pytest
from playwright.sync_api import expect
from tests.browser.product import Product
from tests.browser.terminal import Terminal, until

CLOSE = 5e-4

Signed = dict[tuple[str, str], float]


def worth(product: Product) -> Signed:
    """Return the signed worth of all positions, USD, by account and coin: contracts of inverse ones are dollars."""
    found: Signed = {}
    truths = product.truths()
    usd = product.ask(lambda: {coin: product.exchange.usd_index(coin) for coin in ("USDT", "USDC")})
    for name, truth in truths.items():
        for row in truth.positions:
            if not row.size:
                continue
            sign = 1.0 if row.side == "Buy" else -1.0
            coin = next(
                one for one in ("BTC", "ETH", "SOL", "OTHER") if row.symbol.startswith(one) or one == "OTHER"
            )
            size = float(row.size)
            value = size if row.category == "inverse" else size * float(row.mark_price) * usd[row.settle_coin]
            found[name, coin] = found.get((name, coin), 0.0) + sign * value
    return found


def test_totals_are_those_of_all_positions(terminal: Terminal, still: Product) -> None:
    terminal.open("exposure")
    net = sum(worth(still).values())
    terminal.shows("exposure-net", lambda: net, relative=0.005)


@pytest.mark.parametrize("coin", ["BTC", "ETH", "SOL"])
def test_a_coin_is_the_sum_of_its_positions(terminal: Terminal, still: Product, coin: str) -> None:
    by_account = {name: value for (name, held), value in worth(still).items() if held == coin}
    terminal.open("exposure")
    expect(terminal.part("exposure-heatmap")).to_be_visible()
    for name, value in by_account.items():
        agrees(terminal, f"[data-testid=matrix-cell][data-group='{name}'][data-asset='{coin}']", value)
    agrees(terminal, f"[data-testid=matrix-asset][data-name='{coin}']", sum(by_account.values()))


def agrees(terminal: Terminal, place: str, value: float) -> None:
    def agree() -> str | None:
        shown = float(terminal.page.locator(place).get_attribute("data-value") or "nan")
        # Sums of long and short are as exact as what they are sums of.
        return (
            None if shown == pytest.approx(value, rel=CLOSE, abs=500.0) else f"{place}: {shown}, not {value}"
        )

    until(agree)


def test_who_bets_against_whom_is_told(terminal: Terminal, still: Product) -> None:
    held = {name: value for (name, coin), value in worth(still).items() if coin == "BTC"}
    largest = min(max(held.values()), -min(held.values()))
    terminal.open("exposure")
    first = terminal.part("opposing-row").first
    expect(first).to_contain_text(max(held, key=lambda name: held[name]))
    expect(first).to_contain_text(min(held, key=lambda name: held[name]))
    assert float(first.get_attribute("data-value") or "nan") == pytest.approx(largest, rel=CLOSE)


def test_groups_are_chosen_by_the_address(terminal: Terminal, still: Product) -> None:
    desks = {info.desk for info in still.ask(still.exchange.accounts)}
    terminal.open("exposure")
    terminal.part("exposure-by-desk").click()
    expect(terminal.part("exposure-groups-grid")).to_have_attribute("data-rows", str(len(desks)))
    terminal.page.reload()
    expect(terminal.part("exposure-groups-grid")).to_have_attribute("data-rows", str(len(desks)))
