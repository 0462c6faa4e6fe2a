"""What messages of all chat platforms share: marks of severity and the few words of the layout itself."""

import msgspec

from marginwatch.model.severity import Severity
from marginwatch.notify.messages.message import Item, Message

_MARKS = {Severity.INFO: "🔵", Severity.WARNING: "🟡", Severity.HIGH: "🟠", Severity.CRITICAL: "🔴"}
RESOLVED_MARK = "✅"


class Words(msgspec.Struct, frozen=True):
    """Words of one language; ``more`` has the place ``{n}``."""

    more: str
    to_do: str
    open: str
    acknowledge: str


_WORDS = {
    "en": Words("… and {n} more", "What to do", "Open", "Acknowledge"),
    "zh": Words("…… 另有 {n} 条", "处理办法", "打开", "确认"),
    "vi": Words("… và {n} mục nữa", "Cần làm", "Mở", "Xác nhận"),
    "th": Words("… และอีก {n} รายการ", "สิ่งที่ต้องทำ", "เปิดดู", "รับทราบ"),
}


def words_of(language: str) -> Words:
    """Return the words of a language, English where there are none."""
    return _WORDS.get(language, _WORDS["en"])


def mark_of(severity: Severity, *, is_firing: bool) -> str:
    """Return the sign that is seen before anything is read."""
    return _MARKS[severity] if is_firing else RESOLVED_MARK


def title_of(message: Message) -> str:
    """Return the title with its mark."""
    return f"{mark_of(message.severity, is_firing=message.is_firing)} {message.title}"


def headline_of(message: Message, item: Item) -> str:
    """Return an alert's headline; among several alerts each carries its own mark and severity.

    ``""`` where the title has said all of it: what comes next on a small screen are the figures.
    """
    if len(message.items) == 1:
        is_said = message.title.endswith(item.headline) and item.lines
        return "" if is_said else item.headline
    return f"{mark_of(item.severity, is_firing=item.is_firing)} {item.severity_word}: {item.headline}"


def foot_of(message: Message) -> str:
    """Return when and why it is sent."""
    return " · ".join(part for part in (message.made_at, message.reason) if part)


def rows_of(message: Message, item: Item) -> list[str]:
    """Return an alert as lines of plain text, without its link."""
    headline = headline_of(message, item)
    rows = [headline] if headline else []
    rows += [f"{line.label}: {line.value}" for line in item.lines]
    return [*rows, f"➤ {words_of(message.language).to_do}: {item.action}"] if item.action else rows


def plain_form(message: Message, left_out: str) -> str:
    """Return a message as plain text; ``left_out`` says what is not in it."""
    parts = [title_of(message)]
    parts += [
        "\n".join([*rows_of(message, item), *([item.link] if item.link else [])]) for item in message.items
    ]
    return "\n\n".join(part for part in (*parts, left_out, foot_of(message)) if part)


def wants_mention(message: Message) -> bool:
    """Return whether people are called by name: something critical fires, and it is no test."""
    return message.is_firing and message.severity == Severity.CRITICAL and not message.is_test
