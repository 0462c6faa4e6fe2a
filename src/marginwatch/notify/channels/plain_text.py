"""A message as plain text: what e-mail, inbox and whatever knows no markup show."""

from marginwatch.notify.messages.message import Item, Message


def item_text(item: Item) -> str:
    """Return one alert as lines of plain text."""
    lines = [f"[{item.severity_word}] {item.headline}" if item.is_firing else f"✓ {item.headline}"]
    lines += [f"  {line.label}: {line.value}" for line in item.lines]
    lines += [f"  → {item.action}"] if item.action else []
    lines += [f"  {item.link}"] if item.link else []
    return "\n".join(lines)


def message_text(message: Message) -> str:
    """Return the whole message as plain text: reason, alerts, when it was made."""
    parts = [message.title, message.reason, *(item_text(item) for item in message.items), message.made_at]
    return "\n\n".join(part for part in parts if part) + "\n"
