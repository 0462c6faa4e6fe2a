"""A message as Block Kit blocks.

Words of alerts stand in ``plain_text`` objects, in which Slack looks for neither markup nor mentions. ``mrkdwn`` holds only
what we write ourselves: links and mentions.
"""

import re
from collections.abc import Sequence
from typing import Any

import msgspec

from marginwatch.errors import ConfigError
from marginwatch.notify.channels.layout import foot_of, mark_of, rows_of, title_of, words_of
from marginwatch.notify.channels.trimming import clip
from marginwatch.notify.messages.message import Item, Message

BLOCKS_MAX = 50
SECTION_MAX = 3_000
HEADER_MAX = 150
FALLBACK_MAX = 1_000
BLOCKS_CHARACTERS_MAX = 12_000

_EVERYBODY = ("channel", "here", "everyone")

Block = dict[str, Any]


def escape(text: str) -> str:
    """Return text for ``mrkdwn``: the three signs that Slack asks to escape."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def mentions_of(names: Sequence[str]) -> str:
    """Return what calls people.

    Raises
    ------
    ConfigError
        If a name is none.
    """
    called: list[str] = []
    for name in names:
        if name in _EVERYBODY:
            called.append(f"<!{name}>")
        elif re.fullmatch(r"[UW][A-Z0-9]+", name):
            called.append(f"<@{name}>")
        elif re.fullmatch(r"S[A-Z0-9]+", name):
            called.append(f"<!subteam^{name}>")
        else:
            raise ConfigError(
                f"mention has {name!r}; write channel, here, everyone, or ids such as U012AB3CD or S012AB3CD"
            )
    return " ".join(called)


def blocks_of(message: Message, left_out: str, mentions: str = "") -> list[Block]:
    """Return the blocks; ``left_out`` says what is not in them."""
    blocks: list[Block] = [{"type": "header", "text": _plain(clip(title_of(message), HEADER_MAX))}]
    blocks += [_markup("section", mentions)] if mentions else []
    for item in message.items:
        blocks += _item(message, item)
    blocks += [{"type": "section", "text": _plain(left_out)}] if left_out else []
    return [*blocks, {"type": "context", "elements": [_plain(foot_of(message) or "–")]}]


def _item(message: Message, item: Item) -> list[Block]:
    blocks: list[Block] = [{"type": "section", "text": _plain("\n".join(rows_of(message, item)))}]
    if item.link:
        # The signs < > | cannot be in a link any more; & must be written as an entity.
        blocks.append(_markup("context", f"<{escape(item.link)}|{escape(words_of(message.language).open)}>"))
    return blocks


def _plain(text: str) -> Block:
    return {"type": "plain_text", "text": text, "emoji": False}


def _markup(kind: str, text: str) -> Block:
    markup = {"type": "mrkdwn", "text": text}
    return {"type": kind, "elements": [markup]} if kind == "context" else {"type": kind, "text": markup}


def fits(blocks: list[Block]) -> bool:
    """Return whether Slack takes these blocks."""
    texts = [block["text"]["text"] if "text" in block else block["elements"][0]["text"] for block in blocks]
    return (
        len(blocks) <= BLOCKS_MAX
        and all(len(text) <= SECTION_MAX for text in texts)
        and len(msgspec.json.encode(blocks).decode()) <= BLOCKS_CHARACTERS_MAX
    )


def fallback_of(message: Message) -> str:
    """Return the text of notifications, which Slack reads as ``mrkdwn``: the short form, for it says what to do."""
    mark = mark_of(message.severity, is_firing=message.is_firing)
    return escape(clip(f"{mark} {message.short or message.title}", FALLBACK_MAX))
