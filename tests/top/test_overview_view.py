"""The first view against the service's own answer."""

import re
from typing import Any

import msgspec

from marginwatch.top.figure_grid import FigureGrid
from marginwatch.top.overview_figures import overview_figures
from marginwatch.web.overview_replies import OverviewReply

SCREEN_80 = """\
equity        200 k                     day PnL       —
gross         189 k                     net           15.0 k
with wallets  15.0 k                    unreal. PnL   0
used, in all  █████       50.0%         used, worst   █████       50.0% mm-main
nearest liq.  —                         VaR           —
free          35.1 k                    idle          0
risk level    —                         drawdown      —
oldest data   1 s mm-main               BTC           51 000.00
alerts        1 critical 1 high 1 warn  accounts      2 of 4, 3 pos.
not included  2                         unsafe keys   —

first to die   as BTC       by        to USD    equity most by
— not reckoned yet



not included       state         reason
cold               starting      not heard completely yet
=refused           stopped       the key may trade; make a read-only one"""


def figures_of(terminal: Any) -> dict[str, Any]:
    return {one.label: one for one in terminal.program.query_one(FigureGrid).figures}


def number_in(text: str) -> float:
    """The first number of a text, with thin spaces and a true minus."""
    found = re.search(r"−?[\d\u2009]+(\.\d+)?", text)
    assert found is not None, text
    return float(found[0].replace("−", "-").replace("\u2009", ""))


async def test_a_terminal_of_80_by_24(service, opened) -> None:
    async with opened(service) as terminal:
        await terminal.until(lambda: terminal.text().replace("\u2009", " ").find(SCREEN_80) > 0)
        lines = terminal.lines()
        assert "\n".join(lines[2:21]).replace("\u2009", " ") == SCREEN_80
        assert len(lines) == 24
        assert lines[0] == f"marginwatch top  1 Overview  2 Accounts  3 Alerts   {service.url}"
        # A busy machine asks later.
        assert re.match(r"● live · frame 1 of 22:13:21 UTC · heard \d\.\d s ago", lines[1])
        assert re.fullmatch(r"equity: 200 000 USD, \d s old", lines[21].replace("\u2009", " "))
        assert lines[23] == "1 2 3 views · Tab lists · Enter account · ? help · q quit"


async def test_figures_are_those_of_the_service(service, opened) -> None:
    answer = await service.ask("/api/v1/overview")
    async with opened(service, 170, 45) as terminal:
        shown = figures_of(terminal)
    total = answer["summary"]
    for label, value in (
        ("equity", total["equity_usd"]),
        ("gross", total["gross_usd"]),
        ("net", total["net_usd"]),
        ("with wallets", total["net_with_wallet_usd"]),
        ("free", total["free_usd"]),
        ("idle", answer["idle_usd"]),
        ("BTC", answer["btc_price"]),
    ):
        assert number_in(shown[label].exact) == round(value, 2), label
    assert number_in(shown["used, in all"].exact) == round(100 * answer["maintenance_margin_usage"], 1)
    worst = answer["worst_usage"]
    assert shown["used, worst"].exact.startswith(f"{worst['account_id']} uses 50.0")
    assert worst["maintenance_margin_usage"] == 0.5
    assert number_in(shown["not included"].exact) == answer["n_not_included"] == 2
    assert shown["alerts"].exact.startswith(f"{answer['alerts']['n_firing']} fire: 1 critical, 1 high")


async def test_figures_that_rest_on_history_have_the_age_of_their_own(service) -> None:
    reply = msgspec.convert(await service.ask("/api/v1/overview"), OverviewReply)
    kept = msgspec.structs.replace(reply, daily_pnl_usd=-5.0, drawdown=0.1, performance_age_s=70.0)
    ages = {one.label: one.age_s for one in overview_figures(kept)}
    assert (ages["day PnL"], ages["drawdown"], ages["equity"]) == (70.0, 70.0, 0.0)


async def test_what_is_missing_is_a_dash_with_its_reason_on_the_status_line(service, opened) -> None:
    answer = await service.ask("/api/v1/overview")
    async with opened(service) as terminal:
        for label, reason in (
            ("day PnL", answer["reasons"]["daily_pnl_usd"]),
            ("VaR", answer["value_at_risk"]["reasons"]["var_usd"]),
            ("risk level", answer["level"]["reasons"]["risk_level"]),
        ):
            figure = figures_of(terminal)[label]
            assert (figure.text.plain.strip(), figure.reason) == ("—", reason)
        await terminal.press("right")
        await terminal.until_shown("day PnL: —")
        assert "this service keeps no history of equity" in terminal.text()


async def test_the_ladder_and_what_is_left_out_lead_to_accounts(service, opened) -> None:
    async with opened(service, 170, 45) as terminal:
        assert any("first to die" in line and "not included" in line for line in terminal.lines())
        await terminal.press("tab", "tab", "down", "enter")
        await terminal.until_shown("=refused · — · bybit")
        await terminal.until_shown("the key may trade; make a read-only one")
