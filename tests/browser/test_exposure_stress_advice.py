"""Exposure, stress and advice: what the exchange says, what the service reckoned, and answers to questions just asked."""

import csv
import json
import math
import re
from collections import defaultdict
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Route, WebSocketRoute, expect
from tests.browser.product import Product
from tests.browser.reading import read
from tests.browser.terminal import Terminal, until

from marginwatch.risk.frame import Frame
from marginwatch.risk.heavy_rows import StressRow
from marginwatch.sim.funding import pay_funding
from marginwatch.web.risk_replies import AdviceReply, advice_reply, margin_reply, stress_reply

SCENARIO = "BTC -20%"


def frame_of(product: Product) -> Frame:
    frame = product.service.latest_frame()
    assert frame is not None
    return frame


def deltas(product: Product) -> dict[tuple[str, str], float]:
    """Return signed USD delta by account and coin, reckoned from what the exchange itself says; options left out."""
    found: dict[tuple[str, str], float] = defaultdict(float)
    usd = {coin: product.ask(lambda coin=coin: product.exchange.usd_index(coin)) for coin in ("USDT", "USDC")}
    for name, truth in product.truths().items():
        for row in truth.positions:
            sign = 1.0 if row.side == "Buy" else -1.0
            coin = re.match(r"\d*([A-Z]+?)(?=USD|PERP|-)", row.symbol)
            if not row.size or coin is None or row.category == "option":
                continue
            # An inverse contract is worth a dollar; a linear one its mark in the coin that it settles in.
            worth = float(row.size)
            if row.category == "linear":
                worth *= float(row.mark_price) * usd[row.settle_coin]
            found[name, coin.group(1)] += sign * worth
    return found


def scenario(product: Product, name: str, by: str = "portfolio") -> dict[str | None, StressRow]:
    rows = product.ask(lambda: stress_reply(frame_of(product), by=by, scenario=name)).rows
    return {row.name: row for row in rows}


def advice(product: Product) -> AdviceReply:
    return product.ask(lambda: advice_reply(frame_of(product)))


# ---- exposure ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("held", [("dir-momentum", "BTC"), ("mm-alts-1", "XRP"), ("treasury", "BTC")])
def test_a_cell_of_the_heatmap_is_what_the_exchange_says(
    terminal: Terminal, still: Product, held: tuple[str, str]
) -> None:
    truth = deltas(still)[held]
    terminal.open("exposure")
    cell = terminal.page.locator(f"[data-testid=matrix-cell][data-group='{held[0]}'][data-asset='{held[1]}']")

    def agree() -> str | None:
        shown = float(cell.get_attribute("data-value") or "nan")
        return None if shown == pytest.approx(truth, rel=1e-4) else f"{held}: {shown}, and it is {truth}"

    until(agree)
    assert read(cell.inner_text()).is_(float(cell.get_attribute("data-value") or "nan"))


def test_rows_of_the_heatmap_add_up_to_what_stands_above_them(terminal: Terminal, still: Product) -> None:
    del still
    terminal.open("exposure")
    expect(terminal.part("matrix-cell").first).to_be_visible()
    pairs = terminal.page.evaluate(
        """() => [...document.querySelectorAll('[data-testid=matrix-asset]')].map((above) => [
            Number(above.dataset.value),
            [...document.querySelectorAll(`[data-testid=matrix-cell][data-asset="${above.dataset.name}"]`)]
              .reduce((sum, cell) => sum + Number(cell.dataset.value), 0)])"""
    )
    assert len(pairs) > 3
    for above, below in pairs:
        assert below == pytest.approx(above, abs=0.01)


def test_a_cell_leads_to_the_positions_behind_it(terminal: Terminal) -> None:
    terminal.open("exposure")
    terminal.page.locator("[data-testid=matrix-cell][data-group='dir-momentum'][data-asset='BTC']").click()
    expect(terminal.page).to_have_url(re.compile(r"#/positions\?.*dir-momentum.*BTC"))
    expect(terminal.part("positions-grid")).to_have_attribute("data-rows", re.compile(r"^[1-9]"))


def test_arrows_move_in_the_heatmap_and_tab_reaches_one_cell_of_it(terminal: Terminal) -> None:
    terminal.open("exposure")
    table = terminal.part("exposure-heatmap")
    first = table.locator("[data-y='0'][data-x='0']")
    first.focus()
    terminal.page.keyboard.press("ArrowDown")
    terminal.page.keyboard.press("ArrowRight")
    expect(table.locator("[data-y='1'][data-x='1']")).to_be_focused()
    expect(table.locator("[tabindex='0']")).to_have_count(1)


