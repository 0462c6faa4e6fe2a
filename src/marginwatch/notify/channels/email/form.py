"""A message as an e-mail: text and HTML, with headers that thread the development of an alert."""

import datetime as dt
import hashlib
import html
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP

from marginwatch.model.severity import Severity
from marginwatch.notify.channels.harmless import harmless_message
from marginwatch.notify.channels.plain_text import body_text
from marginwatch.notify.channels.trimming import clip, fitted
from marginwatch.notify.messages.message import Item, Message

TEXT_MAX = 200_000
SUBJECT_MAX = 200
REFERENCES_MAX = 20

_COLORS = {
    Severity.INFO: "#2563eb",
    Severity.WARNING: "#b45309",
    Severity.HIGH: "#c2410c",
    Severity.CRITICAL: "#b91c1c",
}
_OVER_COLOR = "#15803d"


def mail(message: Message, sender: Address, to: tuple[Address, ...]) -> EmailMessage:
    """Return the e-mail of a message.

    ``Message-ID`` comes from the message's own id, so that every attempt carries the same. ``In-Reply-To`` and
    ``References`` name the thread of each alert in it, a name that only depends on the alert: so nothing must be remembered,
    and whatever is told of one occurrence stands together.
    """
    clean = harmless_message(message)
    letter = EmailMessage(policy=SMTP)
    letter["Subject"] = clip(clean.title, SUBJECT_MAX)
    letter["From"] = sender
    letter["To"] = to
    letter["Date"] = dt.datetime.fromtimestamp(message.made_at_ns // 1_000_000_000, dt.UTC)
    letter["Message-ID"] = _id(f"message:{message.message_id}", sender.domain)
    if threads := [_id(f"alert:{item.alert_id}", sender.domain) for item in message.items if item.alert_id]:
        letter["In-Reply-To"] = threads[0]
        letter["References"] = " ".join(dict.fromkeys(threads[:REFERENCES_MAX]))
    letter["Auto-Submitted"] = "auto-generated"
    if message.is_firing and message.severity is Severity.CRITICAL:
        letter["Importance"] = "high"
        letter["X-Priority"] = "1"
    letter.set_content(fitted(clean, body_text, _fits), charset="utf-8", cte="base64")
    letter.add_alternative(fitted(clean, page, _fits), subtype="html", charset="utf-8", cte="base64")
    letter["Content-Language"] = message.language
    return letter


def page(message: Message, more: str = "") -> str:
    """Return a message as a small HTML page without anything from elsewhere; all texts are escaped."""
    parts = [
        '<!doctype html><html><body style="font-family:sans-serif;font-size:15px;color:#111;max-width:680px">',
        f'<h2 style="font-size:18px">{html.escape(message.title)}</h2>',
        f"<p>{html.escape(message.reason)}</p>",
        *(_section(item) for item in message.items),
        f"<p>{html.escape(more)}</p>" if more else "",
        f'<p style="color:#666">{html.escape(message.made_at)}</p></body></html>',
    ]
    return "\n".join(part for part in parts if part) + "\n"


def _section(item: Item) -> str:
    color = _COLORS[item.severity] if item.is_firing else _OVER_COLOR
    mark = html.escape(item.severity_word) if item.is_firing else "✓"
    rows = "".join(
        f'<tr><td style="padding:2px 12px 2px 0;color:#555">{html.escape(line.label)}</td>'
        f'<td style="padding:2px 0">{html.escape(line.value)}</td></tr>'
        for line in item.lines
    )
    parts = [
        f'<div style="border-left:4px solid {color};padding:4px 12px;margin:16px 0">',
        f'<p><b style="color:{color}">{mark}</b> <b>{html.escape(item.headline)}</b></p>',
        f"<table>{rows}</table>" if rows else "",
        f"<p>→ {html.escape(item.action)}</p>" if item.action else "",
        f'<p><a href="{html.escape(item.link)}">{html.escape(item.link)}</a></p>' if item.link else "",
        "</div>",
    ]
    return "\n".join(part for part in parts if part)


def _fits(text: str) -> bool:
    return len(text) <= TEXT_MAX


def _id(name: str, domain: str) -> str:
    """Return a Message-ID: a digest, for names may hold anything and a header may not."""
    return f"<{hashlib.sha256(name.encode('utf-8', 'replace')).hexdigest()[:32]}@{domain}>"
