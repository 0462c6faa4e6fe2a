"""The short form of a message: at most 300 characters, and they name what to do."""

from collections.abc import Sequence

from marginwatch.notify.messages.catalog import Catalog
from marginwatch.notify.messages.clean import cut
from marginwatch.notify.messages.message import Item
from marginwatch.notify.messages.template import fill

SHORT_MAX = 300
ACTION_SHARE_MAX = 150
"""Characters that what happened leaves to what to do, if that needs so many."""


def short_text(words: Catalog, title: str, items: Sequence[Item]) -> str:
    """Return what happened and, while anything fires, the first item's action; its link where all of it fits."""
    first = items[0]
    if first.is_firing and first.action:
        frame = words.words("short", "one")
        room = SHORT_MAX - len(fill(frame, {"title": "", "action": ""}))
        action = cut(first.action.rstrip(".。"), max(ACTION_SHARE_MAX, room - len(title)))
        text = fill(frame, {"title": cut(title.rstrip(".。"), room - len(action)), "action": action})
    else:
        text = cut(title, SHORT_MAX)
    linked = fill(words.words("short", "link"), {"short": text, "link": first.link or ""})
    return linked if first.link and len(linked) <= SHORT_MAX else text
