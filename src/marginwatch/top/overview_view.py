"""The overview: figures, who is liquidated first, and what the totals do not include."""

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Container, Vertical
from textual.events import Resize

from marginwatch.risk.heavy_rows import LadderRow
from marginwatch.risk.table_rows import NotIncluded
from marginwatch.terminal.bars import DANGER, NOTICEABLE, QUIET
from marginwatch.terminal.cells import short_usd
from marginwatch.terminal.figures import age, price
from marginwatch.top.columns import LiveColumn, shown_text
from marginwatch.top.feed import Feed
from marginwatch.top.figure_grid import FigureGrid
from marginwatch.top.live_table import LiveTable
from marginwatch.top.overview_figures import N_FIGURES, overview_figures
from marginwatch.web.overview_replies import OverviewReply

SIDE_BY_SIDE_FROM = 110
LEFT_OUT_LINES_MAX = 3


def _move(row: LadderRow) -> Text:
    near = abs(row.shock)
    text = f"{row.shock:+.1%}".replace("-", "−")
    return Text(text, style=DANGER if near < 0.05 else NOTICEABLE if near < 0.2 else "")


def contract_of(instrument_id: str | None) -> str | None:
    """Return the contract's own name: who reads a ladder knows the venue."""
    return None if instrument_id is None else instrument_id.rpartition(":")[2]


LADDER_COLUMNS = (
    LiveColumn("first to die", 14, lambda row: shown_text(row.account_id, "bold"), "left"),
    LiveColumn(
        "as BTC", 6, lambda row: Text("falls" if row.direction == "down" else "rises", style=QUIET), "left"
    ),
    LiveColumn("by", 8, _move),
    LiveColumn("to USD", 13, lambda row: Text(price(row.btc_price))),
    LiveColumn("equity", 9, lambda row: short_usd(row.equity_usd)),
    LiveColumn("most by", 0, lambda row: shown_text(contract_of(row.worst_position), QUIET), "left"),
)

LEFT_OUT_COLUMNS = (
    LiveColumn("not included", 18, lambda row: shown_text(row.subject), "left"),
    LiveColumn("state", 13, lambda row: shown_text(row.state, NOTICEABLE), "left"),
    LiveColumn("reason", 0, lambda row: shown_text(row.reason, QUIET), "left"),
)


class OverviewView(Vertical):
    """The first view."""

    def compose(self) -> ComposeResult:
        """Build the view."""
        yield FigureGrid(N_FIGURES, id="figures")
        with Container(id="lists"):
            yield LiveTable(
                LADDER_COLUMNS,
                lambda row: f"{row.direction} {row.account_id}",
                nothing="waiting",
                id="ladder",
            )
            yield LiveTable(
                LEFT_OUT_COLUMNS,
                lambda row: f"{row.kind} {row.account_id} {row.subject}",
                nothing="waiting",
                id="left-out",
            )

    def on_resize(self, event: Resize) -> None:
        """Put the lists beside each other where there is room."""
        self.query_one("#lists").set_class(event.size.width >= SIDE_BY_SIDE_FROM, "-wide")

    def show(self, feed: Feed[OverviewReply], *, is_grey: bool) -> None:
        """Show what the feed holds."""
        if (reply := feed.held) is None:
            return
        self.query_one(FigureGrid).show(overview_figures(reply), is_grey=is_grey)
        basis = reply.ladder_basis
        nobody = "nobody is liquidated by any move within the range"
        if basis.age_s is None or basis.n_missing:
            nobody = f"— {basis.reason or f'{basis.n_missing} distances are not known'}"
        self.query_one("#ladder", LiveTable).show(reply.ladder, is_grey=is_grey, nothing=nobody)
        left_out = self.query_one("#left-out", LiveTable)
        # Beside the ladder there is room anyway; below it what is short leaves its lines to the ladder.
        n_lines = min(LEFT_OUT_LINES_MAX, max(1, len(reply.summary.not_included))) + 1
        left_out.styles.height = "1fr" if self.query_one("#lists").has_class("-wide") else n_lines
        left_out.show(reply.summary.not_included, is_grey=is_grey, nothing="everything is in the totals")

    def tick(self, feed: Feed[OverviewReply], *, is_grey: bool) -> None:
        """Draw again what time alone changes."""
        if feed.held is None:
            return
        self.query_one(FigureGrid).grow_older(is_grey=is_grey)
        for table in self.query(LiveTable):
            table.grow_older(feed.age_s or 0.0, is_grey=is_grey)

    def status(self, feed: Feed[OverviewReply]) -> str:
        """Return what is said of whatever is focused."""
        if feed.held is None:
            return feed.refusal or "waiting for the first answer"
        row = next((one.focused_row for one in self.query(LiveTable) if one.has_focus), None)
        if row is not None:
            return _ladder_words(row, feed) if isinstance(row, LadderRow) else _left_out_words(row)
        figure = self.query_one(FigureGrid).focused_figure
        if figure is None:
            return ""
        how_old = (
            "age not known" if figure.age_s is None else f"{age(figure.age_s + (feed.age_s or 0.0))} old"
        )
        why = f" · {figure.reason}" if figure.reason else ""
        return f"{figure.label}: {figure.exact}, {how_old}{why}"


def _ladder_words(row: LadderRow, feed: Feed[OverviewReply]) -> str:
    basis_age_s = None if feed.held is None else feed.held.ladder_basis.age_s
    how_old = "age not known" if basis_age_s is None else f"{age(basis_age_s + (feed.age_s or 0.0))} old"
    return (
        f"{row.account_id}: number {row.rank} as Bitcoin {'falls' if row.direction == 'down' else 'rises'},"
        f" {row.shock:+.2%}, at {price(row.btc_price)} USD, {how_old} · Enter opens the account"
    )


def _left_out_words(row: NotIncluded) -> str:
    return f"{row.subject} of {row.account_id}, {row.state}: {row.reason}"
