"""The tables of the picture: accounts by danger, exposure by asset, what changed."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from rich.box import SIMPLE_HEAD
from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from marginwatch.demo.alerts import AlertLine
from marginwatch.demo.changes import Line
from marginwatch.model.delivery import RowState
from marginwatch.risk.table_rows import AccountRow, ExposureRow
from marginwatch.terminal.bars import (
    QUIET,
    balance_bar,
    usage_bar,
)
from marginwatch.terminal.cells import SEVERITY_STYLES, account_name, away, freshness, share, short_usd

WIDE = 132
"""Cells from which everything is shown, and exposure and changes stand side by side."""

LOUDNESS = (QUIET, "yellow", "bold red")
LOUDEST = len(LOUDNESS) - 1


def accounts_table(rows: Sequence[AccountRow], n_max: int, width: int) -> Table:
    """Return the ``n_max`` most endangered accounts; a narrow table has the columns that matter in danger alone."""
    table = Table(box=SIMPLE_HEAD, expand=True, pad_edge=False, title_justify="left")
    table.title = Text("ACCOUNTS BY DANGER", style="bold")
    columns = [column for column in ACCOUNT_COLUMNS if width >= column.from_width]
    for column in columns:
        table.add_column(column.title, justify=column.justify, no_wrap=True, header_style=QUIET)
    for row in rows[:n_max]:
        table.add_row(*(column.cell(row) for column in columns))
    if len(rows) > n_max:
        table.caption = Text(f"and {len(rows) - n_max} less endangered", style=QUIET, justify="left")
    return table


@dataclass(frozen=True, slots=True)
class AccountColumn:
    """One column: its head, its side, how a row fills it, and from which width of the terminal it is shown."""

    title: str
    justify: Literal["left", "right"]
    cell: Callable[[AccountRow], Text]
    from_width: int = 0


ACCOUNT_COLUMNS = (
    AccountColumn("account", "left", account_name),
    AccountColumn("desk", "left", lambda row: Text(row.desk or "—", style=QUIET), from_width=WIDE),
    AccountColumn("margin used", "left", lambda row: usage_bar(row.maintenance_margin_usage)),
    AccountColumn("equity", "right", lambda row: short_usd(row.equity_usd)),
    AccountColumn("free", "right", lambda row: short_usd(row.free_usd), from_width=96),
    AccountColumn("unreal. PnL", "right", lambda row: short_usd(row.unrealized_pnl_usd), from_width=WIDE),
    AccountColumn("gross", "right", lambda row: short_usd(row.gross_usd), from_width=WIDE),
    AccountColumn("net", "right", lambda row: short_usd(row.net_usd)),
    AccountColumn("liq. away", "right", away),
    AccountColumn(
        "pos.",
        "right",
        lambda row: Text("—" if row.n_positions is None else str(row.n_positions)),
        from_width=WIDE,
    ),
    AccountColumn("heard", "left", freshness),
)


def exposure_table(rows: Sequence[ExposureRow], n_max: int) -> Table:
    """Return the largest exposures by coin, derivatives as bars, wallets beside them."""
    table = Table(box=SIMPLE_HEAD, expand=True, pad_edge=False, title_justify="left")
    table.title = Text("EXPOSURE BY ASSET, USD DELTA", style="bold")
    for title, justify in (
        ("asset", "left"),
        ("short │ long", "center"),
        ("net", "right"),
        ("with wallet", "right"),
        ("hedged", "right"),
    ):
        table.add_column(title, justify=justify, no_wrap=True, header_style=QUIET)  # pyright: ignore[reportArgumentType]  # the three words above
    risky = [row for row in rows if not row.is_cash]
    largest = max((max(row.long_usd or 0.0, row.short_usd or 0.0) for row in risky), default=0.0)
    for row in risky[:n_max]:
        table.add_row(
            Text(row.name or "—", style="bold"),
            balance_bar(row.long_usd or 0.0, row.short_usd or 0.0, largest),
            short_usd(row.net_usd),
            short_usd(row.net_with_wallet_usd),
            share(row.hedge_ratio),
        )
    if len(risky) > n_max:
        table.caption = Text(f"and {len(risky) - n_max} smaller", style=QUIET, justify="left")
    return table


def changes_table(lines: Sequence[Line], n_max: int) -> Table:
    """Return the newest changes, the newest first; danger stays above the rest for as long as it is among the last."""
    table = Table(box=SIMPLE_HEAD, expand=True, pad_edge=False, title_justify="left", show_header=False)
    table.title = Text("WHAT CHANGED", style="bold")
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True, ratio=1, overflow="ellipsis")
    loud = [line for line in lines if line.loudness == LOUDEST][-max(1, n_max // 2) :]
    quiet = [line for line in lines if line.loudness < LOUDEST][-(n_max - len(loud)) :]
    for line in sorted([*loud, *quiet], key=lambda one: one.at_ns, reverse=True):
        style = LOUDNESS[line.loudness]
        table.add_row(
            Text(line.time, style=QUIET), Text(line.account_id, style=style), Text(line.text, style=style)
        )
    return table


TOLD = {
    RowState.SENT: ("✓", "green"),
    RowState.WAITING: ("…", "yellow"),
    RowState.SKIPPED: ("·", QUIET),
    RowState.FAILED: ("✗", "bold red"),
    None: (" ", QUIET),
}
"""What became of an alert's newest message → its mark and style: told, under way, held back, not told."""


def alerts_table(lines: Sequence[AlertLine], n_max: int) -> Table:
    """Return what fires, the most severe first, then what is over; each with its age and whether somebody was told."""
    table = Table(box=SIMPLE_HEAD, expand=True, pad_edge=False, title_justify="left", show_header=False)
    table.padding = (0, 1, 0, 0)
    n_firing = sum(not line.is_over for line in lines)
    table.title = Text.assemble(
        ("ALERTS", "bold"), (f"  {n_firing} firing, ✓ delivered" if n_firing else "", QUIET)
    )
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True, ratio=1, overflow="ellipsis")
    table.add_column(no_wrap=True, justify="right")
    table.add_column(no_wrap=True)
    for line in lines[:n_max]:
        table.add_row(*_alert_cells(line))
    if not lines:
        table.add_row(Text("nothing fires", style=QUIET), "", "", "")
    return table


@dataclass(frozen=True, slots=True)
class Headline:
    """A sentence cut between two words where its cell ends: half a number would be a wrong one."""

    text: str
    style: str

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        del console
        yield Text(cut_between_words(self.text, options.max_width), style=self.style, no_wrap=True)

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        del console, options
        return Measurement(1, len(self.text))


def cut_between_words(text: str, width: int) -> str:
    """Return as many whole words as fit into ``width`` cells, with ``…`` where some do not."""
    if len(text) <= width:
        return text
    return text[:width].rpartition(" ")[0].rstrip(" ,;:") + "…" if " " in text[:width] else "…"


def _alert_cells(line: AlertLine) -> tuple[RenderableType, ...]:
    style = QUIET if line.is_over else SEVERITY_STYLES[line.severity]
    mark, told_style = TOLD[line.told]
    return (
        Text("over" if line.is_over else line.severity, style=style),
        Headline(line.headline, QUIET if line.is_over else ""),
        Text(short_age(line.age_s), style=QUIET),
        Text(mark, style=told_style),
    )


def short_age(seconds: float) -> str:
    """Return how long something has lasted: seconds up to two minutes, minutes beyond."""
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"
