"""A message as DingTalk's markdown: headings, bold, quotes, links and lists are all it knows."""

from collections.abc import Sequence
from typing import Any

import msgspec

from marginwatch.notify.channels.layout import foot_of, headline_of, title_of, words_of
from marginwatch.notify.channels.trimming import clip
from marginwatch.notify.channels.wide_marks import wide
from marginwatch.notify.messages.message import Item, Message

BODY_BYTES_MAX = 19_500
"""20,000 bytes, less the frame around the text."""

NOTICE_MAX = 64
BREAK = "  \n"
"""Two blanks make a line break; without them DingTalk joins the lines."""


def body_of(
    message: Message, left_out: str, mention: Sequence[str] = (), keyword: str | None = None
) -> dict[str, Any]:
    """Return the body of the request; ``left_out`` says what is not in it."""
    parts = [f"### {wide(title_of(message))}", *(_item(message, item) for item in message.items)]
    parts += [wide(left_out)] if left_out else []
    parts += [f"> {wide(foot_of(message))}"]
    numbers = [name for name in mention if name.lstrip("+").replace("-", "").isdecimal()]
    users = [name for name in mention if name not in numbers and name != "all"]
    # A number or id that is called must stand in the text, or nobody's telephone rings.
    parts += [" ".join(f"@{name}" for name in (*numbers, *users))] if numbers or users else []
    text = "\n\n".join(parts)
    if keyword and keyword not in text:
        text += f"\n\n{keyword}"
    body: dict[str, Any] = {
        "msgtype": "markdown",
        "markdown": {"title": clip(title_of(message), NOTICE_MAX), "text": text},
    }
    if mention:
        body["at"] = {"atMobiles": numbers, "atUserIds": users, "isAtAll": "all" in mention}
    return body


def _item(message: Message, item: Item) -> str:
    words = words_of(message.language)
    headline = headline_of(message, item)
    rows = [f"**{wide(headline)}**"] if headline else []
    rows += [f"{wide(line.label)}: **{wide(line.value)}**" for line in item.lines]
    rows += [f"**{wide(words.to_do)}:** {wide(item.action)}"] if item.action else []
    rows += [f"[{words.open}]({item.link})"] if item.link else []
    return BREAK.join(rows)


def fits(body: dict[str, Any]) -> bool:
    """Return whether DingTalk takes a body."""
    return len(msgspec.json.encode(body)) <= BODY_BYTES_MAX
