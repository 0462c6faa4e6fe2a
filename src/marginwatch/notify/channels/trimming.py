"""Messages within a platform's limit: shortened before they become markup, and never silently.

Cutting plain texts first means that no entity, tag or escape is ever cut; ends fall between graphemes. What goes first
is what can be read elsewhere: long texts are clipped, then figures of the milder alerts go, then the mildest alerts.
"""

import unicodedata
from collections.abc import Callable
from typing import TypeVar

import msgspec

from marginwatch.notify.channels.layout import words_of
from marginwatch.notify.messages.message import Item, Line, Message

Form = TypeVar("Form")

ELLIPSIS = "…"
TITLE_CHARACTERS_MAX = 200
BACK_MAX = 32
"""Characters that a cut goes back to find the beginning of a grapheme."""


class _Level(msgspec.Struct, frozen=True):
    """How much of each text, of the first alert's figures and of the others' is kept; and of the others if only a headline."""

    characters: int
    lines_first: int
    lines_rest: int
    brief_rest: int | None = None


_LEVELS = (
    _Level(1_000, 40, 40),
    _Level(400, 20, 8),
    _Level(400, 12, 3),
    _Level(300, 8, 0),
    _Level(200, 4, 0),
    _Level(200, 4, 0, 200),
    _Level(120, 0, 0, 120),
    # Whom each alert concerns comes first in its headline: a few characters of all tell more than some alerts in full.
    _Level(120, 0, 0, 60),
    _Level(120, 0, 0, 24),
)
_LAST_LEVELS = (_Level(60, 0, 0, 24), _Level(24, 0, 0, 24))


def clip(text: str, characters_max: int) -> str:
    """Return ``text``, or its beginning and an ellipsis, at most ``characters_max`` characters; graphemes stay whole."""
    if len(text) <= characters_max:
        return text
    end = max(characters_max - len(ELLIPSIS), 0)
    for back in range(min(end, BACK_MAX) + 1):
        if end == back or not _joins(text, end - back):
            return text[: end - back].rstrip() + ELLIPSIS
    return text[:end] + ELLIPSIS


def _joins(text: str, index: int) -> bool:
    """Return whether the character at ``index`` belongs to the one before it (Unicode TR 29, the rules that matter)."""
    here, before = text[index], text[index - 1]
    if unicodedata.category(here) in ("Mn", "Me", "Mc") or here in "\u200d\u200c\u0e33":
        return True
    if before == "\u200d" or "\U0001f3fb" <= here <= "\U0001f3ff":
        return True
    if _is_flag_half(here) and _is_flag_half(before):
        run = 1
        while run <= index and _is_flag_half(text[index - run]):
            run += 1
        return run % 2 == 0
    return False


def _is_flag_half(character: str) -> bool:
    return "\U0001f1e6" <= character <= "\U0001f1ff"


def utf16_length(text: str) -> int:
    """Return UTF-16 code units, in which Telegram and LINE count."""
    return len(text) + sum(character > "\uffff" for character in text)


def utf8_length(text: str) -> int:
    """Return bytes of UTF-8."""
    return len(text.encode())


def fitted(message: Message, render: Callable[[Message, str], Form], fits: Callable[[Form], bool]) -> Form:
    """Return a message's form with as much of it as fits.

    Parameters
    ----------
    message : Message
        Harmless, most severe alert first.
    render : callable
        Makes the form of a message and of a text that says how many alerts are left out, ``""`` if none is.
    fits : callable
        Whether the platform takes a form.

    Raises
    ------
    ValueError
        If not even one alert of a few characters fits.
    """
    form = render(message, "")
    if fits(form):
        return form
    for level in _LEVELS:
        form = render(_shortened(message, level), "")
        if fits(form):
            return form
    for level in (_LEVELS[-1], *_LAST_LEVELS):
        if (found := _with_fewer(_shortened(message, level), render, fits)) is not None:
            return found
    raise ValueError("no part of the message fits into the platform's limit")


def _with_fewer(
    message: Message, render: Callable[[Message, str], Form], fits: Callable[[Form], bool]
) -> Form | None:
    """Return the form with most alerts, by halving; None if not even one fits."""
    found: Form | None = None
    low, high = 1, len(message.items)
    while low <= high:
        kept = (low + high) // 2
        left_out = len(message.items) - kept
        shorter = msgspec.structs.replace(message, items=message.items[:kept])
        form = render(shorter, words_of(message.language).more.format(n=left_out) if left_out else "")
        if fits(form):
            found, low = form, kept + 1
        else:
            high = kept - 1
    return found


def _shortened(message: Message, level: _Level) -> Message:
    return msgspec.structs.replace(
        message,
        title=clip(message.title, min(TITLE_CHARACTERS_MAX, level.characters)),
        reason=clip(message.reason, level.characters),
        made_at=clip(message.made_at, level.characters),
        items=tuple(
            _shortened_item(item, level, is_first=not index) for index, item in enumerate(message.items)
        ),
    )


def _shortened_item(item: Item, level: _Level, *, is_first: bool) -> Item:
    if not is_first and level.brief_rest is not None:
        return _brief_item(item, level.brief_rest)
    kept = level.lines_first if is_first else level.lines_rest
    lines = tuple(
        Line(clip(line.label, level.characters), clip(line.value, level.characters))
        for line in item.lines[:kept]
    )
    if (left_out := len(item.lines) - len(lines)) > 0:
        lines = (*lines, Line(ELLIPSIS, f"+{left_out}"))
    return msgspec.structs.replace(
        item,
        severity_word=clip(item.severity_word, level.characters),
        headline=clip(item.headline, level.characters - 2),
        lines=lines,
        action=clip(item.action, level.characters) if item.action else None,
    )


def _brief_item(item: Item, characters: int) -> Item:
    """Return an alert as a mere headline, whose ellipsis says that there is more to it."""
    return msgspec.structs.replace(
        item,
        severity_word=clip(item.severity_word, characters),
        headline=f"{clip(item.headline, characters - 2).removesuffix(ELLIPSIS).rstrip()} {ELLIPSIS}",
        lines=(),
        action=None,
        link=None,
    )
