"""The columns of accounts, what one is found by, and what a row says on the status line."""

import msgspec
from rich.text import Text

from marginwatch.risk.table_rows import AccountRow
from marginwatch.terminal.account_words import health, level_words
from marginwatch.terminal.bars import CALM, QUIET, danger_style, usage_bar
from marginwatch.terminal.cells import away, freshness, short_usd
from marginwatch.terminal.figures import age, distance, grouped, margin_usage
from marginwatch.top.columns import LiveColumn, shown_text
from marginwatch.top.figures import reason_words
from marginwatch.top.look import GREY

MEDIUM, WIDE, VERY_WIDE = 96, 120, 150


def is_present(row: AccountRow) -> bool:
    """Return whether what a row says is of now."""
    return row.is_included and row.is_fresh and not row.is_stale_price


def _cell(text: Text, row: AccountRow) -> Text:
    return text if is_present(row) else Text(text.plain, style=GREY)


def _name(row: AccountRow) -> Text:
    style = danger_style(row.maintenance_margin_usage)
    return _cell(shown_text(row.account_id, "bold" if style in (CALM, QUIET) else style), row)


def _why(row: AccountRow) -> Text:
    words = row.reason or row.estimate or ""
    return shown_text(words, QUIET) if words else Text("")


def _nearness(row: AccountRow) -> float | None:
    return None if row.liquidation_distance is None else -row.liquidation_distance


ACCOUNT_COLUMNS = (
    LiveColumn("account", 14, _name, "left", value=lambda row: row.account_id.casefold()),
    LiveColumn("desk", 12, lambda row: shown_text(row.desk, QUIET), "left", VERY_WIDE, lambda row: row.desk),
    LiveColumn(
        "margin used",
        17,
        lambda row: _cell(usage_bar(row.maintenance_margin_usage, 10), row),
        "left",
        value=lambda row: row.maintenance_margin_usage,
    ),
    LiveColumn("liq. away", 9, lambda row: _cell(away(row), row), value=_nearness),
    LiveColumn(
        "equity", 9, lambda row: _cell(short_usd(row.equity_usd), row), value=lambda row: row.equity_usd
    ),
    LiveColumn(
        "free", 9, lambda row: _cell(short_usd(row.free_usd), row), "right", MEDIUM, lambda row: row.free_usd
    ),
    LiveColumn(
        "net", 9, lambda row: _cell(short_usd(row.net_usd), row), "right", MEDIUM, lambda row: row.net_usd
    ),
    LiveColumn(
        "gross", 9, lambda row: _cell(short_usd(row.gross_usd), row), "right", WIDE, lambda row: row.gross_usd
    ),
    LiveColumn(
        "unreal. PnL",
        11,
        lambda row: _cell(short_usd(row.unrealized_pnl_usd), row),
        "right",
        WIDE,
        lambda row: row.unrealized_pnl_usd,
    ),
    LiveColumn(
        "risk",
        9,
        lambda row: _cell(Text(level_words(row)), row),
        "left",
        VERY_WIDE,
        lambda row: row.risk_score,
    ),
    LiveColumn(
        "pos.",
        5,
        lambda row: _cell(Text(grouped(row.n_positions)), row),
        "right",
        VERY_WIDE,
        lambda row: row.n_positions,
    ),
    LiveColumn("heard", 14, freshness, "left", value=lambda row: row.data_age_s),
    LiveColumn("reason", 0, _why, "left"),
)
"""From left to right: who, how near to the end, how much, how well heard."""


def is_found(row: AccountRow, words: str) -> bool:
    """Return whether every word occurs in the account's name, desk, owner, tags, venue, state or level."""
    fields = (row.account_id, row.desk, row.owner, row.venue, row.link_state, row.risk_level, *row.tags)
    text = "\n".join(field for field in fields if field).casefold()
    return all(word in text for word in words.casefold().split())


def account_words(row: AccountRow) -> str:
    """Return an account in one line: exact figures, ages, and why anything is missing."""
    heard = "never heard" if row.data_age_s is None else f"heard {age(row.data_age_s)} ago"
    head = (f"{row.account_id}: {health(row)}, {heard}", row.reason)
    parts = [
        f"equity {grouped(row.equity_usd)} USD",
        f"uses {margin_usage(row.maintenance_margin_usage)}",
        f"to liq. {distance(row.liquidation_distance, row.reasons.get('liquidation_distance'))}"
        + ("" if row.liquidation_distance is None else f" ({age(row.liquidation_distance_age_s)} old)"),
    ]
    lacking = [
        f"{name} —: {reason_words(row.reasons[name])}"
        for name in ("equity_usd", "maintenance_margin_usage", "liquidation_distance", "free_usd", "net_usd")
        if name in row.reasons
    ]
    return " · ".join(one for one in (*head, *lacking, *parts) if one)


def aged_account(row: AccountRow, by_s: float) -> AccountRow:
    """Return the row with its ages so much later: they go on while nothing is heard."""
    return msgspec.structs.replace(
        row,
        data_age_s=_later(row.data_age_s, by_s),
        margin_age_s=_later(row.margin_age_s, by_s),
        liquidation_distance_age_s=_later(row.liquidation_distance_age_s, by_s),
    )


def _later(age_s: float | None, by_s: float) -> float | None:
    return None if age_s is None else age_s + by_s
