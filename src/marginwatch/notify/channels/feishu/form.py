"""A message as Feishu's card.

Words of alerts stand in ``plain_text`` elements, in which Feishu looks for neither markup nor mentions. ``lark_md`` holds
only the mentions that we write ourselves.
"""

from collections.abc import Sequence
from typing import Any

import msgspec

from marginwatch.model.severity import Severity
from marginwatch.notify.channels.layout import foot_of, rows_of, title_of, words_of
from marginwatch.notify.messages.message import Item, Message

CARD_BYTES_MAX = 19_000
"""20 KB a request, less what else is in it."""

_COLORS = {
    Severity.INFO: "blue",
    Severity.WARNING: "yellow",
    Severity.HIGH: "orange",
    Severity.CRITICAL: "red",
}

Element = dict[str, Any]


def card_of(message: Message, left_out: str, mention: Sequence[str] = ()) -> dict[str, Any]:
    """Return the card; ``left_out`` says what is not in it."""
    elements: list[Element] = []
    for item in message.items:
        elements += _item(message, item)
    elements += [_text("plain_text", left_out)] if left_out else []
    elements += [_text("lark_md", " ".join(f"<at id={name}></at>" for name in mention))] if mention else []
    elements += [{"tag": "note", "elements": [{"tag": "plain_text", "content": foot_of(message) or "–"}]}]
    return {
        "config": {"wide_screen_mode": True},
        "header": {
            "title": {"tag": "plain_text", "content": title_of(message)},
            "template": _COLORS[message.severity] if message.is_firing else "green",
        },
        "elements": elements,
    }


def _item(message: Message, item: Item) -> list[Element]:
    elements = [_text("plain_text", "\n".join(rows_of(message, item)))]
    if item.link:
        label = {"tag": "plain_text", "content": words_of(message.language).open}
        button = {"tag": "button", "text": label, "url": item.link, "type": "default"}
        elements.append({"tag": "action", "actions": [button]})
    return elements


def _text(tag: str, content: str) -> Element:
    return {"tag": "div", "text": {"tag": tag, "content": content}}


def fits(card: dict[str, Any]) -> bool:
    """Return whether Feishu takes a card."""
    return len(msgspec.json.encode(card)) <= CARD_BYTES_MAX
