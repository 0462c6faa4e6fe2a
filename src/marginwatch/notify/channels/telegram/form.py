"""A message as Telegram's HTML, with a button for each alert that can be acknowledged."""

from html import escape
from typing import Any

from marginwatch.notify.channels.layout import foot_of, headline_of, title_of, words_of
from marginwatch.notify.channels.trimming import clip, utf16_length
from marginwatch.notify.messages.message import Item, Message

TEXT_MAX = 4096
"""Counted after parsing; ours is counted before, which is never less."""

CALLBACK_BYTES_MAX = 64
ACKNOWLEDGE = "ack:"
BUTTONS_MAX = 5
BUTTON_CHARACTERS_MAX = 40


def text_of(message: Message, left_out: str) -> str:
    """Return the text; ``left_out`` says what is not in it."""
    parts = [f"<b>{_escaped(title_of(message))}</b>"]
    parts += [_item(message, item) for item in message.items]
    parts += [_escaped(left_out)] if left_out else []
    parts += [f"<i>{_escaped(foot_of(message))}</i>"]
    return "\n\n".join(parts)


def fits(text: str) -> bool:
    """Return whether Telegram takes a text."""
    return utf16_length(text) <= TEXT_MAX


def _item(message: Message, item: Item) -> str:
    words = words_of(message.language)
    headline = headline_of(message, item)
    rows = [_escaped(headline)] if headline else []
    rows += [f"{_escaped(line.label)}: <b>{_escaped(line.value)}</b>" for line in item.lines]
    rows += [f"➤ <b>{_escaped(words.to_do)}:</b> {_escaped(item.action)}"] if item.action else []
    rows += [f'<a href="{escape(item.link)}">{_escaped(words.open)}</a>'] if item.link else []
    return "\n".join(rows)


def _escaped(text: str) -> str:
    # Telegram makes a mention, which rings, of any "@name" by itself; a word joiner behind the sign prevents it.
    return escape(text).replace("@", "@\u2060")


def keyboard_of(message: Message) -> dict[str, Any] | None:
    """Return an inline keyboard to acknowledge the alerts that fire; None if none can be."""
    if message.is_test:
        return None
    word = words_of(message.language).acknowledge
    rows: list[list[dict[str, str]]] = []
    for item in message.items:
        data = ACKNOWLEDGE + item.alert_id
        if not item.is_firing or not item.alert_id or len(data.encode()) > CALLBACK_BYTES_MAX:
            continue
        label = word if len(message.items) == 1 else f"{word}: {item.headline}"
        rows.append([{"text": clip(label, BUTTON_CHARACTERS_MAX), "callback_data": data}])
    return {"inline_keyboard": rows[:BUTTONS_MAX]} if rows else None
