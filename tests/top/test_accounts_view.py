"""The second view, and the account that Enter opens."""

import re

import msgspec
from rich.console import Console

from marginwatch.risk.table_rows import AccountRow
from marginwatch.top.account_columns import ACCOUNT_COLUMNS, account_words, aged_account, is_found
from marginwatch.top.account_lines import account_lines, aged_coin
from marginwatch.top.columns import in_order
from marginwatch.top.live_table import LiveTable
from marginwatch.web.account_replies import AccountDetail
from marginwatch.web.replies import AccountsReply


def names(terminal) -> list[str]:
    return [row.account_id for row in terminal.program.query_one("#accounts-table", LiveTable).rows]


async def rows_of(service) -> list[AccountRow]:
    answer = await service.ask("/api/v1/accounts")
    return list(msgspec.convert(answer, AccountsReply).rows)


async def test_accounts_stand_by_danger_as_the_service_has_them(service, opened) -> None:
    rows = await rows_of(service)
    async with opened(service) as terminal:
        await terminal.press("2")
        await terminal.until_shown("4 of 4 accounts by danger")
        assert names(terminal) == [row.account_id for row in rows]
        lines = terminal.rows()
        [first] = [line for line in lines if line.startswith("mm-main")]
        assert "50.0%" in first
        assert "102 k" in first
        assert round(rows[0].equity_usd or 0) == 101_500
        [refused] = [line for line in lines if line.startswith("=refused")]
        assert refused.split()[1:6] == ["—", "—", "—", "○", "stopped"]
        await terminal.press("down")
        await terminal.until(
            lambda: terminal.status().startswith("=refused: stopped, never heard · the key may trade")
        )
        assert "equity_usd —: missing" in terminal.status()


async def test_accounts_are_found_by_words(service, opened) -> None:
    async with opened(service) as terminal:
        await terminal.press("2")
        await terminal.until_shown("4 of 4 accounts")
        await terminal.press("slash")
        await terminal.write("arbitrage usdt")
        await terminal.until(lambda: names(terminal) == ["arb-1"])
        assert "1 of 4 accounts by danger · with: arbitrage usdt" in terminal.text()
        await terminal.press("enter", "escape")
        await terminal.until(lambda: len(names(terminal)) == 4)
        await terminal.press("slash")
        await terminal.write("q2")
        await terminal.until_shown("no account has all of these words")


async def test_accounts_stand_by_another_column(service, opened) -> None:
    async with opened(service) as terminal:
        await terminal.press("2")
        await terminal.until_shown("by danger")
        await terminal.press("greater_than_sign")
        await terminal.until_shown("account▾")
        assert names(terminal) == ["=refused", "arb-1", "cold", "mm-main"]
        await terminal.press("r")
        await terminal.until(lambda: names(terminal) == ["mm-main", "cold", "arb-1", "=refused"])
        await terminal.press("r", *["greater_than_sign"] * 4)
        await terminal.until_shown("by equity")
        assert names(terminal)[:2] == ["mm-main", "arb-1"]
        await terminal.press("r")
        await terminal.until(lambda: names(terminal)[:2] == ["arb-1", "mm-main"])
        assert set(names(terminal)[2:]) == {"=refused", "cold"}


async def test_the_nearest_to_liquidation_comes_first(service) -> None:
    [first, *others] = await rows_of(service)
    rows = [
        msgspec.structs.replace(first, account_id=name, liquidation_distance=away)
        for name, away in (("far", 0.9), ("none", None), ("near", 0.1))
    ]
    [column] = [one for one in ACCOUNT_COLUMNS if one.title == "liq. away"]
    assert [row.account_id for row in in_order(rows, column, is_reversed=False)] == ["near", "far", "none"]
    assert [row.account_id for row in in_order(rows, column, is_reversed=True)] == ["far", "near", "none"]
    assert is_found(first, "MM-main streaming")
    assert not any(is_found(row, "mm-main") for row in others)


async def test_one_account_shows_ours_against_the_venues(service, opened) -> None:
    detail = await service.ask("/api/v1/accounts/mm-main")
    async with opened(service, 140, 40) as terminal:
        await terminal.press("2")
        await terminal.until_shown("4 of 4 accounts")
        await terminal.press("enter")
        await terminal.until_shown("maintenance margin")
        text = "\n".join(terminal.rows()).replace("\u2009", "")
        for field in ("maintenance_margin_usd", "venue_maintenance_margin_usd", "adjusted_equity_usd"):
            assert f" {detail['row'][field]:.0f} " in text + " ", field
        assert f"off by {detail['row']['model_error'] * 100:.2f} %" in text.replace("\xa0", " ")
        for position in detail["positions"]:
            [line] = [line for line in text.split("\n") if line.startswith(position["venue_symbol"])]
            assert position["quantity"].replace("-", "−") in line.split()
        assert [line.split()[1] for line in text.split("\n") if line.startswith("USDT ")] == ["100000"]
        await terminal.press("escape")
        await terminal.until_shown("4 of 4 accounts by danger")


async def test_one_accounts_rows_never_stand_under_anothers_name(service, opened) -> None:
    async with opened(service) as terminal:
        terminal.program.open_account("mm-main")
        await terminal.until_shown("ETHUSDT")
        terminal.program.open_account("arb-1")
        assert terminal.program.account.held is None
        await terminal.until_shown("arb-1 · arbitrage")
        assert "ETHUSDT" not in terminal.text()
        terminal.program.open_account("nobody")
        await terminal.until_shown("NO NEW FIGURES")
        assert "nobody" in terminal.text()
        assert "BTCUSDT" not in terminal.text()


async def test_ages_go_on_and_what_is_stale_is_grey(service) -> None:
    [first, *_] = await rows_of(service)
    assert first.data_age_s == 1.0
    later = aged_account(first, 30.0)
    assert (later.data_age_s, later.liquidation_distance_age_s) == (31.0, None)
    assert "heard 31 s ago" in account_words(later)
    detail = msgspec.convert(await service.ask("/api/v1/accounts/mm-main"), AccountDetail)
    then, later = (account_lines(detail, by_s, is_grey=False).plain for by_s in (0.0, 60.0))
    assert ("off by" in then, "1 s ago" in then) == (True, True)
    assert re.findall(r"(\d+) s ago", later) == [
        str(int(age) + 60) for age in re.findall(r"(\d+) s ago", then)
    ]
    [coin] = [msgspec.structs.replace(one, price_age_s=3.0) for one in detail.coins]
    assert aged_coin(coin, 60.0).price_age_s == 63.0
    stale = msgspec.structs.replace(first, is_included=False, is_fresh=False, maintenance_margin_usage=0.95)
    [usage] = [one for one in ACCOUNT_COLUMNS if one.title == "margin used"]
    assert str(usage.cell(stale).style) == "grey46"
    assert usage.cell(stale).spans == []
    assert "red" in str(
        list(usage.cell(msgspec.structs.replace(first, maintenance_margin_usage=0.95)).render(Console()))
    )
