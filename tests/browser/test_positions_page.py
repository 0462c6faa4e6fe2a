"""The positions page shows every open position of the exchange, at its price, and can be narrowed, sorted and grouped."""

import re

import pytest
from playwright.sync_api import expect
from tests.browser.product import Product
from tests.browser.reading import read
from tests.browser.terminal import Terminal, until

from marginwatch.sim.rows import PositionRow

GRID = "positions-grid"


def open_rows(product: Product) -> dict[tuple[str, str], PositionRow]:
    """Return the exchange's open positions by account and symbol; nobody here holds two legs of one."""
    return {
        (name, row.symbol): row
        for name, truth in product.truths().items()
        for row in truth.positions
        if row.size
    }


def test_every_open_position_is_there(terminal: Terminal, still: Product) -> None:
    terminal.open("positions")
    expect(terminal.part(GRID)).to_have_attribute("data-rows", str(len(open_rows(still))))


@pytest.mark.parametrize(
    ("name", "symbol"), [("dir-momentum", "BTCUSDT"), ("mm-alts-1", "XRPUSDT"), ("mm-eth-1", "ETHPERP")]
)
def test_a_linear_position_is_shown_as_the_exchange_has_it(
    terminal: Terminal, still: Product, name: str, symbol: str
) -> None:
    row = open_rows(still)[name, symbol]
    sign = 1.0 if row.side == "Buy" else -1.0
    coin_usd = still.ask(lambda: still.exchange.usd_index(row.settle_coin))
    terminal.open(f"positions?account={name}&q={symbol}")
    expect(terminal.part(GRID)).to_have_attribute("data-rows", "1")
    assert row.entry_price is not None
    entry = float(row.entry_price)
    # What was won up to the last session is in the wallet.
    counted_from = float(row.session_average_price or row.entry_price)
    for column, truth in {
        "quantity": sign * float(row.size),
        "entry_price": entry,
        "mark_price": float(row.mark_price),
        "notional_usd": float(row.size * row.mark_price) * coin_usd,
        "exposure_usd": sign * float(row.size * row.mark_price) * coin_usd,
        "unrealized_pnl_usd": sign * float(row.size) * (float(row.mark_price) - counted_from) * coin_usd,
    }.items():
        terminal.cell_shows(GRID, symbol, column, lambda true=truth: true)
    expect(terminal.cell(GRID, symbol, "position_side")).to_have_text("long" if sign > 0 else "short")


def test_an_inverse_position_is_worth_its_contracts(terminal: Terminal, still: Product) -> None:
    row = open_rows(still)["treasury", "BTCUSD"]
    terminal.open("positions?account=treasury")
    terminal.cell_shows(GRID, "BTCUSD", "quantity", lambda: -float(row.size))
    terminal.cell_shows(GRID, "BTCUSD", "exposure_usd", lambda: -float(row.size))


def test_prices_move_with_the_market(terminal: Terminal, product: Product) -> None:
    terminal.open("positions?account=dir-momentum&q=BTCUSDT")
    cell = terminal.cell(GRID, "BTCUSDT", "mark_price")
    before = cell.inner_text()
    expect(cell).not_to_have_text(before, timeout=10_000)


@pytest.mark.parametrize(
    ("query", "chosen"),
    [
        ("asset=ETH", lambda name, row: "ETH" in row.symbol),
        ("account=mm-alts-2", lambda name, row: name == "mm-alts-2"),
        ("side=short", lambda name, row: row.side == "Sell"),
        ("q=DOGE", lambda name, row: "DOGE" in row.symbol),
        ("desk=basis", lambda name, row: name.startswith("basis")),
    ],
)
def test_the_address_narrows_what_is_shown(terminal: Terminal, still: Product, query: str, chosen) -> None:
    wanted = [key for key, row in open_rows(still).items() if chosen(key[0], row)]
    terminal.open(f"positions?{query}")
    assert wanted
    expect(terminal.part(GRID)).to_have_attribute("data-rows", str(len(wanted)))


