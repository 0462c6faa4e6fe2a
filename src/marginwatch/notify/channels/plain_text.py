"""A message as plain text: what e-mail, inbox and whatever knows no markup show."""

from marginwatch.notify.messages.message import Item, Message


def item_text(item: Item) -> str:
    """Return one alert as lines of plain text."""
    lines = [f"[{item.severity_word}] {item.headline}" if item.is_firing else f"✓ {item.headline}"]
    lines += [f"  {line.label}: {line.value}" for line in item.lines]
    lines += [f"  → {item.action}"] if item.action else []
    lines += [f"  {item.link}"] if item.link else []
    return "\n".join(lines)


def body_text(message: Message, more: str = "") -> str:
    """Return what stands below the title: reason, alerts, how many more there are, when it was made."""
    parts = [message.reason, *(item_text(item) for item in message.items), more, message.made_at]
    return "\n\n".join(part for part in parts if part) + "\n"


def message_text(message: Message) -> str:
    """Return the whole message as plain text."""
    return f"{message.title}\n\n{body_text(message)}"
