"""The columns of the tables of scenarios, worst cases and cascades."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from marginwatch.cli.output import Column
from marginwatch.risk.heavy_rows import CascadeRow, StressRow, WorstRow
from marginwatch.terminal.figures import MISSING, grouped, margin_usage, or_missing, percent

WORST_SHOWN_MAX = 20
CASCADES_SHOWN_MAX = 20
BAR_CELLS = 12
EIGHTHS = " ▏▎▍▌▋▊▉█"


class Drawn(NamedTuple):
    """A row and the bar of its loss against the largest."""

    row: StressRow
    bar: str


def with_bars(rows: Sequence[StressRow]) -> list[Drawn]:
    """Return rows with a bar for each loss."""
    largest = max((-(row.pnl_usd or 0.0) for row in rows), default=0.0)
    return [Drawn(row, _bar(row, largest)) for row in rows]


def _bar(row: StressRow, largest: float) -> str:
    if row.pnl_usd is None or row.pnl_usd >= 0.0 or largest <= 0.0:
        return ""
    full, rest = divmod(round(-row.pnl_usd / largest * BAR_CELLS * 8), 8)
    return "█" * full + (EIGHTHS[rest] if rest else "")


def _of(title: str, field: str, rank: int = 0) -> Column:
    return Column(title, lambda drawn: grouped(getattr(drawn.row, field)), rank=rank)


def _liquidated(drawn: Drawn) -> str:
    known = drawn.row.is_liquidated
    return MISSING if known is None else "liquidated" if known else ""


SCENARIO = Column("scenario", lambda drawn: drawn.row.scenario, is_number=False)
MONEY = (
    _of("PnL USD", "pnl_usd"),
    Column("", lambda drawn: drawn.bar, is_number=False, rank=3),
    Column("of equity", lambda drawn: percent(drawn.row.pnl_share), rank=1),
    _of("equity left", "equity_left_usd", 2),
)
USAGE = Column("MM usage", lambda drawn: margin_usage(drawn.row.maintenance_margin_usage), rank=1)

WHOLE_COLUMNS = (
    SCENARIO,
    *MONEY,
    Column("worst MM usage", USAGE.text, rank=1),
    _of("liquidated", "n_liquidated"),
    _of("positions", "n_liquidated_positions", 4),
    _of("missing", "n_left_out", 5),
)
PART_COLUMNS = (
    Column("name", lambda drawn: or_missing(drawn.row.name), is_number=False),
    SCENARIO,
    *MONEY,
    USAGE,
    Column("", _liquidated, is_number=False),
    _of("accounts liq.", "n_liquidated", 4),
)


def _share(row: WorstRow) -> str:
    return percent(row.share_of_equity)


WORST_COLUMNS = (
    Column("coin", lambda row: row.asset, is_number=False),
    Column("account", lambda row: row.account_id or "all", is_number=False, rank=1),
    Column("to nothing USD", lambda row: grouped(row.to_zero_usd)),
    Column("doubled USD", lambda row: grouped(row.doubled_usd)),
    Column("loss USD", lambda row: grouped(row.loss_usd), rank=2),
    Column("of equity", _share),
)


def _names(names: Sequence[str]) -> str:
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return ", ".join(names[:3]) + more


def _largest(usd: Mapping[str, float]) -> str:
    largest = sorted(usd.items(), key=lambda pair: -abs(pair[1]))[:3]
    return ", ".join(f"{coin} {grouped(usd)}" for coin, usd in largest)


CASCADE_COLUMNS = (
    Column("market", lambda row: row.direction, is_number=False),
    Column("round", lambda row: str(row.round), rank=2),
    Column("BTC moves", lambda row: percent(row.shock)),
    Column("because of", lambda row: "earlier deaths" if row.is_caused else "the move", is_number=False),
    Column("accounts", lambda row: _names(row.accounts), is_number=False),
    Column("loss USD", lambda row: grouped(row.loss_usd)),
    Column("sold USD", lambda row: _largest(row.sold_usd), is_number=False, rank=4),
    Column("left open USD", lambda row: _largest(row.left_usd), is_number=False, rank=3),
)


def around_causes(rows: Sequence[CascadeRow]) -> list[CascadeRow]:
    """Return the rounds that were caused by others, with those before them."""
    places = {place for place, row in enumerate(rows) if row.is_caused}
    shown = sorted(places | {place - 1 for place in places})
    return [rows[place] for place in shown if place >= 0][:CASCADES_SHOWN_MAX]