def test_a_click_on_a_header_sorts_both_ways(terminal: Terminal, still: Product) -> None:
    sizes = {
        key: float(row.size * row.mark_price) for key, row in open_rows(still).items() if "USDT" in key[1]
    }
    terminal.open("positions?q=USDT")
    expect(terminal.part(GRID)).to_have_attribute("data-rows", str(len(sizes)))
    head = terminal.part(GRID).locator("[role=columnheader][col-id=notional_usd]")
    first = terminal.part(GRID).locator("[role=row][row-index='0'] [col-id=account_id]")
    largest, smallest = max(sizes, key=lambda key: sizes[key]), min(sizes, key=lambda key: sizes[key])
    expect(first).to_have_text(largest[0])
    while head.get_attribute("aria-sort") != "ascending":
        head.click()
    expect(first).to_have_text(smallest[0])


def test_groups_add_up_to_what_they_hold(terminal: Terminal, still: Product) -> None:
    terminal.open("positions?group=asset&fold=1")
    rows = {name for name, row in open_rows(still).items() if "BTC" in row.symbol}
    assert rows
    group = terminal.part("position-group-BTC").first
    expect(group).to_be_visible()
    profit = sum(
        float(row.unrealized_pnl) * still.ask(lambda coin=row.settle_coin: still.exchange.usd_index(coin))
        for (_, symbol), row in open_rows(still).items()
        if symbol.startswith("BTC")
    )
    assert abs(profit) > 1.0
    cell = group.locator("[col-id=unrealized_pnl_usd]")
    expect(cell).to_be_visible()

    def agree() -> str | None:
        shown = read(cell.inner_text())
        # Dollars are of public indices here, and of its own at the exchange.
        is_same = abs(shown.value - profit) <= shown.step + 2e-3 * abs(profit)
        return None if is_same else f"shown as {shown}, and it is {profit}"

    until(agree)


def test_options_show_their_greeks(terminal: Terminal, still: Product) -> None:
    exchange = still.exchange
    info = next(one for one in exchange.accounts() if one.name == "mm-eth-1")
    puts = [
        row.symbol
        for row in exchange.instruments("option")
        if (row.base_coin, row.settle_coin, row.option_kind) == ("ETH", "USDT", "Put")
    ]
    symbol = puts[-4]  # of the last expiry the one at the money, all of whose greeks are large
    still.ask(lambda: exchange.open_position(info.uid, symbol, "-3"))
    try:
        terminal.open("positions?kind=option")
        expect(terminal.part(GRID)).to_have_attribute("data-rows", "1")
        [stated] = still.ask(lambda: exchange.coin_greeks(info.uid))
        for name in ("delta", "gamma", "vega", "theta"):
            truth = float(getattr(stated, name))
            assert truth
            terminal.cell_shows(GRID, symbol, name, lambda true=truth: true)
        terminal.open("positions")
        expect(terminal.part(GRID).locator("[role=columnheader][col-id=venue_symbol]")).to_be_visible()
        expect(terminal.part(GRID).locator("[role=columnheader][col-id=delta]")).to_have_count(0)
        terminal.open("accounts/mm-eth-1")
        grid = "account-positions-grid"
        terminal.cell_shows(grid, symbol, "delta", lambda: float(stated.delta))
        expect(terminal.cell(grid, "ETHPERP", "delta")).to_have_text("n/a")
    finally:
        still.ask(lambda: exchange.open_position(info.uid, symbol, "3"))


def test_chosen_columns_are_kept(terminal: Terminal) -> None:
    terminal.open("positions")
    head = terminal.part(GRID).locator("[role=columnheader][col-id=desk]")
    expect(head).to_have_count(0)
    terminal.part("grid-columns").click()
    terminal.page.get_by_role("checkbox", name="Desk").check()
    expect(head).to_have_count(1)
    terminal.page.reload()
    expect(head).to_have_count(1)


def test_the_export_is_what_the_table_says(terminal: Terminal, still: Product) -> None:
    terminal.open("positions?account=dir-momentum")
    with terminal.page.expect_download() as waiting:
        terminal.part("grid-export-csv").click()
    lines = waiting.value.path().read_text().strip().splitlines()
    assert waiting.value.suggested_filename.endswith(".csv")
    assert len(lines) == 1 + len(still.truth("dir-momentum").positions)
    assert re.search(r"\bBTCUSDT\b", "\n".join(lines))
    assert "mm-btc-1" not in "\n".join(lines)
