"""The program on the terminal: three views and one account over one service, read in the background."""

from datetime import UTC, datetime
from typing import Any, ClassVar
from urllib.parse import quote

import aiohttp
from rich.text import Text
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import ContentSwitcher, Static

from marginwatch.clock import Clock, SystemClock
from marginwatch.model.secret import Secret
from marginwatch.terminal.alert_words import clock as moment
from marginwatch.terminal.figures import age
from marginwatch.terminal.texts import printable
from marginwatch.top.account_view import AccountView
from marginwatch.top.accounts_view import AccountsView
from marginwatch.top.alerts_view import AlertsView
from marginwatch.top.client import Client
from marginwatch.top.dialogs import alert_window, care_form, help_window, silence_form
from marginwatch.top.feed import Feed
from marginwatch.top.live_table import LiveTable
from marginwatch.top.look import CALM_BANNER, IS_COLORED, LOUD_BANNER, SHEET
from marginwatch.top.overview_view import OverviewView
from marginwatch.top.pulse import Pulse
from marginwatch.web.account_replies import AccountDetail
from marginwatch.web.alert_replies import AcknowledgementRow, AlertRow, AlertsReply, SilenceRow
from marginwatch.web.overview_replies import OverviewReply
from marginwatch.web.replies import AccountsReply

TICK_S = 0.5
SAID_FOR_S = 8.0
TABS = (("overview", "1 Overview"), ("accounts", "2 Accounts"), ("alerts", "3 Alerts"))
FIRST_FOCUS = {
    "overview": "#figures",
    "accounts": "#accounts-table",
    "alerts": "#alerts-table",
    "account": "#positions",
}
KEYS = {
    "overview": "1 2 3 views · Tab lists · Enter account · ? help · q quit",
    "accounts": "/ find · < > order · r reverse · Enter account · 1 2 3 views · ? help · q quit",
    "alerts": "f kind · Enter details · a take care · s silence · 1 2 3 views · ? help · q quit",
    "account": "Esc back · Tab lists · 1 2 3 views · ? help · q quit",
}


