"""One picture of one frame, sized to the terminal."""

from collections.abc import Sequence
from typing import NamedTuple

from rich.console import Group, RenderableType
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from marginwatch.collect.statuses import Progress
from marginwatch.demo.alerts import AlertLine
from marginwatch.demo.changes import ChangeLog
from marginwatch.demo.tables import (
    WIDE,
    accounts_table,
    alerts_table,
    changes_table,
    exposure_table,
)
from marginwatch.risk.frame import Frame
from marginwatch.risk.table_rows import AccountRow, NotIncluded, PortfolioSummary
from marginwatch.risk.tables import (
    account_rows,
    distance_basis,
    exposure_by_asset,
    ladder_rows,
    portfolio_summary,
    position_rows,
)
from marginwatch.terminal.bars import DANGER, QUIET, danger_style
from marginwatch.terminal.cells import share, short_usd

HEAD_AND_NOTE_LINES = 12
RUNGS_SHOWN = 4
TABLE_LINES = 6
"""What a table with a head takes beside its rows; one without takes half of it."""
LIST_LINES = 3
ROWS_MIN = 4


class Shares(NamedTuple):
    """How many rows each table gets."""

    accounts: int
    exposure: int
    alerts: int
    changes: int


def picture(
    frame: Frame,
    changes: ChangeLog,
    progress: Progress,
    alerts: Sequence[AlertLine] = (),
    *,
    width: int,
    height: int,
    note: Text,
) -> RenderableType:
    """Return the picture of a frame.

    Parameters
    ----------
    frame : Frame
        Must be intact: call this between frames.
    changes : ChangeLog
        Told of this frame's rows here.
    progress : Progress
        How the accounts are heard.
    alerts : sequence of AlertLine
        What fires, and what is over.
    width, height : int
        Of the terminal, in cells.
    note : Text
        The last lines.
    """
    accounts = account_rows(frame)
    summary = portfolio_summary(frame)
    changes.compare(frame.at_ns, accounts, position_rows(frame))
    is_wide = width >= WIDE
    rows = shares(height, len(accounts), len(alerts), is_wide=is_wide)
    exposure = exposure_table(exposure_by_asset(frame), rows.exposure)
    lists = [alerts_table(alerts, rows.alerts)]
    if rows.changes:
        lists.append(changes_table(list(changes.lines), rows.changes))
    lower = _beside(exposure, Group(*lists)) if is_wide else Group(lists[0], exposure, *lists[1:])
    return Group(
        _head(summary, accounts, progress, frame),
        accounts_table(accounts, rows.accounts, width),
        lower,
        note,
    )


def shares(height: int, n_accounts: int, n_alerts: int, *, is_wide: bool) -> Shares:
    """Return the rows of each table in a terminal of ``height`` lines: alerts go before changes, for they ask for somebody."""
    lists = 2 * LIST_LINES
    least = TABLE_LINES + ROWS_MIN + (0 if is_wide else lists + 2 * ROWS_MIN)
    rest = height - HEAD_AND_NOTE_LINES - TABLE_LINES
    accounts = max(3, min(n_accounts, rest - least))
    rest -= accounts
    if is_wide:
        lower = max(ROWS_MIN, rest - TABLE_LINES)
        alerts = max(1, min(n_alerts, lower * 2 // 3))
        # Two lists stand beside one table.
        return Shares(accounts, lower, alerts, max(1, lower + TABLE_LINES - lists - alerts))
    rows = max(3, rest - TABLE_LINES - lists)
    alerts = max(1, min(n_alerts, rows // 2))
    exposure = max(1, (rows - alerts) // 2)
    return Shares(accounts, exposure, alerts, max(0, rest - TABLE_LINES - lists - alerts - exposure))


def _beside(left: RenderableType, right: RenderableType) -> Table:
    grid = Table.grid(expand=True, padding=(0, 2))
    grid.add_column(ratio=5)
    grid.add_column(ratio=6)
    grid.add_row(left, right)
    return grid


def _head(
    summary: PortfolioSummary, accounts: list[AccountRow], progress: Progress, frame: Frame
) -> RenderableType:
    worst = accounts[0] if accounts else None
    usage = worst.maintenance_margin_usage if worst else None
    money = Text.assemble(
        ("equity ", QUIET), short_usd(summary.equity_usd),
        ("   gross ", QUIET), short_usd(summary.gross_usd),
        ("   net ", QUIET), short_usd(summary.net_usd),
        ("   with wallets ", QUIET), short_usd(summary.net_with_wallet_usd),
        ("   hedged ", QUIET), share(summary.hedge_ratio),
        ("   unrealized PnL ", QUIET), short_usd(summary.unrealized_pnl_usd),
        ("   free ", QUIET), short_usd(summary.free_usd),
    )  # fmt: skip
    idle = max(accounts, key=lambda row: row.free_usd or 0.0, default=None)
    danger = Text.assemble(
        ("most endangered ", QUIET),
        (worst.account_id if worst else "—", danger_style(usage)),
        ("  uses ", QUIET),
        ("—" if usage is None else f"{usage:.1%}", danger_style(usage)),
        (" of what would liquidate it   idle collateral: ", QUIET),
        (f"{idle.account_id} " if idle else "—", ""),
        short_usd(idle.free_usd) if idle else "",
    )
    heard = Text.assemble(
        ("heard ", QUIET), f"{progress.n_heard}/{progress.n_accounts}",
        ("   streaming ", QUIET), f"{progress.n_streaming}/{progress.n_accounts}",
        ("   oldest data ", QUIET), _oldest(accounts),
        ("   frame ", QUIET), f"{frame.sequence}",
        (" made in ", QUIET), f"{frame.build_ms:.1f} ms",
    )  # fmt: skip
    title = Rule(Text(f"marginwatch · {summary.n_accounts} simulated accounts", style="bold"), style=QUIET)
    return Group(
        title, money, danger, _ladder(frame), heard, _left_out(summary.not_included), Rule(style=QUIET)
    )


def _ladder(frame: Frame) -> Text:
    """Return who is liquidated first as Bitcoin falls, and who as it rises, in one line."""
    rungs = ladder_rows(frame)
    text = Text(no_wrap=True, overflow="ellipsis")
    for direction, title in (("down", "first to die as BTC falls "), ("up", "as it rises ")):
        text.append(title, QUIET)
        first = [row for row in rungs if row.direction == direction][:RUNGS_SHOWN]
        if not first:
            text.append("nobody   " if distance_basis(frame).n_missing == 0 else "—   ", QUIET)
        for row in first:
            style = DANGER if abs(row.shock) < 0.05 else "yellow" if abs(row.shock) < 0.2 else ""
            text.append(f"{row.account_id} ", "")
            text.append(f"{row.shock:+.1%}", style)
            text.append("   " if row is first[-1] else ", ")
    return text


def _oldest(accounts: list[AccountRow]) -> str:
    ages = [row.data_age_s for row in accounts if row.data_age_s is not None]
    return f"{max(ages):.0f} s" if ages else "—"


def _left_out(entries: tuple[NotIncluded, ...]) -> Text:
    if not entries:
        return Text("complete: every account and every position is in the totals", style="green")
    first = entries[0]
    more = f" and {len(entries) - 1} more" if len(entries) > 1 else ""
    return Text.assemble(
        ("not included: ", DANGER if first.state in ("lost", "stale") else "yellow"),
        f"{first.subject} ({first.state}: {first.reason}){more}",
    )
