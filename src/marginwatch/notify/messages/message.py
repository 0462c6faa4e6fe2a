"""A message in words, before a channel gives it its form."""

import msgspec

from marginwatch.model.severity import Severity


class Line(msgspec.Struct, frozen=True):
    """A label and a figure with its unit, in the words of the message's language."""

    label: str
    value: str


class Item(msgspec.Struct, frozen=True, kw_only=True):
    """One alert of a message, in words.

    Parameters
    ----------
    key, alert_id : str
        Of the alert, for buttons and programs.
    severity : Severity
        Of the alert.
    severity_word : str
        The same as a word.
    is_firing : bool
        False once it has resolved.
    headline : str
        One sentence: whom it concerns and what happened, with numbers.
    lines : tuple of Line
        Figures, ages, times.
    action : str or None
        What to do.
    link : str or None
        Where the dashboard shows it.
    transition_ids : tuple of str
        Of the transitions that it tells, for programs.
    """

    key: str
    alert_id: str
    severity: Severity
    severity_word: str
    is_firing: bool
    headline: str
    lines: tuple[Line, ...] = ()
    action: str | None = None
    link: str | None = None
    transition_ids: tuple[str, ...] = ()


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """One message of one or more alerts. All texts are data: a channel escapes them for its own markup.

    Parameters
    ----------
    message_id : str
        The same for every attempt to send it: whoever receives it may tell a duplicate by it.
    severity : Severity
        The highest of its items that fire, else of all.
    is_firing : bool
        Whether any item fires.
    title : str
        One line.
    items : tuple of Item
        Most severe first.
    reason : str
        Why it is sent, in words.
    short : str
        At most 300 characters, naming what to do.
    made_at_ns : int
        UTC nanoseconds.
    made_at : str
        The same in words, with its zone.
    language : str
        ``en``, ``zh``, ``vi`` or ``th``.
    is_test : bool
        A test, no alert.
    """

    message_id: str
    severity: Severity
    is_firing: bool
    title: str
    items: tuple[Item, ...]
    reason: str
    short: str
    made_at_ns: int
    made_at: str
    language: str = "en"
    is_test: bool = False