def test_groups_follow_the_address_and_show_the_sums_of_the_service(
    terminal: Terminal, still: Product
) -> None:
    desks = {info.desk for info in still.service.config.accounts}
    terminal.open("exposure?by=desk")
    grid = "exposure-groups-grid"
    expect(terminal.part(grid)).to_have_attribute("data-rows", str(len(desks)))
    of_desk = defaultdict(float)
    desk_of = {info.account_id: info.desk for info in still.service.config.accounts}
    for (name, _), delta in deltas(still).items():
        of_desk[desk_of[name]] += delta
    terminal.cell_shows(grid, "market-making", "net_usd", lambda: of_desk["market-making"])
    terminal.part("exposure-by-asset").click()
    expect(terminal.page).not_to_have_url(re.compile("by="))


def test_the_calendar_tells_the_funding_of_each_account(terminal: Terminal, still: Product) -> None:
    del still
    terminal.open("exposure?calendar=contracts")
    grid = "exposure-calendar-grid"
    expect(terminal.part(grid)).to_have_attribute("data-rows", re.compile(r"^[1-9]"))
    terminal.part("exposure-calendar-adl").click()
    expect(terminal.page).to_have_url(re.compile("calendar=adl"))
    expect(terminal.part(grid)).to_be_visible()


def test_what_was_paid_for_each_contract_is_what_the_ledger_says(terminal: Terminal, still: Product) -> None:
    account, symbol = "mm-eth-1", "ETHUSDT"
    exchange = still.exchange
    uid = next(info.uid for info in exchange.accounts() if info.name == account)

    def received() -> float:
        """Received less paid, USD, by the exchange's own ledger."""
        coin = exchange.usd_index("USDT")
        lines = [line for line in exchange.transaction_log(uid) if line.symbol == symbol and line.funding]
        return sum(float(line.funding or 0) * coin for line in lines if line.kind == "SETTLEMENT")

    still.ask(lambda: pay_funding(exchange._world))
    truth = still.ask(received)
    assert abs(truth) > 1.0
    terminal.open("exposure?calendar=paid")
    row = terminal.part("exposure-calendar-grid").get_by_role("row").filter(has_text=account)
    row = row.filter(has_text=symbol)
    for column, expected in (
        ("net_usd", truth),
        ("last_24h_usd", truth),
        ("paid_usd", max(-truth, 0.0)),
        ("received_usd", max(truth, 0.0)),
    ):
        cell = row.locator(f"[role=gridcell][col-id={column}]")

        def agree(cell=cell, expected=expected) -> str | None:
            shown = read(cell.inner_text())
            # Dollars are of public indices here, and of its own at the exchange.
            is_same = abs(shown.value - expected) <= shown.step + 1e-3 * abs(expected)
            return None if is_same else f"shown as {shown}, and it is {expected}"

        until(agree, within_s=40.0)
    with terminal.page.expect_download() as waiting:
        terminal.part("exposure-calendar-grid").get_by_test_id("grid-export-csv").click()
    lines = list(csv.DictReader(waiting.value.path().read_text().splitlines()))
    [line] = [
        one for one in lines if one["account_id"] == account and one["instrument_id"].endswith(f":{symbol}")
    ]
    assert float(line["net_usd"]) == pytest.approx(truth, rel=1e-3)
    assert int(line["n_payments"]) == 1


# ---- stress -----------------------------------------------------------------------------------------------------


def test_cells_of_the_grid_are_the_scenarios_of_the_service(terminal: Terminal, still: Product) -> None:
    terminal.open("stress")
    cell = terminal.page.locator(f"[data-testid=stress-cell][data-scenario='{SCENARIO}']")

    def agree() -> str | None:
        shown = float(cell.get_attribute("data-value") or "nan")
        truth = scenario(still, SCENARIO)[None].pnl_usd
        is_same = truth is not None and math.isclose(shown, truth, rel_tol=1e-6)
        return None if is_same else f"{shown}, and it is {truth}"

    until(agree, within_s=30.0)
    assert cell.get_attribute("data-liquidated") == str(scenario(still, SCENARIO)[None].n_liquidated)


def test_a_cell_of_the_grid_shows_the_accounts_under_it(terminal: Terminal, still: Product) -> None:
    terminal.open("stress")
    terminal.page.locator(f"[data-testid=stress-cell][data-scenario='{SCENARIO}']").click()
    expect(terminal.page).to_have_url(re.compile("scenario=BTC"))
    expect(terminal.part("stress-under")).to_contain_text(SCENARIO)
    expect(terminal.part("stress-under-grid")).to_have_attribute("data-rows", str(len(still.truths())))
    terminal.cell_shows(
        "stress-under-grid",
        "dir-momentum",
        "pnl_usd",
        lambda: scenario(still, SCENARIO, "account")["dir-momentum"].pnl_usd or 0.0,
    )


