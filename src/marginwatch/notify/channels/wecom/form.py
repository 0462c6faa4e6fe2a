"""A message as WeCom's markdown: headings, bold, links, quotes and three colors are all it knows."""

from collections.abc import Sequence

from marginwatch.notify.channels.layout import foot_of, headline_of, title_of, words_of
from marginwatch.notify.channels.wide_marks import wide
from marginwatch.notify.messages.message import Item, Message

MARKDOWN_BYTES_MAX = 4_096
TEXT_BYTES_MAX = 2_048


def markdown_of(message: Message, left_out: str, mention: Sequence[str] = ()) -> str:
    """Return the markdown; ``left_out`` says what is not in it."""
    parts = [f"**{wide(title_of(message))}**", *(_item(message, item) for item in message.items)]
    parts += [wide(left_out)] if left_out else []
    parts += [f'<font color="comment">{wide(foot_of(message))}</font>']
    parts += [" ".join(f"<@{name}>" for name in mention)] if mention else []
    return "\n\n".join(parts)


def _item(message: Message, item: Item) -> str:
    words = words_of(message.language)
    color = "warning" if item.is_firing else "info"
    headline = headline_of(message, item)
    rows = [f'<font color="{color}">{wide(headline)}</font>'] if headline else []
    rows += [f">{wide(line.label)}: **{wide(line.value)}**" for line in item.lines]
    rows += [f"**{wide(words.to_do)}:** {wide(item.action)}"] if item.action else []
    rows += [f"[{words.open}]({item.link})"] if item.link else []
    return "\n".join(rows)
