"""One account: margins, distances, connection and key in lines; its positions and coins in tables."""

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Static

from marginwatch.terminal.texts import printable
from marginwatch.top.account_lines import (
    COIN_COLUMNS,
    N_LINES,
    POSITION_COLUMNS,
    account_lines,
    aged_coin,
    row_words,
)
from marginwatch.top.feed import Feed
from marginwatch.top.live_table import LiveTable
from marginwatch.web.account_replies import AccountDetail


class AccountView(Vertical):
    """What Enter opens; Escape leads back."""

    def compose(self) -> ComposeResult:
        """Build the view."""
        lines = Static("", id="account-head", markup=False)
        lines.styles.height = N_LINES
        yield lines
        yield LiveTable(
            POSITION_COLUMNS,
            lambda row: f"{row.instrument_id} {row.position_side}",
            nothing="waiting for the first answer",
            id="positions",
        )
        yield LiveTable(COIN_COLUMNS, lambda row: row.asset, nothing="", aged=aged_coin, id="coins")

    def show(self, feed: Feed[AccountDetail], *, is_grey: bool) -> None:
        """Show what the feed holds."""
        positions, coins = self.query_one("#positions", LiveTable), self.query_one("#coins", LiveTable)
        if (detail := feed.held) is None:
            # Another account was chosen: nothing of the last one may stay.
            self.query_one("#account-head", Static).update(Text(printable(feed.refusal or "")))
            positions.show((), is_grey=True, nothing="waiting for the first answer")
            coins.show((), is_grey=True, nothing="")
            return
        self._lines(feed, detail, is_grey=is_grey)
        positions.show(detail.positions, is_grey=is_grey, nothing="no open position")
        coins.show(detail.coins, is_grey=is_grey, nothing="no coin")

    def tick(self, feed: Feed[AccountDetail], *, is_grey: bool) -> None:
        """Draw again what time alone changes."""
        if (detail := feed.held) is None:
            return
        self._lines(feed, detail, is_grey=is_grey)
        for table in self.query(LiveTable):
            table.grow_older(feed.age_s or 0.0, is_grey=is_grey)

    def status(self, feed: Feed[AccountDetail]) -> str:
        """Return what is said of the row under the cursor."""
        row = next((one.focused_row for one in self.query(LiveTable) if one.has_focus), None)
        if row is None:
            return feed.refusal or "Esc leads back"
        return f"{row_words(row)} · Esc leads back"

    def _lines(self, feed: Feed[AccountDetail], detail: AccountDetail, *, is_grey: bool) -> None:
        text = account_lines(detail, feed.age_s or 0.0, is_grey=is_grey)
        self.query_one("#account-head", Static).update(text)
