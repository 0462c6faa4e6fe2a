"""Accounts by danger: live, found by words, in the order that is wanted."""

from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Input, Static

from marginwatch.terminal.texts import printable
from marginwatch.top.account_columns import ACCOUNT_COLUMNS, account_words, aged_account, is_found
from marginwatch.top.columns import in_order
from marginwatch.top.feed import Feed
from marginwatch.top.live_table import LiveTable
from marginwatch.web.replies import AccountsReply

SORTED_BY = (None, *(column for column in ACCOUNT_COLUMNS if column.value is not None))
"""Orders that ``<`` and ``>`` go through: None is danger, as the service has it."""


class AccountsView(Vertical):
    """The second view."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "find", show=False),
        Binding("escape", "find_all", show=False),
        Binding("less_than_sign,left", "order(-1)", show=False),
        Binding("greater_than_sign,right", "order(1)", show=False),
        Binding("r", "reverse", show=False),
    ]

    def __init__(self, id: str) -> None:  # noqa: A002  # the name that the framework gives it
        super().__init__(id=id)
        self._order = 0
        self._is_reversed = False
        self._words = ""
        self._reply: AccountsReply | None = None
        self._is_grey = False

    def compose(self) -> ComposeResult:
        """Build the view."""
        yield Input(
            placeholder="words of name, desk, owner, tag, venue, state", classes="filter", compact=True
        )
        yield Static("", classes="summary", markup=False)
        yield LiveTable(
            ACCOUNT_COLUMNS,
            lambda row: row.account_id,
            nothing="waiting for the first answer",
            aged=aged_account,
            id="accounts-table",
        )

    def show(self, feed: Feed[AccountsReply], *, is_grey: bool) -> None:
        """Show what the feed holds."""
        self._reply, self._is_grey = feed.held, is_grey
        self._show()

    def tick(self, feed: Feed[AccountsReply], *, is_grey: bool) -> None:
        """Draw again what time alone changes."""
        self._is_grey = is_grey
        self.query_one(LiveTable).grow_older(feed.age_s or 0.0, is_grey=is_grey)

    def status(self, feed: Feed[AccountsReply]) -> str:
        """Return what is said of the row under the cursor."""
        row = self.query_one(LiveTable).focused_row
        if row is None:
            return feed.refusal or ""
        return account_words(row)

    def _show(self) -> None:
        if self._reply is None:
            return
        column = SORTED_BY[self._order]
        found = [row for row in self._reply.rows if is_found(row, self._words)]
        rows = in_order(found, column, is_reversed=self._is_reversed)
        table = self.query_one(LiveTable)
        table.sorted_by = None if column is None else column.title
        table.show(rows, is_grey=self._is_grey, nothing="no account has all of these words")
        order = "danger" if column is None else column.title
        words = f"{len(rows)} of {len(self._reply.rows)} accounts by {order}"
        words += ", the other way round" if self._is_reversed else ""
        words += f" · with: {self._words}" if self._words else ""
        words += f" · {len(self._reply.not_included)} not included" if self._reply.not_included else ""
        self.query_one(".summary", Static).update(Text(printable(words)))

    def action_find(self) -> None:
        """Ask for words."""
        box = self.query_one(Input)
        box.add_class("-open")
        box.focus()

    def action_find_all(self) -> None:
        """Show every account again."""
        box = self.query_one(Input)
        box.value = ""
        box.remove_class("-open")
        self.query_one(LiveTable).focus()

    def on_input_changed(self, event: Input.Changed) -> None:
        """Find while words are written."""
        self._words = event.value.strip()
        self._show()

    def on_input_submitted(self) -> None:
        """Go on with what was found."""
        if not self._words:
            self.query_one(Input).remove_class("-open")
        self.query_one(LiveTable).focus()

    def action_order(self, by: int) -> None:
        """Order by the next column."""
        self._order = (self._order + by) % len(SORTED_BY)
        self._show()

    def action_reverse(self) -> None:
        """Turn the order round."""
        self._is_reversed = not self._is_reversed
        self._show()
