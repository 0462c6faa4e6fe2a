"""Windows over a view: an alert in full, taking care of one, keeping some quiet, and help."""

import shlex
from collections.abc import Awaitable, Callable, Sequence
from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from marginwatch.config.durations import seconds_of
from marginwatch.errors import MarginwatchError
from marginwatch.terminal.texts import printable
from marginwatch.top.alert_columns import alert_lines
from marginwatch.top.look import LABEL
from marginwatch.web.alert_replies import AlertRow

TEXT_CHARACTERS_MAX = 2_000
NAME_CELLS = 12
NO_LABELS = ("severity", "scope", "venue", "owner")
"""Labels that a silence does not ask for unless somebody writes them: an alert that gets more severe is the same one."""

Send = Callable[[dict[str, object]], Awaitable[str]]


class Words(ModalScreen[None]):
    """Text in a window; Escape closes it.

    Parameters
    ----------
    pairs : sequence of (str, str)
        Names and texts; an empty name goes on with the line before.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,enter,question_mark", "dismiss(None)", show=False),
        Binding("j", "scroll(1)", show=False),
        Binding("k", "scroll(-1)", show=False),
    ]

    def __init__(self, pairs: Sequence[tuple[str, str]]) -> None:
        super().__init__()
        self._pairs = pairs

    def compose(self) -> ComposeResult:
        """Build the window."""
        text = Text()
        for name, words in self._pairs:
            text.append(f"{printable(name)[: NAME_CELLS - 1]:<{NAME_CELLS}}", LABEL)
            text.append(printable(" ".join(words[:TEXT_CHARACTERS_MAX].split())) + "\n")
        with VerticalScroll(classes="dialog"):
            yield Static(text, markup=False)


def alert_window(row: AlertRow) -> Words:
    """Return an alert in full."""
    return Words([*alert_lines(row), ("", ""), ("keys", "a takes care of it, s silences, Esc closes")])


class Form(ModalScreen[str]):
    """Fields and what comes of sending them: closes with the service's word, stays with its refusal.

    Parameters
    ----------
    title : str
        First line.
    fields : sequence of (str, str, str)
        Key, what to write, and what stands there already.
    body : callable
        Texts by key → body of the request; raises ValueError or MarginwatchError with what is wrong.
    send : callable
        Body → what was done, in words; raises MarginwatchError.
    """

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss", show=False)]

    def __init__(
        self,
        title: str,
        fields: Sequence[tuple[str, str, str]],
        body: Callable[[dict[str, str]], dict[str, object]],
        send: Send,
    ) -> None:
        super().__init__()
        self._title = title
        self._fields = fields
        self._body = body
        self._send = send
        self._is_sending = False

    def compose(self) -> ComposeResult:
        """Build the window."""
        with Vertical(classes="dialog"):
            yield Static(Text(printable(self._title), style="bold"), markup=False)
            for key, label, value in self._fields:
                yield Static(Text(label, style=LABEL), markup=False)
                yield Input(value, id=key, compact=True, select_on_focus=False)
            yield Static("", classes="complaint", markup=False)
            yield Static(Text("Enter sends, Tab goes on, Esc closes", style=LABEL), markup=False)

    def on_mount(self) -> None:
        """Begin where something is missing."""
        empty = [one for one in self.query(Input) if not one.value]
        (empty or list(self.query(Input)))[0].focus()

    async def on_input_submitted(self) -> None:
        """Send."""
        if self._is_sending:
            return
        self._is_sending = True
        try:
            texts = {one.id or "": one.value.strip() for one in self.query(Input)}
            done = await self._send(self._body(texts))
        except (ValueError, MarginwatchError) as error:
            self.query_one(".complaint", Static).update(Text(printable(str(error))))
        else:
            self.dismiss(done)
        finally:
            self._is_sending = False


def care_form(row: AlertRow, author: str, send: Send) -> Form:
    """Return what asks for who takes care of an alert, and for how long."""

    def body(texts: dict[str, str]) -> dict[str, object]:
        return {
            "author": texts["author"],
            "comment": texts["comment"],
            "for_s": seconds_of(texts["for"]),
        }

    fields = (
        ("comment", "what you are doing", ""),
        ("for", "how long it is not told again: 30m, 2h, 1d", "2h"),
        ("author", "who you are, for everybody to see", author),
    )
    return Form(f"Take care of {row.subject[:60]}, {row.rule}", fields, body, send)


def silence_form(row: AlertRow, author: str, send: Send) -> Form:
    """Return what asks for what shall be silent, why, and for how long."""

    def body(texts: dict[str, str]) -> dict[str, object]:
        return {
            "matchers": shlex.split(texts["matchers"]),
            "author": texts["author"],
            "comment": texts["comment"],
            "for_s": seconds_of(texts["for"]),
        }

    fields = (
        ("comment", "why; everybody sees it", ""),
        ("for", "how long: 30m, 2h, 3d", "1h"),
        ("matchers", "labels that an alert must meet, all of them", matchers_for(row)),
        ("author", "who you are, for everybody to see", author),
    )
    return Form(f"Silence alerts such as {row.subject[:60]}, {row.rule}", fields, body, send)


def matchers_for(row: AlertRow) -> str:
    """Return the labels of an alert as matchers, each quoted where it needs to be; none that cannot be written."""
    # An account is in one desk: to name both says nothing more.
    left_out = (*NO_LABELS, "desk") if "account" in row.labels else NO_LABELS
    labels = [(name, text) for name, text in row.labels.items() if name not in left_out and text]
    return " ".join(shlex.quote(f"{name}={text}") for name, text in labels if text.isprintable())


HELP = (
    ("1 2 3", "overview, accounts, alerts"),
    ("Tab", "the next list or figures; arrows move in it"),
    ("Enter", "opens the account, or the alert; Esc leads back"),
    ("", ""),
    ("accounts", ""),
    ("/", "finds by words of name, desk, owner, tag, venue, state; Esc shows all"),
    ("< >", "order by another column; r turns it round. At first: by danger"),
    ("", ""),
    ("alerts", ""),
    ("f", "open, firing, unknown, pending, over"),
    ("a", "take care: it is not told again for a while"),
    ("s", "silence: alerts with these labels are not told for a while"),
    ("", ""),
    ("q", "ends it. ? is this page."),
    ("", ""),
    ("—", "is not known; the last line but one says why for what is under the cursor"),
    ("grey", "is not of now"),
)


def help_window() -> Words:
    """Return the keys."""
    return Words(HELP)