def test_what_if_says_the_same_as_the_scenario_of_that_move(terminal: Terminal, still: Product) -> None:
    terminal.open("stress?btc=-20")
    expect(terminal.part("whatif-answer")).to_have_attribute("data-btc", "-0.2")

    def agree() -> str | None:
        terminal.part("whatif-again").click()
        expect(terminal.part("whatif-answer")).to_have_attribute("data-busy", "false")
        shown, truth = terminal.figure("whatif-pnl"), scenario(still, SCENARIO)[None]
        dead = terminal.figure("whatif-after-n_liquidated")
        is_same = truth.pnl_usd is not None and math.isclose(shown, truth.pnl_usd, rel_tol=1e-6)
        return None if is_same and dead == truth.n_liquidated else f"{shown} and {dead}, and it is {truth}"

    # Scenarios are reckoned again every few seconds, and were first when not everything was known.
    until(agree, within_s=30.0)


def test_what_if_of_bitcoin_alone_is_its_delta_times_the_move(terminal: Terminal, still: Product) -> None:
    terminal.open("stress?btc=-10&beta=0")
    expect(terminal.part("whatif-answer")).to_have_attribute("data-beta", "0")
    # Linear contracts and cash alone: what it loses is known without any model of margins.
    truth = -0.1 * deltas(still)["dir-momentum", "BTC"]
    terminal.cell_shows("whatif-accounts", "dir-momentum", "pnl_usd", lambda: truth)


def test_a_slider_moved_by_key_asks_and_stands_in_the_address(terminal: Terminal) -> None:
    terminal.open("stress")
    expect(terminal.part("whatif-answer")).to_have_attribute("data-btc", "-0.2")
    terminal.part("whatif-btc").focus()
    terminal.page.keyboard.press("ArrowLeft")
    expect(terminal.page).to_have_url(re.compile(r"btc=-21"))
    expect(terminal.part("whatif-answer")).to_have_attribute("data-btc", "-0.21")
    terminal.page.reload()
    expect(terminal.part("whatif-btc-number")).to_have_value("-21")
    expect(terminal.part("whatif-answer")).to_have_attribute("data-btc", "-0.21")


def test_a_number_out_of_bounds_becomes_the_bound(terminal: Terminal) -> None:
    terminal.open("stress")
    field = terminal.part("whatif-btc-number")
    field.fill("-400")
    field.press("Enter")
    expect(field).to_have_value("-99")
    expect(terminal.part("whatif-answer")).to_have_attribute("data-btc", "-0.99")


def test_an_old_answer_never_stands_as_the_new_one(terminal: Terminal) -> None:
    terminal.open("stress?btc=-10")
    answer = terminal.part("whatif-answer")
    expect(answer).to_have_attribute("data-busy", "false")
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    terminal.page.route("**/api/v1/whatif", hold)
    with terminal.page.expect_request("**/api/v1/whatif"):
        terminal.part("whatif-btc-number").fill("-50")
        terminal.part("whatif-btc-number").press("Enter")
    expect(answer).to_have_attribute("data-busy", "true")
    expect(answer).to_contain_text("Still the answer to: BTC \u221210%")
    assert len(held) == 1
    for route in held:
        route.continue_()
    terminal.page.unroute("**/api/v1/whatif")
    expect(answer).to_have_attribute("data-btc", "-0.5")
    expect(answer).to_have_attribute("data-busy", "false")
    expect(answer).not_to_contain_text("Still the answer")


def test_the_ladder_names_who_dies_first(terminal: Terminal, still: Product) -> None:
    ladder = still.ask(lambda: margin_reply(frame_of(still))).ladder
    first = {rung.direction: rung.account_id for rung in ladder if rung.rank == 1}
    assert first
    terminal.open("stress")
    for direction, name in first.items():
        rung = terminal.part(f"stress-ladder-{direction}").get_by_test_id("ladder-rung").first
        expect(rung).to_have_attribute("data-account", name)


# ---- advice -----------------------------------------------------------------------------------------------------


def test_advice_says_that_nothing_is_done_and_what_the_service_found(
    terminal: Terminal, still: Product
) -> None:
    truth = advice(still)
    assert truth.transfers is not None
    assert truth.hedges is not None
    terminal.open("advice")
    expect(terminal.part("advice-moves-nothing")).to_contain_text("marginwatch moves nothing")
    expect(terminal.part("advice-group")).to_have_count(len(truth.transfers.groups))
    expect(terminal.part("advice-transfer")).to_have_count(
        sum(len(group.transfers) for group in truth.transfers.groups)
    )
    for hedge in truth.hedges.hedges:
        card = terminal.part(f"advice-hedge-{hedge.kind}")
        expect(card.get_by_test_id("advice-hedge")).to_have_attribute("data-status", hedge.status)
        expect(card.get_by_test_id("advice-trade")).to_have_count(len(hedge.trades))
        if hedge.cost_usd is not None:

            def cost(kind: str = hedge.kind) -> float:
                found = advice(still).hedges
                assert found is not None
                return next(one.cost_usd for one in found.hedges if one.kind == kind) or 0.0

            terminal.shows(f"advice-{hedge.kind}-cost_usd", cost, relative=1e-3)