class TopApp(App[None]):
    """The program.

    Parameters
    ----------
    url : str
        Of the service.
    token : Secret
        Shown to it.
    every_s : float
        Seconds between two requests of what is looked at.
    author : str
        Who acknowledges and silences, unless somebody writes another name.
    clock : Clock, optional
        The system's if left out.
    """

    CSS = SHEET
    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("1", "view('overview')", show=False),
        Binding("2", "view('accounts')", show=False),
        Binding("3", "view('alerts')", show=False),
        Binding("q", "quit", show=False),
        Binding("ctrl+c", "quit", show=False, priority=True),
        Binding("question_mark", "keys", show=False),
        Binding("escape", "leave", show=False),
        Binding("a", "care", show=False),
        Binding("s", "silence", show=False),
    ]

    def __init__(
        self, url: str, token: Secret, *, every_s: float = 1.0, author: str = "", clock: Clock | None = None
    ) -> None:
        # Without colors also no shades of grey: what is loud is bold then.
        super().__init__(ansi_color=None if IS_COLORED else True)
        self._url = url
        self._token = token
        self._every_s = every_s
        self._author = author
        self._clock = clock or SystemClock()
        self._view = "overview"
        self._came_from = "accounts"
        self._said = ""
        self._said_at_s = 0.0

    def compose(self) -> ComposeResult:
        """Build the screen."""
        yield Static("", id="head", markup=False)
        yield Static("", id="banner", markup=False)
        with ContentSwitcher(id="views", initial="overview"):
            yield OverviewView(id="overview")
            yield AccountsView(id="accounts")
            yield AlertsView(id="alerts")
            yield AccountView(id="account")
        yield Static("", id="status", markup=False)
        yield Static("", id="keys", markup=False)

    async def on_mount(self) -> None:
        """Begin to read."""
        self._http = aiohttp.ClientSession()
        self._client = Client(self._url, self._token, self._http)
        self.pulse = Pulse(self._client, self._clock, self._pulse_changed)
        self.overview: Feed[OverviewReply] = self._feed(OverviewReply)
        self.accounts: Feed[AccountsReply] = self._feed(AccountsReply)
        self.alerts: Feed[AlertsReply] = self._feed(AlertsReply)
        self.account: Feed[AccountDetail] = self._feed(AccountDetail)
        self._feeds: dict[str, Feed[Any]] = {
            "overview": self.overview,
            "accounts": self.accounts,
            "alerts": self.alerts,
            "account": self.account,
        }
        self.overview.want("/api/v1/overview")
        for part in (self.pulse.run(), *(feed.run() for feed in self._feeds.values())):
            self.run_worker(part)
        self.set_interval(TICK_S, self._tick)
        self._show_view("overview")

    def _feed(self, shape: type[Any]) -> Feed[Any]:
        return Feed(self._client, shape, self._clock, self._every_s, self._draw)

    async def on_unmount(self) -> None:
        """End what reads."""
        self.workers.cancel_all()
        await self._http.close()

    def _fatal_error(self) -> None:
        """Leave without a traceback on the screen: the caller tells :attr:`defect` in a line."""
        self._close_messages_no_wait()

    @property
    def defect(self) -> Exception | None:
        """What ended the program; None if somebody did."""
        return self._exception

    # What is shown

    @property
    def _is_grey(self) -> bool:
        return not self.pulse.is_live or self._feeds[self._view].is_late

    def _pulse_changed(self) -> None:
        if self.pulse.is_live:
            for feed in self._feeds.values():
                feed.wake()
        self._tick()

    def _draw(self) -> None:
        """Show what is held now."""
        if not self._is_up:
            return
        self._shown_view().show(self._feeds[self._view], is_grey=self._is_grey)
        self._lines()

    def _tick(self) -> None:
        if not self._is_up:
            return
        self._shown_view().tick(self._feeds[self._view], is_grey=self._is_grey)
        self._lines()

    def _shown_view(self) -> Any:
        return self.screen_stack[0].query_one(f"#{self._view}")

    def _line(self, name: str, text: Text) -> None:
        self.screen_stack[0].query_one(f"#{name}", Static).update(text)

    @property
    def _is_up(self) -> bool:
        """Whether there is a screen: answers may still come while it is taken down."""
        return self.is_running and bool(self.screen_stack)

    def _lines(self) -> None:
        if not self._is_up:
            return
        self._line("head", self._head())
        self._line("banner", self._banner())
        self._line("status", Text(printable(self._status())))
        self._line("keys", Text(KEYS[self._view]))

    def _head(self) -> Text:
        text = Text("marginwatch top ", style="bold")
        shown = self._came_from if self._view == "account" else self._view
        for name, title in TABS:
            text.append(f" {title} ", "bold reverse" if name == shown else "")
        return text.append(f"  {printable(self._url)}", CALM_BANNER)

    def _banner(self) -> Text:
        feed = self._feeds[self._view]
        held = feed.age_s
        of_then = "" if held is None else f" · grey figures are {age(held)} old"
        if not self.pulse.is_live:
            words = f" SERVICE GONE for {age(self.pulse.lost_for_s)}{of_then} · trying again · {self.pulse.reason} "
            return Text(printable(words), style=LOUD_BANNER)
        if feed.refusal is not None:
            return Text(printable(f" NO NEW FIGURES{of_then} · {feed.refusal} "), style=LOUD_BANNER)
        if held is None:
            return Text("waiting for the first answer", style=CALM_BANNER)
        if feed.is_late:
            return Text(f" NO NEW FIGURES for {age(held)}: the service is slow to answer ", style=LOUD_BANNER)
        reply: Any = feed.held
        frame = f"frame {reply.sequence} of " if hasattr(reply, "sequence") else ""
        seconds = datetime.fromtimestamp(reply.taken_at_ns / 1e9, UTC)
        return Text(
            f"● live · {frame}{seconds:%H:%M:%S} UTC · heard {held:.1f} s ago{self._counts()}",
            style=CALM_BANNER,
        )

    def _counts(self) -> str:
        reply = self.overview.held
        if reply is None or self.overview.is_late:
            return ""
        firing = "" if reply.alerts is None else f" · {reply.alerts.n_firing} alerts fire"
        return f"{firing} · {reply.summary.n_included} of {reply.summary.n_accounts} accounts counted"

    def _status(self) -> str:
        if self._said and self._clock.monotonic_s() - self._said_at_s < SAID_FOR_S:
            return self._said
        return self._shown_view().status(self._feeds[self._view])

    def say(self, words: str | None) -> None:
        """Show a sentence on the status line for a while."""
        self._said, self._said_at_s = words or "", self._clock.monotonic_s()
        self._lines()

    # What keys do

    def action_view(self, name: str) -> None:
        """Show another view."""
        self._show_view(name)

    def _show_view(self, name: str) -> None:
        self._view = name
        self.accounts.want("/api/v1/accounts" if name == "accounts" else None)
        self.alerts.want("/api/v1/alerts?recent=20" if name == "alerts" else None)
        if name != "account":
            self.account.want(None)
        self.query_one(ContentSwitcher).current = name
        self.query_one(FIRST_FOCUS[name]).focus()
        self._draw()

    def open_account(self, account_id: str) -> None:
        """Show one account."""
        if self._view != "account":
            self._came_from = self._view
        self.account.want(f"/api/v1/accounts/{quote(account_id, safe='')}")
        self._show_view("account")

    def action_leave(self) -> None:
        """Leave the account."""
        if self._view == "account":
            self._show_view(self._came_from)

    def action_keys(self) -> None:
        """Show what keys do."""
        self.push_screen(help_window())

    def on_live_table_moved(self) -> None:
        """Say what is under the cursor."""
        self._lines()

    def on_figure_grid_moved(self) -> None:
        """Say what is under the cursor."""
        self._lines()

    def on_descendant_focus(self) -> None:
        """Say what is focused."""
        self._lines()

    def on_live_table_chosen(self, event: LiveTable.Chosen) -> None:
        """Open what was chosen."""
        if event.table.id == "alerts-table":
            self.push_screen(alert_window(event.row))
        elif event.table.id in ("accounts-table", "ladder", "left-out"):
            self.open_account(event.row.account_id)

    def _focused_alert(self) -> AlertRow | None:
        if self._view != "alerts":
            return None
        return self.screen_stack[0].query_one("#alerts-table", LiveTable).focused_row

    def action_care(self) -> None:
        """Ask who takes care of the alert under the cursor."""
        if (row := self._focused_alert()) is None:
            return

        async def send(body: dict[str, object]) -> str:
            path = f"/api/v1/alerts/{quote(row.alert_id, safe='')}/ack"
            given = await self._client.change(path, body, AcknowledgementRow)
            self.alerts.wake()
            return f"{given.author} takes care of {row.subject} until {moment(given.until_ns)} UTC"

        self._leave_window()
        self.push_screen(care_form(row, self._author, send), self.say)

    def action_silence(self) -> None:
        """Ask what shall be silent."""
        if (row := self._focused_alert()) is None:
            return

        async def send(body: dict[str, object]) -> str:
            made = await self._client.change("/api/v1/silences", body, SilenceRow)
            self.alerts.wake()
            return (
                f"silenced until {moment(made.until_ns)} UTC: {made.n_alerts} open alerts; {made.silence_id}"
            )

        self._leave_window()
        self.push_screen(silence_form(row, self._author, send), self.say)

    def _leave_window(self) -> None:
        """Close an alert's window before another one opens over it."""
        if len(self.screen_stack) > 1:
            self.pop_screen()
