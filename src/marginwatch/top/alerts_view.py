"""Alerts: what fires, what cannot be judged, what is pending, and what people do about it."""

from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Static

from marginwatch.top.alert_columns import ALERT_COLUMNS, CHOICES, aged_alert, alert_words, chosen
from marginwatch.top.feed import Feed
from marginwatch.top.live_table import LiveTable
from marginwatch.web.alert_replies import AlertsReply

NOTHING = {
    "open": "nothing fires, nothing is pending, and everything can be judged",
    "over": "nothing has resolved lately",
}


class AlertsView(Vertical):
    """The third view."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("f", "choose_kind", show=False)]

    def __init__(self, id: str) -> None:  # noqa: A002  # the name that the framework gives it
        super().__init__(id=id)
        self._choice = 0
        self._reply: AlertsReply | None = None
        self._is_grey = False

    def compose(self) -> ComposeResult:
        """Build the view."""
        yield Static("", classes="summary", markup=False)
        yield LiveTable(
            ALERT_COLUMNS,
            lambda row: row.alert_id,
            nothing="waiting for the first answer",
            aged=aged_alert,
            id="alerts-table",
        )

    def show(self, feed: Feed[AlertsReply], *, is_grey: bool) -> None:
        """Show what the feed holds."""
        self._reply, self._is_grey = feed.held, is_grey
        self._show()

    def tick(self, feed: Feed[AlertsReply], *, is_grey: bool) -> None:
        """Draw again what time alone changes."""
        self._is_grey = is_grey
        self.query_one(LiveTable).grow_older(feed.age_s or 0.0, is_grey=is_grey)

    def status(self, feed: Feed[AlertsReply]) -> str:
        """Return what is said of the row under the cursor."""
        row = self.query_one(LiveTable).focused_row
        return feed.refusal or "" if row is None else alert_words(row)

    def _show(self) -> None:
        if (reply := self._reply) is None:
            return
        choice = CHOICES[self._choice]
        rows = chosen(reply.rows, choice)
        nothing = NOTHING.get(choice, f"nothing is {choice}")
        self.query_one(LiveTable).show(rows, is_grey=self._is_grey, nothing=nothing)
        words = (
            f"{reply.n_firing} firing, {reply.n_unknown} unknown, {reply.n_pending} pending · shown: {choice}"
            f" ({len(rows)})"
        )
        if reply.n_unjudged:
            pairs = "pair" if reply.n_unjudged == 1 else "pairs"
            words += f" · {reply.n_unjudged} {pairs} of rule and subject cannot be judged"
        self.query_one(".summary", Static).update(Text(words))

    def action_choose_kind(self) -> None:
        """Show the next kind of alerts."""
        self._choice = (self._choice + 1) % len(CHOICES)
        self._show()