def test_advice_is_copied_as_text(terminal: Terminal, still: Product, context: BrowserContext) -> None:
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    del still
    terminal.open("advice")
    terminal.part("advice-copy-beta").click()
    expect(terminal.part("advice-copy-beta")).to_have_text("Copied")
    text = terminal.page.evaluate("navigator.clipboard.readText()")
    assert re.search(r"^(Buy|Sell) [\d.,]+ \w+ · ", text, re.MULTILINE)


def needing(document: dict[str, Any]) -> None:
    """Make an advice one in which an account needs more than can be moved, and whose name is no name."""
    group = document["transfers"]["groups"][0]
    giver, taker = group["accounts"][:2]
    group |= {"status": "partly", "missing_usd": 40_000.0, "summary": "40,000 USD are still missing"}
    transfer = {"giver_id": giver["account_id"], "coin": "USDT", "amount": 120_000.5, "usd": 119_940.0}
    group["transfers"] = [
        transfer | {"taker_id": taker["account_id"]},
        transfer | {"taker_id": "<img src=x onerror=alert(1)>\u202e" + "x" * 10_000},
    ]
    taker |= {"taken_usd": 119_940.0, "missing_usd": 40_000.0, "is_at_target": False}
    taker["before"] |= {"maintenance_margin_usage": 0.81}
    taker["after"] |= {"maintenance_margin_usage": 0.56}
    hedge = document["hedges"]["hedges"][1]
    hedge |= {"status": "missing", "trades": [], "reasons": {"trades": "missing: no covariances"}}


def with_advice(tab: Terminal, change: Callable[[dict[str, Any]], None]) -> None:
    """Let the advice that a tab hears be changed on its way."""

    def serve(socket: WebSocketRoute) -> None:
        server = socket.connect_to_server()

        def hear(message: str | bytes) -> None:
            told = json.loads(message) if isinstance(message, str) else {}
            if told.get("topic") == "advice":
                change(told["document"])
                message = json.dumps(told)
            socket.send(message)

        server.on_message(hear)

    tab.page.route_web_socket("**/api/v1/stream", serve)


def test_what_transfers_do_not_solve_and_what_was_not_reckoned_is_said(
    terminal: Terminal, still: Product
) -> None:
    del still
    with_advice(terminal, needing)
    terminal.open("advice")
    expect(terminal.part("advice-status").first).to_have_attribute("data-value", "partly")
    expect(terminal.part("advice-transfer")).to_have_count(2)
    expect(terminal.part("advice-transfer").first).to_contain_text("the target is 50.0%")
    expect(terminal.part("advice-transfer").nth(1)).to_contain_text("<img src=x onerror=alert(1)>⟨U+202E⟩")
    expect(terminal.part("advice-unsolved")).to_contain_text("40,000 USD")
    effect = terminal.part("advice-effect").first
    expect(effect.get_by_test_id("advice-usage-before")).to_have_text(re.compile("81.0%"))
    expect(effect.get_by_test_id("advice-usage-after")).to_have_text(re.compile("56.0%"))
    expect(terminal.part("advice-hedge-minimum_variance")).to_contain_text("no covariances")
    assert terminal.page.locator("main img").count() == 0


def test_where_no_account_is_heard_nobody_is_said_to_be_at_the_target(
    terminal: Terminal, still: Product
) -> None:
    del still

    def nobody(document: dict[str, Any]) -> None:
        group = document["transfers"]["groups"][0]
        group |= {"status": "nothing_to_do", "accounts": [], "transfers": [], "missing_usd": 0.0}

    with_advice(terminal, nobody)
    terminal.open("advice")
    expect(terminal.part("advice-status").first).to_have_attribute("data-value", "unknown")
    group = terminal.part("advice-group").first
    expect(group.get_by_test_id("advice-nothing")).to_have_count(0)


# ---- a phone ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("page", ["exposure", "stress", "advice"])
def test_nothing_is_wider_than_a_phone(phone: Terminal, page: str) -> None:
    phone.open(page)
    expect(phone.part(f"{page}-page")).to_be_visible()
    wide = phone.page.evaluate(
        "() => [document.documentElement.scrollWidth, document.querySelector('main').scrollWidth]"
    )
    assert max(wide) <= 390


def test_what_transfers_change_scrolls_in_its_own_place_on_a_phone(phone: Terminal) -> None:
    with_advice(phone, needing)
    phone.open("advice")
    expect(phone.part("advice-effect").first).to_be_visible()
    assert phone.page.evaluate("document.documentElement.scrollWidth") == 390
