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


def test_who_bets_against_whom_is_told(terminal: Terminal, still: Product) -> None:
    held = {name: value for (name, coin), value in worth(still).items() if coin == "BTC"}
    largest = min(max(held.values()), -min(held.values()))
    terminal.open("exposure")
    first = terminal.part("opposing-row").first
    expect(first).to_contain_text(max(held, key=lambda name: held[name]))
    expect(first).to_contain_text(min(held, key=lambda name: held[name]))

    def agree() -> str | None:
        # It may be of the moment before the market stood still.
        shown = float(first.get_attribute("data-value") or "nan")
        return None if shown == pytest.approx(largest, rel=CLOSE) else f"{shown}, and it is {largest}"

    until(agree)
