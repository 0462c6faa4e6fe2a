"""Texts from outside made harmless before any markup: one line, no control or direction marks, links that are links."""

import re
import unicodedata

import msgspec
from yarl import URL

from marginwatch.notify.channels.trimming import clip
from marginwatch.notify.messages.clean import visible
from marginwatch.notify.messages.message import Item, Line, Message

MARKS_IN_A_ROW_MAX = 4
"""Marks over one letter: Thai and Vietnamese need three; more of them paint over the lines above."""

LINK_CHARACTERS_MAX = 1_000
TEXT_CHARACTERS_MAX = 2_000
"""What is longer is clipped before anything else: the work of one message stays bounded."""


def harmless(text: str) -> str:
    """Return ``text`` as one line that shows what it says and nothing else.

    Line breaks become blanks, so that no text can pretend to be a line of ours; marks that hide, or turn around, what
    follows go; half characters, which no encoding takes, become U+FFFD. Letters of all scripts stay as they are.
    """
    line = visible(clip(text, TEXT_CHARACTERS_MAX))
    return line if line.isascii() else _few_marks(line)


def _few_marks(text: str) -> str:
    marks = "".join(one for one in set(text) if unicodedata.category(one) in ("Mn", "Me"))
    if not marks:
        return text
    mark = f"[{re.escape(marks)}]"
    return re.sub(f"({mark}{{{MARKS_IN_A_ROW_MAX}}}){mark}+", r"\1", text)


def harmless_link(link: str | None) -> str | None:
    """Return an address that any markup may hold between quotes; None for anything else than http and https."""
    if link is None:
        return None
    try:
        url = URL(link)
        address = str(url)
    except ValueError:
        return None
    if url.scheme not in ("http", "https") or not url.host or len(address) > LINK_CHARACTERS_MAX:
        return None
    return "".join(
        f"%{ord(one):02X}" if one in _MARKUP else one
        for one in address
        if one.isascii() and one.isprintable()
    )


_MARKUP = frozenset("\"'<>|()[]{}\\^`* ")


def harmless_message(message: Message) -> Message:
    """Return a message whose texts are all harmless."""
    return msgspec.structs.replace(
        message,
        title=harmless(message.title),
        reason=harmless(message.reason),
        short=harmless(message.short),
        made_at=harmless(message.made_at),
        items=tuple(_harmless_item(item) for item in message.items),
    )


def _harmless_item(item: Item) -> Item:
    return msgspec.structs.replace(
        item,
        severity_word=harmless(item.severity_word),
        headline=harmless(item.headline),
        lines=tuple(Line(harmless(line.label), harmless(line.value)) for line in item.lines),
        action=harmless(item.action) if item.action else None,
        link=harmless_link(item.link),
    )
